/* SPDX-License-Identifier: MIT */
/*
 * mirror_tap - a mirror source: copies the packets that rules choose, as VXLAN.
 *
 *     capture --> vpcvis_packet_read_batch --> vpcvis_session_pick --> vpcvis_vxlan_wrap
 *                                                                    --> UDP, or a capture
 *
 * What leaves by the mirror itself is never copied again.
 */
#define _POSIX_C_SOURCE 200809L

#include <vpcvis.h>

#include "support/arguments.h"
#include "support/capture.h"
#include "support/lists.h"
#include "support/pcap_write.h"
#include "support/ruleset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SESSIONS_MAX 16

struct options {
    const char *rules, *sessions, *source, *target, *vni, *packet_length, *mtu, *address;
    const char *device, *read, *write;
    int quiet;
};

/* One session: its rules and where its copies go. */
struct outlet {
    struct ruleset set;
    vpcvis_filter *filter;
    struct vpcvis_vxlan_outer outer;
    int socket; /* -1: a capture is written */
};

struct tap {
    struct options options;
    struct vpcvis_session_entry entries[SESSIONS_MAX];
    struct outlet outlets[SESSIONS_MAX];
    size_t count;
    char *session_text;
    vpcvis_session *sessions;
    vpcvis_prefix *own;
    struct vpcvis_addr source;
    struct vpcvis_session_counts counts;
    uint64_t packets, own_copies, send_errors;
    FILE *out;
    struct capture capture;
    struct vpcvis_frame frames[CAPTURE_BATCH];
    struct vpcvis_packet batch[CAPTURE_BATCH];
    struct vpcvis_mirror mirrors[CAPTURE_BATCH];
};

static struct capture *running;
static volatile sig_atomic_t asked;

static const char usage[] =
    "usage: mirror_tap (--rules FILE --target IP --vni N [--packet-length N] [--mtu N] |\n"
    "                   --sessions FILE) --source IP --address IP[,IP...]\n"
    "                  (-i DEVICE | -r FILE) [-w FILE] [--quiet]\n";

static const char help[] =
    "\n"
    "Copies packets of an interface as a mirror source does, in VXLAN.\n"
    "\n"
    "  --rules FILE      a filter: lines of rules, or JSON as mirror_rules reads it\n"
    "  --sessions FILE   lines `session 1 filter NAME target network-interface IP vni N ...`;\n"
    "                    NAME is a file of rules, beside the file of sessions\n"
    "  --source IP       the interface's address: copies come from it\n"
    "  --target IP       where they go, UDP port 4789\n"
    "  --address IP,...  all addresses and blocks of the interface: they tell directions\n"
    "  -i DEVICE         read from a device (libpcap) until Ctrl-C\n"
    "  -r FILE           read a capture; - is standard input\n"
    "  -w FILE           write the datagrams to a capture instead of sending them; - is\n"
    "                    standard output\n"
    "  --quiet           no counts at the end; SIGUSR1 prints them at any time\n"
    "\n"
    "Copies are cut to --packet-length (bytes after the VXLAN header) and to what --mtu leaves,\n"
    "never fragmented. Datagrams of the mirror itself are not copied.\n"
    "\n"
    "Exit status: 0; 1 if some copies could not be sent; 2 for usage, or for what could not be\n"
    "read or written.\n";

static int fail_usage(const char *reason, const char *what)
{
    fprintf(stderr, "mirror_tap: %s%s\n%s", reason, what, usage);
    return 2;
}

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "mirror_tap: %s: %s\n", what, why);
    return 2;
}

/* -1, or an exit status. */
static int read_options(struct options *o, char **argv)
{
    int i;

    for (i = 1; argv[i]; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            printf("%s%s", usage, help);
            return 0;
        }
        if (strcmp(argv[i], "--quiet") == 0)
            o->quiet = 1;
        else if (!take_value("--rules", argv, &i, &o->rules) &&
                 !take_value("--sessions", argv, &i, &o->sessions) &&
                 !take_value("--source", argv, &i, &o->source) &&
                 !take_value("--target", argv, &i, &o->target) &&
                 !take_value("--vni", argv, &i, &o->vni) &&
                 !take_value("--packet-length", argv, &i, &o->packet_length) &&
                 !take_value("--mtu", argv, &i, &o->mtu) &&
                 !take_value("--address", argv, &i, &o->address) &&
                 !take_value("-i", argv, &i, &o->device) &&
                 !take_value("-r", argv, &i, &o->read) &&
                 !take_value("-w", argv, &i, &o->write))
            return fail_usage("unknown option, or one without its value: ", argv[i]);
    }
    if ((o->rules == NULL) == (o->sessions == NULL))
        return fail_usage("--rules or --sessions is needed", "");
    if (o->rules && (!o->target || !o->vni))
        return fail_usage("--rules needs --target and --vni", "");
    if (!o->source || !o->address)
        return fail_usage("--source and --address are needed", "");
    if ((o->device == NULL) == (o->read == NULL))
        return fail_usage("-i or -r is needed", "");
    return -1;
}

/* One session of the command line's options: a line of text like any other. */
static int add_line(struct tap *tap, const char *line, size_t len)
{
    struct vpcvis_error error;
    vpcvis_status status;

    if (tap->count == SESSIONS_MAX)
        return fail("--sessions", "more than 16");
    status = vpcvis_session_read(line, len, &tap->entries[tap->count], &error);
    if (status == VPCVIS_NOMATCH)
        return 0;
    if (status != VPCVIS_OK) {
        fprintf(stderr, "mirror_tap: %s:\n    %.*s\n    %*s\n",
                vpcvis_base_status_text(status), (int)len, line, (int)error.offset + 1,
                "^");
        return 2;
    }
    tap->count++;
    return 0;
}

static int add_one_session(struct tap *tap)
{
    const struct options *o = &tap->options;
    char *line = malloc(4096);

    tap->session_text = line;
    if (line == NULL)
        return fail("--rules", "out of memory");
    snprintf(line, 4096,
             "session 1 filter rules target network-interface %s vni %s%s%s%s%s",
             o->target, o->vni, o->packet_length ? " packet-length " : "",
             o->packet_length ? o->packet_length : "", o->mtu ? " mtu " : "",
             o->mtu ? o->mtu : "");
    return add_line(tap, line, strlen(line));
}

static int read_sessions(struct tap *tap)
{
    FILE *file = fopen(tap->options.sessions, "rb");
    char *line;
    size_t n;
    int status = 0;

    tap->session_text = calloc(1, 65536);
    if (file == NULL || tap->session_text == NULL) {
        if (file)
            fclose(file);
        return fail(tap->options.sessions, strerror(errno));
    }
    n = fread(tap->session_text, 1, 65535, file);
    fclose(file);
    if (n == 65535)
        return fail(tap->options.sessions, "longer than 64 KiB");
    for (line = strtok(tap->session_text, "\n"); line != NULL && status == 0;
         line = strtok(NULL, "\n"))
        status = add_line(tap, line, strlen(line));
    return status;
}

/* The rules of a session: a file of that name beside the sessions' own. */
static int read_rules(struct tap *tap, size_t i)
{
    const struct vpcvis_session_entry *entry = &tap->entries[i];
    const char *beside = tap->options.sessions, *slash;
    struct outlet *outlet = &tap->outlets[i];
    char path[4096];

    if (tap->options.rules) {
        snprintf(path, sizeof(path), "%s", tap->options.rules);
    } else {
        slash = strrchr(beside, '/');
        snprintf(path, sizeof(path), "%.*s%.*s", slash ? (int)(slash - beside) + 1 : 0,
                 beside, (int)entry->name_len, entry->name);
    }
    if (ruleset_read(&outlet->set, path, NULL) != 0) {
        fprintf(stderr, "mirror_tap: %s\n", outlet->set.problem);
        return 2;
    }
    return 0;
}

static int make_filter(struct tap *tap, size_t i)
{
    struct outlet *outlet = &tap->outlets[i];
    struct vpcvis_filter_config config = {0};
    struct vpcvis_error error = {0};
    vpcvis_status status;

    config.size = sizeof(config);
    config.services = outlet->set.services;
    status = vpcvis_filter_new(outlet->set.rules, outlet->set.count, &config, NULL,
                               &outlet->filter, &error);
    if (status != VPCVIS_OK) {
        fprintf(stderr, "mirror_tap: rule %llu: %s\n", (unsigned long long)error.line,
                vpcvis_base_status_text(status));
        return 2;
    }
    tap->entries[i].filter = outlet->filter;
    return 0;
}

static int open_socket(const struct vpcvis_addr *target)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to;
    const int ipv4 = target->family == VPCVIS_ADDR_IPV4;
    const int fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);

    memset(&to, 0, sizeof(to));
    if (ipv4) {
        to.v4.sin_family = AF_INET;
        to.v4.sin_port = htons(VPCVIS_VXLAN_PORT);
        memcpy(&to.v4.sin_addr, target->bytes, 4);
    } else {
        to.v6.sin6_family = AF_INET6;
        to.v6.sin6_port = htons(VPCVIS_VXLAN_PORT);
        memcpy(&to.v6.sin6_addr, target->bytes, 16);
    }
    if (fd >= 0 && connect(fd, &to.any, ipv4 ? sizeof(to.v4) : sizeof(to.v6)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int make_outlet(struct tap *tap, size_t i)
{
    static const uint8_t mac[2][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};
    const struct vpcvis_session_entry *entry = &tap->entries[i];
    struct outlet *outlet = &tap->outlets[i];
    struct vpcvis_vxlan_outer *outer = &outlet->outer;

    outer->size = sizeof(*outer);
    outer->entropy = VPCVIS_VXLAN_ENTROPY_AWS;
    outer->flags = VPCVIS_VXLAN_ETHERNET | VPCVIS_VXLAN_CUT;
    outer->src = tap->source;
    outer->dst = entry->address;
    memcpy(outer->src_mac, mac[0], 6);
    memcpy(outer->dst_mac, mac[1], 6);
    outlet->socket = -1;
    if (vpcvis_vxlan_headroom(outer) == 0)
        return fail("--source", "not of the target's family");
    if (tap->options.write == NULL && (outlet->socket = open_socket(&entry->address)) < 0)
        return fail("UDP", strerror(errno));
    return 0;
}

static int prepare(struct tap *tap)
{
    const struct options *o = &tap->options;
    char problem[LISTS_PROBLEM];
    struct vpcvis_error error = {0};
    vpcvis_status built;
    int status;
    size_t i;

    if (vpcvis_addr_read(o->source, strlen(o->source), &tap->source, NULL) != VPCVIS_OK)
        return fail_usage("--source takes an address, not ", o->source);
    tap->own = lists_addresses(o->address, problem);
    if (tap->own == NULL)
        return fail("--address", problem);
    status = o->rules ? add_one_session(tap) : read_sessions(tap);
    for (i = 0; i < tap->count && status == 0; i++) {
        status = read_rules(tap, i);
        if (status == 0)
            status = make_filter(tap, i);
        if (status == 0)
            status = make_outlet(tap, i);
    }
    if (status != 0)
        return status;
    built =
        vpcvis_session_new(tap->entries, tap->count, NULL, NULL, &tap->sessions, &error);
    if (built != VPCVIS_OK)
        return fail("sessions", vpcvis_base_status_text(built));
    if (o->write && (tap->out = pcap_write_open(o->write)) == NULL)
        return fail(o->write, strerror(errno));
    return 0;
}

static int is_own(const struct tap *tap, const uint8_t *bytes, uint8_t family)
{
    struct vpcvis_addr addr = {{0}, 0, {0}};
    uint32_t value;

    memcpy(addr.bytes, bytes, 16);
    addr.family = family;
    return vpcvis_prefix_match(tap->own, &addr, &value, NULL) == VPCVIS_OK;
}

/* A datagram of the mirror itself: from the source to a target, VXLAN. */
static int is_copy(const struct tap *tap, const struct vpcvis_packet *packet)
{
    size_t i;

    if (packet->protocol != 17 || packet->dstport != VPCVIS_VXLAN_PORT ||
        packet->family != tap->source.family ||
        memcmp(packet->src, tap->source.bytes, 16) != 0)
        return 0;
    for (i = 0; i < tap->count; i++)
        if (memcmp(packet->dst, tap->entries[i].address.bytes, 16) == 0)
            return 1;
    return 0;
}

/* Directions; the mirror's own datagrams get none, so that no rule matches them. */
static void direct(struct tap *tap, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        struct vpcvis_packet *packet = &tap->batch[i];

        packet->direction = VPCVIS_DIRECTION_UNKNOWN;
        if (is_copy(tap, packet))
            tap->own_copies++;
        else if (packet->family != 0 && is_own(tap, packet->src, packet->family))
            packet->direction = VPCVIS_DIRECTION_EGRESS;
        else if (packet->family != 0 && is_own(tap, packet->dst, packet->family))
            packet->direction = VPCVIS_DIRECTION_INGRESS;
    }
}

static void write_copy(struct tap *tap, const struct outlet *outlet,
                       const uint8_t *header, uint32_t len, size_t i)
{
    const uint32_t room = (uint32_t)vpcvis_vxlan_headroom(&outlet->outer);

    pcap_write_record(tap->out, tap->batch[i].seen_ns, room + len, room + len);
    fwrite(header, room, 1, tap->out);
    fwrite(tap->frames[i].data, len, 1, tap->out);
}

/* Over UDP the system writes the outer headers: the VXLAN header and the frame are sent. */
static int send_copy(const struct outlet *outlet, uint8_t *header, const void *frame,
                     uint32_t len)
{
    const size_t room = vpcvis_vxlan_headroom(&outlet->outer);
    struct iovec parts[2];
    struct msghdr message;

    parts[0].iov_base = header + room - VPCVIS_VXLAN_BYTES;
    parts[0].iov_len = VPCVIS_VXLAN_BYTES;
    memcpy(&parts[1].iov_base, &frame, sizeof(frame)); /* sendmsg only reads it */
    parts[1].iov_len = len;
    memset(&message, 0, sizeof(message));
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    return sendmsg(outlet->socket, &message, 0) >= 0 ? 0 : -1;
}

static void copy_packet(struct tap *tap, size_t i)
{
    const struct vpcvis_mirror *mirror = &tap->mirrors[i];
    const struct vpcvis_packet *packet = &tap->batch[i];
    uint32_t len = mirror->length, skipped = 0;
    const struct outlet *outlet;
    uint8_t header[128];

    if (mirror->session != VPCVIS_SESSION_NONE) {
        outlet = &tap->outlets[mirror->session];
        if (vpcvis_vxlan_wrap(&outlet->outer, mirror->vni, packet, tap->frames[i].data,
                              &len, header) != VPCVIS_OK)
            skipped = 1;
        else if (tap->out != NULL)
            write_copy(tap, outlet, header, len, i);
        else
            skipped = send_copy(outlet, header, tap->frames[i].data, len) != 0;
        tap->send_errors += skipped;
    }
    (void)vpcvis_session_add(&tap->counts, packet, sizeof(*packet), 1, 0, mirror,
                             skipped);
}

static void print_counts(const struct tap *tap)
{
    const struct vpcvis_session_counts *c = &tap->counts;

    fprintf(
        stderr,
        "mirror_tap: %llu packets: NetworkPacketsMirrorIn %llu, NetworkPacketsMirrorOut "
        "%llu, NetworkMirrorIn %llu, NetworkMirrorOut %llu, NetworkPacketsSkipMirrorIn "
        "%llu, NetworkPacketsSkipMirrorOut %llu, cut %llu, not mirrored %llu (own "
        "datagrams %llu)\n",
        (unsigned long long)tap->packets, (unsigned long long)c->packets_mirror_in,
        (unsigned long long)c->packets_mirror_out, (unsigned long long)c->mirror_in,
        (unsigned long long)c->mirror_out, (unsigned long long)c->packets_skip_mirror_in,
        (unsigned long long)c->packets_skip_mirror_out,
        (unsigned long long)c->packets_cut, (unsigned long long)c->packets_not_mirrored,
        (unsigned long long)tap->own_copies);
}

static int copy_all(struct tap *tap)
{
    size_t n, i;

    while ((n = capture_next(&tap->capture, tap->frames)) > 0 ||
           (tap->capture.live && !tap->capture.ended)) {
        (void)vpcvis_packet_read_batch(tap->frames, sizeof(tap->frames[0]), n, tap->batch,
                                       NULL);
        direct(tap, n);
        (void)vpcvis_session_pick(tap->sessions, tap->batch, sizeof(tap->batch[0]), n, 0,
                                  tap->mirrors);
        for (i = 0; i < n; i++)
            copy_packet(tap, i);
        tap->packets += n;
        if (asked) {
            asked = 0;
            print_counts(tap);
        }
    }
    if (tap->capture.problem[0] != '\0')
        return fail(tap->options.read ? tap->options.read : tap->options.device,
                    tap->capture.problem);
    return 0;
}

static void on_signal(int number)
{
    if (number == SIGUSR1)
        asked = 1;
    else if (running != NULL)
        capture_stop(running);
}

static void catch_signals(struct tap *tap)
{
    struct sigaction action;

    running = &tap->capture;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

static int run(struct tap *tap)
{
    const struct options *o = &tap->options;
    int status = prepare(tap);

    if (status != 0)
        return status;
    if ((o->read ? capture_open(&tap->capture, o->read)
                 : capture_open_device(&tap->capture, o->device)) != 0)
        return fail(o->read ? o->read : o->device, tap->capture.problem);
    catch_signals(tap);
    status = copy_all(tap);
    if (!o->quiet)
        print_counts(tap);
    if (tap->out != NULL && (fflush(tap->out) != 0 || ferror(tap->out)))
        return fail(o->write, strerror(errno));
    return status == 0 && tap->send_errors > 0 ? 1 : status;
}

static void free_tap(struct tap *tap)
{
    size_t i;

    for (i = 0; i < tap->count; i++) {
        if (tap->outlets[i].outer.size != 0 && tap->outlets[i].socket >= 0)
            close(tap->outlets[i].socket);
        vpcvis_filter_free(tap->outlets[i].filter, NULL);
        ruleset_free(&tap->outlets[i].set);
    }
    if (tap->out != NULL && tap->out != stdout)
        fclose(tap->out);
    vpcvis_session_free(tap->sessions, NULL);
    vpcvis_prefix_free(tap->own, NULL);
    free(tap->session_text);
    free(tap);
}

int main(int argc, char **argv)
{
    struct tap *tap = calloc(1, sizeof(*tap));
    int status;

    (void)argc;
    if (tap == NULL)
        return fail("start", "out of memory");
    status = read_options(&tap->options, argv);
    if (status < 0) {
        status = run(tap);
        capture_close(&tap->capture);
    }
    free_tap(tap);
    return status;
}

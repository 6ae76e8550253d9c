/* SPDX-License-Identifier: MIT */
/*
 * mirror_sensor - the other end of a mirror: VXLAN and GENEVE in, plain packets out.
 *
 *     UDP socket or capture --> vpcvis_vxlan_unwrap --> capture, one a VNI, or a TAP device
 *                                                  \--> vpcvis_vxlan_match --> vpcvis_flow_add
 */
#define _DEFAULT_SOURCE 1

#include <vpcvis.h>

#include "support/arguments.h"
#include "support/capture.h"
#include "support/pcap_write.h"
#include "support/sensor_flows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#endif

#define LISTEN_MAX   8
#define DATAGRAM_MAX 65536
#define VNIS         256 /* that are told apart; what is beyond is counted as others */

struct options {
    const char *listen[LISTEN_MAX];
    size_t listens;
    const char *read, *write, *per_vni, *vni, *tap;
    int flow_log, quiet;
};

/* What came with a VNI. */
struct vni {
    uint32_t number;
    uint64_t packets, bytes, truncated;
    FILE *out; /* --per-vni */
};

struct sensor {
    struct options options;
    struct vni vnis[VNIS];
    size_t vni_count;
    uint64_t frames, found, not_wanted, refused[VPCVIS_STATUS_KINDS], no_direction,
        others;
    FILE *out;
    int tap;
    struct sensor_flows flows;
    struct capture capture;
    struct vpcvis_frame batch[CAPTURE_BATCH];
    uint8_t datagram[DATAGRAM_MAX];
};

static volatile sig_atomic_t stopped;

static const char usage[] =
    "usage: mirror_sensor (--listen [ADDRESS:]PORT ... | -r FILE) [-w FILE | --per-vni DIR]\n"
    "                     [--vni N,...] [--tap NAME] [--flow-log] [--quiet]\n";

static const char help[] =
    "\n"
    "Receives mirrored traffic in VXLAN, also inside GENEVE, and gives plain packets.\n"
    "\n"
    "  --listen PORT     UDP port to receive VXLAN at, such as 4789, or 10.9.0.4:4789; 6081 is\n"
    "                    taken for GENEVE; may be given several times\n"
    "  -r FILE           read a capture of the datagrams instead; - is standard input\n"
    "  -w FILE           write the packets to a capture; - is standard output\n"
    "  --per-vni DIR     or to DIR/VNI.pcap, a file for each network identifier\n"
    "  --vni N,...       only these; all by default, as they come\n"
    "  --tap NAME        send the packets to a TAP device, made if need be (Linux), for an IDS\n"
    "  --flow-log        print the flow log of each source interface, version 5: its\n"
    "                    interface-id is the copies' source address, directions are restored\n"
    "  --quiet           no counts at the end\n"
    "\n"
    "Ctrl-C ends it. Counts are by VNI, with what was refused and why.\n"
    "\n"
    "Exit status: 0; 1 if datagrams were refused; 2 for usage, or for what could not be read or\n"
    "written.\n";

static int fail_usage(const char *reason, const char *what)
{
    fprintf(stderr, "mirror_sensor: %s%s\n%s", reason, what, usage);
    return 2;
}

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "mirror_sensor: %s: %s\n", what, why);
    return 2;
}

/* -1, or an exit status. */
static int read_options(struct options *o, char **argv)
{
    const char *value;
    int i;

    for (i = 1; argv[i]; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            printf("%s%s", usage, help);
            return 0;
        }
        if (strcmp(argv[i], "--flow-log") == 0) {
            o->flow_log = 1;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            o->quiet = 1;
        } else if (take_value("--listen", argv, &i, &value)) {
            if (o->listens == LISTEN_MAX)
                return fail_usage("too many --listen: ", value);
            o->listen[o->listens++] = value;
        } else if (!take_value("-r", argv, &i, &o->read) &&
                   !take_value("-w", argv, &i, &o->write) &&
                   !take_value("--per-vni", argv, &i, &o->per_vni) &&
                   !take_value("--vni", argv, &i, &o->vni) &&
                   !take_value("--tap", argv, &i, &o->tap)) {
            return fail_usage("unknown option, or one without its value: ", argv[i]);
        }
    }
    if ((o->listens > 0) == (o->read != NULL))
        return fail_usage("--listen or -r is needed", "");
    if (o->write && o->per_vni)
        return fail_usage("-w or --per-vni, not both", "");
    if (o->flow_log && o->write && strcmp(o->write, "-") == 0)
        return fail_usage("--flow-log and -w - both want standard output", "");
    return -1;
}

/* Whether --vni has a number; 0 also if its list is none. */
static int is_wanted(const struct sensor *s, uint32_t vni)
{
    const char *at = s->options.vni;
    char *end;

    while (at != NULL && *at != '\0') {
        if (strtoul(at, &end, 10) == vni && end != at)
            return 1;
        at = *end == ',' ? end + 1 : NULL;
    }
    return s->options.vni == NULL;
}

static int open_tap(struct sensor *s)
{
#if defined(__linux__)
    struct ifreq request;

    s->tap = open("/dev/net/tun", O_RDWR);
    if (s->tap < 0)
        return fail("/dev/net/tun", strerror(errno));
    memset(&request, 0, sizeof(request));
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", s->options.tap);
    if (ioctl(s->tap, TUNSETIFF, &request) != 0)
        return fail(s->options.tap, strerror(errno));
    return 0;
#else
    return fail(s->options.tap, "TAP devices are made on Linux only");
#endif
}

/* The counts of a VNI, and its file. NULL: one too many. */
static struct vni *find_vni(struct sensor *s, uint32_t number)
{
    char path[4096];
    struct vni *vni;
    size_t i;

    for (i = 0; i < s->vni_count; i++)
        if (s->vnis[i].number == number)
            return &s->vnis[i];
    if (s->vni_count == VNIS)
        return NULL;
    vni = &s->vnis[s->vni_count++];
    vni->number = number;
    if (s->options.per_vni) {
        snprintf(path, sizeof(path), "%s/%u.pcap", s->options.per_vni, number);
        vni->out = pcap_write_open(path);
        if (vni->out == NULL) {
            (void)fail(path, strerror(errno));
            stopped = 1;
        }
    }
    return vni;
}

/* One copy's frame goes wherever it is to go. */
static void put_frame(struct sensor *s, struct vni *vni, const uint8_t *frame,
                      const struct vpcvis_vxlan_copy *copy)
{
    FILE *out = s->options.per_vni ? vni->out : s->out;
    const uint32_t len = copy->inner.cap_len;

    if (out != NULL) {
        pcap_write_record(out, copy->inner.seen_ns, len, copy->inner.wire_len);
        fwrite(frame, len, 1, out);
    }
    if (s->tap >= 0 && len > 0 && write(s->tap, frame, len) < 0)
        s->refused[0]++;
}

static void take_copy(struct sensor *s, const struct vpcvis_frame *frame,
                      struct vpcvis_vxlan_copy *copy)
{
    struct vni *vni;

    if (copy->status != VPCVIS_OK) {
        if (copy->status < 0)
            s->refused[-copy->status]++;
        return;
    }
    s->found++;
    if (!is_wanted(s, copy->last.header.vni)) {
        s->not_wanted++;
        return;
    }
    vni = find_vni(s, copy->last.header.vni);
    if (vni == NULL) {
        s->others++;
        return;
    }
    vni->packets++;
    vni->bytes += copy->inner.cap_len;
    vni->truncated += (copy->flags & VPCVIS_VXLAN_TRUNCATED) != 0;
    put_frame(s, vni, (const uint8_t *)frame->data + copy->inner_at, copy);
    if (s->options.flow_log)
        sensor_flows_take(&s->flows, copy);
}

static void take_frame(struct sensor *s, const struct vpcvis_frame *frame)
{
    struct vpcvis_vxlan_copy copy;

    s->frames++;
    (void)vpcvis_vxlan_unwrap(NULL, frame, NULL, &copy);
    take_copy(s, frame, &copy);
}

static int read_capture(struct sensor *s)
{
    size_t n, i;

    if (capture_open(&s->capture, s->options.read) != 0)
        return fail(s->options.read, s->capture.problem);
    while (!stopped && (n = capture_next(&s->capture, s->batch)) > 0)
        for (i = 0; i < n; i++)
            take_frame(s, &s->batch[i]);
    if (s->capture.problem[0] != '\0')
        return fail(s->options.read, s->capture.problem);
    return 0;
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A socket at [ADDRESS:]PORT. -1: it has been said. */
static int open_socket(const char *text, uint16_t *port)
{
    struct sockaddr_in at;
    const char *colon = strrchr(text, ':');
    char address[64] = "0.0.0.0";
    char *end;
    int fd, size = 1 << 24;
    unsigned long number;

    if (colon != NULL)
        snprintf(address, sizeof(address), "%.*s", (int)(colon - text), text);
    number = strtoul(colon ? colon + 1 : text, &end, 10);
    memset(&at, 0, sizeof(at));
    at.sin_family = AF_INET;
    at.sin_port = htons((uint16_t)number);
    if (*end != '\0' || number < 1 || number > 65535 ||
        inet_pton(AF_INET, address, &at.sin_addr) != 1) {
        (void)fail_usage("--listen takes PORT or ADDRESS:PORT, not ", text);
        return -1;
    }
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
        (void)fail(text, strerror(errno));
        return -1;
    }
    *port = (uint16_t)number;
    return fd;
}

/*
 * A socket gives what is behind the UDP header: outer headers with the sender's address are
 * put before it, so that one path reads everything.
 */
static void receive(struct sensor *s, int fd, uint16_t port)
{
    struct vpcvis_vxlan_outer outer = {0};
    struct vpcvis_packet none = {0};
    struct vpcvis_frame frame = {0};
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    const ssize_t n = recvfrom(fd, s->datagram + 28, sizeof(s->datagram) - 28 - 8,
                               MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
    uint32_t len = n > 8 ? (uint32_t)n - 8 : 0;
    uint8_t header[8];

    if (n < 0)
        return;
    memcpy(header, s->datagram + 28, sizeof(header));
    outer.size = sizeof(outer);
    outer.src.family = outer.dst.family = VPCVIS_ADDR_IPV4;
    memcpy(outer.src.bytes, &from.sin_addr, 4);
    outer.dstport = port == VPCVIS_VXLAN_GENEVE ? port : VPCVIS_VXLAN_PORT;
    outer.entropy = VPCVIS_VXLAN_ENTROPY_FIXED;
    outer.srcport = ntohs(from.sin_port);
    if (vpcvis_vxlan_wrap(&outer, 0, &none, NULL, &len, s->datagram) != VPCVIS_OK)
        return;
    memcpy(s->datagram + 28, header, sizeof(header));
    frame.data = s->datagram;
    frame.cap_len = 28 + (n > 8 ? (uint32_t)n : 8);
    frame.start = VPCVIS_START_IP;
    frame.seen_ns = now_ns();
    take_frame(s, &frame);
}

static int listen_all(struct sensor *s)
{
    struct pollfd ready[LISTEN_MAX];
    uint16_t ports[LISTEN_MAX];
    size_t i;
    int status = 0;

    memset(ready, 0, sizeof(ready));
    for (i = 0; i < s->options.listens; i++) {
        ready[i].events = POLLIN;
        ready[i].fd = open_socket(s->options.listen[i], &ports[i]);
        if (ready[i].fd < 0)
            status = 2;
    }
    if (status == 0)
        fprintf(stderr, "mirror_sensor: listening\n");
    while (status == 0 && !stopped) {
        const int n = poll(ready, s->options.listens, 1000);

        if (s->options.flow_log)
            flowlog_keep_time(&s->flows.log);
        if (n <= 0)
            continue;
        for (i = 0; i < s->options.listens; i++)
            if (ready[i].revents & POLLIN)
                receive(s, ready[i].fd, ports[i]);
    }
    for (i = 0; i < s->options.listens; i++)
        if (ready[i].fd >= 0)
            close(ready[i].fd);
    return status;
}

static uint64_t count_refused(const struct sensor *s)
{
    uint64_t refused = 0;
    int kind;

    for (kind = 0; kind < VPCVIS_STATUS_KINDS; kind++)
        refused += s->refused[kind];
    return refused;
}

static void print_counts(const struct sensor *s)
{
    size_t i;
    int kind;

    fprintf(stderr, "mirror_sensor: %llu frames, %llu mirrored copies\n",
            (unsigned long long)s->frames, (unsigned long long)s->found);
    for (i = 0; i < s->vni_count; i++)
        fprintf(stderr,
                "mirror_sensor:   VNI %u: %llu packets, %llu bytes, %llu truncated\n",
                s->vnis[i].number, (unsigned long long)s->vnis[i].packets,
                (unsigned long long)s->vnis[i].bytes,
                (unsigned long long)s->vnis[i].truncated);
    if (s->not_wanted > 0)
        fprintf(stderr, "mirror_sensor:   %llu of other VNIs\n",
                (unsigned long long)s->not_wanted);
    if (s->others > 0)
        fprintf(stderr, "mirror_sensor:   %llu left out: more than %d VNIs\n",
                (unsigned long long)s->others, VNIS);
    if (s->flows.no_direction > 0)
        fprintf(stderr, "mirror_sensor:   %llu of unknown direction\n",
                (unsigned long long)s->flows.no_direction);
    if (s->flows.no_room > 0)
        fprintf(stderr,
                "mirror_sensor:   %llu not in the flow log: more than %d interfaces\n",
                (unsigned long long)s->flows.no_room, SENSOR_SOURCES);
    for (kind = 0; kind < VPCVIS_STATUS_KINDS; kind++)
        if (s->refused[kind] > 0)
            fprintf(stderr, "mirror_sensor:   %llu refused: %s\n",
                    (unsigned long long)s->refused[kind],
                    kind == 0 ? "by the TAP device" : vpcvis_base_status_text(-kind));
}

static int prepare(struct sensor *s)
{
    const struct options *o = &s->options;

    if (o->write && (s->out = pcap_write_open(o->write)) == NULL)
        return fail(o->write, strerror(errno));
    if (o->tap && open_tap(s) != 0)
        return 2;
    return o->flow_log ? sensor_flows_open(&s->flows, "mirror_sensor") : 0;
}

static int finish(struct sensor *s)
{
    int failed = 0;
    size_t i;

    if (s->options.flow_log)
        flowlog_end(&s->flows.log);
    for (i = 0; i < s->vni_count; i++)
        failed |= s->vnis[i].out != NULL && fclose(s->vnis[i].out) != 0;
    if (s->out != NULL)
        failed |= fflush(s->out) != 0 || ferror(s->out);
    if (failed || fflush(stdout) != 0 || ferror(stdout))
        return fail("output", strerror(errno));
    if (!s->options.quiet)
        print_counts(s);
    return count_refused(s) > 0;
}

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static int run(struct sensor *s)
{
    struct sigaction action;
    int status = prepare(s), end;

    if (status != 0)
        return status;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    status = s->options.read ? read_capture(s) : listen_all(s);
    end = finish(s);
    return status > end ? status : end;
}

int main(int argc, char **argv)
{
    struct sensor *s = calloc(1, sizeof(*s));
    int status;

    (void)argc;
    if (s == NULL)
        return fail("start", "out of memory");
    s->tap = -1;
    status = read_options(&s->options, argv);
    if (status < 0) {
        status = run(s);
        capture_close(&s->capture);
    }
    if (s->tap >= 0)
        close(s->tap);
    sensor_flows_free(&s->flows);
    free(s);
    return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * nflog2flow - what a Linux firewall logs to NFLOG becomes a flow log.
 *
 *     nft add rule inet filter input  tcp dport 22 log group 5 prefix "drop "   drop
 *     nft add rule inet filter input               log group 5 prefix "accept " accept
 *     nflog2flow --group 5 --reject-prefix drop
 *
 * NFLOG carries no verdict; by convention the prefix or the mark tells it. The packet begins
 * with its IP header. Built where libnetfilter_log is.
 */
#define _DEFAULT_SOURCE

#include <vpcvis.h>

#include "support/flowlog.h"

#ifdef HAVE_NFLOG

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <libnetfilter_log/libnetfilter_log.h>

#define COPY_BYTES VPCVIS_PACKET_LOOK
#define WAIT_MS    200

/* Hooks of netfilter (linux/netfilter.h). */
#define HOOK_PREROUTING  0
#define HOOK_LOCAL_IN    1
#define HOOK_LOCAL_OUT   3
#define HOOK_POSTROUTING 4

struct probe {
    struct flowlog log;
    const char *accept_prefix, *reject_prefix, *interface, *layout;
    uint64_t group, accept_mark, reject_mark, interval_s, flows, packets, lost;
    int marks, quiet;
};

static const char usage[] =
    "usage: nflog2flow [--group N] [--accept-prefix TEXT] [--reject-prefix TEXT]\n"
    "                  [--accept-mark N] [--reject-mark N] [--interval S]\n"
    "                  [--interface ID] [--layout FORMAT] [--flows N] [--quiet]\n";

static const char help[] =
    "\n"
    "Prints the flow log of the packets that nftables or iptables send to an NFLOG group, until\n"
    "Ctrl-C, which loses nothing. Needs CAP_NET_ADMIN.\n"
    "\n"
    "  --group N            the NFLOG group; 0 is the default\n"
    "  --accept-prefix TEXT packets whose log prefix begins so were let through\n"
    "  --reject-prefix TEXT packets whose log prefix begins so were not\n"
    "  --accept-mark N      the same by the packet's mark\n"
    "  --reject-mark N\n"
    "                       what none of these tells is ACCEPT, if a reject option is given,\n"
    "                       else -\n"
    "  --interval S         aggregate over S seconds; 60\n"
    "  --interface ID       the interface's id in the log; eni-00000000000000000\n"
    "  --layout FORMAT      a format string, field names, or v2 (the default), v3, v4, v5\n"
    "  --flows N            room for N IPv4 flows of an interval; 262144\n"
    "  --quiet              no summary\n"
    "\n"
    "The direction is the hook's: input and prerouting are ingress, output and postrouting\n"
    "egress, forward is -. Exit status: 0; 1 if packets were lost or skipped; 2 for usage, or if\n"
    "the group cannot be read.\n";

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "nflog2flow: %s: %s\n", what, why);
    return 2;
}

static int fail_usage(const char *what)
{
    fprintf(stderr, "nflog2flow: unknown option, or not its value: %s\n%s", what, usage);
    return 2;
}

static int read_number(const char *text, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 0);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

/* An option and its value; 0 if it is none. */
static int take_option(struct probe *probe, const char *name, const char *value)
{
    if (strcmp(name, "--accept-prefix") == 0)
        return (probe->accept_prefix = value) != NULL;
    if (strcmp(name, "--reject-prefix") == 0)
        return (probe->reject_prefix = value) != NULL;
    if (strcmp(name, "--interface") == 0)
        return (probe->interface = value) != NULL && value[0] != '\0';
    if (strcmp(name, "--layout") == 0)
        return (probe->layout = value) != NULL;
    if (value == NULL)
        return 0;
    if (strcmp(name, "--group") == 0)
        return read_number(value, &probe->group) && probe->group <= 65535;
    if (strcmp(name, "--interval") == 0)
        return read_number(value, &probe->interval_s) && probe->interval_s > 0 &&
               probe->interval_s <= UINT32_MAX;
    if (strcmp(name, "--flows") == 0)
        return read_number(value, &probe->flows) && probe->flows > 0 &&
               probe->flows <= VPCVIS_FLOW_CAPACITY_MAX;
    if (strcmp(name, "--accept-mark") == 0) {
        probe->marks |= 1;
        return read_number(value, &probe->accept_mark);
    }
    probe->marks |= 2;
    return strcmp(name, "--reject-mark") == 0 && read_number(value, &probe->reject_mark);
}

/* -1, or an exit status if there is nothing to do. */
static int read_options(struct probe *probe, char **argv)
{
    probe->interval_s = 60;
    probe->flows = 262144;
    probe->interface = "eni-00000000000000000";
    for (argv++; *argv != NULL; argv++) {
        if (strcmp(*argv, "--help") == 0) {
            printf("%s%s", usage, help);
            return 0;
        }
        if (strcmp(*argv, "--quiet") == 0) {
            probe->quiet = 1;
            continue;
        }
        if (argv[1] == NULL || !take_option(probe, argv[0], argv[1]))
            return fail_usage(*argv);
        argv++;
    }
    return -1;
}

static int begins(const char *text, const char *prefix)
{
    return text != NULL && prefix != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

static uint8_t verdict_of(const struct probe *probe, struct nflog_data *data)
{
    const char *prefix = nflog_get_prefix(data);
    const uint32_t mark = nflog_get_nfmark(data);

    if (begins(prefix, probe->reject_prefix) ||
        ((probe->marks & 2) != 0 && mark == probe->reject_mark))
        return VPCVIS_VERDICT_REJECT;
    if (begins(prefix, probe->accept_prefix) ||
        ((probe->marks & 1) != 0 && mark == probe->accept_mark) ||
        probe->reject_prefix != NULL || (probe->marks & 2) != 0)
        return VPCVIS_VERDICT_ACCEPT;
    return VPCVIS_VERDICT_UNKNOWN;
}

static uint8_t direction_of(struct nflog_data *data)
{
    const struct nfulnl_msg_packet_hdr *header = nflog_get_msg_packet_hdr(data);

    switch (header != NULL ? header->hook : UINT8_MAX) {
    case HOOK_PREROUTING:
    case HOOK_LOCAL_IN: return VPCVIS_DIRECTION_INGRESS;
    case HOOK_LOCAL_OUT:
    case HOOK_POSTROUTING: return VPCVIS_DIRECTION_EGRESS;
    default: return VPCVIS_DIRECTION_UNKNOWN;
    }
}

/* The packet's time, or now: the kernel often leaves it out. */
static uint64_t time_of(struct nflog_data *data)
{
    struct timeval time;

    if (nflog_get_timestamp(data, &time) != 0)
        (void)gettimeofday(&time, NULL);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

static int take(struct nflog_g_handle *group, struct nfgenmsg *message,
                struct nflog_data *data, void *context)
{
    struct probe *probe = context;
    struct vpcvis_frame frame = {0};
    struct vpcvis_packet packet;
    char *payload = NULL;
    const int len = nflog_get_payload(data, &payload);

    (void)group;
    (void)message;
    frame.data = payload;
    frame.cap_len = len > 0 ? (uint32_t)len : 0;
    frame.start = VPCVIS_START_IP;
    frame.seen_ns = time_of(data);
    frame.direction = direction_of(data);
    frame.verdict = verdict_of(probe, data);
    (void)vpcvis_packet_read(&frame, &packet);
    flowlog_take(&probe->log, &packet, 1);
    probe->packets++;
    return 0;
}

/* All packets of the window are given their verdicts before: nothing is left to do. */
static void count(void *context, struct vpcvis_packet *packets, size_t n)
{
    struct probe *probe = context;
    size_t taken;

    (void)vpcvis_flow_add(probe->log.flow, packets, n, NULL, &taken);
}

static int open_log(struct probe *probe)
{
    struct flowlog_options options = {0};
    struct vpcvis_record about;
    struct vpcvis_value id = {0};

    vpcvis_record_init(&about, probe->interface);
    id.state = VPCVIS_STATE_VALUE;
    id.text = probe->interface;
    id.text_len = (uint32_t)strlen(probe->interface);
    if (vpcvis_record_set(&about, VPCVIS_FIELD_INTERFACE_ID, &id) != VPCVIS_OK)
        return fail("--interface", "cannot be an id");
    options.layout = probe->layout;
    options.about = &about;
    options.about_bytes = id.text_len;
    options.interval_s = probe->interval_s;
    options.flows = probe->flows;
    probe->log.program = "nflog2flow";
    probe->log.count = count;
    probe->log.context = probe;
    return flowlog_open(&probe->log, &options);
}

/* Read until a signal comes. */
static int read_group(struct probe *probe, struct nflog_handle *handle)
{
    struct pollfd fd = {nflog_fd(handle), POLLIN, 0};
    static char message[65536];

    while (!stopped && !probe->log.out.failed) {
        ssize_t n = poll(&fd, 1, WAIT_MS);
        if (n > 0)
            n = recv(fd.fd, message, sizeof(message), 0);
        if (n > 0)
            (void)nflog_handle_packet(handle, message, (int)n);
        else if (n < 0 && errno == ENOBUFS)
            probe->lost++;
        else if (n < 0 && errno != EINTR && errno != EAGAIN)
            return fail("NFLOG", strerror(errno));
        flowlog_keep_time(&probe->log);
    }
    return 0;
}

static int run(struct probe *probe)
{
    struct nflog_handle *handle = nflog_open();
    struct nflog_g_handle *group;
    int status;

    if (handle == NULL)
        return fail("NFLOG", strerror(errno));
    group = nflog_bind_group(handle, (uint16_t)probe->group);
    if (group == NULL || nflog_set_mode(group, NFULNL_COPY_PACKET, COPY_BYTES) < 0) {
        status = fail("the NFLOG group", strerror(errno));
    } else {
        (void)nflog_set_timeout(group, 10);
        (void)nflog_callback_register(group, take, probe);
        status = open_log(probe);
        if (status == 0) {
            fprintf(stderr, "nflog2flow: listening to group %u\n",
                    (unsigned)probe->group);
            status = read_group(probe, handle);
            flowlog_end(&probe->log);
        }
    }
    if (group != NULL)
        nflog_unbind_group(group);
    nflog_close(handle);
    return status;
}

static int finish(struct probe *probe)
{
    struct vpcvis_flow_counts counts = {0};

    (void)vpcvis_flow_get(probe->log.flow, &counts);
    if (!probe->quiet)
        fprintf(
            stderr,
            "nflog2flow: %llu packets, %llu counted, in %llu records, %llu malformed, "
            "%llu skipped; the kernel lost some %llu times\n",
            (unsigned long long)probe->packets, (unsigned long long)counts.counted,
            (unsigned long long)probe->log.records, (unsigned long long)counts.malformed,
            (unsigned long long)counts.skipped, (unsigned long long)probe->lost);
    if (probe->log.out.failed && probe->log.out.failed != EPIPE)
        return fail("standard output", strerror(probe->log.out.failed));
    return counts.malformed + counts.skipped + probe->lost > 0;
}

int main(int argc, char **argv)
{
    struct probe *probe = calloc(1, sizeof(*probe));
    struct sigaction action = {0};
    int status;

    (void)argc;
    if (probe == NULL)
        return fail("memory", "there is none");
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    status = read_options(probe, argv);
    if (status < 0) {
        status = run(probe);
        if (status == 0)
            status = finish(probe);
    }
    flowlog_free(&probe->log);
    free(probe);
    return status;
}
#else
#include <stdio.h>

int main(void)
{
    fprintf(stderr,
            "nflog2flow: built without libnetfilter_log: install it and make again\n");
    return 2;
}
#endif

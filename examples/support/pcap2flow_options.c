/* SPDX-License-Identifier: MIT */
#include "pcap2flow_options.h"

#include <vpcvis/base.h>
#include <vpcvis/flow.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "capture.h"

static const char usage[] =
    "usage: pcap2flow [--interval S] [--interface ID] [--address IP[,IP...]]\n"
    "                 [--layout FORMAT] [--rejected proto:port[-port][,...]]\n"
    "                 [--services FILE] [--about FIELD=VALUE] [--vpc CIDR] [--flows N]\n"
    "                 [--all] [--quiet] [-i DEVICE | [--] FILE...]\n";

static const char help[] =
    "\n"
    "Reads captures (pcap; pcapng and devices with libpcap) and prints the flow log of the\n"
    "interface they were made at. FILE - is standard input, which is read if there is none.\n"
    "\n"
    "  --interval S       aggregate over S seconds; 60 is the default\n"
    "  --interface ID     the interface's id in the log; eni-00000000000000000\n"
    "  --address IP,...   addresses or CIDR blocks of the interface. They tell directions: a\n"
    "                     packet from one of them is egress, to one ingress; both, and it is\n"
    "                     in two records; none, and it is counted and left out. Without this\n"
    "                     option every packet counts, and directions are -\n"
    "  --layout FORMAT    the columns: a format string ('${srcaddr} ${dstaddr}'), field names,\n"
    "                     or v2 (the default), v3, v4, v5\n"
    "  --rejected LIST    log packets to these as REJECT: tcp:22, udp:1000-2000, icmp, ...\n"
    "  --services FILE    lines of a CIDR block and the name of the service there, for\n"
    "                     pkt-src-aws-service and pkt-dst-aws-service\n"
    "  --about F=VALUE    a field of the interface, such as vpc-id=vpc-1; may be repeated\n"
    "  --vpc CIDR         the VPC: tells the address of the Amazon DNS server and the router\n"
    "  --flows N          room for N IPv4 flows of an interval (and N/4 of IPv6); 262144.\n"
    "                     What does not fit is counted, and logged as SKIPDATA\n"
    "  --all              log also what AWS leaves out: DHCP, metadata, time, resolver, ...\n"
    "  -i DEVICE          read from a network device until Ctrl-C, which loses nothing\n"
    "  --quiet            no summary and no progress\n"
    "  --version          print the version, and what this program was built to read\n"
    "\n"
    "Exit status: 0; 1 if packets were malformed or skipped, or a file was cut; 2 for usage,\n"
    "or if something could not be read.\n";

static int fail_usage(const char *reason, const char *what)
{
    fprintf(stderr, "pcap2flow: %s%s\n%s", reason, what, usage);
    return 2;
}

static int take_number(const char *name, char **argv, int *i, uint64_t *number)
{
    const char *text;
    char *end;

    if (!take_value(name, argv, i, &text))
        return 0;
    errno = 0;
    *number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
        *number = 0; /* which no option takes */
    return 1;
}

/* Note a field of the interface. 0 if it cannot be one. */
static int set_about(struct options *options, const char *name, size_t name_len,
                     const char *text)
{
    char *copy = options->about_text + options->about_len;
    const size_t len = strlen(text);
    struct vpcvis_value value = {0};
    struct vpcvis_field field;
    uint32_t id;

    if (vpcvis_record_find(name, name_len, &id) != VPCVIS_OK ||
        vpcvis_record_field(id, &field) != VPCVIS_OK ||
        field.about != VPCVIS_ABOUT_INTERFACE || len == 0 ||
        len > ABOUT_MAX - options->about_len)
        return 0;
    memcpy(copy, text, len);
    options->about_len += len;
    value.state = VPCVIS_STATE_VALUE;
    value.text = copy;
    value.text_len = (uint32_t)len;
    return vpcvis_record_set(&options->about, id, &value) == VPCVIS_OK;
}

static int print_version(void)
{
    const uint32_t version = vpcvis_base_version();

    printf("pcap2flow %u.%u.%u (pcapng and devices: %s)\n", version / 1000000,
           version / 1000 % 1000, version % 1000, capture_has_libpcap() ? "yes" : "no");
    return 0;
}

/* Options with a value that is checked at once. 1: taken, 0: none of them, -1: bad value. */
static int take_checked(struct options *options, char **argv, int *i)
{
    const char *text = NULL, *equals;

    if (take_number("--interval", argv, i, &options->interval_s))
        return options->interval_s >= 1 && options->interval_s <= UINT32_MAX ? 1 : -1;
    if (take_number("--flows", argv, i, &options->flows))
        return options->flows >= 1 && options->flows <= VPCVIS_FLOW_CAPACITY_MAX ? 1 : -1;
    if (take_value("--interface", argv, i, &text))
        return set_about(options, "interface-id", 12, text) ? 1 : -1;
    if (take_value("--about", argv, i, &text)) {
        equals = strchr(text, '=');
        return equals && set_about(options, text, (size_t)(equals - text), equals + 1)
                   ? 1
                   : -1;
    }
    return 0;
}

int read_options(struct options *options, char **argv, int *first)
{
    int i, taken;

    options->interval_s = 60;
    options->flows = 262144;
    vpcvis_record_init(&options->about, options->about_text);
    (void)set_about(options, "interface-id", 12, "eni-00000000000000000");
    for (i = 1; argv[i] && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        taken = take_checked(options, argv, &i);
        if (taken < 0)
            return fail_usage("not a value for this option: ", argv[i]);
        if (taken > 0)
            continue;
        if (strcmp(argv[i], "--all") == 0) {
            options->all = 1;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            options->quiet = 1;
        } else if (strcmp(argv[i], "--help") == 0) {
            printf("%s%s", usage, help);
            return 0;
        } else if (strcmp(argv[i], "--version") == 0) {
            return print_version();
        } else if (!take_value("--address", argv, &i, &options->address) &&
                   !take_value("--layout", argv, &i, &options->layout) &&
                   !take_value("--rejected", argv, &i, &options->rejected) &&
                   !take_value("--services", argv, &i, &options->services) &&
                   !take_value("--vpc", argv, &i, &options->vpc) &&
                   !take_value("-i", argv, &i, &options->device)) {
            return fail_usage("unknown option, or one without its value: ", argv[i]);
        }
    }
    if (options->device && argv[i])
        return fail_usage("a device or files, not both: ", argv[i]);
    *first = i;
    return -1;
}

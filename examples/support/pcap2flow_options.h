/* SPDX-License-Identifier: MIT */
/* The command line of pcap2flow. */
#ifndef EXAMPLES_PCAP2FLOW_OPTIONS_H
#define EXAMPLES_PCAP2FLOW_OPTIONS_H

#include <vpcvis/record.h>

#include <stddef.h>

#define ABOUT_MAX 4096 /* bytes of all that is said of the interface */

struct options {
    const char *address, *layout, *rejected, *services, *device, *vpc;
    uint64_t interval_s, flows;
    int all, quiet;
    struct vpcvis_record about; /* of the interface */
    char about_text[ABOUT_MAX];
    size_t about_len;
};

/* Read options up to the first path; -1, or an exit status if there is nothing to do. */
int read_options(struct options *options, char **argv, int *first);

#endif

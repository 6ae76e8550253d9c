/* SPDX-License-Identifier: MIT */
/* The command line of flowdeliver. */
#ifndef EXAMPLES_FLOWDELIVER_OPTIONS_H
#define EXAMPLES_FLOWDELIVER_OPTIONS_H

#include <stdint.h>

struct flowdeliver_options {
    const char *to, *account, *region, *flow_log, *prefix, *organization, *resource;
    const char *layout, *traffic;
    uint64_t file_bytes, linger_s;
    uint32_t style;
    int plain, quiet;
};

/* Read them. -1, or an exit status if there is nothing to do. */
int flowdeliver_options(struct flowdeliver_options *options, char **argv);

/* Say what is wrong with them, and how they are used; returns 2. */
int flowdeliver_usage(const char *reason, const char *what);

#endif

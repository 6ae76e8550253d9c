/* SPDX-License-Identifier: MIT */
/* One line on a terminal while a long input is read: how much, how fast, how much longer. */
#ifndef EXAMPLES_PROGRESS_H
#define EXAMPLES_PROGRESS_H

#include <stdint.h>

struct progress {
    int on;         /* standard error is a terminal, standard output is another thing */
    int shown;      /* a line stands there */
    uint64_t total; /* bytes to come in all, 0 if that is not known */
    uint64_t done;  /* bytes of the inputs before this one */
    uint64_t started_ns, next_ns;
};

void progress_init(struct progress *progress, uint64_t total, int quiet);

/* taken: bytes read of this input. Shows something a few times a second, after the first. */
void progress_show(struct progress *progress, uint64_t taken);

/* An input of that many bytes is over. */
void progress_add(struct progress *progress, uint64_t taken);

/* Take the line away, before something else is printed. */
void progress_clear(struct progress *progress);

#endif

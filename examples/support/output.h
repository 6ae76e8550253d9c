/* SPDX-License-Identifier: MIT */
/*
 * A large buffer before a file descriptor. Writers ask for room, write straight into the
 * buffer and move `len` on; bytes leave in pieces of OUTPUT_FLUSH and more.
 */
#ifndef EXAMPLES_OUTPUT_H
#define EXAMPLES_OUTPUT_H

#include <stddef.h>

#define OUTPUT_FLUSH    ((size_t)256 << 10)
#define OUTPUT_ROOM     ((size_t)640 << 10) /* more than any one record needs, as JSON too */
#define OUTPUT_CAPACITY (OUTPUT_FLUSH + OUTPUT_ROOM)

struct output {
    char *data; /* OUTPUT_CAPACITY bytes */
    size_t len;
    int fd;
    int failed; /* errno of the write that failed; all later output is dropped */
};

/* 0, or -1 if there is no memory. */
int output_init(struct output *out, int fd);

/* Send what is buffered. 0, or -1 once anything has failed. */
int output_flush(struct output *out);

/* Make sure that OUTPUT_ROOM bytes are free after len. As output_flush. */
int output_room(struct output *out);

void output_free(struct output *out);

#endif

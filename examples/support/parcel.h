/* SPDX-License-Identifier: MIT */
/* Lines into one file, gzip-compressed (with zlib) or as they are. */
#ifndef EXAMPLES_PARCEL_H
#define EXAMPLES_PARCEL_H

#include <stddef.h>
#include <stdint.h>

#define PARCEL_TEXT ((size_t)128 << 10)

/* A file may end up longer than `bytes` said by so much at most. */
#define PARCEL_SLACK ((uint64_t)512 << 10)

struct parcel {
    int fd;
    int failed;     /* errno of the write that failed; all later lines are dropped */
    uint64_t bytes; /* in the file */
    uint64_t first; /* for the caller: how many records came before this file's first */
    size_t len;
    void *deflate; /* zlib's state, NULL: not compressed */
    char text[PARCEL_TEXT];
};

/* Whether this build can compress. */
int parcel_has_gzip(void);

/* 0, or -1 if there is no memory. */
int parcel_open(struct parcel *parcel, int fd, int gzip);

/* Room for a line of up to PARCEL_TEXT bytes at text + len; move len on. */
void parcel_room(struct parcel *parcel, size_t line);

/* Write everything, and the compressed file's end; the descriptor stays open. 0, or -1: see
 * failed. */
int parcel_end(struct parcel *parcel);

/* Free all but the struct and the descriptor. */
void parcel_free(struct parcel *parcel);

#endif

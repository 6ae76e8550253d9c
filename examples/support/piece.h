/* SPDX-License-Identifier: MIT */
/*
 * A file of lines in pieces that threads can read apart: a piece has the lines that begin in
 * its PIECE bytes of the file, the last of them to its end.
 *
 *     file   |.....LF..|..LF.....|.........|...LF..|     | every PIECE bytes
 *     piece  `- 0 -----------´`- 1 -----------´`- 3 ´     2 is empty
 */
#ifndef EXAMPLES_PIECE_H
#define EXAMPLES_PIECE_H

#include <stddef.h>
#include <stdint.h>

#define PIECE       ((size_t)256 << 10)
#define PIECE_AHEAD ((size_t)2 << 10) /* most lines end before that */
#define PIECE_ROOM  (PIECE + PIECE_AHEAD + ((size_t)64 << 10)) /* and every good line */

struct piece {
    const char *text; /* whole lines, but for what `more` and `last` say */
    size_t len;
    uint64_t next; /* where in the file it ends */
    int more;      /* the last line goes on: see piece_read_on */
    int last;      /* it ends where the file ends */
};

/* How many pieces a file of that size has. */
uint64_t piece_count(uint64_t size);

/*
 * Read a piece into buffer, which has PIECE_ROOM bytes. 0; or -1 with errno, which is 0 if the
 * file is no longer that long. Reads at offsets, so that threads can share the descriptor.
 */
int piece_read(int fd, uint64_t size, uint64_t number, char *buffer, struct piece *piece);

/* Read what follows of a line for which the buffer had no room, as piece_read. */
int piece_read_on(int fd, uint64_t size, char *buffer, struct piece *piece);

#endif

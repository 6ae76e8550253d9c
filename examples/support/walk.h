/* SPDX-License-Identifier: MIT */
/* The files that arguments stand for: directories are searched, sorted by name. */
#ifndef EXAMPLES_WALK_H
#define EXAMPLES_WALK_H

#include <stddef.h>
#include <stdint.h>

struct walk {
    char **paths;
    size_t count, capacity;
    uint64_t bytes; /* of all regular files */
    int sized;      /* whether all are regular files, so that bytes is the whole */
};

/*
 * Fill *walk with files in the order of the arguments ("-" stays "-"; no argument at all means
 * "-"). Below a directory everything that is a file is taken, in subdirectories too; symbolic
 * links to directories are not followed there. What cannot be looked at stays in the list, so
 * that opening it says why. 0, or -1 if there is no memory.
 */
int walk_init(struct walk *walk, char *const arguments[], size_t count);

void walk_free(struct walk *walk);

#endif

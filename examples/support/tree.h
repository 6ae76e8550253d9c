/* SPDX-License-Identifier: MIT */
/*
 * A directory tree as an object store would have it: a file has its name when it is whole and
 * on disk, and not before.
 *
 *     DIR/.flowdeliver/lock   held while a program delivers here
 *     DIR/.flowdeliver/N      file number N while it is written
 *     DIR/KEY                 a delivered file
 *
 * What a killed program left in .flowdeliver was never acknowledged, and goes when the next
 * one begins.
 */
#ifndef EXAMPLES_TREE_H
#define EXAMPLES_TREE_H

#define TREE_PROBLEM 512

#define TREE_FAILED (-1) /* see problem */
#define TREE_EXISTS 1    /* that name is taken: try another */

struct tree {
    const char *path;
    int root, drafts, lock;
    unsigned leftovers; /* that were removed */
    char problem[TREE_PROBLEM];
};

/* Open DIR for one program at a time; it is made if its parent is there. 0 or TREE_FAILED. */
int tree_open(struct tree *tree, const char *path);

/* Begin a file. Its descriptor, or TREE_FAILED. */
int tree_begin(struct tree *tree, unsigned number);

/*
 * Give a written file its name, with everything on disk before this returns; fd is closed
 * unless the answer is TREE_EXISTS. 0, TREE_FAILED or TREE_EXISTS.
 */
int tree_publish(struct tree *tree, unsigned number, int fd, const char *key);

void tree_close(struct tree *tree);

#endif

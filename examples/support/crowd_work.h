/* SPDX-License-Identifier: MIT */
/* What the files of crowd share: threads, and what they read together. */
#ifndef EXAMPLES_CROWD_WORK_H
#define EXAMPLES_CROWD_WORK_H

#include "crowd.h"
#include "piece.h"

#include <pthread.h>

#define CROWD_ROWS   4096u
#define CROWD_ERRORS 256
#define CROWD_HEADER 4096 /* bytes of a file's header line, if others are to know it */

/*
 * A plain file that is read in pieces, by whoever has time. Pieces are read and parsed in any
 * order, but settled one after another: only then is it known how many lines came before, and
 * that none of them was a header line. If one was, the file is closed to others, and the thread
 * that found it reads on to the end alone. All but `path` under the lock of struct crowd_shared.
 */
struct crowd_file {
    struct crowd_file *next;
    const char *path;
    int fd;
    int open;   /* others may help: the layout is known */
    int closed; /* one thread reads the rest, or nobody can */
    uint32_t users;
    uint64_t size, pieces;
    uint64_t claimed, settled; /* pieces */
    uint64_t lines, bytes;     /* of settled ones */
    const char *problem;       /* NULL, or why it could not be read to its end */
    char problem_text[INPUT_PROBLEM];
    size_t header_len;
    char header[CROWD_HEADER + 8]; /* what a reader is told before its first piece */
};

/* What the threads share, under the lock. */
struct crowd_shared {
    struct crowd *crowd;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a file: pieces were settled, it was opened or closed */
    size_t next;            /* path */
    uint64_t in_flight;     /* bytes read of files that are not done */
    uint32_t opening;       /* paths of which it is not known whether others can help */
    struct crowd_file *files;
    vpcvis_rollup *
        *waiting; /* one a question, of threads that are done: NULL or to merge */
};

struct crowd_worker {
    struct crowd_shared *shared;
    vpcvis_rollup **rollups;
    struct vpcvis_line_columns columns;
    void *columns_memory, *reader_memory;
    uint64_t fields[2], reported;
    uint64_t take[CROWD_ROWS / 64];
    int opening; /* counted in shared->opening */
    struct input input;
    struct vpcvis_error errors[CROWD_ERRORS];
    char chunk[PIECE_ROOM];
};

/* A reader for a new input. NULL if there cannot be one. */
vpcvis_reader *crowd_reader(struct crowd_worker *worker);

/* The next rows of a reader, to worker's columns and errors. */
vpcvis_status crowd_next(struct crowd_worker *worker, vpcvis_reader *reader,
                         struct vpcvis_reader_batch *batch);

/* Add the rows of a batch. */
void crowd_add(struct crowd_worker *worker, const vpcvis_reader *reader,
               const struct vpcvis_reader_batch *batch);

/* It is known now whether others can help with worker's path. */
void crowd_opened(struct crowd_worker *worker);

/* Read worker's opened input, a plain file, in pieces, report what came of it and close it; 0.
 * Or -1: there is no memory for that, nothing was done. */
int crowd_read_pieces(struct crowd_worker *worker, vpcvis_reader *reader);

/* Whether there is anything to do for one more thread; waits while there may come something. */
int crowd_has_work(struct crowd_shared *shared);

/* Help with a file that others opened; waits while there may come one. 0: there is none. */
int crowd_help(struct crowd_worker *worker);

#endif

/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "crowd.h"

#include <vpcvis.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK  ((size_t)256 << 10)
#define ROWS   2048u
#define ERRORS 256

/* What the threads share, under the lock. */
struct shared {
    struct crowd *crowd;
    pthread_mutex_t lock;
    size_t next;        /* path */
    uint64_t in_flight; /* bytes read of files that are not done */
};

struct worker {
    struct shared *shared;
    vpcvis_rollup **rollups;
    struct vpcvis_line_columns columns;
    void *columns_memory, *reader_memory;
    uint64_t fields[2], reported;
    uint64_t take[ROWS / 64];
    struct input input;
    struct vpcvis_error errors[ERRORS];
    char chunk[CHUNK];
};

struct helper {
    struct shared *shared;
    pthread_t thread;
    vpcvis_rollup **rollups; /* NULL: there was no memory */
};

/* The next path to read; NULL if there is none. */
static const char *take_path(struct shared *shared)
{
    const char *path = NULL;

    pthread_mutex_lock(&shared->lock);
    if (shared->next < shared->crowd->path_count)
        path = shared->crowd->paths[shared->next++];
    pthread_mutex_unlock(&shared->lock);
    return path;
}

static void add_batch(struct worker *worker, const vpcvis_layout *layout,
                      const struct vpcvis_reader_batch *batch)
{
    const struct crowd *crowd = worker->shared->crowd;
    const uint64_t *take = NULL;
    uint32_t i;

    if (crowd->where != NULL) {
        where_match(crowd->where, layout, &worker->columns, batch->text,
                    (size_t)batch->records, worker->take);
        take = worker->take;
    }
    for (i = 0; i < crowd->question_count; i++)
        (void)vpcvis_rollup_add_columns(worker->rollups[i], layout, &worker->columns,
                                        batch->text, take, 0, (size_t)batch->records);
}

/* Read all that the reader can give now; the status that says why there is no more. */
static vpcvis_status drain(struct worker *worker, vpcvis_reader *reader)
{
    struct shared *shared = worker->shared;
    struct vpcvis_reader_batch batch;
    vpcvis_status status;
    uint64_t i;

    while ((status = vpcvis_reader_next_columns(reader, &worker->columns, worker->errors,
                                                ERRORS, &batch)) == VPCVIS_OK) {
        const vpcvis_layout *layout = vpcvis_reader_layout(reader);

        if (batch.errors > 0) {
            pthread_mutex_lock(&shared->lock);
            for (i = 0; i < batch.errors; i++)
                report_bad(shared->crowd->report, worker->input.name, layout,
                           &worker->errors[i]);
            pthread_mutex_unlock(&shared->lock);
        }
        if (batch.records > 0)
            add_batch(worker, layout, &batch);
    }
    return status;
}

static void show_progress(struct worker *worker)
{
    struct shared *shared = worker->shared;

    pthread_mutex_lock(&shared->lock);
    shared->in_flight += worker->input.taken - worker->reported;
    worker->reported = worker->input.taken;
    progress_show(&shared->crowd->report->progress, shared->in_flight);
    pthread_mutex_unlock(&shared->lock);
}

/* Read an opened input to its end. NULL, or why that could not be. */
static const char *read_all(struct worker *worker, vpcvis_reader *reader)
{
    struct shared *shared = worker->shared;
    struct input *in = &worker->input;
    ptrdiff_t n = 1;

    while (n != 0) {
        vpcvis_status status;

        n = input_read(in, worker->chunk, sizeof(worker->chunk));
        if (n == INPUT_SKIPPED) {
            pthread_mutex_lock(&shared->lock);
            report_skipped(shared->crowd->report, in);
            pthread_mutex_unlock(&shared->lock);
            continue;
        }
        if (n < 0)
            return in->problem;
        if (n > 0)
            vpcvis_reader_add(reader, worker->chunk, (size_t)n);
        else
            vpcvis_reader_end(reader);
        status = drain(worker, reader);
        if (status < 0)
            return input_advice(status);
        show_progress(worker);
    }
    return NULL;
}

static void read_path(struct worker *worker, const char *path)
{
    struct shared *shared = worker->shared;
    struct report *report = shared->crowd->report;
    struct vpcvis_reader_config config = {0};
    vpcvis_reader *reader = NULL;
    const char *problem;

    config.size = sizeof(config);
    config.layout = shared->crowd->layout;
    memcpy(config.fields, worker->fields, sizeof(config.fields));
    worker->reported = 0;
    if (input_open(&worker->input, path) != 0)
        problem = worker->input.problem;
    else if (vpcvis_reader_init(worker->reader_memory, vpcvis_reader_bytes(), &config,
                                &reader) != VPCVIS_OK)
        problem = "no reader for it";
    else
        problem = read_all(worker, reader);
    pthread_mutex_lock(&shared->lock);
    shared->in_flight -= worker->reported;
    report->files++;
    if (problem != NULL)
        report_failed(report, path, problem);
    if (reader != NULL)
        report_add(report, reader, worker->input.taken);
    pthread_mutex_unlock(&shared->lock);
    input_close(&worker->input);
}

static void work(struct worker *worker)
{
    const char *path;

    while ((path = take_path(worker->shared)) != NULL)
        read_path(worker, path);
}

/* The fields that all questions and the expression need; one at least. */
static void ask(const struct crowd *crowd, vpcvis_rollup *const *rollups,
                uint64_t fields[2])
{
    uint64_t more[2];
    uint32_t i;

    fields[0] = (uint64_t)1 << VPCVIS_FIELD_LOG_STATUS;
    fields[1] = 0;
    for (i = 0; i < crowd->question_count; i++) {
        vpcvis_rollup_fields(rollups[i], more);
        fields[0] |= more[0];
        fields[1] |= more[1];
    }
    if (crowd->where != NULL) {
        where_fields(crowd->where, more);
        fields[0] |= more[0];
        fields[1] |= more[1];
    }
}

static struct worker *make_worker(struct shared *shared, vpcvis_rollup **rollups)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    size_t bytes;

    if (worker == NULL)
        return NULL;
    worker->shared = shared;
    worker->rollups = rollups;
    ask(shared->crowd, rollups, worker->fields);
    bytes = vpcvis_line_columns_bytes(worker->fields, ROWS);
    worker->columns.size = sizeof(worker->columns);
    worker->columns_memory = malloc(bytes);
    worker->reader_memory = malloc(vpcvis_reader_bytes());
    if (worker->columns_memory != NULL && worker->reader_memory != NULL &&
        vpcvis_line_columns_init(worker->columns_memory, bytes, worker->fields, ROWS,
                                 &worker->columns) == VPCVIS_OK)
        return worker;
    free(worker->columns_memory);
    free(worker->reader_memory);
    free(worker);
    return NULL;
}

static void free_worker(struct worker *worker)
{
    free(worker->columns_memory);
    free(worker->reader_memory);
    free(worker);
}

/* Rollups of a thread's own, for the same questions. NULL: no memory. */
static vpcvis_rollup **make_rollups(const struct crowd *crowd)
{
    vpcvis_rollup **rollups = calloc(crowd->question_count, sizeof(vpcvis_rollup *));
    uint32_t i;

    for (i = 0; rollups != NULL && i < crowd->question_count; i++) {
        if (vpcvis_rollup_new(&crowd->questions[i].config, NULL, &rollups[i]) ==
            VPCVIS_OK)
            continue;
        while (i-- > 0)
            vpcvis_rollup_free(rollups[i], NULL);
        free(rollups);
        return NULL;
    }
    return rollups;
}

static void merge_rollups(const struct crowd *crowd, vpcvis_rollup **rollups)
{
    uint32_t i;

    for (i = 0; i < crowd->question_count; i++) {
        (void)vpcvis_rollup_merge(crowd->rollups[i], rollups[i]);
        vpcvis_rollup_free(rollups[i], NULL);
    }
    free(rollups);
}

/* What a thread beside the first does. Without memory it leaves the paths to the others. */
static void *help(void *argument)
{
    struct helper *helper = argument;
    struct worker *worker;

    helper->rollups = make_rollups(helper->shared->crowd);
    if (helper->rollups == NULL)
        return NULL;
    worker = make_worker(helper->shared, helper->rollups);
    if (worker == NULL)
        return NULL;
    work(worker);
    free_worker(worker);
    return NULL;
}

/* Work on threads beside this one: helpers that cannot be had are done without. */
static void work_together(struct shared *shared, struct worker *own)
{
    const uint32_t threads = shared->crowd->threads;
    struct helper *helpers = calloc(threads, sizeof(*helpers));
    uint32_t i, started = 0;

    for (; helpers != NULL && started < threads - 1; started++) {
        helpers[started].shared = shared;
        if (pthread_create(&helpers[started].thread, NULL, help, &helpers[started]) != 0)
            break;
    }
    work(own);
    for (i = 0; i < started; i++) {
        pthread_join(helpers[i].thread, NULL);
        if (helpers[i].rollups != NULL)
            merge_rollups(shared->crowd, helpers[i].rollups);
    }
    free(helpers);
}

const char *crowd_run(struct crowd *crowd)
{
    struct shared shared = {0};
    struct worker *own;

    shared.crowd = crowd;
    if (pthread_mutex_init(&shared.lock, NULL) != 0)
        return "no lock";
    own = make_worker(&shared, crowd->rollups);
    if (own == NULL)
        return "out of memory";
    if (crowd->threads > crowd->path_count)
        crowd->threads = crowd->path_count > 0 ? (uint32_t)crowd->path_count : 1;
    work_together(&shared, own);
    free_worker(own);
    pthread_mutex_destroy(&shared.lock);
    return NULL;
}

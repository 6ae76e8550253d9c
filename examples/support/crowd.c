/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "crowd_work.h"

#include <stdlib.h>
#include <string.h>

/* Bytes for which another thread, with tables of its own, is worth while. */
#define SHARE ((uint64_t)8 << 20)

/* The next path to read; NULL if there is none. */
static const char *take_path(struct crowd_worker *worker)
{
    struct crowd_shared *shared = worker->shared;
    const char *path = NULL;

    pthread_mutex_lock(&shared->lock);
    if (shared->next < shared->crowd->path_count) {
        path = shared->crowd->paths[shared->next++];
        shared->opening++;
        worker->opening = 1;
    }
    pthread_mutex_unlock(&shared->lock);
    return path;
}

void crowd_opened(struct crowd_worker *worker)
{
    struct crowd_shared *shared = worker->shared;

    if (!worker->opening)
        return;
    worker->opening = 0;
    pthread_mutex_lock(&shared->lock);
    shared->opening--;
    pthread_cond_broadcast(&shared->changed);
    pthread_mutex_unlock(&shared->lock);
}

vpcvis_reader *crowd_reader(struct crowd_worker *worker)
{
    struct vpcvis_reader_config config = {0};
    vpcvis_reader *reader = NULL;

    config.size = sizeof(config);
    config.layout = worker->shared->crowd->layout;
    memcpy(config.fields, worker->fields, sizeof(config.fields));
    (void)vpcvis_reader_init(worker->reader_memory, vpcvis_reader_bytes(), &config,
                             &reader);
    return reader;
}

vpcvis_status crowd_next(struct crowd_worker *worker, vpcvis_reader *reader,
                         struct vpcvis_reader_batch *batch)
{
    return vpcvis_reader_next_columns(reader, &worker->columns, worker->errors,
                                      CROWD_ERRORS, batch);
}

void crowd_add(struct crowd_worker *worker, const vpcvis_reader *reader,
               const struct vpcvis_reader_batch *batch)
{
    const struct crowd *crowd = worker->shared->crowd;
    const vpcvis_layout *layout = vpcvis_reader_layout(reader);
    const uint64_t *take = NULL;
    uint32_t i;

    if (batch->records == 0)
        return;
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
static vpcvis_status drain(struct crowd_worker *worker, vpcvis_reader *reader)
{
    struct crowd_shared *shared = worker->shared;
    struct vpcvis_reader_batch batch;
    vpcvis_status status;
    uint64_t i;

    while ((status = crowd_next(worker, reader, &batch)) == VPCVIS_OK) {
        if (batch.errors > 0) {
            pthread_mutex_lock(&shared->lock);
            for (i = 0; i < batch.errors; i++)
                report_bad(shared->crowd->report, worker->input.name,
                           vpcvis_reader_layout(reader), &worker->errors[i]);
            pthread_mutex_unlock(&shared->lock);
        }
        crowd_add(worker, reader, &batch);
    }
    return status;
}

static void show_progress(struct crowd_worker *worker)
{
    struct crowd_shared *shared = worker->shared;

    pthread_mutex_lock(&shared->lock);
    shared->in_flight += worker->input.taken - worker->reported;
    worker->reported = worker->input.taken;
    progress_show(&shared->crowd->report->progress, shared->in_flight);
    pthread_mutex_unlock(&shared->lock);
}

/* Read an opened input to its end. NULL, or why that could not be. */
static const char *read_all(struct crowd_worker *worker, vpcvis_reader *reader)
{
    struct crowd_shared *shared = worker->shared;
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

/* What came of a path that was not read in pieces. */
static void report_path(struct crowd_worker *worker, const char *path,
                        const vpcvis_reader *reader, const char *problem)
{
    struct crowd_shared *shared = worker->shared;
    struct report *report = shared->crowd->report;

    pthread_mutex_lock(&shared->lock);
    shared->in_flight -= worker->reported;
    report->files++;
    if (problem != NULL)
        report_failed(report, path, problem);
    if (reader != NULL)
        report_add(report, reader, worker->input.taken);
    pthread_mutex_unlock(&shared->lock);
}

static void read_path(struct crowd_worker *worker, const char *path)
{
    struct input *in = &worker->input;
    vpcvis_reader *reader = NULL;
    const char *problem;
    int plain = INPUT_FAILED;

    worker->reported = 0;
    if (input_open(in, path) == 0)
        plain = input_is_plain(in);
    if (plain != INPUT_FAILED)
        reader = crowd_reader(worker);
    if (reader != NULL && plain && in->size > PIECE &&
        crowd_read_pieces(worker, reader) == 0)
        return;
    crowd_opened(worker);
    if (plain == INPUT_FAILED)
        problem = in->problem;
    else
        problem = reader != NULL ? read_all(worker, reader) : "no reader for it";
    report_path(worker, path, reader, problem);
    input_close(in);
}

static void work(struct crowd_worker *worker)
{
    const char *path;

    while ((path = take_path(worker)) != NULL)
        read_path(worker, path);
    while (crowd_help(worker))
        continue;
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

static struct crowd_worker *make_worker(struct crowd_shared *shared,
                                        vpcvis_rollup **rollups)
{
    struct crowd_worker *worker = calloc(1, sizeof(*worker));
    size_t bytes;

    if (worker == NULL)
        return NULL;
    worker->shared = shared;
    worker->rollups = rollups;
    ask(shared->crowd, rollups, worker->fields);
    bytes = vpcvis_line_columns_bytes(worker->fields, CROWD_ROWS);
    worker->columns.size = sizeof(worker->columns);
    worker->columns_memory = malloc(bytes);
    worker->reader_memory = malloc(vpcvis_reader_bytes());
    if (worker->columns_memory != NULL && worker->reader_memory != NULL &&
        vpcvis_line_columns_init(worker->columns_memory, bytes, worker->fields,
                                 CROWD_ROWS, &worker->columns) == VPCVIS_OK)
        return worker;
    free(worker->columns_memory);
    free(worker->reader_memory);
    free(worker);
    return NULL;
}

static void free_worker(struct crowd_worker *worker)
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

/* Let a rollup wait for others of its question, or take the one that waits; NULL: none did. */
static vpcvis_rollup *exchange(struct crowd_shared *shared, uint32_t question,
                               vpcvis_rollup *mine)
{
    vpcvis_rollup *other;

    pthread_mutex_lock(&shared->lock);
    other = shared->waiting[question];
    shared->waiting[question] = other != NULL ? NULL : mine;
    pthread_mutex_unlock(&shared->lock);
    return other;
}

/* Merge a thread's rollups with those of threads that are done. What waits in the end has it
 * all. Several threads do this at once, each with rollups that nobody else has. */
static void hand_in(struct crowd_shared *shared, vpcvis_rollup *const *rollups)
{
    vpcvis_rollup *other;
    uint32_t i;

    for (i = 0; i < shared->crowd->question_count; i++) {
        while ((other = exchange(shared, i, rollups[i])) != NULL) {
            (void)vpcvis_rollup_merge(rollups[i], other);
            vpcvis_rollup_free(other, NULL);
        }
    }
}

/* What a thread beside the first does. Without memory it leaves the paths to the others; it
 * takes none before there is something to do. */
static void *help(void *argument)
{
    struct crowd_shared *shared = argument;
    vpcvis_rollup **rollups = NULL;
    struct crowd_worker *worker;

    if (crowd_has_work(shared))
        rollups = make_rollups(shared->crowd);
    if (rollups == NULL)
        return NULL;
    worker = make_worker(shared, rollups);
    if (worker != NULL) {
        work(worker);
        free_worker(worker);
    }
    hand_in(shared, rollups);
    free(rollups);
    return NULL;
}

/* Work on threads beside this one: helpers that cannot be had are done without. */
static void work_together(struct crowd_shared *shared, struct crowd_worker *own)
{
    const uint32_t threads = shared->crowd->threads;
    pthread_t *helpers = calloc(threads, sizeof(*helpers));
    uint32_t i, started = 0;

    while (helpers != NULL && started < threads - 1 &&
           pthread_create(&helpers[started], NULL, help, shared) == 0)
        started++;
    work(own);
    hand_in(shared, shared->crowd->rollups);
    for (i = 0; i < started; i++)
        pthread_join(helpers[i], NULL);
    free(helpers);
}

/* How many threads have something to do: one a path, or one a few MB. */
static uint32_t useful_threads(const struct crowd *crowd)
{
    const uint64_t shares = crowd->bytes / SHARE;
    const uint64_t most = shares > crowd->path_count ? shares : crowd->path_count;

    if (most == 0)
        return 1;
    return crowd->threads > most ? (uint32_t)most : crowd->threads;
}

const char *crowd_run(struct crowd *crowd)
{
    struct crowd_shared shared = {0};
    struct crowd_worker *own;

    shared.crowd = crowd;
    if (pthread_mutex_init(&shared.lock, NULL) != 0 ||
        pthread_cond_init(&shared.changed, NULL) != 0)
        return "no lock";
    shared.waiting = calloc(crowd->question_count, sizeof(*shared.waiting));
    own = shared.waiting != NULL ? make_worker(&shared, crowd->rollups) : NULL;
    if (own == NULL) {
        free(shared.waiting);
        return "out of memory";
    }
    crowd->threads = useful_threads(crowd);
    work_together(&shared, own);
    memcpy(crowd->rollups, shared.waiting,
           crowd->question_count * sizeof(*shared.waiting));
    free(shared.waiting);
    free_worker(own);
    pthread_cond_destroy(&shared.changed);
    pthread_mutex_destroy(&shared.lock);
    return NULL;
}

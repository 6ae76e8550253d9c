/* SPDX-License-Identifier: MIT */
/*
 * input -> chunk -> vpcvis_reader -> arrays -> vectors
 *
 * A batch of the reader is a data chunk; the arrays are as long as one.
 */
#include "worker.h"

#include "../support/input.h"
#include "fill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK  ((size_t)1 << 20)
#define ERRORS 64u

struct worker {
    const struct read_options *options;
    const char *path; /* of the open file; NULL: none */
    uint64_t scan, clamped;
    struct journal *journal;
    struct input in;
    vpcvis_reader *reader;
    vpcvis_layout *layout; /* of what field[] says; a copy */
    struct vpcvis_line_columns arrays;
    uint64_t fields[2];
    idx_t wanted[PLAN_COLUMNS + 1];
    idx_t wanted_count;
    uint32_t field[PLAN_COLUMNS]; /* by column of the plan */
    struct vpcvis_error errors[ERRORS];
    char problem[PLAN_PROBLEM];
    void *reader_memory, *array_memory, *layout_memory;
    char *chunk;
};

/* The fields that have to be read: names that are not known may be any of the last ids. */
static void want(struct worker *worker, const idx_t *columns, idx_t count)
{
    const struct plan *plan = &worker->options->plan;
    idx_t i;
    uint32_t f;

    worker->wanted_count = count <= PLAN_COLUMNS ? count : PLAN_COLUMNS + 1;
    /* Something is always read: no fields at all would mean all of them. */
    worker->fields[VPCVIS_FIELD_VERSION / 64] |= (uint64_t)1 << VPCVIS_FIELD_VERSION % 64;
    for (i = 0; i < worker->wanted_count; i++) {
        worker->wanted[i] = columns[i];
        if (columns[i] >= plan->count)
            continue;
        f = plan->columns[columns[i]].field;
        if (f != VPCVIS_FIELD_NONE) {
            worker->fields[f / 64] |= (uint64_t)1 << f % 64;
            continue;
        }
        for (f = VPCVIS_FIELD_COUNT; f < VPCVIS_FIELD_MAX; f++)
            worker->fields[f / 64] |= (uint64_t)1 << f % 64;
    }
}

struct worker *worker_new(const struct read_options *options, const idx_t *columns,
                          idx_t count)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    size_t len;

    if (worker == NULL)
        return NULL;
    worker->options = options;
    worker->journal = journal_hold(options->journal);
    want(worker, columns, count);
    len = vpcvis_line_columns_bytes(worker->fields, (uint32_t)duckdb_vector_size());
    worker->chunk = malloc(CHUNK);
    worker->reader_memory = malloc(vpcvis_reader_bytes());
    worker->layout_memory = malloc(vpcvis_layout_bytes());
    worker->array_memory = malloc(len);
    if (worker->chunk == NULL || worker->reader_memory == NULL ||
        worker->layout_memory == NULL || worker->array_memory == NULL ||
        vpcvis_line_columns_init(worker->array_memory, len, worker->fields,
                                 (uint32_t)duckdb_vector_size(),
                                 &worker->arrays) != VPCVIS_OK) {
        worker_free(worker);
        return NULL;
    }
    return worker;
}

/* Done with a file, or not interested in the rest of it. */
static void close_file(struct worker *worker, int whole)
{
    struct vpcvis_reader_counts counts;

    if (worker->path == NULL)
        return;
    (void)vpcvis_reader_get(worker->reader, &counts);
    journal_add_file(worker->journal, worker->scan, worker->path, &counts,
                     worker->clamped, whole);
    input_close(&worker->in);
    worker->path = NULL;
}

void worker_free(void *data)
{
    struct worker *worker = data;

    close_file(worker, 0);
    journal_release(worker->journal);
    free(worker->chunk);
    free(worker->reader_memory);
    free(worker->layout_memory);
    free(worker->array_memory);
    free(worker);
}

static const char *fail(struct worker *worker, const char *what)
{
    snprintf(worker->problem, sizeof(worker->problem), "%s: %.500s", worker->path, what);
    return worker->problem;
}

/* The next file nobody has taken. 1: there is one; 0: there is none; -1: a problem. */
static int open_next(struct worker *worker, struct scan *scan)
{
    const struct walk *walk = &worker->options->plan.walk;
    struct vpcvis_reader_config config = {0};
    size_t next;

    pthread_mutex_lock(&scan->lock);
    next = scan->next < walk->count ? scan->next++ : walk->count;
    pthread_mutex_unlock(&scan->lock);
    if (next == walk->count)
        return 0;
    config.size = sizeof(config);
    config.layout = worker->options->plan.layout;
    memcpy(config.fields, worker->fields, sizeof(config.fields));
    (void)vpcvis_reader_init(worker->reader_memory, vpcvis_reader_bytes(), &config,
                             &worker->reader);
    worker->layout = NULL;
    worker->scan = scan->number;
    worker->clamped = 0;
    worker->path = walk->paths[next];
    if (input_open(&worker->in, worker->path) == 0)
        return 1;
    fail(worker, worker->in.problem);
    return -1;
}

/* A new layout: which of its fields are the plan's columns. */
static void follow(struct worker *worker)
{
    const vpcvis_layout *now = vpcvis_reader_layout(worker->reader);
    const struct plan *plan = &worker->options->plan;
    struct vpcvis_layout_config config = {0};
    char text[VPCVIS_LAYOUT_NAMES_MAX + VPCVIS_FIELD_MAX * (VPCVIS_LAYOUT_NAME_MAX + 1)];
    size_t len = 0;
    uint32_t c;

    if (worker->layout != NULL && vpcvis_layout_equal(now, worker->layout))
        return;
    for (c = 0; c < plan->count; c++)
        worker->field[c] = plan_field(&plan->columns[c], now);
    worker->layout = NULL;
    config.size = sizeof(config);
    config.text = text;
    if (vpcvis_layout_write(now, VPCVIS_LAYOUT_HEADER, text, sizeof(text), &len) !=
        VPCVIS_OK)
        return;
    config.text_len = len;
    (void)vpcvis_layout_init(worker->layout_memory, vpcvis_layout_bytes(), &config,
                             &worker->layout, NULL);
}

/* The name of the field at fault, or NULL. */
static const char *field_name(const struct vpcvis_error *error)
{
    struct vpcvis_field field;

    if (error->field < vpcvis_record_field_count() &&
        vpcvis_record_field(error->field, &field) == VPCVIS_OK)
        return field.name;
    return NULL;
}

/* Note refused lines. NULL, or what is wrong if the first of them ends the query. */
static const char *take_errors(struct worker *worker, size_t count)
{
    const struct vpcvis_error *first = worker->errors;
    const char *field;
    size_t e;

    for (e = 0; e < count; e++)
        journal_add_error(worker->journal, worker->scan, worker->path, &worker->errors[e],
                          field_name(&worker->errors[e]));
    if (count == 0 || worker->options->ignore_errors)
        return NULL;
    field = field_name(first);
    snprintf(worker->problem, sizeof(worker->problem),
             "%s:%llu: %s%s%s (byte %u of the line). ignore_errors := true goes on, and "
             "vpcflow_errors() has the lines that were refused",
             worker->path, (unsigned long long)first->line, field ? field : "",
             field ? ": " : "", vpcvis_base_status_text(first->status), first->offset);
    return worker->problem;
}

static void put_rows(struct worker *worker, const struct vpcvis_reader_batch *batch,
                     duckdb_data_chunk output)
{
    const struct plan *plan = &worker->options->plan;
    idx_t i;

    follow(worker);
    for (i = 0; i < worker->wanted_count; i++) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(output, i);
        const idx_t c = worker->wanted[i];
        const int there = c < plan->count && worker->field[c] != VPCVIS_FIELD_NONE;
        const uint32_t field = there ? worker->field[c] : 0;

        if (c < plan->count)
            worker->clamped +=
                fill_vector(vector, plan->columns[c].kind,
                            there ? worker->arrays.values[field] : NULL,
                            worker->arrays.valid[field], batch->records, batch->text);
        else if (c == plan->count && worker->options->filename)
            fill_text(vector, batch->records, worker->path);
    }
    duckdb_data_chunk_set_size(output, batch->records);
}

/* More text for the reader, or its end. */
static const char *feed(struct worker *worker)
{
    static const struct vpcvis_error skipped = {
        VPCVIS_E_JSON, VPCVIS_FIELD_NONE, 0, 0, 0, 0};
    const ptrdiff_t n = input_read(&worker->in, worker->chunk, CHUNK);

    if (n == 0) {
        (void)vpcvis_reader_end(worker->reader);
    } else if (n > 0) {
        (void)vpcvis_reader_add(worker->reader, worker->chunk, (size_t)n);
    } else if (n == INPUT_SKIPPED && worker->options->ignore_errors) {
        journal_add_error(worker->journal, worker->scan, worker->path, &skipped, NULL);
    } else {
        return fail(worker, worker->in.problem);
    }
    return NULL;
}

const char *worker_fill(struct worker *worker, struct scan *scan,
                        duckdb_data_chunk output)
{
    struct vpcvis_reader_batch batch;
    const char *problem = NULL;
    vpcvis_status status;
    int next;

    duckdb_data_chunk_set_size(output, 0);
    while (problem == NULL) {
        if (worker->path == NULL && (next = open_next(worker, scan)) <= 0)
            return next == 0 ? NULL : worker->problem;
        status = vpcvis_reader_next_columns(worker->reader, &worker->arrays,
                                            worker->errors, ERRORS, &batch);
        if (status == VPCVIS_OK) {
            problem = take_errors(worker, (size_t)batch.errors);
            if (batch.records > 0)
                put_rows(worker, &batch, output);
            if (batch.records > 0)
                break;
        } else if (status == VPCVIS_MORE) {
            problem = feed(worker);
        } else if (status == VPCVIS_DONE) {
            close_file(worker, 1);
        } else {
            problem = fail(worker, input_advice(status));
        }
    }
    return problem;
}

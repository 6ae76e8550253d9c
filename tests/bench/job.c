/* SPDX-License-Identifier: MIT */
/*
 * Runs a job of job.h. Every pass is the loop a user writes around the door: batches into the
 * same caller's memory until the text is used up. A pass and a digest run the same loop; the
 * digest looks at each batch, the pass does not.
 */
#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"

#define COLUMN_ROWS 4096
#define ROWS        1024
#define V2_STRIDE   192 /* all of a v2 record: vpcvis/record.h */
#define OUT_BYTES   262144

static int is_write(uint32_t door)
{
    return door == JOB_WRITE_ROWS || door == JOB_WRITE_COLUMNS;
}

static int is_stream(uint32_t door)
{
    return door == JOB_STREAM || door == JOB_STREAM_COLUMNS;
}

static int open_layout(struct job *job)
{
    struct vpcvis_layout_config config;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.standard = job->log->standard;
    config.text = job->log->format;
    config.text_len = job->log->format ? strlen(job->log->format) : 0;
    return vpcvis_layout_new(&config, NULL, &job->layout, NULL) == VPCVIS_OK;
}

static int open_lines(struct job *job)
{
    struct vpcvis_line_config config;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.flags = job->spec.flags;
    config.cpu = job->spec.cpu;
    config.fields[0] = job->spec.fields[0];
    config.fields[1] = job->spec.fields[1];
    return vpcvis_line_new(job->layout, &config, NULL, &job->lines) == VPCVIS_OK;
}

static void layout_fields(const struct job *job, uint64_t fields[2])
{
    fields[0] = job->spec.fields[0];
    fields[1] = job->spec.fields[1];
    if (fields[0] || fields[1])
        return;
    for (uint32_t i = 0; i < vpcvis_layout_columns(job->layout); i++) {
        uint32_t f = vpcvis_layout_field(job->layout, i);
        fields[f / 64] |= (uint64_t)1 << f % 64;
    }
}

static int open_columns(struct job *job, uint32_t capacity)
{
    uint64_t fields[2];
    size_t bytes;

    layout_fields(job, fields);
    bytes = vpcvis_line_columns_bytes(fields, capacity);
    job->column_memory = malloc(bytes);
    return job->column_memory != NULL &&
           vpcvis_line_columns_init(job->column_memory, bytes, fields, capacity,
                                    &job->columns) == VPCVIS_OK;
}

static int open_rows(struct job *job, size_t capacity)
{
    job->stride = job->log->standard == 2 ? V2_STRIDE : sizeof(struct vpcvis_record);
    job->row_capacity = capacity;
    job->rows = calloc(capacity, job->stride);
    return job->rows != NULL;
}

/* The writing jobs write what reading the whole log at once gave. */
static int read_all(struct job *job)
{
    struct vpcvis_line_result result;
    vpcvis_status status;

    if (job->spec.door == JOB_WRITE_ROWS)
        status = vpcvis_line_read_rows(job->lines, job->log->text, job->log->len,
                                       job->rows, job->stride, job->row_capacity,
                                       job->errors, JOB_ERRORS, &result);
    else
        status =
            vpcvis_line_read_columns(job->lines, job->log->text, job->log->len,
                                     &job->columns, job->errors, JOB_ERRORS, &result);
    if (status != VPCVIS_OK || result.errors > 0)
        return 0;
    job->row_count = (size_t)result.records;
    job->out = malloc(OUT_BYTES);
    return job->out != NULL;
}

int job_open(struct job *job, const struct generate_log *log, const struct job_spec *spec)
{
    size_t capacity = is_write(spec->door) ? (size_t)log->lines : 0;

    memset(job, 0, sizeof *job);
    job->log = log;
    job->spec = *spec;
    if (!open_layout(job) || (!is_stream(spec->door) && !open_lines(job)))
        return 0;
    switch (spec->door) {
    case JOB_COLUMNS:
    case JOB_STREAM_COLUMNS:
    case JOB_WRITE_COLUMNS:
        if (!open_columns(job, capacity ? (uint32_t)capacity : COLUMN_ROWS))
            return 0;
        break;
    default:
        if (!open_rows(job, capacity ? capacity : ROWS))
            return 0;
    }
    if (is_stream(spec->door))
        return (job->reader_memory = malloc(vpcvis_reader_bytes())) != NULL;
    return is_write(spec->door) ? read_all(job) : 1;
}

void job_close(struct job *job)
{
    free(job->out);
    free(job->rows);
    free(job->column_memory);
    free(job->reader_memory);
    vpcvis_line_free(job->lines, NULL);
    vpcvis_layout_free(job->layout, NULL);
    memset(job, 0, sizeof *job);
}

static uint64_t digest_value(uint64_t d, const struct vpcvis_value *v)
{
    if (v->kind == VPCVIS_KIND_NUMBER32 || v->kind == VPCVIS_KIND_NUMBER64)
        return digest_number(d, v->state == VPCVIS_STATE_VALUE ? v->number : 0);
    if (v->kind == VPCVIS_KIND_ADDRESS)
        return digest_address(d, v->addr.bytes,
                              v->state == VPCVIS_STATE_VALUE ? v->addr.family : 0);
    return v->state == VPCVIS_STATE_VALUE ? digest_text(d, v->text, v->text_len)
                                          : digest_text(d, "-", 1);
}

/* Rows may be shorter than the struct: each is looked at in a whole one. */
static uint64_t digest_rows(const struct job *job, const vpcvis_layout *layout,
                            size_t count)
{
    size_t bytes = job->stride < sizeof(struct vpcvis_record)
                       ? job->stride
                       : sizeof(struct vpcvis_record);
    uint32_t columns = vpcvis_layout_columns(layout);
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        struct vpcvis_record row;
        struct vpcvis_value value;
        uint64_t d = DIGEST_BEGIN;
        memset(&row, 0, sizeof row);
        memcpy(&row, (const char *)job->rows + i * job->stride, bytes);
        for (uint32_t c = 0; c < columns; c++)
            if (vpcvis_record_get(&row, vpcvis_layout_field(layout, c), &value) ==
                VPCVIS_OK)
                d = digest_value(d, &value);
        sum += d;
    }
    return sum;
}

static void column_value(const struct job *job, const char *text, uint32_t field,
                         size_t row, struct vpcvis_value *value)
{
    const void *column = job->columns.values[field];
    const struct vpcvis_line_text *slot = column;
    struct vpcvis_field about;

    memset(value, 0, sizeof *value);
    vpcvis_record_field(field, &about);
    value->kind = about.kind;
    value->state = job->columns.valid[field][row / 64] >> row % 64 & 1
                       ? VPCVIS_STATE_VALUE
                       : VPCVIS_STATE_DASH;
    if (value->state != VPCVIS_STATE_VALUE)
        return;
    switch (about.kind) {
    case VPCVIS_KIND_NUMBER32: value->number = ((const uint32_t *)column)[row]; break;
    case VPCVIS_KIND_NUMBER64: value->number = ((const uint64_t *)column)[row]; break;
    case VPCVIS_KIND_ADDRESS:
        value->addr = ((const struct vpcvis_addr *)column)[row];
        break;
    default: value->text = text + slot[row].at; value->text_len = slot[row].len;
    }
}

static uint64_t digest_columns(const struct job *job, const vpcvis_layout *layout,
                               const char *text, size_t count)
{
    uint32_t columns = vpcvis_layout_columns(layout);
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t d = DIGEST_BEGIN;
        for (uint32_t c = 0; c < columns; c++) {
            uint32_t field = vpcvis_layout_field(layout, c);
            struct vpcvis_value value;
            if (job->columns.values[field] == NULL)
                continue;
            column_value(job, text, field, i, &value);
            d = digest_value(d, &value);
        }
        sum += d;
    }
    return sum;
}

static uint64_t run_read(struct job *job, uint64_t *digest)
{
    int rows = job->spec.door == JOB_ROWS;
    const char *at = job->log->text;
    size_t left = job->log->len;
    uint64_t lines = 0;
    struct vpcvis_line_result r;
    vpcvis_status status;

    do {
        status =
            rows ? vpcvis_line_read_rows(job->lines, at, left, job->rows, job->stride,
                                         job->row_capacity, job->errors, JOB_ERRORS, &r)
                 : vpcvis_line_read_columns(job->lines, at, left, &job->columns,
                                            job->errors, JOB_ERRORS, &r);
        if (status < 0 || (status != VPCVIS_OK && r.taken == 0))
            return 0;
        if (digest)
            *digest += rows ? digest_rows(job, job->layout, (size_t)r.records)
                            : digest_columns(job, job->layout, at, (size_t)r.records);
        lines += r.lines;
        at += r.taken;
        left -= (size_t)r.taken;
    } while (status == VPCVIS_MORE);
    return left == 0 ? lines : 0;
}

/* Everything that is ready in the reader; its last status, VPCVIS_MORE or VPCVIS_DONE. */
static vpcvis_status drain(struct job *job, vpcvis_reader *reader, uint64_t *lines,
                           uint64_t *digest)
{
    int rows = job->spec.door == JOB_STREAM;
    struct vpcvis_reader_batch batch;
    vpcvis_status status;

    for (;;) {
        status =
            rows ? vpcvis_reader_next(reader, job->rows, job->stride, job->row_capacity,
                                      job->errors, JOB_ERRORS, &batch)
                 : vpcvis_reader_next_columns(reader, &job->columns, job->errors,
                                              JOB_ERRORS, &batch);
        if (status != VPCVIS_OK)
            return status;
        *lines += batch.records + batch.errors;
        if (digest)
            *digest += rows ? digest_rows(job, vpcvis_reader_layout(reader),
                                          (size_t)batch.records)
                            : digest_columns(job, vpcvis_reader_layout(reader),
                                             batch.text, (size_t)batch.records);
    }
}

static uint64_t run_stream(struct job *job, uint64_t *digest)
{
    struct vpcvis_reader_config config;
    vpcvis_reader *reader;
    uint64_t lines = 0;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.flags = job->spec.flags;
    config.cpu = job->spec.cpu;
    config.layout = job->layout;
    config.fields[0] = job->spec.fields[0];
    config.fields[1] = job->spec.fields[1];
    if (vpcvis_reader_init(job->reader_memory, vpcvis_reader_bytes(), &config, &reader) !=
        VPCVIS_OK)
        return 0;
    for (size_t at = 0; at < job->log->len; at += JOB_CHUNK) {
        size_t n = job->log->len - at < JOB_CHUNK ? job->log->len - at : JOB_CHUNK;
        if (vpcvis_reader_add(reader, job->log->text + at, n) != VPCVIS_OK ||
            drain(job, reader, &lines, digest) != VPCVIS_MORE)
            return 0;
    }
    if (vpcvis_reader_end(reader) != VPCVIS_OK ||
        drain(job, reader, &lines, digest) != VPCVIS_DONE)
        return 0;
    return lines;
}

static uint64_t run_write(struct job *job, uint64_t *digest)
{
    int rows = job->spec.door == JOB_WRITE_ROWS;
    size_t done = 0;

    while (done < job->row_count) {
        const char *from = rows ? (const char *)job->rows + done * job->stride : NULL;
        size_t left = job->row_count - done;
        size_t len;
        size_t n;
        vpcvis_status status =
            rows
                ? vpcvis_line_write_rows(job->layout, (const struct vpcvis_record *)from,
                                         job->stride, left, job->out, OUT_BYTES, &len, &n)
                : vpcvis_line_write_columns(job->layout, &job->columns, job->log->text,
                                            done, left, job->out, OUT_BYTES, &len, &n);
        if (status < 0 || n == 0)
            return 0;
        if (digest)
            *digest = digest_bytes(*digest, job->out, len);
        done += n;
    }
    return job->row_count;
}

static uint64_t run(struct job *job, uint64_t *digest)
{
    if (is_stream(job->spec.door))
        return run_stream(job, digest);
    return is_write(job->spec.door) ? run_write(job, digest) : run_read(job, digest);
}

uint64_t job_pass(void *job)
{
    return run(job, NULL);
}

uint64_t job_digest(struct job *job)
{
    uint64_t digest = is_write(job->spec.door) ? DIGEST_BEGIN : 0;
    return run(job, &digest) ? digest : 0;
}

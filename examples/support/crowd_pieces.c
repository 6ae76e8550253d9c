/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "crowd_work.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A reader looks at the first bytes of a stream to say what it is; those of a piece from the
 * middle of a file come after these. */
static const char no_header[] = "\n\n\n\n\n\n\n";

/* A piece that is being read. */
struct reading {
    struct crowd_worker *worker;
    struct crowd_file *file;
    vpcvis_reader *reader;
    struct vpcvis_reader_counts before; /* what the reader had counted */
    struct piece piece;
    uint64_t number;
    int alone;   /* the file is closed to others */
    int settled; /* the piece is */
    int odd;     /* it had a header line that is no layout */
};

static void lock(const struct crowd_worker *worker)
{
    pthread_mutex_lock(&worker->shared->lock);
}

static void unlock(const struct crowd_worker *worker)
{
    pthread_mutex_unlock(&worker->shared->lock);
}

/* Take a piece. 1; 0 if there is none left for this thread. */
static int claim(struct reading *reading)
{
    struct crowd_file *file = reading->file;
    int found;

    lock(reading->worker);
    reading->number = reading->alone ? file->settled : file->claimed;
    found = reading->number < file->pieces && file->problem == NULL &&
            (reading->alone || !file->closed);
    if (found && file->claimed <= reading->number)
        file->claimed = reading->number + 1;
    unlock(reading->worker);
    return found;
}

/* Wait until all pieces before this one are settled. 0: the file was closed before. */
static int wait_turn(struct reading *reading)
{
    struct crowd_file *file = reading->file;
    int mine;

    lock(reading->worker);
    while (file->settled != reading->number && !file->closed)
        pthread_cond_wait(&reading->worker->shared->changed,
                          &reading->worker->shared->lock);
    mine = file->settled == reading->number && (reading->alone || !file->closed);
    unlock(reading->worker);
    return mine;
}

/* Nobody can read on. */
static void stop_file(struct reading *reading, const char *problem)
{
    struct crowd_file *file = reading->file;

    lock(reading->worker);
    snprintf(file->problem_text, sizeof(file->problem_text), "%s", problem);
    file->problem = file->problem_text;
    file->closed = 1;
    pthread_cond_broadcast(&reading->worker->shared->changed);
    unlock(reading->worker);
}

/* Keep a header line that is the first of a file. 1 if others can be told all there is to
 * know: that line, or that there was none. */
static int keep_header(struct reading *reading, uint64_t headers)
{
    struct crowd_file *file = reading->file;
    const char *text = reading->piece.text, *end;
    size_t len = reading->piece.len;

    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    end = memchr(text, '\n', len);
    len = end != NULL ? (size_t)(end - text) + 1 : len;
    file->header_len = 0;
    if (headers == 1 && len <= CROWD_HEADER &&
        vpcvis_layout_match(text, len) == VPCVIS_OK) {
        memcpy(file->header, text, len);
        file->header_len = len;
    }
    memcpy(file->header + file->header_len, no_header, sizeof(no_header) - 1);
    file->header_len += sizeof(no_header) - 1;
    return headers == 0 || file->header_len > sizeof(no_header) - 1;
}

/* All lines of the piece are counted: the next is to be settled. */
static void settle(struct reading *reading)
{
    struct crowd_worker *worker = reading->worker;
    struct crowd_file *file = reading->file;
    struct vpcvis_reader_counts now;
    uint64_t headers;

    (void)vpcvis_reader_get(reading->reader, &now);
    headers = now.headers - reading->before.headers;
    lock(worker);
    if (reading->number == 0 && !reading->odd && keep_header(reading, headers))
        file->open = 1;
    else if (reading->number == 0 || reading->odd || headers > 0)
        file->closed = reading->alone = 1;
    file->lines += now.lines - reading->before.lines;
    file->bytes += now.bytes - reading->before.bytes;
    file->settled++;
    worker->shared->in_flight += now.bytes - reading->before.bytes;
    report_count(worker->shared->crowd->report, &now, &reading->before);
    progress_show(&worker->shared->crowd->report->progress, worker->shared->in_flight);
    pthread_cond_broadcast(&worker->shared->changed);
    unlock(worker);
    crowd_opened(worker);
    reading->settled = 1;
}

/* Print the lines that a batch refused; their numbers count from the file's start. */
static void report_errors(struct reading *reading,
                          const struct vpcvis_reader_batch *batch)
{
    struct crowd_worker *worker = reading->worker;
    const struct piece *piece = &reading->piece;
    uint64_t i;

    lock(worker);
    for (i = 0; i < batch->errors; i++) {
        struct vpcvis_error error = worker->errors[i];
        const uint64_t at = error.line_at - reading->before.bytes;

        if (at < piece->len) {
            const char *line = piece->text + at;
            const char *end = memchr(line, '\n', piece->len - (size_t)at);
            const char *stop = end != NULL ? end : piece->text + piece->len;
            reading->odd |= vpcvis_layout_match(line, (size_t)(stop - line)) == VPCVIS_OK;
        }
        error.line += reading->file->lines - reading->before.lines;
        report_bad(worker->shared->crowd->report, reading->file->path,
                   vpcvis_reader_layout(reading->reader), &error);
    }
    unlock(worker);
}

/* Whether nothing of the piece is left to be parsed. */
static int is_parsed(const struct reading *reading)
{
    struct vpcvis_reader_counts now;

    (void)vpcvis_reader_get(reading->reader, &now);
    return !reading->piece.more && !reading->piece.last &&
           now.bytes - reading->before.bytes == reading->piece.len;
}

/* Take what the reader gives of its chunk, in turn; the first batch is there already. */
static vpcvis_status take_batches(struct reading *reading, vpcvis_status status,
                                  struct vpcvis_reader_batch *batch)
{
    while (status == VPCVIS_OK) {
        if (batch->errors > 0)
            report_errors(reading, batch);
        if (!reading->settled && is_parsed(reading))
            settle(reading);
        crowd_add(reading->worker, reading->reader, batch);
        status = crowd_next(reading->worker, reading->reader, batch);
    }
    return status;
}

static const char *problem_of_file(void)
{
    return errno != 0 ? strerror(errno) : "became shorter while it was read";
}

/* Read a piece of which some may be read only in turn: a line that is too long for the buffer,
 * a last line without its end. NULL, or what is wrong. */
static const char *take_piece(struct reading *reading, vpcvis_status status,
                              struct vpcvis_reader_batch *batch)
{
    struct crowd_worker *worker = reading->worker;
    struct piece *piece = &reading->piece;

    status = take_batches(reading, status, batch);
    while (status >= 0 && piece->more) {
        if (piece_read_on(reading->file->fd, reading->file->size, worker->chunk, piece) !=
            0)
            return problem_of_file();
        vpcvis_reader_add(reading->reader, piece->text, piece->len);
        status = take_batches(reading, crowd_next(worker, reading->reader, batch), batch);
    }
    if (status >= 0 && piece->last) {
        vpcvis_reader_end(reading->reader);
        status = take_batches(reading, crowd_next(worker, reading->reader, batch), batch);
    }
    return status < 0 ? input_advice(status) : NULL;
}

/* Read a piece and add what it has. 0: this thread is done with the file. */
static int read_piece(struct reading *reading)
{
    struct crowd_worker *worker = reading->worker;
    struct crowd_file *file = reading->file;
    struct vpcvis_reader_batch batch = {0};
    vpcvis_status status = VPCVIS_MORE;
    const char *problem = NULL;

    (void)vpcvis_reader_get(reading->reader, &reading->before);
    reading->settled = reading->odd = 0;
    if (piece_read(file->fd, file->size, reading->number, worker->chunk,
                   &reading->piece) != 0) {
        problem = problem_of_file();
    } else if (reading->piece.len > 0) {
        vpcvis_reader_add(reading->reader, reading->piece.text, reading->piece.len);
        status = crowd_next(worker, reading->reader, &batch);
    }
    if (!wait_turn(reading))
        return 0;
    if (problem == NULL)
        problem = take_piece(reading, status, &batch);
    if (problem != NULL)
        stop_file(reading, problem);
    if (!reading->settled)
        settle(reading);
    return problem == NULL;
}

/* Leave a file; the last one closes it. */
static void leave(struct crowd_worker *worker, struct crowd_file *file)
{
    struct crowd_shared *shared = worker->shared;
    struct report *report = shared->crowd->report;
    struct crowd_file **link = &shared->files;
    int last;

    lock(worker);
    last = --file->users == 0;
    if (last) {
        while (*link != file)
            link = &(*link)->next;
        *link = file->next;
        shared->in_flight -= file->bytes;
        progress_add(&report->progress, file->bytes);
        report->files++;
        if (file->problem != NULL)
            report_failed(report, file->path, file->problem);
    }
    unlock(worker);
    if (!last)
        return;
    close(file->fd);
    free(file);
}

static void read_pieces(struct crowd_worker *worker, struct crowd_file *file,
                        vpcvis_reader *reader)
{
    struct reading reading = {0};

    reading.worker = worker;
    reading.file = file;
    reading.reader = reader;
    while (claim(&reading) && read_piece(&reading))
        continue;
    leave(worker, file);
}

int crowd_read_pieces(struct crowd_worker *worker, vpcvis_reader *reader)
{
    struct crowd_file *file = calloc(1, sizeof(*file));

    if (file == NULL)
        return -1;
    file->path = worker->input.name;
    file->fd = worker->input.fd;
    file->size = worker->input.size;
    file->pieces = piece_count(file->size);
    file->users = 1;
    worker->input.fd = -1;
    lock(worker);
    file->next = worker->shared->files;
    worker->shared->files = file;
    unlock(worker);
    read_pieces(worker, file, reader);
    crowd_opened(worker);
    return 0;
}

/* A file with pieces that nobody has taken; NULL if there is none now. */
static struct crowd_file *find_file(const struct crowd_shared *shared)
{
    struct crowd_file *file;

    for (file = shared->files; file != NULL; file = file->next)
        if (file->open && !file->closed && file->claimed < file->pieces)
            return file;
    return NULL;
}

int crowd_has_work(struct crowd_shared *shared)
{
    int found;

    pthread_mutex_lock(&shared->lock);
    while ((found = shared->next < shared->crowd->path_count ||
                    find_file(shared) != NULL) == 0 &&
           shared->opening > 0)
        pthread_cond_wait(&shared->changed, &shared->lock);
    pthread_mutex_unlock(&shared->lock);
    return found;
}

/* Join a file with pieces that nobody has taken; NULL if there is none, nor will be. */
static struct crowd_file *join(struct crowd_worker *worker)
{
    struct crowd_shared *shared = worker->shared;
    struct crowd_file *file;

    lock(worker);
    while ((file = find_file(shared)) == NULL && shared->opening > 0)
        pthread_cond_wait(&shared->changed, &shared->lock);
    if (file != NULL)
        file->users++;
    unlock(worker);
    return file;
}

int crowd_help(struct crowd_worker *worker)
{
    struct crowd_file *file = join(worker);
    struct vpcvis_reader_batch batch;
    vpcvis_reader *reader;

    if (file == NULL)
        return 0;
    reader = crowd_reader(worker);
    if (reader == NULL) {
        leave(worker, file);
        return 0;
    }
    vpcvis_reader_add(reader, file->header, file->header_len);
    while (crowd_next(worker, reader, &batch) == VPCVIS_OK)
        continue;
    read_pieces(worker, file, reader);
    return 1;
}

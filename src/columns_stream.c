/* SPDX-License-Identifier: MIT */
/*
 * Room columns: the Arrow C stream over a source of chunks.
 *
 * The first batch is read ahead when the schema is asked for: a header line may say what it is.
 */
#include "columns.h"

#define ERRORS 64u

/* Numbers of errno, which are the same on every system that has Arrow. */
#define IO_ERROR     5
#define NO_MEMORY    12
#define BAD_ARGUMENT 22

#define MESSAGE_ROOM 96u

struct stream {
    struct vpcvis_allocator allocator;
    uint32_t own_allocator;
    uint32_t has_ahead; /* a batch was read, but not asked for yet */
    struct vpcvis_columns_source source;
    vpcvis_columns *columns;
    struct ArrowArray ahead;
    int32_t failed; /* errno number that the stream ended with */
    char message[MESSAGE_ROOM];
    struct vpcvis_error errors[ERRORS];
};

static void say(struct stream *stream, const char *what)
{
    uint32_t i;

    for (i = 0; what[i] != '\0' && i + 1 < MESSAGE_ROOM; i++)
        stream->message[i] = what[i];
    stream->message[i] = '\0';
}

static int fail(struct stream *stream, int32_t number, const char *what)
{
    stream->failed = number;
    say(stream, what);
    return number;
}

/* The next chunk, or the end. */
static int feed(struct stream *stream)
{
    const char *chunk = NULL;
    size_t len = 0;
    int32_t failed = stream->source.read(stream->source.context, &chunk, &len);

    if (failed != 0)
        return fail(stream, failed, "the source cannot be read");
    if ((len == 0 ? vpcvis_columns_end(stream->columns)
                  : vpcvis_columns_add(stream->columns, chunk, len)) != VPCVIS_OK)
        return fail(stream, IO_ERROR, "the source gave no chunk");
    return 0;
}

/* A batch to *out, or a released one at the end. */
static int pull(struct stream *stream, struct ArrowArray *out)
{
    struct vpcvis_columns_batch batch;
    vpcvis_status status;

    if (stream->failed != 0)
        return stream->failed;
    do {
        status =
            vpcvis_columns_next(stream->columns, out, stream->errors, ERRORS, &batch);
        if (batch.errors > 0 && stream->source.errors != NULL)
            stream->source.errors(stream->source.context, stream->errors,
                                  (size_t)batch.errors);
        if (status == VPCVIS_MORE && feed(stream) != 0)
            return stream->failed;
        if (status == VPCVIS_E_MEMORY) {
            say(stream, vpcvis_base_status_text(status));
            return NO_MEMORY; /* nothing is lost: the next call may find memory */
        }
        if (status < 0)
            return fail(stream, IO_ERROR, vpcvis_base_status_text(status));
    } while (status == VPCVIS_MORE || (status == VPCVIS_OK && batch.rows == 0));
    return 0;
}

static int get_schema(struct ArrowArrayStream *from, struct ArrowSchema *out)
{
    struct stream *stream = from->private_data;
    vpcvis_status status = vpcvis_columns_schema(stream->columns, out);

    if (status == VPCVIS_MORE) {
        const int failed = pull(stream, &stream->ahead);

        if (failed != 0)
            return failed;
        stream->has_ahead = 1;
        status = vpcvis_columns_schema(stream->columns, out);
    }
    if (status == VPCVIS_OK)
        return 0;
    say(stream, vpcvis_base_status_text(status));
    return status == VPCVIS_E_MEMORY ? NO_MEMORY : BAD_ARGUMENT;
}

static int get_next(struct ArrowArrayStream *from, struct ArrowArray *out)
{
    struct stream *stream = from->private_data;

    if (!stream->has_ahead)
        return pull(stream, out);
    stream->has_ahead = 0;
    *out = stream->ahead;
    stream->ahead.release = NULL;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *from)
{
    struct stream *stream = from->private_data;

    return stream->message[0] != '\0' ? stream->message : NULL;
}

static void release_stream(struct ArrowArrayStream *from)
{
    struct stream *stream = from->private_data;
    const struct vpcvis_allocator own = stream->allocator;
    const struct vpcvis_allocator *allocator = stream->own_allocator ? &own : NULL;
    const struct vpcvis_columns_source source = stream->source;
    struct vpcvis_columns_counts counts;

    (void)vpcvis_columns_get(stream->columns, &counts);
    if (stream->has_ahead && stream->ahead.release != NULL)
        stream->ahead.release(&stream->ahead);
    vpcvis_columns_free(stream->columns, allocator);
    vpcvis_i_base_delete(allocator, stream);
    from->release = NULL;
    if (source.release != NULL)
        source.release(source.context, &counts);
}

vpcvis_status vpcvis_columns_stream(const struct vpcvis_columns_config *config,
                                    const struct vpcvis_columns_source *source,
                                    struct ArrowArrayStream *out)
{
    struct vpcvis_columns_config known;
    struct stream *stream;
    vpcvis_status status;

    if (source == NULL || source->read == NULL || out == NULL)
        return VPCVIS_E_ARG;
    status = vpcvis_i_base_config(config, &known, sizeof(known));
    if (status != VPCVIS_OK)
        return status;
    stream = vpcvis_i_base_new(known.allocator, sizeof(*stream));
    if (stream == NULL)
        return VPCVIS_E_MEMORY;
    memset(stream, 0, sizeof(*stream));
    status = vpcvis_columns_new(config, known.allocator, &stream->columns);
    if (status != VPCVIS_OK) {
        vpcvis_i_base_delete(known.allocator, stream);
        return status;
    }
    stream->own_allocator = known.allocator != NULL;
    if (stream->own_allocator)
        stream->allocator = *known.allocator;
    stream->source = *source;
    out->get_schema = get_schema;
    out->get_next = get_next;
    out->get_last_error = get_last_error;
    out->release = release_stream;
    out->private_data = stream;
    return VPCVIS_OK;
}

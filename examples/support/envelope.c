/* SPDX-License-Identifier: MIT */
/*
 * JSON envelopes to lines, through jansson. Known are
 *
 *     {"messageType": "DATA_MESSAGE", "logEvents": [{"message": "2 1234..."}, ...]}
 *     {"events": [{"message": "2 1234..."}, ...]}         (aws logs get-log-events)
 *     {"message": "2 1234..."}                            (Firehose)
 *
 * and arrays of these, one after the other with or without white space between. A document is
 * collected whole before it is decoded: brackets outside strings are counted to find its end.
 * Each log event becomes exactly one line, so that line numbers count events.
 */
#include "input.h"

#if defined(HAVE_JANSSON)

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define DOCUMENT_MAX ((size_t)64 << 20) /* a subscription sends 1 MiB, Firehose 4 */

struct bytes {
    char *data;
    size_t len, capacity;
};

struct envelope {
    struct bytes
        bytes; /* read; a document begins at document_at, looked at up to scanned */
    size_t document_at, scanned;
    uint32_t depth; /* open brackets up to scanned */
    int in_string, escaped;
    json_t *queue; /* log events of the last document, from queue_at on still to do */
    size_t queue_at;
    struct bytes lines; /* to hand out, from lines_at on */
    size_t lines_at;
    uint64_t events;
    int skipped; /* the last line stands for something left out: in->problem says what */
};

int input_has_json(void)
{
    return 1;
}

struct envelope *envelope_new(void)
{
    return calloc(1, sizeof(struct envelope));
}

void envelope_free(struct envelope *envelope)
{
    if (envelope == NULL)
        return;
    json_decref(envelope->queue);
    free(envelope->bytes.data);
    free(envelope->lines.data);
    free(envelope);
}

/* Make room for more bytes after len: 0, or -1. */
static int grow(struct bytes *bytes, size_t more)
{
    size_t capacity = bytes->capacity ? bytes->capacity : INPUT_BUFFER;
    char *data;

    while (capacity - bytes->len < more)
        capacity *= 2;
    if (capacity == bytes->capacity)
        return 0;
    data = realloc(bytes->data, capacity);
    if (data == NULL)
        return -1;
    bytes->data = data;
    bytes->capacity = capacity;
    return 0;
}

/* One event, one line: line ends at its end go, those inside become spaces. 0, or -1. */
static int add_line(struct envelope *envelope, const char *text, size_t len)
{
    char *line, *end;

    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    if (grow(&envelope->lines, len + 1) != 0)
        return -1;
    line = envelope->lines.data + envelope->lines.len;
    memcpy(line, text, len);
    for (end = line + len; line < end; line++) {
        if (*line == '\n')
            *line = ' ';
    }
    *end = '\n';
    envelope->lines.len += len + 1;
    envelope->events++;
    return 0;
}

/* An empty line for what cannot be read, so that later events keep their numbers. */
static int add_skipped(struct envelope *envelope, struct input *in, const char *problem)
{
    if (add_line(envelope, "", 0) != 0)
        return -1;
    input_fail(in, "JSON: %s", problem);
    in->event = envelope->events;
    envelope->skipped = 1;
    return 0;
}

/* Queue the events that an object holds; an object of another kind is one itself. */
static int queue_object(struct envelope *envelope, json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "messageType"));
    json_t *events = json_object_get(object, "logEvents");

    if (type != NULL && strcmp(type, "CONTROL_MESSAGE") == 0)
        return 0;
    if (events == NULL)
        events = json_object_get(object, "events");
    if (json_is_array(events))
        return json_array_extend(envelope->queue, events);
    return json_array_append(envelope->queue, object);
}

/* Decode the document that ends at `scanned` into the queue: 0, or -1. */
static int decode(struct envelope *envelope, struct input *in)
{
    const char *document = envelope->bytes.data + envelope->document_at;
    json_error_t error;
    json_t *root = json_loadb(document, envelope->scanned - envelope->document_at,
                              JSON_ALLOW_NUL, &error);
    int failed = 0;
    size_t i;

    envelope->document_at = envelope->scanned;
    json_decref(envelope->queue);
    envelope->queue = json_array();
    envelope->queue_at = 0;
    if (root == NULL)
        return add_skipped(envelope, in, error.text);
    if (json_is_object(root))
        failed = queue_object(envelope, root);
    for (i = 0; i < json_array_size(root) && !failed; i++)
        failed = queue_object(envelope, json_array_get(root, i));
    json_decref(root);
    return failed;
}

/* Turn queued events into lines, up to one that has to be skipped: 0, or -1. */
static int add_events(struct envelope *envelope, struct input *in)
{
    int failed = 0;

    while (!failed && !envelope->skipped && envelope->lines.len < INPUT_BUFFER &&
           envelope->queue_at < json_array_size(envelope->queue)) {
        const json_t *event = json_array_get(envelope->queue, envelope->queue_at++);
        const json_t *message = json_object_get(event, "message");

        if (json_is_string(message))
            failed = add_line(envelope, json_string_value(message),
                              json_string_length(message));
        else
            failed = add_skipped(envelope, in, "no log message");
    }
    return failed;
}

/* Look at one more byte; 1 if a document ends with it. */
static int scan(struct envelope *envelope, char c)
{
    if (envelope->in_string) {
        if (envelope->escaped)
            envelope->escaped = 0;
        else if (c == '\\')
            envelope->escaped = 1;
        else if (c == '"')
            envelope->in_string = 0;
        return 0;
    }
    if (c == '"')
        envelope->in_string = 1;
    else if (c == '{' || c == '[')
        envelope->depth++;
    else if ((c == '}' || c == ']') && envelope->depth > 0)
        return --envelope->depth == 0;
    return 0;
}

/* Whether the bytes read hold the end of a document: scanned is then just after it. */
static int find_end(struct envelope *envelope)
{
    while (envelope->scanned < envelope->bytes.len) {
        if (scan(envelope, envelope->bytes.data[envelope->scanned++]))
            return 1;
    }
    return 0;
}

/* After the last document only white space may come: 0, or INPUT_FAILED. */
static int read_end(const struct envelope *envelope, struct input *in)
{
    size_t i;

    for (i = envelope->document_at; i < envelope->bytes.len; i++) {
        const char c = envelope->bytes.data[i];

        if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            return input_fail(in, "the JSON ends early, after %llu log events",
                              (unsigned long long)envelope->events);
    }
    return 0;
}

/* Read on: 1, 0 at the end, or INPUT_FAILED. */
static int read_more(struct envelope *envelope, struct input *in)
{
    struct bytes *bytes = &envelope->bytes;
    ptrdiff_t n;

    bytes->len -= envelope->document_at;
    envelope->scanned -= envelope->document_at;
    if (bytes->len > 0 && envelope->document_at > 0)
        memmove(bytes->data, bytes->data + envelope->document_at, bytes->len);
    envelope->document_at = 0;
    if (bytes->len > DOCUMENT_MAX)
        return input_fail(in, "a JSON document of more than 64 MiB");
    if (grow(bytes, INPUT_BUFFER) != 0)
        return input_fail(in, "out of memory");
    n = input_read_decoded(in, bytes->data + bytes->len, INPUT_BUFFER);
    if (n == 0)
        return read_end(envelope, in);
    if (n > 0)
        bytes->len += (size_t)n;
    return n > 0 ? 1 : (int)n;
}

/* Have lines to hand out: 1, 0 at the end, or INPUT_FAILED. */
static int have_lines(struct envelope *envelope, struct input *in)
{
    envelope->lines_at = envelope->lines.len = 0;
    while (envelope->lines.len == 0) {
        int got = 1;

        if (envelope->queue_at < json_array_size(envelope->queue)) {
            if (add_events(envelope, in) != 0)
                return input_fail(in, "out of memory");
        } else if (find_end(envelope)) {
            if (decode(envelope, in) != 0)
                return input_fail(in, "out of memory");
        } else {
            got = read_more(envelope, in);
        }
        if (got != 1)
            return got;
    }
    return 1;
}

ptrdiff_t envelope_read(struct envelope *envelope, struct input *in, char *out,
                        size_t capacity)
{
    size_t n;

    if (envelope->lines_at == envelope->lines.len) {
        int got;

        if (envelope->skipped) {
            envelope->skipped = 0;
            return INPUT_SKIPPED;
        }
        got = have_lines(envelope, in);
        if (got != 1)
            return got;
    }
    n = envelope->lines.len - envelope->lines_at;
    n = n < capacity ? n : capacity;
    memcpy(out, envelope->lines.data + envelope->lines_at, n);
    envelope->lines_at += n;
    return (ptrdiff_t)n;
}

#else

int input_has_json(void)
{
    return 0;
}

struct envelope *envelope_new(void)
{
    return NULL;
}

void envelope_free(struct envelope *envelope)
{
    (void)envelope;
}

ptrdiff_t envelope_read(struct envelope *envelope, struct input *in, char *out,
                        size_t capacity)
{
    (void)envelope;
    (void)out;
    (void)capacity;
    return input_fail(in, "built without jansson");
}

#endif

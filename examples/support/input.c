/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "input.h"

#include <vpcvis/base.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int input_fail(struct input *in, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(in->problem, sizeof(in->problem), format, arguments);
    va_end(arguments);
    return INPUT_FAILED;
}

int input_open(struct input *in, const char *path)
{
    struct stat status;

    memset(in, 0, offsetof(struct input, raw));
    in->name = path;
    in->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0 || fstat(in->fd, &status) != 0)
        return input_fail(in, "%s", strerror(errno));
    if (S_ISDIR(status.st_mode))
        return input_fail(in, "%s", strerror(EISDIR));
    in->seekable = S_ISREG(status.st_mode) ? 1 : 0;
    if (in->seekable)
        in->size = (uint64_t)status.st_size;
    return 0;
}

static ptrdiff_t read_file(struct input *in, char *out, size_t capacity)
{
    ssize_t n;

    do {
        n = read(in->fd, out, capacity);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return input_fail(in, "%s", strerror(errno));
    in->taken += (uint64_t)n;
    return n;
}

/* Serve from a look-ahead buffer. */
static size_t take(const char *data, size_t *at, size_t len, char *out, size_t capacity)
{
    const size_t n = len - *at < capacity ? len - *at : capacity;

    memcpy(out, data + *at, n);
    *at += n;
    return n;
}

ptrdiff_t input_read_raw(struct input *in, char *out, size_t capacity)
{
    if (in->raw_at < in->raw_len)
        return (ptrdiff_t)take(in->raw, &in->raw_at, in->raw_len, out, capacity);
    return read_file(in, out, capacity);
}

ptrdiff_t input_read_decoded(struct input *in, char *out, size_t capacity)
{
    if (in->front_at < in->front_len)
        return (ptrdiff_t)take(in->front, &in->front_at, in->front_len, out, capacity);
    if (in->gunzip)
        return gunzip_read(in->gunzip, in, out, capacity);
    return input_read_raw(in, out, capacity);
}

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The first byte that says something, after a byte order mark and white space; 0: none. */
static char first_byte(const char *data, size_t len)
{
    size_t i = len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (i < len && is_space(data[i]))
        i++;
    return i < len ? data[i] : '\0';
}

/* See whether the raw bytes are gzip (RFC 1952: 1f 8b); start decoding if so. */
static int look_raw(struct input *in)
{
    while (in->raw_len < 2) {
        const ptrdiff_t n =
            read_file(in, in->raw + in->raw_len, sizeof(in->raw) - in->raw_len);

        if (n < 0)
            return INPUT_FAILED;
        if (n == 0)
            return 0;
        in->raw_len += (size_t)n;
    }
    if (memcmp(in->raw, "\x1f\x8b", 2) != 0)
        return 0;
    if (!input_has_gzip())
        return input_fail(in, "%s", input_advice(VPCVIS_E_GZIP));
    in->gunzip = gunzip_new();
    return in->gunzip ? 0 : input_fail(in, "out of memory");
}

/* See whether the decoded bytes are JSON; start unwrapping if so. */
static int look_front(struct input *in)
{
    char first;

    do {
        const size_t room = sizeof(in->front) - in->front_len;
        char *end = in->front + in->front_len;
        const ptrdiff_t n = in->gunzip ? gunzip_read(in->gunzip, in, end, room)
                                       : input_read_raw(in, end, room);

        if (n < 0)
            return (int)n;
        if (n == 0)
            return 0;
        in->front_len += (size_t)n;
        first = first_byte(in->front, in->front_len);
    } while (first == '\0' && in->front_len < sizeof(in->front));
    if (first != '{' && first != '[')
        return 0;
    if (!input_has_json())
        return input_fail(in, "%s", input_advice(VPCVIS_E_JSON));
    in->envelope = envelope_new();
    return in->envelope ? 0 : input_fail(in, "out of memory");
}

/* See what the bytes are, once. */
static int look(struct input *in)
{
    if (in->started)
        return 0;
    in->started = 1;
    return look_raw(in) != 0 || look_front(in) != 0 ? INPUT_FAILED : 0;
}

int input_is_plain(struct input *in)
{
    if (look(in) != 0)
        return INPUT_FAILED;
    return in->seekable && in->fd != STDIN_FILENO && !in->gunzip && !in->envelope;
}

ptrdiff_t input_read(struct input *in, char *out, size_t capacity)
{
    if (look(in) != 0)
        return INPUT_FAILED;
    if (in->envelope)
        return envelope_read(in->envelope, in, out, capacity);
    return input_read_decoded(in, out, capacity);
}

int input_waits(const struct input *in)
{
    struct pollfd ready = {0, POLLIN, 0};

    if (in->seekable)
        return 0;
    ready.fd = in->fd;
    return poll(&ready, 1, 0) == 0;
}

void input_close(struct input *in)
{
    gunzip_free(in->gunzip);
    envelope_free(in->envelope);
    in->gunzip = NULL;
    in->envelope = NULL;
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    in->fd = -1;
}

const char *input_advice(int32_t status)
{
    switch (status) {
    case VPCVIS_E_GZIP:
        if (input_has_gzip())
            return "gzip inside gzip; decompress it once (gzip -dc FILE) and pipe that in";
        return "gzip, and this program was built without zlib; decompress it "
               "(gzip -dc FILE) and pipe that in";
    case VPCVIS_E_ZSTD:
        return "Zstandard, which this program does not read; decompress it "
               "(zstd -dc FILE) and pipe that in";
    case VPCVIS_E_PARQUET:
        return "an Apache Parquet file, which this program does not read; turn it into text, "
               "for example with DuckDB: COPY (FROM 'FILE') TO '/dev/stdout' "
               "(FORMAT csv, DELIMITER ' ', HEADER, NULLSTR '-')";
    case VPCVIS_E_JSON:
        if (input_has_json())
            return "JSON where flow-log lines should be";
        return "JSON, and this program was built without jansson; take the lines out "
               "(jq -r '.logEvents[].message' FILE) and pipe them in";
    default: return "no flow log";
    }
}

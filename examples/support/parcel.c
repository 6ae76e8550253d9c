/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "parcel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_bytes(struct parcel *parcel, const char *bytes, size_t len)
{
    while (len > 0 && !parcel->failed) {
        const ssize_t n = write(parcel->fd, bytes, len);

        if (n >= 0) {
            bytes += n;
            len -= (size_t)n;
            parcel->bytes += (uint64_t)n;
        } else if (errno != EINTR) {
            parcel->failed = errno;
        }
    }
}

#ifdef HAVE_ZLIB
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* 32 KiB, in a gzip wrapper */

int parcel_has_gzip(void)
{
    return 1;
}

static void *deflate_new(void)
{
    z_stream *stream = calloc(1, sizeof(*stream));

    if (stream != NULL && deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                                       GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(stream);
        stream = NULL;
    }
    return stream;
}

static void deflate_text(struct parcel *parcel, int flush)
{
    z_stream *stream = parcel->deflate;
    char out[16384];

    stream->next_in = (unsigned char *)parcel->text;
    stream->avail_in = (uInt)parcel->len;
    do {
        stream->next_out = (unsigned char *)out;
        stream->avail_out = sizeof(out);
        deflate(stream, flush);
        write_bytes(parcel, out, sizeof(out) - stream->avail_out);
    } while (stream->avail_out == 0 && !parcel->failed);
}

static void deflate_free(void *stream)
{
    if (stream != NULL)
        deflateEnd(stream);
    free(stream);
}

#else

#define Z_NO_FLUSH 0
#define Z_FINISH   4

int parcel_has_gzip(void)
{
    return 0;
}

static void *deflate_new(void)
{
    return NULL;
}

static void deflate_text(struct parcel *parcel, int flush)
{
    (void)flush;
    parcel->failed = ENOTSUP;
}

static void deflate_free(void *stream)
{
    (void)stream;
}

#endif

int parcel_open(struct parcel *parcel, int fd, int gzip)
{
    parcel->fd = fd;
    parcel->failed = 0;
    parcel->bytes = 0;
    parcel->len = 0;
    parcel->deflate = gzip ? deflate_new() : NULL;
    return gzip && parcel->deflate == NULL ? -1 : 0;
}

static void send_text(struct parcel *parcel, int flush)
{
    if (parcel->deflate != NULL)
        deflate_text(parcel, flush);
    else
        write_bytes(parcel, parcel->text, parcel->len);
    parcel->len = 0;
}

void parcel_room(struct parcel *parcel, size_t line)
{
    if (line > sizeof(parcel->text) - parcel->len)
        send_text(parcel, Z_NO_FLUSH);
}

int parcel_end(struct parcel *parcel)
{
    send_text(parcel, Z_FINISH);
    return parcel->failed ? -1 : 0;
}

void parcel_free(struct parcel *parcel)
{
    deflate_free(parcel->deflate);
    parcel->deflate = NULL;
}

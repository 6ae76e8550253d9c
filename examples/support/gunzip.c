/* SPDX-License-Identifier: MIT */
/*
 * gzip (RFC 1952) to bytes, through zlib. A file may hold several members, one after the
 * other, as concatenated files and some uploaders make; zeros after the last are padding.
 */
#include "input.h"

#if defined(HAVE_ZLIB)

#include <zlib.h>

#include <stdlib.h>
#include <string.h>

struct gunzip {
    z_stream stream;
    int between; /* at the end of a member */
    int broken;  /* INPUT_FAILED once all good output was given */
    unsigned char chunk[INPUT_BUFFER];
};

int input_has_gzip(void)
{
    return 1;
}

struct gunzip *gunzip_new(void)
{
    struct gunzip *gunzip = calloc(1, sizeof(*gunzip));

    if (gunzip == NULL)
        return NULL;
    if (inflateInit2(&gunzip->stream, MAX_WBITS + 16) != Z_OK) {
        free(gunzip);
        return NULL;
    }
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip == NULL)
        return;
    inflateEnd(&gunzip->stream);
    free(gunzip);
}

/* Have input for inflate: 1, 0 at the end of the file, or INPUT_FAILED. */
static int fill(struct gunzip *gunzip, struct input *in)
{
    ptrdiff_t n;

    if (gunzip->stream.avail_in > 0)
        return 1;
    n = input_read_raw(in, (char *)gunzip->chunk, sizeof(gunzip->chunk));
    if (n <= 0)
        return (int)n;
    gunzip->stream.next_in = gunzip->chunk;
    gunzip->stream.avail_in = (uInt)n;
    return 1;
}

/* After a member: 1 if another begins, 0 at the end of the data, or INPUT_FAILED. */
static int next_member(struct gunzip *gunzip, struct input *in)
{
    int got;

    while ((got = fill(gunzip, in)) == 1 && gunzip->stream.next_in[0] == 0) {
        gunzip->stream.next_in++;
        gunzip->stream.avail_in--;
    }
    if (got != 1)
        return got;
    if (gunzip->stream.next_in[0] != 0x1f)
        return input_fail(in, "bytes after the gzip data that are no gzip data");
    gunzip->between = 0;
    return inflateReset(&gunzip->stream) == Z_OK ? 1 : input_fail(in, "gzip: no reset");
}

/* One step of decoding: 0, or INPUT_FAILED. */
static int step(struct gunzip *gunzip, struct input *in)
{
    z_stream *stream = &gunzip->stream;
    const uInt room = stream->avail_out;
    const int more = fill(gunzip, in);
    int got;

    if (more < 0)
        return more;
    got = inflate(stream, Z_NO_FLUSH);
    if (got == Z_STREAM_END)
        gunzip->between = 1;
    else if (got == Z_MEM_ERROR)
        return input_fail(in, "out of memory");
    else if (got != Z_OK && got != Z_BUF_ERROR)
        return input_fail(in, "bad gzip data (%s); what came before it is read",
                          stream->msg ? stream->msg : "no reason given");
    else if (more == 0 && stream->avail_out == room)
        return input_fail(in, "the gzip data ends early; what came before is read");
    return 0;
}

ptrdiff_t gunzip_read(struct gunzip *gunzip, struct input *in, char *out, size_t capacity)
{
    z_stream *stream = &gunzip->stream;

    stream->next_out = (unsigned char *)out;
    stream->avail_out = (uInt)capacity;
    while (!gunzip->broken && stream->avail_out == (uInt)capacity) {
        if (gunzip->between) {
            const int got = next_member(gunzip, in);

            if (got <= 0)
                return got;
        }
        gunzip->broken = step(gunzip, in);
    }
    if (stream->avail_out == (uInt)capacity)
        return INPUT_FAILED;
    return (ptrdiff_t)(capacity - stream->avail_out);
}

#else

int input_has_gzip(void)
{
    return 0;
}

struct gunzip *gunzip_new(void)
{
    return NULL;
}

void gunzip_free(struct gunzip *gunzip)
{
    (void)gunzip;
}

ptrdiff_t gunzip_read(struct gunzip *gunzip, struct input *in, char *out, size_t capacity)
{
    (void)gunzip;
    (void)out;
    (void)capacity;
    return input_fail(in, "built without zlib");
}

#endif

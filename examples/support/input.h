/* SPDX-License-Identifier: MIT */
/*
 * Bytes of flow logs, from whatever holds them: a file or standard input, plain or gzip
 * (with zlib), lines as such or inside JSON envelopes (with jansson). What the bytes are is
 * seen from the bytes, never from a file's name.
 *
 *     file -> raw -> [gunzip] -> front -> [envelope] -> input_read
 *
 * `raw` is the undecoded look-ahead, `front` the decoded one that was read to see what comes.
 */
#ifndef EXAMPLES_INPUT_H
#define EXAMPLES_INPUT_H

#include <stddef.h>
#include <stdint.h>

#define INPUT_BUFFER  ((size_t)64 << 10)
#define INPUT_PROBLEM 512

#define INPUT_FAILED  (-1) /* nothing more can be read: see problem */
#define INPUT_SKIPPED (-2) /* something was left out: see problem and event; read on */

struct gunzip;
struct envelope;

struct input {
    const char *name; /* as errors print it: standard input is "-" */
    int fd;
    int seekable;   /* a regular file: reading never waits */
    int started;    /* the first bytes were looked at */
    uint64_t size;  /* bytes of a regular file, else 0 */
    uint64_t taken; /* bytes read from the file, before any decoding */
    uint64_t event; /* INPUT_SKIPPED: which log event, from 1 */
    struct gunzip *gunzip;
    struct envelope *envelope;
    size_t raw_at, raw_len;
    size_t front_at, front_len;
    char problem[INPUT_PROBLEM];
    char raw[INPUT_BUFFER];
    char front[INPUT_BUFFER];
};

/* Open a path; "-" is standard input. 0, or INPUT_FAILED. */
int input_open(struct input *in, const char *path);

/*
 * The next decoded bytes: how many (at most capacity), 0 at the end, INPUT_FAILED or
 * INPUT_SKIPPED. What came before a failure was good.
 */
ptrdiff_t input_read(struct input *in, char *out, size_t capacity);

/*
 * Whether it is a regular file whose bytes are given as they are, so that pread of its fd reads
 * the same: 1 or 0, or INPUT_FAILED.
 */
int input_is_plain(struct input *in);

/* Whether reading may wait for whoever writes the other end of a pipe. */
int input_waits(const struct input *in);

/* Close and free all but the struct; fine after a failed open. */
void input_close(struct input *in);

/* A sentence on what to do about data that is no flow-log text, from its library status. */
const char *input_advice(int32_t status);

/* What this build reads: 1 or 0. */
int input_has_gzip(void);
int input_has_json(void);

/* For the decoders: set problem (printf style) and return INPUT_FAILED; the next raw and
 * the next decoded bytes. */
int input_fail(struct input *in, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;
ptrdiff_t input_read_raw(struct input *in, char *out, size_t capacity);
ptrdiff_t input_read_decoded(struct input *in, char *out, size_t capacity);

/* gunzip.c: NULL if there is no memory or no zlib. */
struct gunzip *gunzip_new(void);
ptrdiff_t gunzip_read(struct gunzip *gunzip, struct input *in, char *out,
                      size_t capacity);
void gunzip_free(struct gunzip *gunzip);

/* envelope.c: NULL if there is no memory or no jansson. */
struct envelope *envelope_new(void);
ptrdiff_t envelope_read(struct envelope *envelope, struct input *in, char *out,
                        size_t capacity);
void envelope_free(struct envelope *envelope);

#endif

/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int output_init(struct output *out, int fd)
{
    out->data = malloc(OUTPUT_CAPACITY);
    out->len = 0;
    out->fd = fd;
    out->failed = 0;
    return out->data ? 0 : -1;
}

int output_flush(struct output *out)
{
    size_t sent = 0;

    while (!out->failed && sent < out->len) {
        const ssize_t n = write(out->fd, out->data + sent, out->len - sent);

        if (n >= 0)
            sent += (size_t)n;
        else if (errno != EINTR)
            out->failed = errno;
    }
    out->len = 0;
    return out->failed ? -1 : 0;
}

int output_room(struct output *out)
{
    return out->len < OUTPUT_FLUSH ? 0 : output_flush(out);
}

void output_free(struct output *out)
{
    free(out->data);
    out->data = NULL;
}

/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "piece.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t piece_count(uint64_t size)
{
    return size / PIECE + (size % PIECE != 0);
}

static int read_at(int fd, char *out, size_t len, uint64_t offset)
{
    size_t done = 0;

    while (done < len) {
        const ssize_t n = pread(fd, out + done, len - done, (off_t)(offset + done));

        if (n == 0)
            errno = 0;
        if (n == 0 || (n < 0 && errno != EINTR))
            return -1;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* After the first line end in so many bytes; NULL if there is none. */
static const char *after_line(const char *text, size_t len)
{
    const char *end = memchr(text, '\n', len);

    return end != NULL ? end + 1 : NULL;
}

static void set_text(struct piece *piece, uint64_t size, const char *text,
                     const char *end)
{
    piece->text = text;
    piece->len = (size_t)(end - text);
    piece->last = piece->next == size;
}

int piece_read(int fd, uint64_t size, uint64_t number, char *buffer, struct piece *piece)
{
    /* With the byte before it, which says whether a line begins at its start. */
    const uint64_t from = number * PIECE - (number > 0);
    const size_t own = (size_t)(least(size, (number + 1) * PIECE) - from);
    const size_t most = (size_t)least(size - from, PIECE_ROOM);
    size_t len = (size_t)least(own + PIECE_AHEAD, most);
    const char *begin, *end = NULL;

    memset(piece, 0, sizeof(*piece));
    if (read_at(fd, buffer, len, from) != 0)
        return -1;
    begin = number == 0 ? buffer : after_line(buffer, own - 1);
    if (begin == NULL)
        return 0;
    if (from + own < size)
        end = after_line(buffer + own - 1, len - (own - 1));
    if (end == NULL && len < most) {
        if (read_at(fd, buffer + len, most - len, from + len) != 0)
            return -1;
        end = after_line(buffer + own - 1, most - (own - 1));
        len = most;
    }
    piece->more = end == NULL && from + len < size;
    if (end == NULL)
        end = buffer + len;
    piece->next = from + (size_t)(end - buffer);
    set_text(piece, size, begin, end);
    return 0;
}

int piece_read_on(int fd, uint64_t size, char *buffer, struct piece *piece)
{
    const size_t len = (size_t)least(size - piece->next, PIECE_ROOM);
    const char *end;

    if (read_at(fd, buffer, len, piece->next) != 0)
        return -1;
    end = after_line(buffer, len);
    piece->more = end == NULL && piece->next + len < size;
    if (end == NULL)
        end = buffer + len;
    piece->next += (size_t)(end - buffer);
    set_text(piece, size, buffer, end);
    return 0;
}

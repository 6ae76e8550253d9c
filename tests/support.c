/* SPDX-License-Identifier: MIT */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
    char *memory;
    size_t bytes;
};

static struct guard guards[GUARD_COPIES];
static unsigned next_guard;

/* Readable pages for len bytes between two that are not; the oldest ones go. */
static char *make_guard(size_t len, size_t *readable)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct guard *guard = &guards[next_guard++ % GUARD_COPIES];
    void *memory;

    *readable = (len + page - 1) / page * page;
    if (*readable == 0)
        *readable = page;
    if (guard->memory != NULL && munmap(guard->memory, guard->bytes) != 0)
        abort();
    guard->bytes = *readable + 2 * page;
    memory = mmap(NULL, guard->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    guard->memory = memory;
    if (mprotect(guard->memory + page, *readable, PROT_READ | PROT_WRITE) != 0)
        abort();
    return guard->memory + page;
}

static char *copy_to(char *at, const void *bytes, size_t len)
{
    if (len > 0 && bytes != NULL)
        memcpy(at, bytes, len);
    return at;
}

char *guard_copy(const void *bytes, size_t len)
{
    size_t readable;
    char *begin = make_guard(len, &readable);

    return copy_to(begin + readable - len, bytes, len);
}

char *guard_copy_front(const void *bytes, size_t len)
{
    size_t readable;
    char *begin = make_guard(len, &readable);

    return copy_to(begin, bytes, len);
}

/* SPDX-License-Identifier: MIT */
/* The loop that bench.py compares with: a file through a reader into columns, in C. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "vpcvis.h"

#define CHUNK  ((size_t)1 << 19)
#define ROWS   16384
#define ERRORS 256

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t read_file(int fd, char *chunk, const struct vpcvis_line_columns *columns)
{
    static struct vpcvis_error errors[ERRORS];
    struct vpcvis_reader_batch batch;
    vpcvis_reader *reader;
    uint64_t rows = 0;
    ssize_t got;

    if (vpcvis_reader_new(NULL, NULL, &reader) != VPCVIS_OK)
        return 0;
    do {
        got = read(fd, chunk, CHUNK);
        if (got > 0)
            vpcvis_reader_add(reader, chunk, (size_t)got);
        else
            vpcvis_reader_end(reader);
        while (vpcvis_reader_next_columns(reader, columns, errors, ERRORS, &batch) ==
               VPCVIS_OK)
            rows += batch.records;
    } while (got > 0);
    vpcvis_reader_free(reader, NULL);
    return rows;
}

int main(int argc, char **argv)
{
    const uint64_t fields[2] = {UINT64_MAX, 0xffffffff};
    const size_t len = vpcvis_line_columns_bytes(fields, ROWS);
    const int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    struct vpcvis_line_columns columns;
    void *memory = malloc(len);
    char *chunk = malloc(CHUNK);
    double start = now();
    uint64_t rows;

    if (fd < 0 || memory == NULL || chunk == NULL ||
        vpcvis_line_columns_init(memory, len, fields, ROWS, &columns) != VPCVIS_OK)
        return 2;
    rows = read_file(fd, chunk, &columns);
    printf("%.6f %llu\n", now() - start, (unsigned long long)rows);
    close(fd);
    free(chunk);
    free(memory);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Parts of batches released on other threads than they were made on, by several at once: every
 * block is freed, once. Built with -fsanitize=thread as well (.ci/run).
 *
 *     columns_threads [BATCHES]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis.h"

#define THREADS 4
#define COLUMNS 14

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int blocks;

static void want(int condition, const char *what)
{
    if (!condition) {
        printf("not ok columns_threads: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static void count(int by)
{
    pthread_mutex_lock(&lock);
    blocks += by;
    pthread_mutex_unlock(&lock);
}

static void *counted_alloc(void *context, size_t bytes)
{
    (void)context;
    count(1);
    return malloc(bytes);
}

static void counted_free(void *context, void *memory)
{
    (void)context;
    count(-1);
    free(memory);
}

/* What a thread is to release. */
struct share {
    pthread_t thread;
    struct ArrowArray arrays[COLUMNS];
    struct ArrowSchema types[COLUMNS];
    int count;
};

static void *release_share(void *argument)
{
    struct share *share = argument;
    int64_t sum = 0;
    int i;

    for (i = 0; i < share->count; i++) {
        sum += share->arrays[i].length + share->types[i].format[0];
        share->arrays[i].release(&share->arrays[i]);
        share->types[i].release(&share->types[i]);
    }
    return sum >= 0 ? NULL : argument;
}

/* Children go round; what is left of the batch is released here, meanwhile. */
static void share_batch(struct ArrowArray *array, struct ArrowSchema *schema)
{
    static struct share shares[THREADS];
    int i;

    for (i = 0; i < THREADS; i++)
        shares[i].count = 0;
    for (i = 0; i < COLUMNS; i++) {
        struct share *share = &shares[i % THREADS];

        share->arrays[share->count] = *array->children[i];
        array->children[i]->release = NULL;
        share->types[share->count++] = *schema->children[i];
        schema->children[i]->release = NULL;
    }
    for (i = 0; i < THREADS; i++)
        want(pthread_create(&shares[i].thread, NULL, release_share, &shares[i]) == 0,
             "no thread");
    array->release(array);
    schema->release(schema);
    for (i = 0; i < THREADS; i++)
        want(pthread_join(shares[i].thread, NULL) == 0, "no end");
    want(blocks == 1, "a batch was not freed"); /* the machine is left */
}

int main(int argc, char **argv)
{
    static const char line[] = "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK\n";
    const long batches = argc > 1 ? atol(argv[1]) : 10000;
    const struct vpcvis_allocator allocator = {counted_alloc, counted_free, NULL};
    struct vpcvis_columns_config config;
    struct vpcvis_columns_batch batch;
    struct vpcvis_error error;
    struct ArrowSchema schema;
    struct ArrowArray array;
    vpcvis_columns *columns;
    char text[64 * sizeof(line)];
    long i;

    for (i = 0; i < 64; i++)
        memcpy(text + i * (long)(sizeof(line) - 1), line, sizeof(line) - 1);
    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.rows = 64;
    config.flags = VPCVIS_COLUMNS_DICTIONARY; /* more parts */
    config.allocator = &allocator;
    want(vpcvis_columns_new(&config, &allocator, &columns) == VPCVIS_OK, "no machine");
    for (i = 0; i < batches; i++) {
        want(vpcvis_columns_add(columns, text, 64 * (sizeof(line) - 1)) == VPCVIS_OK,
             "no room for a chunk");
        while (vpcvis_columns_next(columns, &array, &error, 1, &batch) == VPCVIS_OK) {
            want(vpcvis_columns_schema(columns, &schema) == VPCVIS_OK, "no schema");
            share_batch(&array, &schema);
        }
    }
    vpcvis_columns_free(columns, &allocator);
    want(blocks == 0, "the machine was not freed");
    printf("ok columns_threads: %ld batches released on %d threads\n", batches, THREADS);
    return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "walk.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int push(struct walk *walk, char *path)
{
    if (path == NULL)
        return -1;
    if (walk->count == walk->capacity) {
        const size_t capacity = walk->capacity ? 2 * walk->capacity : 64;
        char **paths = realloc(walk->paths, capacity * sizeof(*paths));

        if (paths == NULL) {
            free(path);
            return -1;
        }
        walk->paths = paths;
        walk->capacity = capacity;
    }
    walk->paths[walk->count++] = path;
    return 0;
}

static char *join(const char *directory, const char *name)
{
    const size_t len = strlen(directory);
    const int slash = len > 0 && directory[len - 1] != '/';
    char *path = malloc(len + strlen(name) + 2);

    if (path == NULL)
        return NULL;
    memcpy(path, directory, len);
    if (slash)
        path[len] = '/';
    strcpy(path + len + (slash ? 1 : 0), name);
    return path;
}

/* Last name first: the list of what is still to do is taken from its end. */
static int by_name_descending(const void *a, const void *b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

/* Put what is in a directory at the end of the list, so that the first name is last. */
static int push_entries(struct walk *todo, const char *path, DIR *directory)
{
    const size_t first = todo->count;
    const struct dirent *entry;

    while ((entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (push(todo, join(path, entry->d_name)) != 0)
            return -1;
    }
    if (todo->count > first)
        qsort(todo->paths + first, todo->count - first, sizeof(*todo->paths),
              by_name_descending);
    return 0;
}

/* A path is a file for the result, or a directory with more to do. Takes over path. */
static int visit(struct walk *walk, struct walk *todo, char *path, int is_argument)
{
    struct stat status;
    DIR *directory = NULL;
    int failed;

    if (strcmp(path, "-") == 0 || stat(path, &status) != 0) {
        walk->sized = 0;
        return push(walk, path);
    }
    if (S_ISDIR(status.st_mode)) {
        struct stat link;

        if (!is_argument && lstat(path, &link) == 0 && S_ISLNK(link.st_mode)) {
            free(path);
            return 0;
        }
        directory = opendir(path);
    }
    if (directory == NULL) {
        if (S_ISREG(status.st_mode))
            walk->bytes += (uint64_t)status.st_size;
        else
            walk->sized = 0;
        return push(walk, path);
    }
    failed = push_entries(todo, path, directory);
    closedir(directory);
    free(path);
    return failed;
}

static int search(struct walk *walk, const char *argument)
{
    struct walk todo = {NULL, 0, 0, 0, 0};
    int failed = push(&todo, join("", argument));
    int is_argument = 1;

    while (!failed && todo.count > 0) {
        failed = visit(walk, &todo, todo.paths[--todo.count], is_argument);
        is_argument = 0;
    }
    walk_free(&todo);
    return failed;
}

int walk_init(struct walk *walk, char *const arguments[], size_t count)
{
    int failed = 0;
    size_t i;

    memset(walk, 0, sizeof(*walk));
    walk->sized = 1;
    if (count == 0)
        failed = search(walk, "-");
    for (i = 0; i < count && !failed; i++)
        failed = search(walk, arguments[i]);
    if (failed)
        walk_free(walk);
    return failed;
}

void walk_free(struct walk *walk)
{
    while (walk->count > 0)
        free(walk->paths[--walk->count]);
    free(walk->paths);
    walk->paths = NULL;
    walk->capacity = 0;
}

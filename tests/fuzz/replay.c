/* SPDX-License-Identifier: MIT */
/*
 * Feeds each file, and each file of each directory, named on the command line to a fuzz target:
 * the seed corpora run as tests where libFuzzer is not at hand.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "oracle.h"

static int feed_file(const char *path)
{
    struct bytes data = {NULL, 0, 0};
    FILE *file = fopen(path, "rb");
    char part[4096];
    size_t n;

    if (file == NULL) {
        perror(path);
        return 1;
    }
    while ((n = fread(part, 1, sizeof(part), file)) > 0)
        bytes_add(&data, part, n);
    fclose(file);
    if (getenv("FUZZ_VERBOSE") != NULL)
        fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput((const uint8_t *)(data.at != NULL ? data.at : part), data.len);
    bytes_free(&data);
    return 0;
}

static int feed_directory(DIR *directory, const char *path, unsigned *files)
{
    const struct dirent *entry;
    char name[1024];
    int failed = 0;

    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        failed |= feed_file(name);
        (*files)++;
    }
    closedir(directory);
    return failed;
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    int i, failed = 0;

    for (i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        if (directory != NULL) {
            failed |= feed_directory(directory, argv[i], &files);
        } else {
            failed |= feed_file(argv[i]);
            files++;
        }
    }
    printf("%s: %u inputs\n", argv[0], files);
    return failed || files == 0;
}

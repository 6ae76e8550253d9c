/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Make a place for a question that has not come before. NULL, or what is wrong. */
static const char *begin_question(struct merge *merge, const char *text)
{
    struct partial *partial = &merge->partials[merge->count];
    struct vpcvis_rollup_config *config = &partial->question.config;
    char problem[QUESTION_PROBLEM];
    size_t offset;

    if (merge->count == MERGE_QUESTIONS)
        return "more than 16 questions";
    if (strlen(text) >= sizeof(partial->text))
        return "not a question";
    strcpy(partial->text, text);
    if (question_read(&partial->question, partial->text, merge->zones->map, problem,
                      &offset) != 0)
        return strstr(problem, "zones") != NULL ? "zones need --zones FILE"
                                                : "not a question";
    config->groups = merge->config.groups;
    config->flags = merge->config.flags;
    config->sketch_bits = merge->config.sketch_bits;
    memcpy(config->hash_key, merge->config.hash_key, sizeof(config->hash_key));
    if (vpcvis_rollup_new(config, NULL, &partial->rollup) != VPCVIS_OK ||
        partial_init(partial) != 0) {
        partial_free(partial);
        return "out of memory: try --groups";
    }
    merge->count++;
    return NULL;
}

static const char *add_line(struct merge *merge, char *line)
{
    char *tab = strchr(line, '\t');
    const char *problem;
    uint32_t i;

    if (tab == NULL)
        return "not a partial";
    *tab = '\0';
    for (i = 0; i < merge->count; i++)
        if (strcmp(merge->partials[i].text, line) == 0)
            break;
    if (i == merge->count && (problem = begin_question(merge, line)) != NULL)
        return problem;
    return partial_add(&merge->partials[i], tab + 1, merge->zones->names,
                       merge->zones->count);
}

static void read_lines(struct merge *merge, FILE *file, const char *path)
{
    char *line = NULL;
    size_t room = 0;
    uint64_t number = 0;
    ssize_t len;

    while ((len = getline(&line, &room, file)) >= 0) {
        const char *problem;

        if (len > 0 && line[len - 1] == '\n')
            line[--len] = '\0';
        number++;
        merge->lines++;
        problem = strlen(line) != (size_t)len ? "not a partial" : add_line(merge, line);
        if (problem == NULL)
            continue;
        fprintf(stderr, "%s:%llu: %s\n", path, (unsigned long long)number, problem);
        merge->bad++;
    }
    free(line);
}

int merge_file(struct merge *merge, const char *path)
{
    const int is_standard = strcmp(path, "-") == 0;
    FILE *file = is_standard ? stdin : fopen(path, "r");
    int failed;

    if (file != NULL)
        read_lines(merge, file, path);
    failed = file == NULL || ferror(file);
    if (failed)
        fprintf(stderr, "%s: %s: %s\n", merge->program, path, strerror(errno));
    if (file != NULL && !is_standard)
        fclose(file);
    return failed ? -1 : 0;
}

void merge_free(struct merge *merge)
{
    while (merge->count > 0)
        partial_free(&merge->partials[--merge->count]);
}

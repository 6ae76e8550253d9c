/* SPDX-License-Identifier: MIT */
#include "ruleset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int ruleset_add(struct ruleset *set, const struct vpcvis_rule *rule)
{
    if (set->count == set->capacity) {
        const size_t more = set->capacity * 2 + 16;
        struct vpcvis_rule *grown = realloc(set->rules, more * sizeof(*grown));

        if (grown == NULL) {
            snprintf(set->problem, sizeof(set->problem), "out of memory");
            return -1;
        }
        set->rules = grown;
        set->capacity = more;
    }
    set->rules[set->count++] = *rule;
    return 0;
}

static int compare_rules(const void *left, const void *right)
{
    const struct vpcvis_rule *a = left, *b = right;

    if (a->direction != b->direction)
        return (int)a->direction - (int)b->direction;
    return (a->number > b->number) - (a->number < b->number);
}

void ruleset_sort(struct ruleset *set)
{
    if (set->count > 0)
        qsort(set->rules, set->count, sizeof(*set->rules), compare_rules);
}

/* The whole file, NUL-terminated, in set->text. -1, or its length. */
static long read_file(struct ruleset *set, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t len = 0, capacity = 0, n = 1;

    while (file != NULL && n > 0) {
        if (len + 1 >= capacity) {
            char *grown = realloc(set->text, capacity = 2 * capacity + 65536);
            if (grown == NULL)
                break;
            set->text = grown;
        }
        n = fread(set->text + len, 1, capacity - len - 1, file);
        len += n;
    }
    if (file == NULL || ferror(file) || n > 0) {
        snprintf(set->problem, sizeof(set->problem), "%s: %s", path, strerror(errno));
        len = (size_t)-1;
    } else {
        set->text[len] = '\0';
    }
    if (file != NULL && file != stdin)
        fclose(file);
    return (long)len;
}

static int read_line(struct ruleset *set, const char *path, size_t line, const char *text,
                     size_t len)
{
    struct vpcvis_error error;
    struct vpcvis_rule rule;
    uint32_t kind, service = 0;
    const vpcvis_status status =
        vpcvis_filter_read(text, len, &kind, &rule, &service, &error);

    if (status == VPCVIS_NOMATCH)
        return 0;
    if (status != VPCVIS_OK) {
        const char *part = vpcvis_filter_part_name(error.column);

        snprintf(set->problem, sizeof(set->problem), "%s:%zu:%u: %s%s%s", path, line,
                 error.offset + 1, part ? part : "", part ? ": " : "",
                 vpcvis_base_status_text(status));
        return -1;
    }
    if (kind == VPCVIS_FILTER_LINE_SERVICE)
        set->services |= service;
    return kind == VPCVIS_FILTER_LINE_RULE ? ruleset_add(set, &rule) : 0;
}

static int read_text(struct ruleset *set, const char *path, size_t len)
{
    size_t at = 0, line;

    for (line = 1; at < len; line++) {
        const char *end = memchr(set->text + at, '\n', len - at);
        const size_t n = end ? (size_t)(end - set->text) - at : len - at;

        if (read_line(set, path, line, set->text + at, n) != 0)
            return -1;
        at += n + 1;
    }
    return 0;
}

int ruleset_read(struct ruleset *set, const char *path, const char *filter)
{
    const long len = read_file(set, path);

    if (len < 0)
        return -1;
    if (set->text[strspn(set->text, " \t\r\n")] == '{')
        return ruleset_read_json(set, (size_t)len, path, filter);
    return read_text(set, path, (size_t)len);
}

void ruleset_line(const struct vpcvis_rule *rule, char out[RULESET_LINE])
{
    size_t len = 0;

    if (vpcvis_filter_write(rule, out, RULESET_LINE - 1, &len) != VPCVIS_OK)
        len = 0;
    out[len] = '\0';
}

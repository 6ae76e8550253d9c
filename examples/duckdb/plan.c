/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "plan.h"

#include "../support/input.h"

#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct plan *plan, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(plan->problem, sizeof(plan->problem), format, arguments);
    va_end(arguments);
    return -1;
}

int plan_files(struct plan *plan, char *const *patterns, size_t count)
{
    glob_t found;
    size_t i;
    int status = 0;

    memset(&found, 0, sizeof(found));
    for (i = 0; i < count && status == 0; i++) {
        status = glob(patterns[i], i > 0 ? GLOB_APPEND : 0, NULL, &found);
        if (status == GLOB_NOMATCH)
            fail(plan, "%s: there is no such file", patterns[i]);
        else if (status != 0)
            fail(plan, "%s: out of memory, or a folder cannot be read", patterns[i]);
    }
    if (status == 0 && found.gl_pathc == 0)
        status = fail(plan, "no files");
    if (status == 0 && walk_init(&plan->walk, found.gl_pathv, found.gl_pathc) != 0)
        status = fail(plan, "out of memory");
    globfree(&found);
    if (status == 0 && plan->walk.count == 0)
        status = fail(plan, "no files in these folders");
    return status == 0 ? 0 : -1;
}

/* Names as Athena writes them. */
static void write_name(char *to, const char *from)
{
    size_t i;

    for (i = 0; from[i] != '\0' && i < VPCVIS_LAYOUT_NAME_MAX; i++)
        to[i] = from[i] == '-' ? '_' : from[i];
    to[i] = '\0';
}

static int has(const struct plan *plan, const struct plan_column *column)
{
    uint32_t c;

    for (c = 0; c < plan->count; c++) {
        if (strcmp(plan->columns[c].name, column->name) == 0)
            return 1;
    }
    return 0;
}

/* Columns of a layout that are not there yet. */
static int add_layout(struct plan *plan, const vpcvis_layout *layout)
{
    uint32_t c;

    for (c = 0; c < vpcvis_layout_columns(layout); c++) {
        struct plan_column column = {"", VPCVIS_FIELD_NONE, VPCVIS_KIND_TEXT};
        const uint32_t id = vpcvis_layout_field(layout, c);
        struct vpcvis_field field;

        if (id < vpcvis_record_field_count() &&
            vpcvis_record_field(id, &field) == VPCVIS_OK) {
            column.field = id;
            column.kind = field.kind;
        }
        write_name(column.name, vpcvis_layout_name(layout, c));
        if (has(plan, &column))
            continue;
        if (plan->count == PLAN_COLUMNS)
            return fail(plan, "more than %u columns", PLAN_COLUMNS);
        plan->columns[plan->count++] = column;
    }
    return 0;
}

/* A text that ends before its first row may still be a header line. */
static int add_first_line(struct plan *plan, const char *text, size_t len)
{
    struct vpcvis_layout_config config = {0};
    const char *end = memchr(text, '\n', len);
    vpcvis_layout *layout;
    int status;

    config.size = sizeof(config);
    config.text = text;
    config.text_len = end != NULL ? (size_t)(end - text) : len;
    if (vpcvis_layout_match(text, config.text_len) != VPCVIS_OK ||
        vpcvis_layout_new(&config, NULL, &layout, NULL) != VPCVIS_OK)
        return 0;
    status = add_layout(plan, layout);
    vpcvis_layout_free(layout, NULL);
    return status;
}

/* Look for the first row, which says what the layout is. 1: it was not in the text. */
static int look(struct plan *plan, vpcvis_reader *reader, const char *text, size_t len)
{
    struct vpcvis_record record;
    struct vpcvis_error error;
    struct vpcvis_reader_batch batch;
    vpcvis_status status;

    (void)vpcvis_reader_add(reader, text, len);
    do {
        status =
            vpcvis_reader_next(reader, &record, sizeof(record), 1, &error, 1, &batch);
    } while (status == VPCVIS_OK && batch.records == 0);
    if (status == VPCVIS_OK)
        return add_layout(plan, vpcvis_reader_layout(reader));
    if (status < 0)
        return fail(plan, "%s", input_advice(status));
    return 1;
}

/* Read a file until its first row. 0: it was found, or the file ends before it. */
static int look_through(struct plan *plan, vpcvis_reader *reader, struct input *in)
{
    static const char line_end[] = "\n";
    char *text = malloc(INPUT_BUFFER);
    size_t chunks = 0;
    ptrdiff_t n = 0;
    int status = text != NULL ? 1 : fail(plan, "out of memory");

    for (; status == 1; chunks++) {
        n = input_read(in, text, INPUT_BUFFER);
        if (n == INPUT_FAILED)
            status = fail(plan, "%s", in->problem);
        else if (n > 0)
            status = look(plan, reader, text, (size_t)n);
        else if (n == 0)
            break;
        if (status == 1 && chunks == 0 && n > 0 && add_first_line(plan, text, (size_t)n))
            status = -1;
    }
    if (status == 1) { /* a last line without its end */
        status = look(plan, reader, line_end, 1);
    }
    free(text);
    return status < 0 ? -1 : 0;
}

static int add_file(struct plan *plan, const char *path)
{
    struct vpcvis_reader_config config = {0};
    struct input *in = malloc(sizeof(*in));
    vpcvis_reader *reader = NULL;
    char problem[PLAN_PROBLEM];
    int status = -1;

    config.size = sizeof(config);
    config.layout = plan->layout;
    if (in == NULL || vpcvis_reader_new(&config, NULL, &reader) != VPCVIS_OK)
        fail(plan, "out of memory");
    else if (input_open(in, path) != 0)
        fail(plan, "%s", in->problem);
    else
        status = look_through(plan, reader, in);
    if (in != NULL && reader != NULL)
        input_close(in);
    free(in);
    vpcvis_reader_free(reader, NULL);
    if (status != 0) {
        memcpy(problem, plan->problem, sizeof(problem));
        fail(plan, "%s: %.900s", path, problem);
    }
    return status;
}

int plan_columns(struct plan *plan, int all)
{
    vpcvis_layout *standard;
    size_t f;
    int status = 0;

    /* The first file with something in it decides. */
    for (f = 0; f < plan->walk.count && status == 0 && (all || plan->count == 0); f++)
        status = add_file(plan, plan->walk.paths[f]);
    if (status != 0 || plan->count > 0)
        return status;
    if (plan->layout != NULL)
        return add_layout(plan, plan->layout);
    if (vpcvis_layout_new(NULL, NULL, &standard, NULL) != VPCVIS_OK)
        return fail(plan, "out of memory");
    status = add_layout(plan, standard);
    vpcvis_layout_free(standard, NULL);
    return status;
}

uint32_t plan_field(const struct plan_column *column, const vpcvis_layout *layout)
{
    char name[VPCVIS_LAYOUT_NAME_MAX + 1];
    uint32_t c;

    for (c = 0; c < vpcvis_layout_columns(layout); c++) {
        const uint32_t field = vpcvis_layout_field(layout, c);

        if (column->field != VPCVIS_FIELD_NONE) {
            if (field == column->field)
                return field;
            continue;
        }
        write_name(name, vpcvis_layout_name(layout, c));
        if (strcmp(name, column->name) == 0)
            return field;
    }
    return VPCVIS_FIELD_NONE;
}

void plan_free(struct plan *plan)
{
    walk_free(&plan->walk);
    vpcvis_layout_free(plan->layout, NULL);
}

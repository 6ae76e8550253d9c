/* SPDX-License-Identifier: MIT */
/*
 * flowcat - flow logs of any layout, compression and wrapping, as text, CSV or JSON.
 *
 *     paths --walk--> input --bytes--> vpcvis_reader --columns--> table --bytes--> output
 *                                            \--> errors --> report
 *
 * Everything that reads a file, knows a clock or asks for memory is in support/; what is here
 * is the command line and the loop.
 */
#define _POSIX_C_SOURCE 200809L

#include <vpcvis.h>

#include "support/arguments.h"
#include "support/input.h"
#include "support/layout_option.h"
#include "support/output.h"
#include "support/report.h"
#include "support/table.h"
#include "support/walk.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK  ((size_t)256 << 10)
#define ROWS   1024
#define ERRORS 256

struct options {
    const char *layout;
    const char *fields;
    int to, strict, quiet;
};

/* All that lives as long as the program runs. */
struct flowcat {
    struct options options;
    struct output out;
    struct report report;
    struct table table;
    vpcvis_layout *layout, *fields;
    struct vpcvis_line_columns columns;
    void *columns_memory, *reader_memory;
    struct input input;
    struct vpcvis_error errors[ERRORS];
    char chunk[CHUNK];
};

static const char usage[] =
    "usage: flowcat [--layout FORMAT] [--fields a,b,...] [--to text|csv|json]\n"
    "               [--strict] [--quiet] [--] [FILE...]\n";

static const char help[] =
    "\n"
    "Reads flow logs and prints their records. FILE is a file, a directory (all files in it,\n"
    "also further down, by name) or - for standard input, which is read if there is none.\n"
    "Files are text, gzip or JSON as CloudWatch Logs and Firehose wrap it.\n"
    "\n"
    "  --layout FORMAT   what the columns are until a header line says so: a format string\n"
    "                    ('${srcaddr} ${dstaddr}'), a header line, or one of the words\n"
    "                    default, v2, v3, v4, v5, v7, v8, v9, v10, v11, tgw (v11: all fields\n"
    "                    up to version 11 in documented order)\n"
    "  --fields a,b,...  print these fields, in this order\n"
    "  --to text         lines in canonical form, a header line first and wherever the\n"
    "                    layout changes (this is the default)\n"
    "  --to csv          quoted as in RFC 4180, header as in text, - as an empty cell\n"
    "  --to json         one object a line; - is null, fields that are not there are left out\n"
    "  --strict          field names that are not known are errors\n"
    "  --quiet           no summary and no progress\n"
    "  --version         print the version, and what this program was built to read\n"
    "\n"
    "A line that cannot be read is printed on standard error as\n"
    "    file:line:offset: field: reason\n"
    "where offset is the byte in the line, counted from 1; - stands for standard input, and\n"
    "for the field when it is the line as a whole. Inside JSON, line counts log events.\n"
    "\n"
    "Exit status: 0; 1 if there were bad lines (the good ones are printed); 2 for usage, or\n"
    "if something could not be read or is no flow log.\n";

static int fail_usage(const char *reason, const char *what)
{
    fprintf(stderr, "flowcat: %s%s\n%s", reason, what, usage);
    return 2;
}

static int find_to(const char *word)
{
    static const char words[][5] = {"text", "csv", "json"};
    int i;

    for (i = 0; i < 3; i++) {
        if (strcmp(word, words[i]) == 0)
            return i;
    }
    return -1;
}

/* Read options up to the first path; -1, or an exit status if there is nothing to do. */
static int read_options(struct options *options, char **argv, int *first)
{
    const char *to = "text";
    int i;

    for (i = 1; argv[i] && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (strcmp(argv[i], "--strict") == 0) {
            options->strict = 1;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            options->quiet = 1;
        } else if (strcmp(argv[i], "--help") == 0) {
            printf("%s%s", usage, help);
            return 0;
        } else if (strcmp(argv[i], "--version") == 0) {
            printf("flowcat %u.%u.%u (gzip: %s, JSON envelopes: %s)\n",
                   vpcvis_base_version() / 1000000, vpcvis_base_version() / 1000 % 1000,
                   vpcvis_base_version() % 1000, input_has_gzip() ? "yes" : "no",
                   input_has_json() ? "yes" : "no");
            return 0;
        } else if (!take_value("--layout", argv, &i, &options->layout) &&
                   !take_value("--fields", argv, &i, &options->fields) &&
                   !take_value("--to", argv, &i, &to)) {
            return fail_usage("unknown option, or one without its value: ", argv[i]);
        }
    }
    options->to = find_to(to);
    if (options->to < 0)
        return fail_usage("--to takes text, csv or json, not ", to);
    *first = i;
    return -1;
}

static uint32_t strict_flag(const struct options *options)
{
    return options->strict ? VPCVIS_LAYOUT_STRICT : 0;
}

/* --fields is a layout with commas. */
static int make_fields(const struct options *options, vpcvis_layout **layout)
{
    char *text = malloc(strlen(options->fields) + 1);
    char *comma;
    int result;

    if (text == NULL)
        return fail_usage("out of memory", "");
    strcpy(text, options->fields);
    for (comma = text; (comma = strchr(comma, ',')) != NULL; comma++)
        *comma = ' ';
    result = layout_option("flowcat", "--fields", text, strict_flag(options), layout);
    free(text);
    return result;
}

/* Make everything that depends on the options. 0, or an exit status. */
static int prepare(struct flowcat *cat)
{
    const struct options *options = &cat->options;
    uint64_t fields[2];
    size_t bytes;
    int result = 0;

    if (options->layout)
        result = layout_option("flowcat", "--layout", options->layout,
                               strict_flag(options), &cat->layout);
    if (options->fields && result == 0)
        result = make_fields(options, &cat->fields);
    if (result != 0)
        return result;
    table_init(&cat->table, options->to, cat->fields);
    table_ask(&cat->table, fields);
    bytes = vpcvis_line_columns_bytes(fields, ROWS);
    cat->columns.size = sizeof(cat->columns);
    cat->columns_memory = malloc(bytes);
    cat->reader_memory = malloc(vpcvis_reader_bytes());
    if (cat->columns_memory == NULL || cat->reader_memory == NULL ||
        output_init(&cat->out, STDOUT_FILENO) != 0 ||
        vpcvis_line_columns_init(cat->columns_memory, bytes, fields, ROWS,
                                 &cat->columns) != VPCVIS_OK) {
        fprintf(stderr, "flowcat: out of memory\n");
        return 2;
    }
    return 0;
}

static vpcvis_status make_reader(struct flowcat *cat, vpcvis_reader **reader)
{
    struct vpcvis_reader_config config = {0};

    config.size = sizeof(config);
    config.flags = cat->options.strict ? VPCVIS_READER_STRICT : 0;
    config.layout = cat->layout;
    table_ask(&cat->table, config.fields);
    return vpcvis_reader_init(cat->reader_memory, vpcvis_reader_bytes(), &config, reader);
}

/* Print all that the reader can give now; the status that says why there is no more. */
static vpcvis_status drain(struct flowcat *cat, vpcvis_reader *reader)
{
    struct vpcvis_reader_batch batch;
    vpcvis_status status;
    uint64_t i;

    while ((status = vpcvis_reader_next_columns(reader, &cat->columns, cat->errors,
                                                ERRORS, &batch)) == VPCVIS_OK) {
        const vpcvis_layout *layout = vpcvis_reader_layout(reader);

        for (i = 0; i < batch.errors; i++)
            report_bad(&cat->report, cat->input.name, layout, &cat->errors[i]);
        if (batch.records > 0 && !cat->out.failed &&
            table_write(&cat->table, &cat->out, layout, &cat->columns, batch.text,
                        (size_t)batch.records) != 0 &&
            !cat->out.failed)
            cat->out.failed = EINVAL;
    }
    return status;
}

/* Read an opened input to its end. NULL, or why that could not be. */
static const char *read_all(struct flowcat *cat, vpcvis_reader *reader)
{
    struct input *in = &cat->input;
    ptrdiff_t n = 1;

    while (n != 0 && !cat->out.failed) {
        vpcvis_status status;

        if (cat->out.len > 0 && input_waits(in))
            output_flush(&cat->out);
        n = input_read(in, cat->chunk, sizeof(cat->chunk));
        if (n == INPUT_SKIPPED) {
            report_skipped(&cat->report, in);
            continue;
        }
        if (n < 0) /* a line that the failure cut is not taken for a whole one */
            return in->problem;
        if (n > 0)
            vpcvis_reader_add(reader, cat->chunk, (size_t)n);
        else
            vpcvis_reader_end(reader);
        status = drain(cat, reader);
        if (status < 0)
            return input_advice(status);
        progress_show(&cat->report.progress, in->taken);
    }
    return NULL;
}

static void read_path(struct flowcat *cat, const char *path)
{
    vpcvis_reader *reader = NULL;
    const char *problem;

    if (input_open(&cat->input, path) != 0)
        problem = cat->input.problem;
    else if (make_reader(cat, &reader) != VPCVIS_OK)
        problem = "no reader for it";
    else
        problem = read_all(cat, reader);
    if (problem)
        report_failed(&cat->report, path, problem);
    if (reader)
        report_add(&cat->report, reader, cat->input.taken);
    input_close(&cat->input);
}

/* The end: what the program returns. */
static int finish(struct flowcat *cat)
{
    if (!cat->out.failed)
        table_end(&cat->table, &cat->out);
    output_flush(&cat->out);
    progress_clear(&cat->report.progress);
    if (cat->out.failed && cat->out.failed != EPIPE) {
        fprintf(stderr, "flowcat: standard output: %s\n", strerror(cat->out.failed));
        return 2;
    }
    if (!cat->options.quiet && !cat->out.failed)
        report_summary(&cat->report);
    return report_status(&cat->report);
}

static int run(struct flowcat *cat, char **paths, size_t count)
{
    struct walk walk;
    int status = prepare(cat);
    size_t i;

    if (status != 0)
        return status;
    if (walk_init(&walk, paths, count) != 0) {
        fprintf(stderr, "flowcat: out of memory\n");
        return 2;
    }
    report_init(&cat->report, "flowcat", walk.sized ? walk.bytes : 0, cat->options.quiet);
    for (i = 0; i < walk.count && !cat->out.failed; i++) {
        cat->report.files++;
        read_path(cat, walk.paths[i]);
    }
    walk_free(&walk);
    return finish(cat);
}

int main(int argc, char **argv)
{
    struct flowcat *cat = calloc(1, sizeof(*cat));
    int status, first;

    if (cat == NULL)
        return fail_usage("out of memory", "");
    signal(SIGPIPE, SIG_IGN); /* a reader that has enough shows as EPIPE */
    status = read_options(&cat->options, argv, &first);
    if (status < 0)
        status = run(cat, argv + first, (size_t)(argc - first));
    output_free(&cat->out);
    free(cat->columns_memory);
    free(cat->reader_memory);
    vpcvis_layout_free(cat->layout, NULL);
    vpcvis_layout_free(cat->fields, NULL);
    free(cat);
    return status;
}

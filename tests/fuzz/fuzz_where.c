/* SPDX-License-Identifier: MIT */
/*
 * A choice of layout, an expression (examples/support/where.h) up to the line's end, and a log.
 * What is refused has a place in the text and a reason. What is taken is taken again in every
 * way of asking the same: twice not, and with itself; what its opposite takes is something
 * else, and the rows of neither are not taken by both together.
 */
#include "oracle.h"

#include "../../examples/support/where.h"

#define CAPACITY 200
#define WORDS    ((CAPACITY + 63) / 64)

struct log {
    const vpcvis_layout *layout;
    char *text;
    size_t len;
};

static void require_refused(const char *text, const struct where_problem *problem)
{
    size_t len = 0;
    char *said = NULL;
    FILE *out = open_memstream(&said, &len);

    REQUIRE(problem->offset <= strlen(text));
    REQUIRE(strlen(problem->message) > 0);
    REQUIRE(strlen(problem->message) < sizeof(problem->message) - 1);
    where_explain(out, "fuzz_where", text, problem);
    fclose(out);
    REQUIRE(len > 2 && said[len - 1] == '\n' && said[len - 2] == '^');
    free(said);
}

/* Which rows are taken, and how many there are. */
static size_t take(const struct where *where, const struct log *log,
                   uint64_t taken[WORDS])
{
    struct vpcvis_line_config config;
    struct vpcvis_line_columns columns;
    struct vpcvis_line_result result;
    struct vpcvis_error errors[CAPACITY];
    vpcvis_line *lines = NULL;
    uint64_t some[WORDS];
    size_t bytes, rows, i;
    char *memory;

    memset(&config, 0, sizeof(config));
    memset(&columns, 0, sizeof(columns));
    config.size = sizeof(config);
    config.flags = VPCVIS_LINE_LENIENT;
    where_fields(where, config.fields);
    columns.size = sizeof(columns);
    bytes = vpcvis_line_columns_bytes(config.fields, CAPACITY);
    memory = oracle_memory(bytes);
    REQUIRE(vpcvis_line_columns_init(memory, bytes, config.fields, CAPACITY, &columns) ==
            VPCVIS_OK);
    REQUIRE(vpcvis_line_new(log->layout, &config, NULL, &lines) == VPCVIS_OK);
    REQUIRE(vpcvis_line_read_columns(lines, log->text, log->len, &columns, errors,
                                     CAPACITY, &result) >= 0);
    rows = (size_t)result.records;
    memset(taken, 0, WORDS * sizeof(taken[0]));
    where_match(where, log->layout, &columns, log->text, rows, taken);
    for (i = rows; i < CAPACITY; i++)
        REQUIRE((taken[i / 64] >> i % 64 & 1) == 0);
    memset(some, 0, sizeof(some));
    where_match(where, log->layout, &columns, log->text, rows / 2, some);
    for (i = 0; i < CAPACITY; i++)
        REQUIRE((some[i / 64] >> i % 64 & 1) ==
                (i < rows / 2 ? taken[i / 64] >> i % 64 & 1 : 0));
    vpcvis_line_free(lines, NULL);
    free(memory);
    return rows;
}

/* The expression inside others: 1 if that is not too much. */
static int take_again(const char *text, const char *format, const struct log *log,
                      uint64_t taken[WORDS])
{
    const size_t room = 2 * strlen(text) + 32;
    char *again = oracle_memory(room);
    struct where_problem problem;
    struct where *where;

    memset(&problem, 0, sizeof(problem));
    snprintf(again, room, format, text, text);
    where = where_new(again, &problem);
    if (where != NULL)
        (void)take(where, log, taken);
    else
        REQUIRE(strstr(problem.message, "at most") != NULL);
    where_free(where);
    free(again);
    return where != NULL;
}

static void require_logic(const char *text, const struct log *log,
                          const uint64_t yes[WORDS])
{
    uint64_t no[WORDS], again[WORDS];
    size_t i;

    if (!take_again(text, "not (%s)", log, no))
        return;
    for (i = 0; i < WORDS; i++)
        REQUIRE((yes[i] & no[i]) == 0);
    if (take_again(text, "not(not (%s))", log, again))
        REQUIRE(memcmp(again, yes, sizeof(again)) == 0);
    if (take_again(text, "(%s) and(%s)", log, again))
        REQUIRE(memcmp(again, yes, sizeof(again)) == 0);
    if (take_again(text, "not ((%s) or (%s))", log, again))
        REQUIRE(memcmp(again, no, sizeof(again)) == 0);
    if (take_again(text, "(%s)or not (%s)", log, again)) {
        for (i = 0; i < WORDS; i++)
            REQUIRE(again[i] == (yes[i] | no[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    char *memory = oracle_memory(VPCVIS_LAYOUT_BYTES_MAX);
    struct log log;
    struct where_problem problem;
    struct where *where;
    uint64_t yes[WORDS];
    const uint8_t *end;
    char *text;
    size_t len;

    memset(&problem, 0, sizeof(problem));
    log.layout = oracle_layout(input_choice(&in), memory);
    end = in.left > 0 ? memchr(in.at, '\n', in.left) : NULL;
    len = end != NULL ? (size_t)(end - in.at) : in.left;
    text = oracle_memory(len + 1);
    if (len > 0)
        memcpy(text, in.at, len);
    text[len] = '\0';
    in.at += len;
    in.left -= len;
    where = where_new(text, &problem);
    if (where == NULL) {
        require_refused(text, &problem);
    } else {
        log.text = oracle_text(&in, 0, &log.len);
        (void)take(where, &log, yes);
        require_logic(text, &log, yes);
        free(log.text);
    }
    where_free(where);
    free(text);
    free(memory);
    return 0;
}

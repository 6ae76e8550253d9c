/* SPDX-License-Identifier: MIT */
/*
 * Expressions (examples/support/where.h) against WHERE of SQL: logs and expressions are made at
 * random, each expression in both languages, and sqlite3 must take the same rows.
 *
 *     where_sql [EXPRESSIONS [SEED]]
 *
 * For SQL an address is its family and hexadecimal bytes, and a count 20 digits, so that its
 * order of texts is theirs: its integers end at 2^63. Everything is in parentheses there, and
 * here only what must be.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../examples/support/where.h"

#define ROWS            1000
#define EXPRESSIONS_LOG 50 /* expressions a log is used for */
#define LINE            1024

static const uint32_t fields[] = {
    VPCVIS_FIELD_SRCADDR,     VPCVIS_FIELD_DSTADDR,   VPCVIS_FIELD_PKT_SRCADDR,
    VPCVIS_FIELD_SRCPORT,     VPCVIS_FIELD_DSTPORT,   VPCVIS_FIELD_PROTOCOL,
    VPCVIS_FIELD_TCP_FLAGS,   VPCVIS_FIELD_PACKETS,   VPCVIS_FIELD_BYTES,
    VPCVIS_FIELD_START,       VPCVIS_FIELD_END,       VPCVIS_FIELD_ACTION,
    VPCVIS_FIELD_LOG_STATUS,  VPCVIS_FIELD_AZ_ID,     VPCVIS_FIELD_FLOW_DIRECTION,
    VPCVIS_FIELD_INSTANCE_ID, VPCVIS_FIELD_ACCOUNT_ID};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

struct value {
    struct vpcvis_field field;
    uint64_t number;
    struct vpcvis_addr addr;
    const char *text;
};

struct made {
    char *here, *sql; /* the expression in both languages */
    char *taken;      /* the rows, as sqlite3 prints them */
};

static uint64_t state;

static uint64_t random64(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t below(uint64_t n)
{
    return (random64() >> 16) % n;
}

static void fail(const char *what, const char *text)
{
    printf("not ok where_sql: %s\n%s\n", what, text);
    exit(EXIT_FAILURE);
}

static uint64_t make_number(const struct vpcvis_field *field, int literal)
{
    static const uint64_t numbers[] = {0,    1,    2,     6,       17,      58,        80,
                                       1000, 1024, 65535, 1000000, 1048576, 2147483647};
    uint64_t number = numbers[below(sizeof(numbers) / sizeof(numbers[0]))];

    if (field->id == VPCVIS_FIELD_START || field->id == VPCVIS_FIELD_END)
        number = below(8) ? 1764547200 + below(5) * 1800 : number;
    if (below(4) == 0)
        number = field->max - below(3);
    if (below(4) == 0)
        number += below(3) - 1;
    if (literal && field->kind == VPCVIS_KIND_NUMBER32 && below(8) == 0)
        number += UINT64_C(1) << 32;
    else if (number > field->max)
        number = literal && field->max < UINT32_MAX ? number : field->max;
    return number > INT64_MAX && field->max <= INT64_MAX ? INT64_MAX : number;
}

static void make_address(struct vpcvis_addr *addr)
{
    static const uint8_t bytes[] = {0, 1, 10, 127, 128, 254, 255};
    size_t i, len = below(2) ? 4 : 16;

    memset(addr, 0, sizeof(*addr));
    addr->family = len == 4 ? VPCVIS_ADDR_IPV4 : VPCVIS_ADDR_IPV6;
    addr->bytes[0] = 10;
    for (i = 1; i < len; i++)
        addr->bytes[i] = i < len - 2 && below(8) ? 0 : bytes[below(sizeof(bytes))];
    if (below(8) == 0)
        addr->bytes[0] = bytes[below(sizeof(bytes))];
    if (len == 16 && below(8) == 0)
        memcpy(addr->bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0", 14);
}

static const char *make_text(const struct vpcvis_field *field)
{
    /* clang-format off */
    static const char *const texts[] = {
        "a", "A", "it's", "(x)", "a,b", "=", "null", "and", "In", "-x", "''", "123",
        "use1-az", "use1-az1", "use1-az2", "use1-az10", "Use1-az1",
        "0123456789abcdef", "0123456789abcdeg", "0123456689abcdef", "012345678", "01234567",
        "eni-0123456789abcdef0", "eni-0123456789abcdef1", "eni-01234567x9abcdef0",
        "fni-0123456789abcdef0", "eni-0123456789abcdef"};
    /* clang-format on */
    static const char *const unknown[] = {"ACCEPTED", "accept", "ok", "-ingress", "it's"};
    const char *word;

    if (field->kind == VPCVIS_KIND_TEXT)
        return texts[below(sizeof(texts) / sizeof(texts[0]))];
    word = vpcvis_record_name(field->id, 1 + below(3));
    return word != NULL && below(8) ? word : unknown[below(5)];
}

static void make_value(uint32_t id, int literal, struct value *value)
{
    memset(value, 0, sizeof(*value));
    (void)vpcvis_record_field(id, &value->field);
    switch (value->field.kind) {
    case VPCVIS_KIND_ADDRESS: make_address(&value->addr); break;
    case VPCVIS_KIND_NUMBER32:
    case VPCVIS_KIND_NUMBER64: value->number = make_number(&value->field, literal); break;
    default: value->text = make_text(&value->field); break;
    }
}

static void put_address(FILE *out, const struct vpcvis_addr *addr)
{
    char text[INET6_ADDRSTRLEN];

    fputs(inet_ntop(addr->family == VPCVIS_ADDR_IPV4 ? AF_INET : AF_INET6, addr->bytes,
                    text, sizeof(text)),
          out);
}

static int is_time(const struct value *value)
{
    return value->field.id == VPCVIS_FIELD_START || value->field.id == VPCVIS_FIELD_END;
}

static void put_sql(FILE *sql, const struct value *value)
{
    const char *c;
    size_t i;

    if (value->field.kind == VPCVIS_KIND_ADDRESS) {
        fprintf(sql, "'%u", value->addr.family);
        for (i = 0; i < (value->addr.family == VPCVIS_ADDR_IPV4 ? 4u : 16u); i++)
            fprintf(sql, "%02x", value->addr.bytes[i]);
        fputc('\'', sql);
    } else if (value->text == NULL && value->field.kind == VPCVIS_KIND_NUMBER64 &&
               !is_time(value)) {
        fprintf(sql, "'%020" PRIu64 "'", value->number);
    } else if (value->text == NULL) {
        fprintf(sql, "%" PRIu64, value->number);
    } else {
        fputc('\'', sql);
        for (c = value->text; *c != '\0'; c++)
            fputs(*c == '\'' ? "''" : (char[]){*c, 0}, sql);
        fputc('\'', sql);
    }
}

static void put_line(FILE *line, const struct value *value)
{
    if (value->field.kind == VPCVIS_KIND_ADDRESS)
        put_address(line, &value->addr);
    else if (value->text != NULL)
        fputs(value->text, line);
    else
        fprintf(line, "%" PRIu64, value->number);
}

static void put_number(FILE *here, const struct value *value)
{
    static const char units[] = "kMGT";
    const uint64_t thousand = below(2) ? 1000 : 1024;
    uint64_t number = value->number;
    size_t unit = 0;
    const time_t time = (time_t)number;
    struct tm tm;
    char text[32];

    if (is_time(value) && number < UINT64_C(253402300800) && below(2)) {
        gmtime_r(&time, &tm);
        strftime(text, sizeof(text),
                 below(2) ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%dT%H:%M:%S", &tm);
        fputs(text, here);
        return;
    }
    if (value->field.id == VPCVIS_FIELD_PROTOCOL && number < 256 && below(2) &&
        vpcvis_record_name(VPCVIS_FIELD_PROTOCOL, number) != NULL) {
        fputs(vpcvis_record_name(VPCVIS_FIELD_PROTOCOL, number), here);
        return;
    }
    while (value->field.kind == VPCVIS_KIND_NUMBER64 && !is_time(value) && number != 0 &&
           number % thousand == 0 && unit < 4 && below(4)) {
        number /= thousand;
        unit++;
    }
    fprintf(here, below(8) ? "%" PRIu64 : "0%" PRIu64, number);
    if (unit > 0)
        fprintf(here, "%c%s", units[unit - 1], thousand == 1024 ? "i" : "");
}

/* Case and keywords are for bare words only. */
static void put_text(FILE *here, const struct value *value)
{
    const char *text = value->text;
    uint64_t code;
    int bare = strpbrk(text, "(),=!<>'") == NULL && strcmp(text, "and") != 0 &&
               strcmp(text, "In") != 0 && below(2);
    const int listed =
        value->field.kind == VPCVIS_KIND_NAME &&
        vpcvis_record_find_name(value->field.id, text, strlen(text), &code) == VPCVIS_OK;

    if (listed && strcmp(vpcvis_record_name(value->field.id, code), text) != 0)
        bare = 0;
    if (!bare)
        fputc('\'', here);
    for (; *text != '\0'; text++) {
        const int upper = *text >= 'A' && *text <= 'Z',
                  lower = *text >= 'a' && *text <= 'z';
        const int other = bare && listed && (upper || lower) && below(3) == 0;
        fprintf(here, !bare && *text == '\'' ? "''" : "%c", other ? *text ^ 0x20 : *text);
    }
    if (!bare)
        fputc('\'', here);
}

static void put_here(FILE *here, const struct value *value)
{
    const int quoted = value->text == NULL && below(8) == 0;

    if (quoted)
        fputc('\'', here);
    if (value->field.kind == VPCVIS_KIND_ADDRESS)
        put_address(here, &value->addr);
    else if (value->text == NULL)
        put_number(here, value);
    else
        put_text(here, value);
    if (quoted)
        fputc('\'', here);
}

/* Spaces, and a keyword in any case. */
static void put_word(FILE *here, const char *word)
{
    fputs(below(8) ? " " : "\t \n", here);
    for (; *word != '\0'; word++)
        fputc(*word >= 'a' && *word <= 'z' && below(4) == 0 ? *word - 0x20 : *word, here);
    fputc(' ', here);
}

/* A field's name, spelt in one of the many ways. */
static void put_name(FILE *here, const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name == '-' && below(2))
            fputs(below(2) ? "_" : "", here);
        else
            fputc(*name >= 'a' && *name <= 'z' && below(4) == 0 ? *name - 0x20 : *name,
                  here);
    }
}

/* A block, whose host bits do not matter, is a range in SQL. */
static void put_block(FILE *here, FILE *sql, const char *column, struct value *value)
{
    struct value high;
    const uint32_t bits = value->addr.family == VPCVIS_ADDR_IPV4 ? 32 : 128;
    const uint32_t len = (uint32_t)below(bits + 1);
    uint32_t i;

    put_address(here, &value->addr);
    if (len < bits || below(2))
        fprintf(here, "/%u", len);
    high = *value;
    for (i = len; i < bits; i++) {
        value->addr.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
        high.addr.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
    }
    fprintf(sql, "%s between ", column);
    put_sql(sql, value);
    fputs(" and ", sql);
    put_sql(sql, &high);
}

static void make_in(FILE *here, FILE *sql, const char *column, uint32_t id)
{
    const int turned = below(2) == 0;
    struct value value;
    uint64_t i, count = 1 + below(5);
    int list;

    make_value(id, 1, &value);
    list = value.field.kind != VPCVIS_KIND_ADDRESS || below(2);
    if (turned)
        put_word(here, "not");
    put_word(here, list ? "in (" : "in");
    fputs(turned ? "not (" : "(", sql);
    for (i = 0; i < (list ? count : 1); i++) {
        const int block = value.field.kind == VPCVIS_KIND_ADDRESS;
        if (i > 0)
            fputs(below(2) ? " , " : ",", here);
        if (i == 0 && !block)
            fprintf(sql, "%s in (", column);
        else if (i > 0)
            fputs(block ? " or " : ", ", sql);
        if (block) {
            put_block(here, sql, column, &value);
        } else {
            put_here(here, &value);
            put_sql(sql, &value);
        }
        make_value(id, 1, &value);
    }
    fputs(list ? ")" : "", here);
    fputs(value.field.kind == VPCVIS_KIND_ADDRESS ? ")" : "))", sql);
}

static void make_comparison(FILE *here, FILE *sql)
{
    static const char *const signs[] = {"=", "==", "!=", "<>", "<", "<=", ">", ">="};
    static const char *const dashes[] = {"is -", "is null", "= -", "is not -", "!= -"};
    const uint32_t id = fields[below(FIELDS)];
    const uint64_t how = below(8), sign = below(8), dash = below(5);
    struct value value;
    char column[8];

    make_value(id, 1, &value);
    sprintf(column, "f%u", id);
    put_name(here, value.field.name);
    if (how == 0) {
        put_word(here, dashes[dash]);
        fprintf(sql, "%s is %s null", column, dash >= 3 ? "not" : "");
    } else if (how <= 2) {
        make_in(here, sql, column, id);
    } else {
        fprintf(here, below(2) ? " %s " : "%s", signs[sign]);
        put_here(here, &value);
        fprintf(sql, "%s %s ", column, signs[sign]);
        put_sql(sql, &value);
    }
}

/* binds: what is around binds as tightly (or 1, and 2, not 3). */
static void make_expression(FILE *here, FILE *sql, uint64_t binds, int depth)
{
    const uint64_t what = depth == 0 ? 4 : 1 + below(4);
    const int inside = (what < binds) || below(8) == 0;

    fputc('(', sql);
    fputs(inside ? "(" : "", here);
    if (what == 4) {
        make_comparison(here, sql);
    } else if (what == 3) {
        put_word(here, "not");
        fputs("not ", sql);
        make_expression(here, sql, 3, depth - 1);
    } else {
        make_expression(here, sql, what, depth - 1);
        put_word(here, what == 1 ? "or" : "and");
        fputs(what == 1 ? " or " : " and ", sql);
        make_expression(here, sql, what, depth - 1);
    }
    fputs(inside ? ")" : "", here);
    fputc(')', sql);
}

struct log {
    vpcvis_layout *layout;
    char *text;
    size_t len;
};

/* A log of some of the fields in any order; SQL's table has NULL for the others. */
static void make_log(struct log *log, FILE *sql)
{
    struct vpcvis_layout_config config = {0};
    FILE *line = open_memstream(&log->text, &log->len);
    char names[LINE] = "";
    int has[FIELDS];
    size_t i, row;

    fputs("drop table if exists log; create table log(i integer primary key", sql);
    for (i = 0; i < FIELDS; i++) {
        struct value value;
        make_value(fields[i], 0, &value);
        has[i] = below(8) != 0 || i == 0;
        fprintf(sql, ", f%u %s", fields[i],
                value.field.kind == VPCVIS_KIND_NUMBER32 || is_time(&value) ? "integer"
                                                                            : "text");
        if (has[i])
            sprintf(names + strlen(names), "%s ", value.field.name);
    }
    fputs(");\n", sql);
    for (row = 0; row < ROWS; row++) {
        fprintf(sql, "insert into log values(%zu", row);
        for (i = 0; i < FIELDS; i++) {
            struct value value;
            const int there = has[i] && below(6) != 0;
            make_value(fields[i], 0, &value);
            fputs(there ? ", " : ", null", sql);
            if (there)
                put_sql(sql, &value);
            if (there)
                put_line(line, &value);
            fputs(!has[i] ? "" : there ? " " : "- ", line);
        }
        fputs(");\n", sql);
        fputc('\n', line);
    }
    fclose(line);
    config.size = sizeof(config);
    config.text = names;
    config.text_len = strlen(names);
    if (vpcvis_layout_new(&config, NULL, &log->layout, NULL) != VPCVIS_OK)
        fail("no layout", names);
}

/* The rows that are taken here, joined by commas, and a line end. */
static char *take(const struct log *log, const struct where *where,
                  const char *expression)
{
    struct vpcvis_line_columns columns = {0};
    struct vpcvis_line_config config = {0};
    struct vpcvis_line_result result;
    struct vpcvis_error error;
    vpcvis_line *lines = NULL;
    uint64_t taken[(ROWS + 63) / 64];
    char *text, *memory, separator[2] = "";
    size_t bytes, len, i;
    FILE *out = open_memstream(&text, &len);

    config.size = sizeof(config);
    where_fields(where, config.fields);
    columns.size = sizeof(columns);
    bytes = vpcvis_line_columns_bytes(config.fields, ROWS);
    memory = malloc(bytes);
    if (vpcvis_line_columns_init(memory, bytes, config.fields, ROWS, &columns) !=
            VPCVIS_OK ||
        vpcvis_line_new(log->layout, &config, NULL, &lines) != VPCVIS_OK ||
        vpcvis_line_read_columns(lines, log->text, log->len, &columns, &error, 1,
                                 &result) != VPCVIS_OK ||
        result.records != ROWS)
        fail("the log cannot be read", log->text);
    where_match(where, log->layout, &columns, log->text, ROWS, taken);
    for (i = 0; i < ROWS; i++) {
        if ((taken[i / 64] >> i % 64 & 1) == 0)
            continue;
        fprintf(out, "%s%zu", separator, i);
        separator[0] = ',';
    }
    if (taken[ROWS / 64] >> ROWS % 64 != 0)
        fail("rows are taken that are not there", expression);
    fputc('\n', out);
    fclose(out);
    vpcvis_line_free(lines, NULL);
    free(memory);
    return text;
}

static void make_one(struct made *made, const struct log *log, FILE *script)
{
    struct where_problem problem;
    struct where *where;
    size_t len, sql_len;
    FILE *here = open_memstream(&made->here, &len);
    FILE *sql = open_memstream(&made->sql, &sql_len);

    make_expression(here, sql, 0, (int)below(6));
    fclose(here);
    fclose(sql);
    fprintf(script,
            "select coalesce(group_concat(i, ','), '') from (select i from log where %s "
            "order by i);\n",
            made->sql);
    where = where_new(made->here, &problem);
    if (where == NULL) {
        where_explain(stdout, "where_sql", made->here, &problem);
        fail("refused", made->here);
    }
    made->taken = take(log, where, made->here);
    where_free(where);
}

/* Run the script and compare its lines; how many rows there are in them. */
static uint64_t compare(const struct made *made, size_t count, const char *path)
{
    char *line = NULL, *command = malloc(strlen(path) + 64);
    size_t room = 0, i;
    uint64_t rows = 0;
    FILE *answers;

    sprintf(command, "sqlite3 -batch :memory: <'%s'", path);
    answers = popen(command, "r");
    for (i = 0; i < count; i++) {
        const char *c;
        if (answers == NULL || getline(&line, &room, answers) < 0)
            fail("no answer from sqlite3", made[i].sql);
        if (strcmp(line, made[i].taken) != 0) {
            printf("%s\n%s\nsqlite3: %shere:    %s", made[i].here, made[i].sql, line,
                   made[i].taken);
            fail("other rows", path);
        }
        for (c = line; *c != '\0'; c++)
            rows += *c == ',' || (*c == '\n' && c > line);
    }
    if (pclose(answers) != 0)
        fail("sqlite3 failed", path);
    free(line);
    free(command);
    return rows;
}

int main(int argc, char **argv)
{
    const size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 20261123;
    struct made *made = calloc(count + 1, sizeof(*made));
    char path[] = "/tmp/where_sql.XXXXXX";
    struct log log = {0};
    const int file = mkstemp(path);
    FILE *script = file < 0 ? NULL : fdopen(file, "w");
    uint64_t rows;
    size_t i;

    if (system("sqlite3 -version >/dev/null 2>&1") != 0) {
        unlink(path);
        printf("skipped where_sql: there is no sqlite3\n");
        return EXIT_SUCCESS;
    }
    if (script == NULL || made == NULL)
        fail("no file", path);
    state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    fputs("begin;\n", script);
    for (i = 0; i < count; i++) {
        if (i % EXPRESSIONS_LOG == 0) {
            free(log.text);
            vpcvis_layout_free(log.layout, NULL);
            make_log(&log, script);
        }
        make_one(&made[i], &log, script);
    }
    fclose(script);
    rows = compare(made, count, path);
    unlink(path);
    printf("ok where_sql: seed %" PRIu64 ": %zu expressions on %u rows each, %" PRIu64
           " taken\n",
           seed, count, ROWS, rows);
    for (i = 0; i < count; i++) {
        free(made[i].here);
        free(made[i].sql);
        free(made[i].taken);
    }
    free(made);
    free(log.text);
    vpcvis_layout_free(log.layout, NULL);
    return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CELL 65600 /* any text that a record can have */

struct answer {
    FILE *out;
    const struct question *question;
    const vpcvis_rollup *rollup;
    const struct answer_style *style;
    uint32_t keys, measures, count;
    uint32_t *groups;
    uint64_t total[VPCVIS_ROLLUP_MEASURES_MAX]; /* of sums and counts, over all rows */
    int width[VPCVIS_ROLLUP_KEYS_MAX + VPCVIS_ROLLUP_MEASURES_MAX + 1];
};

static int is_time(const struct vpcvis_rollup_key_config *key)
{
    return key->field == VPCVIS_FIELD_START || key->field == VPCVIS_FIELD_END;
}

static void write_time(uint64_t seconds, char out[CELL])
{
    const time_t when = (time_t)seconds;
    struct tm tm;

    if (seconds > 253402300799u || gmtime_r(&when, &tm) == NULL ||
        strftime(out, CELL, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        snprintf(out, CELL, "%llu", (unsigned long long)seconds);
}

static void write_addr(const struct answer *answer, uint32_t k,
                       const struct vpcvis_value *value, char out[CELL])
{
    const struct vpcvis_rollup_key_config *key = &answer->question->config.keys[k];
    const int ipv4 = value->addr.family == VPCVIS_ADDR_IPV4;
    size_t len = 0;

    (void)vpcvis_addr_write(&value->addr, out, CELL - 8, &len);
    out[len] = '\0';
    if (key->kind == VPCVIS_ROLLUP_PREFIX)
        sprintf(out + len, "/%u", ipv4 ? key->ipv4_len : key->ipv6_len);
}

static void write_number(const struct answer *answer, uint32_t k, uint64_t number,
                         char out[CELL])
{
    const struct vpcvis_rollup_key_config *key = &answer->question->config.keys[k];
    const char *word = NULL;

    if (key->kind == VPCVIS_ROLLUP_ZONE) {
        snprintf(out, CELL, "%s", answer->style->zones[number]);
    } else if (answer->style->to == ANSWER_TABLE && is_time(key)) {
        write_time(number, out);
    } else {
        if (answer->style->to == ANSWER_TABLE && key->kind == VPCVIS_ROLLUP_FIELD &&
            key->field == VPCVIS_FIELD_PROTOCOL)
            word = vpcvis_record_name(key->field, number);
        if (word != NULL)
            snprintf(out, CELL, "%s", word);
        else
            snprintf(out, CELL, "%llu", (unsigned long long)number);
    }
}

/* A key as text. 1 if it has a value, and in *number whether that is a number. */
static int write_key(const struct answer *answer, uint32_t group, uint32_t k,
                     char out[CELL], int *number)
{
    struct vpcvis_value value;

    *number = 0;
    (void)vpcvis_rollup_get_key(answer->rollup, group, k, &value);
    if (value.state != VPCVIS_STATE_VALUE) {
        strcpy(out, "-");
        return 0;
    }
    if (value.kind == VPCVIS_KIND_ADDRESS) {
        write_addr(answer, k, &value, out);
    } else if (value.kind >= VPCVIS_KIND_NAME) {
        snprintf(out, CELL, "%.*s", (int)value.text_len, value.text);
    } else {
        write_number(answer, k, value.number, out);
        *number = answer->question->config.keys[k].kind != VPCVIS_ROLLUP_ZONE;
    }
    return 1;
}

static int is_total(const struct answer *answer, uint32_t m)
{
    return answer->question->config.measures[m].kind <= VPCVIS_ROLLUP_SUM;
}

/* 1.2 G: three digits are enough for people. */
static void write_unit(uint64_t number, char out[CELL])
{
    static const char units[] = " kMGTPE";
    double value = (double)number;
    int unit = 0;

    while (value >= 999.5 && unit < 6) {
        value /= 1000;
        unit++;
    }
    if (unit == 0)
        snprintf(out, CELL, "%llu", (unsigned long long)number);
    else
        snprintf(out, CELL, "%.*f %c",
                 value < 9.995   ? 2
                 : value < 99.95 ? 1
                                 : 0,
                 value, units[unit]);
}

static int write_measure(const struct answer *answer, uint32_t group, uint32_t m,
                         char out[CELL])
{
    const struct vpcvis_rollup_measure_config *measure =
        &answer->question->config.measures[m];
    uint64_t number;

    if (vpcvis_rollup_get(answer->rollup, group, m, &number) != VPCVIS_OK) {
        strcpy(out, "-");
        return 0;
    }
    if (answer->style->to != ANSWER_TABLE)
        snprintf(out, CELL, "%llu", (unsigned long long)number);
    else if (!is_total(answer, m) &&
             (measure->field == VPCVIS_FIELD_START ||
              measure->field == VPCVIS_FIELD_END) &&
             measure->kind != VPCVIS_ROLLUP_DISTINCT)
        write_time(number, out);
    else if (measure->kind == VPCVIS_ROLLUP_SUM)
        write_unit(number, out);
    else
        snprintf(out, CELL, "%llu", (unsigned long long)number);
    return 1;
}

/* The share of the first measure's total, for tables. */
static void write_share(const struct answer *answer, uint32_t group, char out[CELL])
{
    uint64_t number;

    strcpy(out, "-");
    if (answer->total[0] > 0 &&
        vpcvis_rollup_get(answer->rollup, group, 0, &number) == VPCVIS_OK)
        snprintf(out, CELL, "%.1f %%", 100.0 * (double)number / (double)answer->total[0]);
}

static int has_share(const struct answer *answer)
{
    return answer->style->to == ANSWER_TABLE && is_total(answer, 0);
}

/* Print a row of a table, or measure it while nothing is to be printed. */
static void lay_cell(struct answer *answer, uint32_t column, const char *cell, int right,
                     int print)
{
    const int len = (int)strlen(cell);

    if (!print)
        answer->width[column] = len > answer->width[column] ? len : answer->width[column];
    else
        fprintf(answer->out, right ? "%s%*s" : "%s%-*s", column ? "  " : "",
                answer->width[column], cell);
}

static void lay_row(struct answer *answer, uint32_t group, int print)
{
    char cell[CELL];
    uint32_t i;
    int number;

    for (i = 0; i < answer->keys; i++) {
        write_key(answer, group, i, cell, &number);
        if (group == VPCVIS_ROLLUP_OTHER)
            strcpy(cell, i == 0 ? "everything else" : "");
        lay_cell(answer, i, cell, 0, print);
    }
    for (i = 0; i < answer->measures; i++) {
        write_measure(answer, group, i, cell);
        lay_cell(answer, answer->keys + i, cell, 1, print);
    }
    if (has_share(answer)) {
        write_share(answer, group, cell);
        lay_cell(answer, answer->keys + i, cell, 1, print);
    }
    if (print)
        fputc('\n', answer->out);
}

static void lay_heading(struct answer *answer, int print)
{
    char name[QUESTION_NAME];
    uint32_t i;

    for (i = 0; i < answer->keys; i++) {
        question_key_name(answer->question, i, name);
        lay_cell(answer, i, name, 0, print);
    }
    for (i = 0; i < answer->measures; i++) {
        question_measure_name(answer->question, i, name);
        lay_cell(answer, answer->keys + i, name, 1, print);
    }
    if (has_share(answer))
        lay_cell(answer, answer->keys + i, "share", 1, print);
    if (print)
        fputc('\n', answer->out);
}

static void print_table(struct answer *answer)
{
    struct vpcvis_rollup_counts counts;
    uint32_t i;
    int print;

    (void)vpcvis_rollup_count(answer->rollup, &counts);
    for (print = 0; print <= 1; print++) {
        lay_heading(answer, print);
        for (i = 0; i < answer->count; i++)
            lay_row(answer, answer->groups[i], print);
        if ((counts.flags & VPCVIS_ROLLUP_OVERFLOW) != 0)
            lay_row(answer, VPCVIS_ROLLUP_OTHER, print);
    }
    if (answer->count < counts.groups)
        fprintf(answer->out, "(%u of %u groups)\n", answer->count, counts.groups);
}

/* RFC 4180: a cell with a comma or a quote is quoted. */
static void print_csv_cell(FILE *out, const char *cell)
{
    if (strpbrk(cell, ",\"") == NULL) {
        fputs(cell, out);
        return;
    }
    fputc('"', out);
    for (; *cell != '\0'; cell++)
        fprintf(out, *cell == '"' ? "\"\"" : "%c", *cell);
    fputc('"', out);
}

static void print_csv(const struct answer *answer)
{
    char cell[CELL];
    uint32_t i, k;
    int number;

    for (k = 0; k < answer->keys + answer->measures; k++) {
        if (k < answer->keys)
            question_key_name(answer->question, k, cell);
        else
            question_measure_name(answer->question, k - answer->keys, cell);
        fprintf(answer->out, "%s%s", k ? "," : "", cell);
    }
    fputc('\n', answer->out);
    for (i = 0; i < answer->count; i++) {
        for (k = 0; k < answer->keys + answer->measures; k++) {
            const int has =
                k < answer->keys
                    ? write_key(answer, answer->groups[i], k, cell, &number)
                    : write_measure(answer, answer->groups[i], k - answer->keys, cell);
            if (k > 0)
                fputc(',', answer->out);
            if (has)
                print_csv_cell(answer->out, cell);
        }
        fputc('\n', answer->out);
    }
}

static void print_json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++)
        fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    fputc('"', out);
}

static void print_json(const struct answer *answer)
{
    char cell[CELL], name[QUESTION_NAME];
    uint32_t i, k;
    int number, has;

    for (i = 0; i < answer->count; i++) {
        for (k = 0; k < answer->keys + answer->measures; k++) {
            number = 1;
            if (k < answer->keys) {
                question_key_name(answer->question, k, name);
                has = write_key(answer, answer->groups[i], k, cell, &number);
            } else {
                question_measure_name(answer->question, k - answer->keys, name);
                has = write_measure(answer, answer->groups[i], k - answer->keys, cell);
            }
            fprintf(answer->out, "%s\"%s\":", k ? "," : "{", name);
            if (has && !number)
                print_json_text(answer->out, cell);
            else
                fputs(has ? cell : "null", answer->out);
        }
        fputs("}\n", answer->out);
    }
}

static void add_totals(struct answer *answer, uint32_t groups)
{
    uint64_t number;
    uint32_t g, m;

    for (m = 0; m < answer->measures; m++) {
        if (!is_total(answer, m))
            continue;
        for (g = 0; g <= groups; g++) {
            if (vpcvis_rollup_get(answer->rollup, g < groups ? g : VPCVIS_ROLLUP_OTHER, m,
                                  &number) != VPCVIS_OK)
                continue;
            answer->total[m] = number > UINT64_MAX - answer->total[m]
                                   ? UINT64_MAX
                                   : answer->total[m] + number;
        }
    }
}

int answer_print(FILE *out, const struct question *question, const vpcvis_rollup *rollup,
                 const struct answer_style *style)
{
    struct vpcvis_rollup_counts counts;
    struct answer answer = {0};
    uint32_t wanted;

    (void)vpcvis_rollup_count(rollup, &counts);
    wanted =
        style->count == 0 || style->count > counts.groups ? counts.groups : style->count;
    answer.out = out;
    answer.question = question;
    answer.rollup = rollup;
    answer.style = style;
    answer.keys = question->config.key_count;
    answer.measures = question->config.measure_count;
    answer.groups = malloc((wanted + (size_t)1) * sizeof(*answer.groups));
    if (answer.groups == NULL)
        return -1;
    (void)vpcvis_rollup_top(rollup, 0, wanted, answer.groups, &answer.count);
    add_totals(&answer, counts.groups);
    switch (style->to) {
    case ANSWER_CSV: print_csv(&answer); break;
    case ANSWER_JSON: print_json(&answer); break;
    default: print_table(&answer); break;
    }
    free(answer.groups);
    return 0;
}

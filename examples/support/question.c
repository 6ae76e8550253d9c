/* SPDX-License-Identifier: MIT */
#include "question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One word of a question, between commas. */
struct word {
    const char *text;
    size_t len;
    char *problem;
};

static int fail(const struct word *word, const char *reason)
{
    snprintf(word->problem, QUESTION_PROBLEM, "%s: %.*s", reason,
             (int)(word->len < 80 ? word->len : 80), word->text);
    return -1;
}

static uint32_t kind_of(uint32_t field)
{
    struct vpcvis_field row;

    return vpcvis_record_field(field, &row) == VPCVIS_OK ? row.kind : 0;
}

static int is_number(uint32_t field)
{
    return kind_of(field) == VPCVIS_KIND_NUMBER32 ||
           kind_of(field) == VPCVIS_KIND_NUMBER64;
}

static int read_field(const struct word *word, const char *name, size_t len,
                      uint32_t *field)
{
    if (vpcvis_record_find(name, len, field) == VPCVIS_OK)
        return 0;
    return fail(word, "not a field");
}

/* Digits up to `end`; where they stop. */
static const char *read_digits(const char *at, const char *end, uint64_t *number)
{
    const char *const begin = at;

    *number = 0;
    while (at < end && at - begin < 12 && *at >= '0' && *at <= '9')
        *number = *number * 10 + (uint64_t)(*at++ - '0');
    return at;
}

/* ":24", ":24:48": how many bits are kept. Without the second, IPv6 keeps 64. */
static int read_prefix(const struct word *word, const char *at, const char *end,
                       struct vpcvis_rollup_key_config *key)
{
    uint64_t ipv4_len, ipv6_len = 64;
    const char *const begin = at;

    at = read_digits(at, end, &ipv4_len);
    if (at > begin && at < end && *at == ':')
        at = read_digits(at + 1, end, &ipv6_len);
    if (at == begin || at != end || ipv4_len > 32 || ipv6_len > 128)
        return fail(word, "after the colon comes a prefix length, two of them, or zone");
    key->kind = VPCVIS_ROLLUP_PREFIX;
    key->ipv4_len = (uint32_t)ipv4_len;
    key->ipv6_len = (uint32_t)ipv6_len;
    return 0;
}

static int read_step(const struct word *word, const char *at, const char *end,
                     struct vpcvis_rollup_key_config *key)
{
    static const char units[] = "smhd";
    static const uint64_t seconds[] = {1, 60, 3600, 86400};
    const char *const begin = at, *unit;

    at = read_digits(at, end, &key->step);
    if (at > begin && at + 1 == end && (unit = strchr(units, *at)) != NULL) {
        key->step *= seconds[unit - units];
        at++;
    }
    if (at == begin || at != end || key->step == 0)
        return fail(word, "after the colon comes a number, or a time as 60s, 5m, 1h, 1d");
    key->kind = VPCVIS_ROLLUP_BUCKET;
    return 0;
}

static int read_key(const struct word *word, const vpcvis_prefix *zones,
                    struct vpcvis_rollup_key_config *key)
{
    const char *const end = word->text + word->len;
    const char *colon = memchr(word->text, ':', word->len);

    key->kind = VPCVIS_ROLLUP_FIELD;
    if (read_field(word, word->text, colon ? (size_t)(colon - word->text) : word->len,
                   &key->field) != 0)
        return -1;
    if (colon == NULL)
        return 0;
    colon++;
    if (kind_of(key->field) == VPCVIS_KIND_ADDRESS && end - colon == 4 &&
        memcmp(colon, "zone", 4) == 0) {
        key->kind = VPCVIS_ROLLUP_ZONE;
        key->zones = zones;
        return zones ? 0 : fail(word, "zones need --zones FILE");
    }
    if (kind_of(key->field) == VPCVIS_KIND_ADDRESS)
        return read_prefix(word, colon, end, key);
    if (is_number(key->field))
        return read_step(word, colon, end, key);
    return fail(word, "only addresses and numbers take a colon");
}

static const struct {
    char word[10];
    uint32_t kind;
} measure_words[] = {
    {"sum", VPCVIS_ROLLUP_SUM},     {"min", VPCVIS_ROLLUP_MIN},
    {"max", VPCVIS_ROLLUP_MAX},     {"or", VPCVIS_ROLLUP_OR},
    {"count", VPCVIS_ROLLUP_COUNT}, {"distinct", VPCVIS_ROLLUP_DISTINCT}};

#define MEASURE_WORDS (sizeof(measure_words) / sizeof(measure_words[0]))

static int is_word(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

static int read_measure(const struct word *word,
                        struct vpcvis_rollup_measure_config *measure)
{
    const char *name = word->text;
    const char *colon = memchr(name, ':', word->len);
    size_t len = word->len, i;

    measure->kind = VPCVIS_ROLLUP_SUM;
    if (is_word(name, len, "records") || is_word(name, len, "flows")) {
        measure->kind = VPCVIS_ROLLUP_RECORDS;
        return 0;
    }
    if (colon != NULL) {
        measure->kind = 0;
        for (i = 0; i < MEASURE_WORDS; i++)
            if (is_word(name, (size_t)(colon - name), measure_words[i].word))
                measure->kind = measure_words[i].kind;
        if (measure->kind == 0)
            return fail(word,
                        "before the colon comes sum, min, max, or, count or distinct");
        len -= (size_t)(colon + 1 - name);
        name = colon + 1;
    }
    if (read_field(word, name, len, &measure->field) != 0)
        return -1;
    if (measure->kind != VPCVIS_ROLLUP_COUNT && measure->kind != VPCVIS_ROLLUP_DISTINCT &&
        !is_number(measure->field))
        return fail(word, "not a number: try count: or distinct:");
    return 0;
}

/* Read a list of words, keys if `zones` may be asked for, else measures. */
static int read_list(struct vpcvis_rollup_config *config, struct word *word,
                     const char *end, int keys, const vpcvis_prefix *zones)
{
    while (word->text < end) {
        const char *comma = memchr(word->text, ',', (size_t)(end - word->text));
        int status;

        word->len = (size_t)((comma ? comma : end) - word->text);
        if (keys ? config->key_count == VPCVIS_ROLLUP_KEYS_MAX
                 : config->measure_count == VPCVIS_ROLLUP_MEASURES_MAX)
            return fail(word, "too many");
        status = keys ? read_key(word, zones, &config->keys[config->key_count++])
                      : read_measure(word, &config->measures[config->measure_count++]);
        if (status != 0)
            return -1;
        word->text += word->len + (comma != NULL);
        if (comma != NULL && word->text == end)
            return fail(word, "nothing after a comma");
    }
    return 0;
}

int question_read(struct question *question, const char *text, const vpcvis_prefix *zones,
                  char problem[QUESTION_PROBLEM], size_t *offset)
{
    const char *slash = strchr(text, '/');
    const char *const end = text + strlen(text);
    struct word word = {text, 0, problem};
    int status;

    memset(question, 0, sizeof(*question));
    question->text = text;
    question->config.size = sizeof(question->config);
    status = read_list(&question->config, &word, slash ? slash : end, 1, zones);
    if (status == 0 && slash != NULL) {
        word.text = slash + 1;
        status = read_list(&question->config, &word, end, 0, NULL);
    }
    *offset = (size_t)(word.text - text);
    if (status == 0 && question->config.measure_count == 0)
        question->config.measures[question->config.measure_count++].kind =
            VPCVIS_ROLLUP_RECORDS;
    return status;
}

static const char *field_name(uint32_t field)
{
    struct vpcvis_field row;

    return vpcvis_record_field(field, &row) == VPCVIS_OK ? row.name : "?";
}

void question_key_name(const struct question *question, uint32_t k,
                       char out[QUESTION_NAME])
{
    const struct vpcvis_rollup_key_config *key = &question->config.keys[k];

    switch (key->kind) {
    case VPCVIS_ROLLUP_PREFIX:
        snprintf(out, QUESTION_NAME, "%s:%u:%u", field_name(key->field), key->ipv4_len,
                 key->ipv6_len);
        break;
    case VPCVIS_ROLLUP_ZONE:
        snprintf(out, QUESTION_NAME, "%s:zone", field_name(key->field));
        break;
    case VPCVIS_ROLLUP_BUCKET:
        snprintf(out, QUESTION_NAME, "%s:%llu", field_name(key->field),
                 (unsigned long long)key->step);
        break;
    default: snprintf(out, QUESTION_NAME, "%s", field_name(key->field)); break;
    }
}

void question_measure_name(const struct question *question, uint32_t m,
                           char out[QUESTION_NAME])
{
    const struct vpcvis_rollup_measure_config *measure = &question->config.measures[m];
    const char *word = "";
    size_t i;

    if (measure->kind == VPCVIS_ROLLUP_RECORDS) {
        strcpy(out, "records");
        return;
    }
    for (i = 1; i < MEASURE_WORDS; i++) /* a sum goes by the field's name alone */
        if (measure_words[i].kind == measure->kind)
            word = measure_words[i].word;
    snprintf(out, QUESTION_NAME, "%s%s%s", word, *word ? ":" : "",
             field_name(measure->field));
}

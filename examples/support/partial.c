/* SPDX-License-Identifier: MIT */
#include "partial.h"

#include <stdlib.h>
#include <string.h>

#define ROWS 256u
/* Texts of a row: any number of keys, each as long as a text can be. */
#define TEXTS ((size_t)VPCVIS_ROLLUP_KEYS_MAX * 65536)

static uint32_t kind_of_key(const struct vpcvis_rollup_key_config *key)
{
    struct vpcvis_field row;

    if (key->kind >= VPCVIS_ROLLUP_ZONE ||
        vpcvis_record_field(key->field, &row) != VPCVIS_OK)
        return VPCVIS_KIND_NUMBER64;
    return row.kind;
}

void partial_name(const struct question *question, char *out, size_t capacity)
{
    const uint32_t keys = question->config.key_count;
    char name[QUESTION_NAME];
    size_t len = 0;
    uint32_t i;

    out[0] = '\0';
    for (i = 0; i < keys; i++) {
        question_key_name(question, i, name);
        len += (size_t)snprintf(out + len, capacity - len, "%s%s", i ? "," : "", name);
    }
    for (i = 0; i < question->config.measure_count; i++) {
        question_measure_name(question, i, name);
        len += (size_t)snprintf(out + len, capacity - len, "%s%s", i ? "," : "/", name);
    }
}

static int is_valid(const uint64_t *bitmap, uint32_t row)
{
    return (int)(bitmap[row / 64] >> row % 64 & 1);
}

static void write_text(FILE *out, const struct vpcvis_line_text *value, uint32_t field,
                       const char *text)
{
    if (value->len > 0)
        fprintf(out, "%.*s", (int)value->len, text + value->at);
    else
        fputs(vpcvis_record_name(field, value->code), out);
}

static void write_key(FILE *out, const struct vpcvis_rollup_key_config *key,
                      const void *values, uint32_t row, const char *text,
                      const char *const *names)
{
    const uint32_t kind = kind_of_key(key);
    const uint64_t *numbers = values;
    char addr[64];
    size_t len = 0;

    if (kind == VPCVIS_KIND_ADDRESS) {
        (void)vpcvis_addr_write((const struct vpcvis_addr *)values + row, addr,
                                sizeof(addr), &len);
        fprintf(out, "%.*s", (int)len, addr);
    } else if (kind >= VPCVIS_KIND_NAME) {
        write_text(out, (const struct vpcvis_line_text *)values + row, key->field, text);
    } else if (key->kind == VPCVIS_ROLLUP_ZONE) {
        fputs(names[numbers[row]], out);
    } else {
        fprintf(out, "%llu", (unsigned long long)numbers[row]);
    }
}

static void write_sketch(FILE *out, const uint8_t *sketch, uint32_t bits)
{
    uint32_t i;

    for (i = 0; i < (uint32_t)1 << bits; i++)
        fputc('0' + sketch[i], out);
}

static void write_row(FILE *out, const struct vpcvis_rollup_config *config,
                      const struct vpcvis_rollup_columns *columns, uint32_t row,
                      const char *text, const char *const *names)
{
    const int other = (columns->flags[row] & VPCVIS_ROLLUP_ROW_OTHER) != 0;
    const size_t sketch = (size_t)1 << config->sketch_bits;
    uint32_t i;

    fprintf(out, "\t%u\t%llu", columns->flags[row],
            (unsigned long long)columns->records[row]);
    for (i = 0; i < config->key_count; i++) {
        fputc('\t', out);
        if (!is_valid(columns->keys_valid[i], row))
            fputc(other ? '*' : '-', out);
        else
            write_key(out, &config->keys[i], columns->keys[i], row, text, names);
    }
    for (i = 0; i < config->measure_count; i++) {
        const char *values = columns->measures[i];

        fputc('\t', out);
        if (!is_valid(columns->measures_valid[i], row))
            fputc('-', out);
        else if (config->measures[i].kind == VPCVIS_ROLLUP_DISTINCT)
            write_sketch(out, (const uint8_t *)values + row * sketch,
                         config->sketch_bits);
        else
            fprintf(out, "%llu",
                    (unsigned long long)((const uint64_t *)(const void *)values)[row]);
    }
    fputc('\n', out);
}

int partial_write(FILE *out, const struct question *question, const vpcvis_rollup *rollup,
                  const char *const *names)
{
    const size_t bytes = vpcvis_rollup_columns_bytes(rollup, ROWS);
    void *memory = malloc(bytes);
    char *text = malloc(TEXTS);
    struct vpcvis_rollup_columns columns;
    char name[sizeof(((struct partial *)0)->text)];
    vpcvis_status status = VPCVIS_E_MEMORY;
    uint64_t first = 0;
    uint32_t n, i;
    size_t text_len;

    partial_name(question, name, sizeof(name));
    if (memory != NULL && text != NULL)
        status = vpcvis_rollup_columns_init(memory, bytes, rollup, ROWS, &columns);
    while (status == VPCVIS_OK || status == VPCVIS_MORE) {
        status = vpcvis_rollup_write_columns(rollup, first, &columns, text, TEXTS,
                                             &text_len, &n);
        for (i = 0; i < n; i++) {
            fputs(name, out);
            write_row(out, &question->config, &columns, i, text, names);
        }
        first += n;
        if (status != VPCVIS_MORE)
            break;
    }
    free(memory);
    free(text);
    return status == VPCVIS_OK ? 0 : -1;
}

int partial_init(struct partial *partial)
{
    const size_t bytes = vpcvis_rollup_columns_bytes(partial->rollup, 1);

    partial->memory = malloc(bytes);
    if (partial->memory == NULL ||
        vpcvis_rollup_columns_init(partial->memory, bytes, partial->rollup, 1,
                                   &partial->columns) != VPCVIS_OK)
        return -1;
    return 0;
}

void partial_free(struct partial *partial)
{
    vpcvis_rollup_free(partial->rollup, NULL);
    free(partial->memory);
    memset(partial, 0, sizeof(*partial));
}

/* The next cell of a line; NULL if there is none. */
static char *next_cell(char **line)
{
    char *cell = *line, *tab;

    if (cell == NULL)
        return NULL;
    tab = strchr(cell, '\t');
    if (tab != NULL)
        *tab = '\0';
    *line = tab != NULL ? tab + 1 : NULL;
    return cell;
}

static int read_number(const char *cell, uint64_t *number)
{
    uint64_t value = 0;

    if (*cell == '\0')
        return -1;
    for (; *cell != '\0'; cell++) {
        const uint64_t digit = (uint64_t)((unsigned char)*cell - '0');
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return -1;
        value = value * 10 + digit;
    }
    *number = value;
    return 0;
}

static int read_zone(const char *cell, const char *const *names, uint32_t name_count,
                     uint64_t *number)
{
    uint32_t i;

    for (i = 0; i < name_count; i++) {
        if (strcmp(names[i], cell) == 0) {
            *number = i;
            return 0;
        }
    }
    return -1;
}

static int read_key(const struct vpcvis_rollup_key_config *key, char *cell,
                    const char *line, void *values, const char *const *names,
                    uint32_t name_count)
{
    const uint32_t kind = kind_of_key(key);
    const size_t len = strlen(cell);
    struct vpcvis_line_text *text = values;

    if (kind == VPCVIS_KIND_ADDRESS)
        return vpcvis_addr_read(cell, len, values, NULL) == VPCVIS_OK ? 0 : -1;
    if (kind >= VPCVIS_KIND_NAME) {
        text->at = (uint32_t)(cell - line);
        text->len = (uint16_t)len;
        text->code = 0;
        return len <= UINT16_MAX ? 0 : -1;
    }
    if (key->kind == VPCVIS_ROLLUP_ZONE)
        return read_zone(cell, names, name_count, values);
    return read_number(cell, values);
}

static int read_sketch(const char *cell, uint32_t bits, uint8_t *sketch)
{
    const size_t registers = (size_t)1 << bits;
    size_t i;

    if (strlen(cell) != registers)
        return -1;
    for (i = 0; i < registers; i++) {
        if (cell[i] < '0' || cell[i] > '0' + 64)
            return -1;
        sketch[i] = (uint8_t)(cell[i] - '0');
    }
    return 0;
}

static const char *read_cells(struct partial *partial, char *line,
                              const char *const *names, uint32_t name_count)
{
    const struct vpcvis_rollup_config *config = &partial->question.config;
    struct vpcvis_rollup_columns *columns = &partial->columns;
    const char *const begin = line;
    uint64_t flags;
    char *cell;
    uint32_t i;

    if ((cell = next_cell(&line)) == NULL || read_number(cell, &flags) != 0 ||
        flags > 3 || (cell = next_cell(&line)) == NULL ||
        read_number(cell, columns->records) != 0)
        return "no flags or count of records";
    columns->flags[0] = (uint32_t)flags;
    for (i = 0; i < config->key_count; i++) {
        if ((cell = next_cell(&line)) == NULL)
            return "too few columns";
        columns->keys_valid[i][0] = strcmp(cell, "-") != 0 && strcmp(cell, "*") != 0;
        if (columns->keys_valid[i][0] &&
            read_key(&config->keys[i], cell, begin, columns->keys[i], names,
                     name_count) != 0)
            return "a key that cannot be";
    }
    for (i = 0; i < config->measure_count; i++) {
        if ((cell = next_cell(&line)) == NULL)
            return "too few columns";
        columns->measures_valid[i][0] = strcmp(cell, "-") != 0;
        if (columns->measures_valid[i][0] &&
            (config->measures[i].kind == VPCVIS_ROLLUP_DISTINCT
                 ? read_sketch(cell, config->sketch_bits, columns->measures[i])
                 : read_number(cell, columns->measures[i])) != 0)
            return "a measure that cannot be";
    }
    return line == NULL ? NULL : "too many columns";
}

const char *partial_add(struct partial *partial, char *line, const char *const *names,
                        uint32_t name_count)
{
    const char *problem = read_cells(partial, line, names, name_count);
    vpcvis_status status;
    uint32_t taken;

    if (problem != NULL)
        return problem;
    status =
        vpcvis_rollup_add_partial(partial->rollup, &partial->columns, line, 1, &taken);
    return status == VPCVIS_OK ? NULL : vpcvis_base_status_text(status);
}

/* SPDX-License-Identifier: MIT */
/*
 * Room line: making the machine, and laying out columns in the caller's memory.
 */
#include "line.h"

/* Names of eight bytes and less, as the kernels compare them. */
static void plan_words(struct vpcvis_i_line_words *words, uint32_t field)
{
    uint32_t code;

    words->field = field;
    for (code = 1; code <= vpcvis_i_record_words(field); code++) {
        const char *word = vpcvis_i_record_word(field, code);
        uint64_t key = 0;
        uint32_t len = 0;

        while (len < 9 && word[len] != '\0') {
            key = key >> 8 | (uint64_t)(unsigned char)word[len] << 56;
            len++;
        }
        if (len > 8)
            continue;
        words->key[words->count] = key;
        words->len[words->count] = (uint8_t)len;
        words->code[words->count] = (uint8_t)code;
        words->count++;
    }
}

static uint32_t block_bytes(uint32_t kind)
{
    if (kind == VPCVIS_KIND_ADDRESS)
        return VPCVIS_I_LINE_LANES * (uint32_t)sizeof(struct vpcvis_addr);
    return VPCVIS_I_LINE_LANES * 8;
}

static void plan_columns(vpcvis_line *lines)
{
    const vpcvis_layout *layout = lines->layout;
    const int skip = (lines->flags & VPCVIS_LINE_SKIP) != 0;
    uint32_t c, at = 0, names = 0;

    for (c = 0; c < layout->columns; c++) {
        struct vpcvis_i_line_column *column = &lines->column[c];
        const uint32_t field = layout->field[c];
        const struct vpcvis_i_record_field *row = vpcvis_i_record_field(field);

        column->field = (uint8_t)field;
        column->kind = row->kind;
        column->slot = row->slot;
        column->max = row->max;
        column->asked = (uint8_t)vpcvis_i_line_has(lines->fields, field);
        column->checked = column->asked || (!skip && row->kind < VPCVIS_KIND_NAME) ||
                          field == VPCVIS_FIELD_LOG_STATUS;
        column->block = at;
        at += block_bytes(row->kind);
        if (row->kind == VPCVIS_KIND_NAME) {
            column->words = (uint16_t)names;
            plan_words(&lines->words[names++], field);
        }
        lines->typed |= column->checked && row->kind < VPCVIS_KIND_NAME;
    }
}

/*
 * Header lines are told from records by a number or address that they lack. Where none is
 * checked, check the first there is: the scalar reader then decides.
 */
static void plan_guard(vpcvis_line *lines)
{
    uint32_t c;

    for (c = 0; (lines->flags & VPCVIS_LINE_HEADER) && c < lines->layout->columns; c++) {
        if (lines->typed)
            return;
        if (lines->column[c].kind < VPCVIS_KIND_NAME) {
            lines->column[c].checked = 1;
            lines->guarded = 1;
            return;
        }
    }
}

size_t vpcvis_line_bytes(void)
{
    return sizeof(struct vpcvis_line) + VPCVIS_I_ALIGN - 1;
}

static vpcvis_status check_config(const struct vpcvis_line_config *config)
{
    if ((config->flags & ~VPCVIS_I_LINE_FLAGS) != 0 || config->reserved != 0 ||
        config->cpu > VPCVIS_CPU_NEON)
        return VPCVIS_E_CONFIG;
    return vpcvis_base_cpu_find(config->cpu);
}

vpcvis_status vpcvis_line_init(void *memory, size_t len, const vpcvis_layout *layout,
                               const struct vpcvis_line_config *config, vpcvis_line **out)
{
    struct vpcvis_line_config known;
    vpcvis_line *lines;
    vpcvis_status status;

    if (memory == NULL || layout == NULL || out == NULL)
        return VPCVIS_E_ARG;
    status = vpcvis_i_base_config(config, &known, sizeof(known));
    if (status == VPCVIS_OK)
        status = check_config(&known);
    if (status != VPCVIS_OK)
        return status;
    if (len < vpcvis_line_bytes())
        return VPCVIS_E_SPACE;
    lines = vpcvis_i_bytes_align(memory);
    memset(lines, 0, offsetof(struct vpcvis_line, lanes));
    memset(&lines->lanes, 0, sizeof(lines->lanes));
    lines->lanes.sep = lines->index.sep;
    lines->index.crs = 0;
    lines->layout = layout;
    lines->flags = known.flags;
    lines->line_max = VPCVIS_LINE_MAX;
    lines->cpu = known.cpu == VPCVIS_CPU_AUTO ? vpcvis_base_cpu() : known.cpu;
    lines->fields[0] = known.fields[0] & layout->fields[0];
    lines->fields[1] = known.fields[1] & layout->fields[1];
    if ((known.fields[0] | known.fields[1]) == 0) {
        lines->fields[0] = layout->fields[0];
        lines->fields[1] = layout->fields[1];
    }
    plan_columns(lines);
    plan_guard(lines);
    *out = lines;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_line_new(const vpcvis_layout *layout,
                              const struct vpcvis_line_config *config,
                              const struct vpcvis_allocator *allocator, vpcvis_line **out)
{
    vpcvis_status status;
    void *memory;

    if (layout == NULL || out == NULL)
        return VPCVIS_E_ARG;
    memory = vpcvis_i_base_new(allocator, vpcvis_line_bytes());
    if (memory == NULL)
        return VPCVIS_E_MEMORY;
    status = vpcvis_line_init(memory, vpcvis_line_bytes(), layout, config, out);
    if (status != VPCVIS_OK)
        vpcvis_i_base_delete(allocator, memory);
    return status;
}

void vpcvis_line_free(vpcvis_line *lines, const struct vpcvis_allocator *allocator)
{
    vpcvis_i_base_delete(allocator, lines);
}

static size_t round_up(size_t bytes)
{
    return (bytes + VPCVIS_I_ALIGN - 1) / VPCVIS_I_ALIGN * VPCVIS_I_ALIGN;
}

/* Bytes of one element of a field's column. */
static size_t element_bytes(uint32_t field)
{
    switch (vpcvis_i_record_field(field)->kind) {
    case VPCVIS_KIND_NUMBER32: return sizeof(uint32_t);
    case VPCVIS_KIND_NUMBER64: return sizeof(uint64_t);
    case VPCVIS_KIND_ADDRESS: return sizeof(struct vpcvis_addr);
    default: return sizeof(struct vpcvis_line_text);
    }
}

size_t vpcvis_line_columns_bytes(const uint64_t fields[2], uint32_t capacity)
{
    const size_t bitmap = round_up(((size_t)capacity + 63) / 64 * 8);
    size_t total = VPCVIS_I_ALIGN - 1;
    uint32_t field;

    total += 2 * round_up((size_t)capacity * sizeof(uint32_t));
    for (field = 0; field < VPCVIS_FIELD_MAX; field++) {
        if (vpcvis_i_line_has(fields, field))
            total += bitmap + round_up(capacity * element_bytes(field));
    }
    return total;
}

static void *carve(char **at, size_t bytes)
{
    char *array = *at;

    *at += round_up(bytes);
    return array;
}

vpcvis_status vpcvis_line_columns_init(void *memory, size_t len, const uint64_t fields[2],
                                       uint32_t capacity,
                                       struct vpcvis_line_columns *columns)
{
    const size_t bitmap = ((size_t)capacity + 63) / 64 * 8;
    char *at;
    uint32_t field;

    if (memory == NULL || fields == NULL || columns == NULL || capacity == 0)
        return VPCVIS_E_ARG;
    if (len < vpcvis_line_columns_bytes(fields, capacity))
        return VPCVIS_E_SPACE;
    memset(columns, 0, sizeof(*columns));
    columns->size = sizeof(*columns);
    columns->capacity = capacity;
    at = vpcvis_i_bytes_align(memory);
    columns->line_at = carve(&at, (size_t)capacity * sizeof(uint32_t));
    columns->flags = carve(&at, (size_t)capacity * sizeof(uint32_t));
    for (field = 0; field < VPCVIS_FIELD_MAX; field++) {
        if (vpcvis_i_line_has(fields, field)) {
            columns->values[field] = carve(&at, capacity * element_bytes(field));
            columns->valid[field] = carve(&at, bitmap);
        }
    }
    return VPCVIS_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * Room rollup: partials, groups to columns and back.
 */
#include "rollup.h"

/* How many bytes the elements of a key's array have. */
static size_t key_width(const struct vpcvis_rollup_key_config *key)
{
    switch (vpcvis_i_rollup_kind(key)) {
    case VPCVIS_KIND_ADDRESS: return sizeof(struct vpcvis_addr);
    case VPCVIS_KIND_NAME:
    case VPCVIS_KIND_TEXT: return sizeof(struct vpcvis_line_text);
    default: return sizeof(uint64_t);
    }
}

static size_t measure_width(const struct vpcvis_rollup_config *config, uint32_t m)
{
    return config->measures[m].kind == VPCVIS_ROLLUP_DISTINCT
               ? (size_t)1 << config->sketch_bits
               : sizeof(uint64_t);
}

static void *cut_array(char *base, uint64_t *at, uint64_t bytes)
{
    void *piece = base != NULL ? base + (size_t)*at : NULL;

    *at += (bytes + VPCVIS_I_ALIGN - 1) / VPCVIS_I_ALIGN * VPCVIS_I_ALIGN;
    return piece;
}

static uint64_t lay_columns_out(const vpcvis_rollup *rollup, uint32_t capacity,
                                char *base, struct vpcvis_rollup_columns *columns)
{
    const struct vpcvis_rollup_config *config = &rollup->config;
    const uint64_t bitmap = ((uint64_t)capacity + 63) / 64 * 8;
    uint64_t at = 0;
    uint32_t i;

    memset(columns, 0, sizeof(*columns));
    columns->size = sizeof(*columns);
    columns->capacity = capacity;
    columns->flags = cut_array(base, &at, (uint64_t)capacity * 4);
    columns->records = cut_array(base, &at, (uint64_t)capacity * 8);
    for (i = 0; i < config->key_count; i++) {
        columns->keys[i] = cut_array(base, &at, capacity * key_width(&config->keys[i]));
        columns->keys_valid[i] = cut_array(base, &at, bitmap);
    }
    for (i = 0; i < config->measure_count; i++) {
        columns->measures[i] = cut_array(base, &at, capacity * measure_width(config, i));
        columns->measures_valid[i] = cut_array(base, &at, bitmap);
    }
    return at + VPCVIS_I_ALIGN;
}

size_t vpcvis_rollup_columns_bytes(const vpcvis_rollup *rollup, uint32_t capacity)
{
    struct vpcvis_rollup_columns columns;
    uint64_t bytes;

    if (rollup == NULL || capacity == 0)
        return 0;
    bytes = lay_columns_out(rollup, capacity, NULL, &columns);
    return bytes > SIZE_MAX / 2 ? 0 : (size_t)bytes;
}

vpcvis_status vpcvis_rollup_columns_init(void *memory, size_t len,
                                         const vpcvis_rollup *rollup, uint32_t capacity,
                                         struct vpcvis_rollup_columns *columns)
{
    const size_t bytes = vpcvis_rollup_columns_bytes(rollup, capacity);

    if (memory == NULL || bytes == 0 || columns == NULL)
        return VPCVIS_E_ARG;
    if (len < bytes)
        return VPCVIS_E_SPACE;
    (void)lay_columns_out(rollup, capacity, vpcvis_i_bytes_align(memory), columns);
    return VPCVIS_OK;
}

static void set_valid(uint64_t *bitmap, uint32_t row, int valid)
{
    const uint64_t bit = (uint64_t)1 << row % 64;

    if (row % 64 == 0)
        bitmap[row / 64] = 0;
    bitmap[row / 64] |= valid ? bit : 0;
}

static int get_valid(const uint64_t *bitmap, uint32_t row)
{
    return (int)(bitmap[row / 64] >> row % 64 & 1);
}

/* Bytes of text that the keys of a group need. */
static size_t texts_len(const vpcvis_rollup *rollup, uint32_t group)
{
    struct vpcvis_value value;
    size_t len = 0;
    uint32_t k;

    for (k = 0; rollup->has_texts && k < rollup->config.key_count; k++)
        if (vpcvis_rollup_get_key(rollup, group, k, &value) == VPCVIS_OK)
            len += value.text_len;
    return len;
}

static void write_key(const vpcvis_rollup *rollup, uint32_t group, uint32_t k,
                      const struct vpcvis_rollup_columns *columns, uint32_t row,
                      char *text, size_t *text_len)
{
    struct vpcvis_line_text *texts = columns->keys[k];
    struct vpcvis_addr *addrs = columns->keys[k];
    uint64_t *numbers = columns->keys[k];
    struct vpcvis_value value;

    (void)vpcvis_rollup_get_key(rollup, group, k, &value);
    set_valid(columns->keys_valid[k], row, value.state == VPCVIS_STATE_VALUE);
    switch (value.kind) {
    case VPCVIS_KIND_ADDRESS: addrs[row] = value.addr; break;
    case VPCVIS_KIND_NAME:
    case VPCVIS_KIND_TEXT:
        texts[row].at = (uint32_t)*text_len;
        texts[row].len = (uint16_t)value.text_len;
        texts[row].code = (uint16_t)value.number;
        if (value.text_len > 0)
            memcpy(text + *text_len, value.text, value.text_len);
        *text_len += value.text_len;
        break;
    default: numbers[row] = value.number; break;
    }
}

static void write_row(const vpcvis_rollup *rollup, uint32_t group,
                      const struct vpcvis_rollup_columns *columns, uint32_t row)
{
    const struct vpcvis_rollup_config *config = &rollup->config;
    struct vpcvis_i_rollup_part part;
    uint32_t m;

    vpcvis_i_rollup_part_of(rollup, vpcvis_i_rollup_slot(rollup, group), &part);
    columns->flags[row] = vpcvis_i_rollup_row_flags(group, &part);
    columns->records[row] = part.records;
    for (m = 0; m < config->measure_count; m++) {
        const uint32_t kind = config->measures[m].kind;
        const size_t width = measure_width(config, m);
        char *to = (char *)columns->measures[m] + row * width;

        memcpy(to,
               kind == VPCVIS_ROLLUP_DISTINCT ? (const void *)part.sketch[m]
                                              : (const void *)&part.number[m],
               width);
        set_valid(columns->measures_valid[m], row,
                  (int)(part.state >> m & 1) || kind <= VPCVIS_ROLLUP_COUNT ||
                      kind == VPCVIS_ROLLUP_DISTINCT);
    }
}

vpcvis_status vpcvis_rollup_write_columns(const vpcvis_rollup *rollup, uint64_t first,
                                          const struct vpcvis_rollup_columns *columns,
                                          char *text, size_t text_capacity,
                                          size_t *text_len, uint32_t *written)
{
    const uint64_t rows =
        rollup == NULL ? 0 : rollup->counts.groups + (rollup->counts.other > 0);
    size_t used = 0;
    uint32_t n, k;

    if (rollup == NULL || columns == NULL || columns->size != sizeof(*columns) ||
        (text == NULL && text_capacity > 0) || text_len == NULL || written == NULL)
        return VPCVIS_E_ARG;
    for (n = 0; n < columns->capacity && n < rows - first && first < rows; n++) {
        const uint32_t group = first + n < rollup->counts.groups ? (uint32_t)(first + n)
                                                                 : VPCVIS_ROLLUP_OTHER;
        const size_t needed = texts_len(rollup, group);

        if (needed > text_capacity - used || used > UINT32_MAX - needed)
            break;
        for (k = 0; k < rollup->config.key_count; k++)
            write_key(rollup, group, k, columns, n, text, &used);
        write_row(rollup, group, columns, n);
    }
    *written = n;
    *text_len = used;
    if (first >= rows || n == rows - first)
        return VPCVIS_OK;
    if (n > 0 || columns->capacity == 0)
        return VPCVIS_MORE;
    *text_len = texts_len(rollup, (uint32_t)first);
    return VPCVIS_E_SPACE;
}

/* A key of a row to its words. */
static vpcvis_status read_text(vpcvis_rollup *rollup, uint32_t field,
                               const struct vpcvis_value *from, uint64_t *word, int *room)
{
    uint32_t i, id;

    if (from->number != 0) {
        *word = from->number;
        return from->number <= vpcvis_i_record_words(field) ? VPCVIS_OK : VPCVIS_E_RANGE;
    }
    for (i = 0; i < from->text_len; i++)
        if (from->text[i] < 0x21 || from->text[i] > 0x7e)
            return VPCVIS_E_BYTE;
    if (from->text_len == 0)
        return VPCVIS_E_BYTE;
    *word = vpcvis_i_record_code(field, from->text, from->text_len);
    if (*word != 0)
        return VPCVIS_OK;
    id = vpcvis_i_rollup_intern(rollup, from->text, from->text_len);
    *word = VPCVIS_I_ROLLUP_TEXT | id;
    *room = *room && id != UINT32_MAX;
    return VPCVIS_OK;
}

static vpcvis_status read_number(const struct vpcvis_rollup_key_config *key,
                                 uint64_t number, uint64_t *word)
{
    const uint64_t most = key->kind == VPCVIS_ROLLUP_ZONE
                              ? VPCVIS_PREFIX_NONE - 1
                              : vpcvis_i_record_field(key->field)->max;

    *word = number;
    if (number > most || (key->kind == VPCVIS_ROLLUP_BUCKET && number % key->step != 0))
        return VPCVIS_E_RANGE;
    return VPCVIS_OK;
}

static vpcvis_status read_key_addr(const struct vpcvis_rollup_key_config *key,
                                   const struct vpcvis_addr *addr, uint64_t *words)
{
    const struct vpcvis_i_rollup_masks masks = vpcvis_i_rollup_masks_of(key);

    if (addr->family == VPCVIS_ADDR_IPV4) {
        words[0] = vpcvis_i_bytes_be32(addr->bytes) & masks.ipv4;
        return VPCVIS_OK;
    }
    words[0] = vpcvis_i_rollup_be64(addr->bytes) & masks.high;
    words[1] = vpcvis_i_rollup_be64(addr->bytes + 8) & masks.low;
    return addr->family == VPCVIS_ADDR_IPV6 ? VPCVIS_OK : VPCVIS_E_ADDRESS;
}

static vpcvis_status read_key(vpcvis_rollup *rollup, uint32_t k,
                              const struct vpcvis_value *from, uint64_t *words, int *room)
{
    const struct vpcvis_rollup_key_config *key = &rollup->config.keys[k];
    uint64_t *word = words + rollup->word_at[k];
    uint64_t is = VPCVIS_I_ROLLUP_VALUE;
    vpcvis_status status;

    if (from->state != VPCVIS_STATE_VALUE)
        return VPCVIS_OK;
    switch (vpcvis_i_rollup_kind(key)) {
    case VPCVIS_KIND_ADDRESS:
        status = read_key_addr(key, &from->addr, word);
        if (from->addr.family == VPCVIS_ADDR_IPV6)
            is = VPCVIS_I_ROLLUP_IPV6;
        break;
    case VPCVIS_KIND_NAME:
    case VPCVIS_KIND_TEXT:
        status = read_text(rollup, key->field, from, word, room);
        break;
    default: status = read_number(key, from->number, word); break;
    }
    words[0] |= is << 2 * k;
    return status;
}

vpcvis_status vpcvis_i_rollup_add_row(vpcvis_rollup *rollup,
                                      const struct vpcvis_i_rollup_row *row)
{
    uint64_t words[VPCVIS_I_ROLLUP_WORDS] = {0}, *slot;
    int room = (row->flags & VPCVIS_ROLLUP_ROW_OTHER) == 0;
    vpcvis_status status;
    uint32_t k;

    for (k = 0; room && k < rollup->config.key_count; k++) {
        status = read_key(rollup, k, &row->key[k], words, &room);
        if (status != VPCVIS_OK)
            return status;
    }
    slot = room ? vpcvis_i_rollup_find(rollup, words)
                : vpcvis_i_rollup_slot(rollup, VPCVIS_ROLLUP_OTHER);
    vpcvis_i_rollup_join(rollup, slot, &row->part);
    return VPCVIS_OK;
}

static void gather_key(const vpcvis_rollup *rollup, uint32_t k,
                       const struct vpcvis_rollup_columns *columns, const char *text,
                       uint32_t row, struct vpcvis_value *to)
{
    const struct vpcvis_line_text *texts = columns->keys[k];
    const struct vpcvis_addr *addrs = columns->keys[k];
    const uint64_t *numbers = columns->keys[k];

    to->state = VPCVIS_STATE_DASH;
    if (!get_valid(columns->keys_valid[k], row))
        return;
    to->state = VPCVIS_STATE_VALUE;
    switch (vpcvis_i_rollup_kind(&rollup->config.keys[k])) {
    case VPCVIS_KIND_ADDRESS: to->addr = addrs[row]; break;
    case VPCVIS_KIND_NAME:
    case VPCVIS_KIND_TEXT:
        to->number = texts[row].code;
        to->text_len = texts[row].len;
        to->text = text + texts[row].at;
        break;
    default: to->number = numbers[row]; break;
    }
}

static void gather_part(const vpcvis_rollup *rollup,
                        const struct vpcvis_rollup_columns *columns, uint32_t row,
                        struct vpcvis_i_rollup_part *part)
{
    const struct vpcvis_rollup_config *config = &rollup->config;
    const int saturated = (columns->flags[row] & VPCVIS_ROLLUP_ROW_SATURATED) != 0;
    uint32_t m;

    part->state = 0;
    part->records = columns->records[row];
    for (m = 0; m < config->measure_count; m++) {
        const char *from =
            (const char *)columns->measures[m] + row * measure_width(config, m);

        if (!get_valid(columns->measures_valid[m], row))
            continue;
        part->state |= (uint64_t)1 << m;
        part->sketch[m] = (const uint8_t *)from;
        if (config->measures[m].kind == VPCVIS_ROLLUP_DISTINCT)
            continue;
        memcpy(&part->number[m], from, sizeof(part->number[m]));
        if (saturated && part->number[m] == UINT64_MAX &&
            config->measures[m].kind <= VPCVIS_ROLLUP_SUM)
            part->state |= (uint64_t)1 << (VPCVIS_I_ROLLUP_SATURATED + m);
    }
}

static vpcvis_status add_row(vpcvis_rollup *rollup,
                             const struct vpcvis_rollup_columns *columns,
                             const char *text, uint32_t at)
{
    struct vpcvis_i_rollup_row row;
    uint32_t k;

    row.flags = columns->flags[at];
    for (k = 0; k < rollup->config.key_count; k++)
        gather_key(rollup, k, columns, text, at, &row.key[k]);
    gather_part(rollup, columns, at, &row.part);
    return vpcvis_i_rollup_add_row(rollup, &row);
}

vpcvis_status vpcvis_rollup_add_partial(vpcvis_rollup *rollup,
                                        const struct vpcvis_rollup_columns *columns,
                                        const char *text, uint32_t count, uint32_t *taken)
{
    vpcvis_status status = VPCVIS_OK;
    uint32_t i;

    if (rollup == NULL || columns == NULL || columns->size != sizeof(*columns) ||
        (text == NULL && count > 0 && rollup->has_texts) || taken == NULL ||
        count > columns->capacity)
        return VPCVIS_E_ARG;
    for (i = 0; i < count; i++) {
        status = add_row(rollup, columns, text, i);
        if (status != VPCVIS_OK)
            break;
    }
    *taken = i;
    return status;
}

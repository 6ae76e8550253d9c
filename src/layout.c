/* SPDX-License-Identifier: MIT */
/*
 * Room layout: the names of a format string or header line become field ids in column order.
 *
 *   text      ${version} srcAddr my-new-field
 *   field[]   0          3       95            unknown names count down from the top
 *   names[]                      "my-new-field"
 */
#include "layout.h"

struct word {
    size_t at; /* of the first byte, `$` included */
    size_t len;
    size_t name_at;
    size_t name_len;
};

static size_t text_len(const char *text)
{
    size_t n = 0;
    while (n < VPCVIS_LAYOUT_NAME_MAX && text[n] != '\0')
        n++;
    return n;
}

static int is_separator(char c)
{
    return c == ' ' || c == '\t';
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_name_byte(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The next run of non-separators from *at on; 0 if there is none. */
static int next_word(const char *text, size_t len, size_t *at, struct word *word)
{
    size_t i = *at;

    while (i < len && is_separator(text[i]))
        i++;
    word->at = i;
    while (i < len && !is_separator(text[i]))
        i++;
    word->len = i - word->at;
    word->name_at = word->at;
    word->name_len = word->len;
    *at = i;
    return word->len > 0;
}

/* Find the name inside `${name}`; on failure *bad is the byte at fault. */
static vpcvis_status strip_braces(const char *text, struct word *word, size_t *bad)
{
    const char *w = text + word->at;
    size_t i;
    size_t first = 0, last = word->len;

    if (w[0] == '$') {
        *bad = word->at;
        if (word->len < 4 || w[1] != '{' || w[word->len - 1] != '}')
            return VPCVIS_E_BRACE;
        first = 2;
        last = word->len - 1;
    }
    for (i = first; i < last; i++) {
        *bad = word->at + i;
        if (w[i] == '$' || w[i] == '{' || w[i] == '}')
            return VPCVIS_E_BRACE;
        if (w[i] < 0x21 || w[i] > 0x7e)
            return VPCVIS_E_BYTE;
    }
    word->name_at = word->at + first;
    word->name_len = last - first;
    return VPCVIS_OK;
}

static vpcvis_status check_name(const char *text, const struct word *word, size_t *bad)
{
    const char *name = text + word->name_at;
    size_t i;

    *bad = word->name_at;
    if (!is_letter(name[0]) || word->name_len > VPCVIS_LAYOUT_NAME_MAX)
        return VPCVIS_E_NAME;
    for (i = 1; i < word->name_len; i++) {
        *bad = word->name_at + i;
        if (!is_name_byte(name[i]))
            return VPCVIS_E_NAME;
    }
    return VPCVIS_OK;
}

/* Strict mode: exactly one space between two words, none before the first. */
static int is_spaced(const char *text, const struct word *word)
{
    if (word->at == 0)
        return 1;
    return word->at >= 2 && text[word->at - 1] == ' ' &&
           !is_separator(text[word->at - 2]);
}

/* The letters and digits of a name alone, without case: how catalogue names compare. */
static char folded(const char *name, size_t len, size_t *at)
{
    while (*at < len && (name[*at] == '-' || name[*at] == '_'))
        (*at)++;
    if (*at == len)
        return '\0';
    return (char)(name[*at] >= 'A' && name[*at] <= 'Z' ? name[*at] + ('a' - 'A')
                                                       : name[*at]);
}

static int same_name(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t i = 0, k = 0;

    for (;;) {
        const char x = folded(a, a_len, &i);
        const char y = folded(b, b_len, &k);
        if (x != y)
            return 0;
        if (x == '\0')
            return 1;
        i++;
        k++;
    }
}

/* A name from the future: keep its spelling, give it the next id from the top. */
static vpcvis_status add_unknown(vpcvis_layout *layout, const char *name, size_t len,
                                 uint32_t *field)
{
    uint32_t column;
    char *kept;

    for (column = 0; column < layout->columns; column++) {
        const char *other = layout->names + layout->name_at[column];
        if (layout->field[column] >= VPCVIS_FIELD_COUNT &&
            same_name(name, len, other, text_len(other)))
            return VPCVIS_E_DUPLICATE;
    }
    if (layout->unknown == VPCVIS_FIELD_MAX - VPCVIS_FIELD_COUNT ||
        layout->names_len + len + 1 > VPCVIS_LAYOUT_NAMES_MAX)
        return VPCVIS_E_LIMIT;
    *field = VPCVIS_FIELD_MAX - 1 - layout->unknown++;
    kept = layout->names + layout->names_len;
    memcpy(kept, name, len);
    kept[len] = '\0';
    layout->name_at[layout->columns] = (uint16_t)layout->names_len;
    layout->names_len += (uint32_t)len + 1;
    return VPCVIS_OK;
}

/* Columns cannot outnumber VPCVIS_FIELD_MAX: no field comes twice. */
static void add_field(vpcvis_layout *layout, uint32_t field)
{
    struct vpcvis_field row;

    if (vpcvis_record_field(field, &row) == VPCVIS_OK && row.version > layout->version)
        layout->version = row.version;
    layout->fields[field / 64] |= (uint64_t)1 << field % 64;
    layout->field[layout->columns] = (uint8_t)field;
    layout->column[field] = (uint8_t)layout->columns;
    layout->columns++;
}

static vpcvis_status add_name(vpcvis_layout *layout, const char *name, size_t len,
                              uint32_t flags)
{
    uint32_t field;
    vpcvis_status status;

    if (vpcvis_record_find(name, len, &field) == VPCVIS_OK) {
        if (layout->column[field] != VPCVIS_I_LAYOUT_NONE)
            return VPCVIS_E_DUPLICATE;
    } else {
        if (flags & VPCVIS_LAYOUT_STRICT)
            return VPCVIS_E_NAME;
        status = add_unknown(layout, name, len, &field);
        if (status != VPCVIS_OK)
            return status;
    }
    add_field(layout, field);
    return VPCVIS_OK;
}

static vpcvis_status parse(vpcvis_layout *layout,
                           const struct vpcvis_layout_config *config,
                           struct vpcvis_error *error)
{
    const char *text = config->text;
    const size_t len = vpcvis_i_layout_trim(text, (size_t)config->text_len);
    size_t at = 0, bad = 0;
    struct word word;
    vpcvis_status status;

    while (next_word(text, len, &at, &word)) {
        bad = word.at;
        status = (config->flags & VPCVIS_LAYOUT_STRICT) && !is_spaced(text, &word)
                     ? VPCVIS_E_SPACING
                     : strip_braces(text, &word, &bad);
        if (status == VPCVIS_OK)
            status = check_name(text, &word, &bad);
        if (status == VPCVIS_OK) {
            bad = word.name_at;
            status = add_name(layout, text + word.name_at, word.name_len, config->flags);
        }
        if (status != VPCVIS_OK)
            return vpcvis_i_base_fail(error, status, VPCVIS_FIELD_NONE, layout->columns,
                                      bad);
    }
    if (layout->columns == 0)
        return vpcvis_i_base_fail(error, VPCVIS_E_EMPTY, VPCVIS_FIELD_NONE, 0, 0);
    if ((config->flags & VPCVIS_LAYOUT_STRICT) && is_separator(text[len - 1]))
        return vpcvis_i_base_fail(error, VPCVIS_E_SPACING, VPCVIS_FIELD_NONE,
                                  layout->columns, len - 1);
    return VPCVIS_OK;
}

/* The 36 columns of the transit gateway default, in documented order. */
static void add_transit_gateway(vpcvis_layout *layout)
{
    static const uint8_t first[] = {VPCVIS_FIELD_VERSION, VPCVIS_FIELD_RESOURCE_TYPE,
                                    VPCVIS_FIELD_ACCOUNT_ID};
    static const uint8_t middle[] = {
        VPCVIS_FIELD_SRCADDR,    VPCVIS_FIELD_DSTADDR,  VPCVIS_FIELD_SRCPORT,
        VPCVIS_FIELD_DSTPORT,    VPCVIS_FIELD_PROTOCOL, VPCVIS_FIELD_PACKETS,
        VPCVIS_FIELD_BYTES,      VPCVIS_FIELD_START,    VPCVIS_FIELD_END,
        VPCVIS_FIELD_LOG_STATUS, VPCVIS_FIELD_TYPE};
    static const uint8_t last[] = {
        VPCVIS_FIELD_TCP_FLAGS, VPCVIS_FIELD_REGION, VPCVIS_FIELD_FLOW_DIRECTION,
        VPCVIS_FIELD_PKT_SRC_AWS_SERVICE, VPCVIS_FIELD_PKT_DST_AWS_SERVICE};
    uint32_t i;

    for (i = 0; i < sizeof(first); i++)
        add_field(layout, first[i]);
    for (i = VPCVIS_FIELD_TGW_ID; i <= VPCVIS_FIELD_TGW_PAIR_ATTACHMENT_ID; i++)
        add_field(layout, i);
    for (i = 0; i < sizeof(middle); i++)
        add_field(layout, middle[i]);
    for (i = VPCVIS_FIELD_PACKETS_LOST_NO_ROUTE; i < VPCVIS_FIELD_COUNT; i++)
        add_field(layout, i);
    for (i = 0; i < sizeof(last); i++)
        add_field(layout, last[i]);
}

static vpcvis_status add_standard(vpcvis_layout *layout, uint32_t standard)
{
    struct vpcvis_field row;
    uint32_t i;

    if (standard == VPCVIS_LAYOUT_DEFAULT)
        standard = 2;
    if (standard < 2 || standard > 11)
        return VPCVIS_E_CONFIG;
    if (standard == VPCVIS_LAYOUT_TRANSIT_GATEWAY) {
        add_transit_gateway(layout);
        return VPCVIS_OK;
    }
    for (i = 0; i < VPCVIS_FIELD_RESOURCE_TYPE; i++) {
        if (vpcvis_record_field(i, &row) == VPCVIS_OK && row.version <= standard)
            add_field(layout, i);
    }
    return VPCVIS_OK;
}

size_t vpcvis_layout_bytes(void)
{
    return sizeof(struct vpcvis_layout) + VPCVIS_I_ALIGN - 1;
}

vpcvis_status vpcvis_layout_init(void *memory, size_t len,
                                 const struct vpcvis_layout_config *config,
                                 vpcvis_layout **out, struct vpcvis_error *error)
{
    struct vpcvis_layout_config known;
    vpcvis_layout *layout;
    vpcvis_status status;

    if (memory == NULL || out == NULL)
        return VPCVIS_E_ARG;
    status = vpcvis_i_base_config(config, &known, sizeof(known));
    if (status != VPCVIS_OK)
        return status;
    if ((known.flags & ~VPCVIS_LAYOUT_STRICT) != 0 || known.reserved != 0)
        return VPCVIS_E_CONFIG;
    if (known.text_len > SIZE_MAX || (known.text == NULL && known.text_len != 0))
        return VPCVIS_E_ARG;
    if (len < vpcvis_layout_bytes())
        return VPCVIS_E_SPACE;
    layout = vpcvis_i_bytes_align(memory);
    memset(layout, 0, sizeof(*layout));
    memset(layout->column, (int)VPCVIS_I_LAYOUT_NONE, sizeof(layout->column));
    status =
        known.text ? parse(layout, &known, error) : add_standard(layout, known.standard);
    if (status == VPCVIS_OK)
        *out = layout;
    return status;
}

vpcvis_status vpcvis_layout_new(const struct vpcvis_layout_config *config,
                                const struct vpcvis_allocator *allocator,
                                vpcvis_layout **out, struct vpcvis_error *error)
{
    vpcvis_status status;
    void *memory;

    if (out == NULL)
        return VPCVIS_E_ARG;
    memory = vpcvis_i_base_new(allocator, vpcvis_layout_bytes());
    if (memory == NULL)
        return VPCVIS_E_MEMORY;
    status = vpcvis_layout_init(memory, vpcvis_layout_bytes(), config, out, error);
    if (status != VPCVIS_OK)
        vpcvis_i_base_delete(allocator, memory);
    return status;
}

void vpcvis_layout_free(vpcvis_layout *layout, const struct vpcvis_allocator *allocator)
{
    vpcvis_i_base_delete(allocator, layout);
}

uint32_t vpcvis_layout_columns(const vpcvis_layout *layout)
{
    return layout->columns;
}

uint32_t vpcvis_layout_field(const vpcvis_layout *layout, uint32_t column)
{
    return column < layout->columns ? layout->field[column] : VPCVIS_FIELD_NONE;
}

vpcvis_status vpcvis_layout_find(const vpcvis_layout *layout, uint32_t field,
                                 uint32_t *column)
{
    if (layout == NULL || column == NULL)
        return VPCVIS_E_ARG;
    if (field >= VPCVIS_FIELD_MAX || layout->column[field] == VPCVIS_I_LAYOUT_NONE)
        return VPCVIS_NOMATCH;
    *column = layout->column[field];
    return VPCVIS_OK;
}

const char *vpcvis_layout_name(const vpcvis_layout *layout, uint32_t column)
{
    struct vpcvis_field row;

    if (column >= layout->columns)
        return NULL;
    if (vpcvis_record_field(layout->field[column], &row) == VPCVIS_OK)
        return row.name;
    return layout->names + layout->name_at[column];
}

uint32_t vpcvis_layout_version(const vpcvis_layout *layout)
{
    return layout->version;
}

uint32_t vpcvis_layout_equal(const vpcvis_layout *a, const vpcvis_layout *b)
{
    uint32_t i;

    if (a->columns != b->columns || memcmp(a->field, b->field, a->columns) != 0)
        return 0;
    for (i = 0; i < a->columns; i++) {
        const char *x = a->names + a->name_at[i];
        const char *y = b->names + b->name_at[i];
        if (a->field[i] >= VPCVIS_FIELD_COUNT &&
            !same_name(x, text_len(x), y, text_len(y)))
            return 0;
    }
    return 1;
}

/* Bytes a column's name takes in a style, written to out unless that is NULL. */
static size_t write_name(const char *name, uint32_t style, char *out)
{
    size_t len = text_len(name);
    size_t i, at = 0;

    if (out == NULL)
        return style == VPCVIS_LAYOUT_FORMAT ? len + 3 : len;
    if (style == VPCVIS_LAYOUT_FORMAT) {
        out[at++] = '$';
        out[at++] = '{';
    }
    for (i = 0; i < len; i++)
        out[at++] = style == VPCVIS_LAYOUT_UNDERSCORE && name[i] == '-' ? '_' : name[i];
    if (style == VPCVIS_LAYOUT_FORMAT)
        out[at++] = '}';
    return at;
}

vpcvis_status vpcvis_layout_write(const vpcvis_layout *layout, uint32_t style, char *out,
                                  size_t capacity, size_t *out_len)
{
    uint32_t i;
    size_t need, at = 0;

    if (layout == NULL || out_len == NULL || (out == NULL && capacity > 0) ||
        style > VPCVIS_LAYOUT_UNDERSCORE)
        return VPCVIS_E_ARG;
    need = layout->columns - 1;
    for (i = 0; i < layout->columns; i++)
        need += write_name(vpcvis_layout_name(layout, i), style, NULL);
    *out_len = need;
    if (need > capacity)
        return VPCVIS_E_SPACE;
    for (i = 0; i < layout->columns; i++) {
        if (i > 0)
            out[at++] = ' ';
        at += write_name(vpcvis_layout_name(layout, i), style, out + at);
    }
    return VPCVIS_OK;
}

vpcvis_status vpcvis_layout_match(const char *line, size_t line_len)
{
    const size_t len = line ? vpcvis_i_layout_trim(line, line_len) : 0;
    size_t at = 0, bad, words = 0, known = 0;
    struct word word;
    uint32_t field;

    while (next_word(line, len, &at, &word)) {
        if (check_name(line, &word, &bad) != VPCVIS_OK)
            return VPCVIS_NOMATCH;
        words++;
        known += vpcvis_record_find(line + word.at, word.len, &field) == VPCVIS_OK;
    }
    return known * 2 > words ? VPCVIS_OK : VPCVIS_NOMATCH;
}

uint32_t vpcvis_i_layout_is_own_header(const vpcvis_layout *layout, const char *line,
                                       size_t len)
{
    uint32_t i;
    size_t at = 0;

    for (i = 0; i < layout->columns; i++) {
        const char *name = vpcvis_layout_name(layout, i);
        const size_t name_len = text_len(name);
        if (i > 0 && (at >= len || line[at++] != ' '))
            return 0;
        if (name_len > len - at || memcmp(line + at, name, name_len) != 0)
            return 0;
        at += name_len;
    }
    return at == len;
}

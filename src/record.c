/* SPDX-License-Identifier: MIT */
/*
 * Room record: the catalogue's rows, finding a field by name, looking at and setting a
 * record's fields, and the two small codecs of field values: tcp-flags and tags.
 */
#include "record.h"

#include "record_fields.h"
#include "text.h"

/* Names are characters in one object and rows hold offsets: pointers would need relocations. */
#define NAME_ARRAY(id, NAME, name, version, KIND, PARQUET, ABOUT, max, member) \
    char name_##id[sizeof(name)];
#define NAME_VALUE(id, NAME, name, version, KIND, PARQUET, ABOUT, max, member) name,

struct names {
    VPCVIS_I_RECORD_FIELDS(NAME_ARRAY)
    char unknown[1];
};

static const struct names names = {VPCVIS_I_RECORD_FIELDS(NAME_VALUE) ""};

#define SLOT(member)           offsetof(struct vpcvis_record, member)
#define SLOT_NUMBER32(member)  SLOT(member)
#define SLOT_NUMBER64(member)  SLOT(member)
#define SLOT_ADDRESS(member)   SLOT(member)
#define SLOT_NAME(member)      SLOT(member)
#define SLOT_TEXT(member)      VPCVIS_I_RECORD_NO_SLOT
#define WIDTH(member)          sizeof(((const struct vpcvis_record *)0)->member)
#define WIDTH_NUMBER32(member) WIDTH(member)
#define WIDTH_NUMBER64(member) WIDTH(member)
#define WIDTH_ADDRESS(member)  WIDTH(member)
#define WIDTH_NAME(member)     WIDTH(member)
#define WIDTH_TEXT(member)     0
#define ROW(id, NAME, name, version, KIND, PARQUET, ABOUT, max, member) \
    {max,                                                               \
     SLOT_##KIND(member),                                               \
     offsetof(struct names, name_##id),                                 \
     sizeof(name) - 1,                                                  \
     VPCVIS_KIND_##KIND,                                                \
     version,                                                           \
     VPCVIS_PARQUET_##PARQUET,                                          \
     VPCVIS_ABOUT_##ABOUT,                                              \
     WIDTH_##KIND(member),                                              \
     {0}},

const struct vpcvis_i_record_field vpcvis_i_record_fields[VPCVIS_FIELD_COUNT + 1] = {
    VPCVIS_I_RECORD_FIELDS(ROW){0,
                                VPCVIS_I_RECORD_NO_SLOT,
                                offsetof(struct names, unknown),
                                0,
                                VPCVIS_KIND_TEXT,
                                0,
                                VPCVIS_PARQUET_STRING,
                                0,
                                0,
                                {0}}};

const char *vpcvis_i_record_field_name(const struct vpcvis_i_record_field *row)
{
    return (const char *)&names + row->name;
}

vpcvis_status vpcvis_record_field(uint32_t id, struct vpcvis_field *field)
{
    const struct vpcvis_i_record_field *row = vpcvis_i_record_field(id);

    if (field == NULL)
        return VPCVIS_E_ARG;
    if (id >= VPCVIS_FIELD_COUNT)
        return VPCVIS_NOMATCH;
    memset(field, 0, sizeof(*field));
    field->name = vpcvis_i_record_field_name(row);
    field->id = id;
    field->version = row->version;
    field->kind = row->kind;
    field->parquet = row->parquet;
    field->about = row->about;
    field->max = row->max;
    return VPCVIS_OK;
}

/* No name has more letters and digits. */
#define FOLDED_MAX 32

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* The name in lower case without `-` and `_`; returns its length, 0 for one that is too long
 * to be known. */
static size_t fold(const char *name, size_t len, char folded[FOLDED_MAX])
{
    size_t i, n = 0;

    for (i = 0; i < len; i++) {
        if (name[i] == '-' || name[i] == '_')
            continue;
        if (n == FOLDED_MAX)
            return 0;
        folded[n++] = lower(name[i]);
    }
    return n;
}

/* Whether a folded name is that of a row, whose only other byte is `-`, never at an end. */
static int is_named(const struct vpcvis_i_record_field *row, const char *folded,
                    size_t len)
{
    const char *name = vpcvis_i_record_field_name(row);
    size_t i, n = 0;

    if (len > row->name_len || name[row->name_len - 1] != folded[len - 1])
        return 0;
    for (i = 0; i < row->name_len; i++) {
        if (name[i] == '-')
            continue;
        if (n == len || name[i] != folded[n])
            return 0;
        n++;
    }
    return n == len;
}

vpcvis_status vpcvis_record_find(const char *name, size_t name_len, uint32_t *id)
{
    char folded[FOLDED_MAX];
    size_t len;
    uint32_t i;

    if ((name == NULL && name_len > 0) || id == NULL)
        return VPCVIS_E_ARG;
    len = fold(name, name_len, folded);
    if (len == 0)
        return VPCVIS_NOMATCH;
    for (i = 0; i < VPCVIS_FIELD_COUNT; i++) {
        if (is_named(vpcvis_i_record_field(i), folded, len)) {
            *id = i;
            return VPCVIS_OK;
        }
    }
    return VPCVIS_NOMATCH;
}

void vpcvis_record_init(struct vpcvis_record *record, const char *base)
{
    memset(record, 0, sizeof(*record));
    record->base = base;
}

static int has_bit(const uint64_t bits[2], uint32_t id)
{
    return (int)(bits[id / 64] >> id % 64 & 1);
}

/* A NAME that was set by its code alone has no text of its own: its word stands in. */
static void get_text(const struct vpcvis_record *record, uint32_t id,
                     struct vpcvis_value *value)
{
    const struct vpcvis_text *text = &record->text[id];

    value->text = record->base ? record->base + text->at : NULL;
    value->text_len = text->len;
    if (text->len == 0 && value->number != 0) {
        value->text = vpcvis_i_record_word(id, value->number);
        value->text_len = (uint32_t)vpcvis_i_record_word_len(id, value->number);
    }
}

vpcvis_status vpcvis_record_get(const struct vpcvis_record *record, uint32_t id,
                                struct vpcvis_value *value)
{
    const struct vpcvis_i_record_field *row = vpcvis_i_record_field(id);

    if (record == NULL || value == NULL || id >= VPCVIS_FIELD_MAX)
        return VPCVIS_E_ARG;
    memset(value, 0, sizeof(*value));
    value->kind = row->kind;
    if (!has_bit(record->value, id)) {
        value->state =
            has_bit(record->dash, id) ? VPCVIS_STATE_DASH : VPCVIS_STATE_ABSENT;
        return VPCVIS_OK;
    }
    value->state = VPCVIS_STATE_VALUE;
    if (row->kind == VPCVIS_KIND_ADDRESS)
        memcpy(&value->addr, (const char *)record + row->slot, sizeof(value->addr));
    else if (row->kind != VPCVIS_KIND_TEXT)
        value->number = vpcvis_i_record_number(record, id);
    if (row->kind >= VPCVIS_KIND_NAME)
        get_text(record, id, value);
    return VPCVIS_OK;
}

static vpcvis_status set_addr(struct vpcvis_record *record,
                              const struct vpcvis_i_record_field *row,
                              const struct vpcvis_addr *addr)
{
    struct vpcvis_addr clean;

    memset(&clean, 0, sizeof(clean));
    if (addr->family != VPCVIS_ADDR_IPV4 && addr->family != VPCVIS_ADDR_IPV6)
        return VPCVIS_E_ARG;
    clean.family = addr->family;
    memcpy(clean.bytes, addr->bytes, addr->family == VPCVIS_ADDR_IPV4 ? 4 : 16);
    memcpy((char *)record + row->slot, &clean, sizeof(clean));
    return VPCVIS_OK;
}

/* Where a text lies from base; VPCVIS_E_ARG if 16 bits do not reach its end. */
static vpcvis_status place_text(const struct vpcvis_record *record,
                                const struct vpcvis_value *value,
                                struct vpcvis_text *place)
{
    const uintptr_t base = (uintptr_t)record->base;
    const uintptr_t text = (uintptr_t)value->text;

    if (record->base == NULL || value->text == NULL || text < base)
        return VPCVIS_E_ARG;
    if (text - base > UINT16_MAX || value->text_len > UINT16_MAX - (text - base))
        return VPCVIS_E_ARG;
    place->at = (uint16_t)(text - base);
    place->len = (uint16_t)value->text_len;
    return VPCVIS_OK;
}

static vpcvis_status set_text(struct vpcvis_record *record, uint32_t id,
                              const struct vpcvis_i_record_field *row,
                              const struct vpcvis_value *value)
{
    struct vpcvis_text place = {0, 0};
    uint64_t code = value->number;
    vpcvis_status status;

    if (row->kind == VPCVIS_KIND_NAME && value->text == NULL && value->text_len == 0) {
        if (code == 0 || code > vpcvis_i_record_words(id))
            return VPCVIS_E_ARG;
    } else {
        status = place_text(record, value, &place);
        if (status != VPCVIS_OK)
            return status;
        code = vpcvis_i_record_code(id, value->text, value->text_len);
    }
    record->text[id] = place;
    if (row->kind == VPCVIS_KIND_NAME)
        vpcvis_i_record_put(record, row, code);
    return VPCVIS_OK;
}

static vpcvis_status set_value(struct vpcvis_record *record, uint32_t id,
                               const struct vpcvis_value *value)
{
    const struct vpcvis_i_record_field *row = vpcvis_i_record_field(id);

    if (row->kind == VPCVIS_KIND_ADDRESS)
        return set_addr(record, row, &value->addr);
    if (row->kind >= VPCVIS_KIND_NAME)
        return set_text(record, id, row, value);
    if (value->number > row->max)
        return VPCVIS_E_RANGE;
    vpcvis_i_record_put(record, row, value->number);
    return VPCVIS_OK;
}

/* The flag stands for all NAME fields together, so that a good word alone cannot clear it. */
static void refresh_unknown(struct vpcvis_record *record)
{
    uint32_t i;

    record->flags &= ~VPCVIS_RECORD_UNKNOWN;
    for (i = 0; i < VPCVIS_FIELD_COUNT; i++) {
        if (vpcvis_i_record_field(i)->kind == VPCVIS_KIND_NAME &&
            has_bit(record->value, i) && vpcvis_i_record_number(record, i) == 0)
            record->flags |= VPCVIS_RECORD_UNKNOWN;
    }
}

vpcvis_status vpcvis_record_set(struct vpcvis_record *record, uint32_t id,
                                const struct vpcvis_value *value)
{
    uint64_t bit;
    vpcvis_status status;

    if (record == NULL || value == NULL || id >= VPCVIS_FIELD_MAX ||
        value->state > VPCVIS_STATE_VALUE)
        return VPCVIS_E_ARG;
    if (value->state == VPCVIS_STATE_VALUE) {
        status = set_value(record, id, value);
        if (status != VPCVIS_OK)
            return status;
    }
    bit = (uint64_t)1 << id % 64;
    record->value[id / 64] &= ~bit;
    record->dash[id / 64] &= ~bit;
    if (value->state == VPCVIS_STATE_VALUE)
        record->value[id / 64] |= bit;
    if (value->state == VPCVIS_STATE_DASH)
        record->dash[id / 64] |= bit;
    if (vpcvis_i_record_field(id)->kind == VPCVIS_KIND_NAME)
        refresh_unknown(record);
    return VPCVIS_OK;
}

/* The names of the bits of a TCP header, lowest first. */
#define TCP_NAMES 8u

static char *write_tcp_names(char *out, uint32_t flags)
{
    static const char tcp_names[TCP_NAMES][4] = {"FIN", "SYN", "RST", "PSH",
                                                 "ACK", "URG", "ECE", "CWR"};
    char *const begin = out;
    uint32_t i;

    for (i = 0; i < TCP_NAMES; i++) {
        const uint32_t bit = (uint32_t)1 << i;
        if ((flags & bit) == 0 || (bit == VPCVIS_TCP_ACK && (flags & VPCVIS_TCP_SYN)))
            continue;
        if (out != begin)
            *out++ = '|';
        memcpy(out, tcp_names[i], 3);
        out += 3;
        if (bit == VPCVIS_TCP_SYN && (flags & VPCVIS_TCP_ACK)) {
            memcpy(out, "-ACK", 4);
            out += 4;
        }
    }
    return out;
}

vpcvis_status vpcvis_record_write_tcp_flags(uint32_t flags, char *out, size_t capacity,
                                            size_t *out_len)
{
    char text[VPCVIS_RECORD_TCP_FLAGS_MAX + VPCVIS_I_TEXT_ROOM];
    const uint32_t nameless = flags >> TCP_NAMES << TCP_NAMES;
    char *end = write_tcp_names(text, flags);

    if (out_len == NULL || (out == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    if (nameless != 0) {
        if (end != text)
            *end++ = '|';
        end = vpcvis_i_text_write_u64(end, nameless);
    }
    if (end == text)
        *end++ = '-';
    *out_len = (size_t)(end - text);
    if (*out_len > capacity)
        return VPCVIS_E_SPACE;
    memcpy(out, text, *out_len);
    return VPCVIS_OK;
}

/* The value of a hex digit, 16 for any other byte. */
static unsigned hex_digit(char c)
{
    const char letter = lower(c);

    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    return letter >= 'a' && letter <= 'f' ? (unsigned)(letter - 'a') + 10 : 16;
}

static int is_escape(const char *text, size_t len)
{
    return len >= 3 && hex_digit(text[1]) < 16 && hex_digit(text[2]) < 16;
}

vpcvis_status vpcvis_record_read_tag(const char *text, size_t text_len, char *out,
                                     size_t capacity, size_t *out_len,
                                     struct vpcvis_error *error)
{
    size_t i, need = 0;

    if ((text == NULL && text_len > 0) || out_len == NULL ||
        (out == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    for (i = 0; i < text_len; i += text[i] == '%' ? 3 : 1) {
        if (text[i] == '%' && !is_escape(text + i, text_len - i))
            return vpcvis_i_base_fail(error, VPCVIS_E_BYTE, VPCVIS_FIELD_NONE, 0, i);
        need++;
    }
    *out_len = need;
    if (need > capacity)
        return VPCVIS_E_SPACE;
    for (i = 0; i < text_len; i++) {
        char c = text[i];
        if (c == '%') {
            c = (char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
            i += 2;
        }
        *out++ = c;
    }
    return VPCVIS_OK;
}

size_t vpcvis_record_bytes(void)
{
    return sizeof(struct vpcvis_record);
}

uint32_t vpcvis_record_field_count(void)
{
    return VPCVIS_FIELD_COUNT;
}

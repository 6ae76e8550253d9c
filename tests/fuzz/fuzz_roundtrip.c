/* SPDX-License-Identifier: MIT */
/*
 * A layout and records made field by field with vpcvis_record_set: written, read again and
 * compared; written many at a time from rows and from columns, into too little room as well.
 *
 * Byte 0: layout; byte 1: room for writing; then a record after the other (make_record).
 */
#include "oracle.h"

#define RECORDS_MAX 70

/* Texts of records lie here: words of NAME fields, then what the input says. */
#define WORDS_LEN 256
#define ARENA_LEN (WORDS_LEN + 64)

struct batch {
    const vpcvis_layout *layout;
    uint32_t count;
    struct vpcvis_record *rows;
    size_t *line_len; /* with LF */
    char *arena;      /* ARENA_LEN bytes a record */
    struct bytes text;
};

/* Columns in the order of the input; ids from VPCVIS_FIELD_COUNT on are unknown names. */
static vpcvis_layout *make_layout(struct input *in, void *memory)
{
    const uint32_t choice = input_choice(in);
    uint64_t used[2] = {0, 0};
    char text[VPCVIS_FIELD_MAX * 40];
    size_t len = 0;
    uint32_t i;

    if (choice < 40)
        return oracle_layout(choice, memory);
    for (i = 0; i < choice - 39; i++) {
        const uint32_t id = input_byte(in) % VPCVIS_FIELD_MAX;
        struct vpcvis_field field;
        if (oracle_has(used, id))
            continue;
        used[id / 64] |= (uint64_t)1 << id % 64;
        if (vpcvis_record_field(id, &field) == VPCVIS_OK)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "${%s} ", field.name);
        else
            len += (size_t)snprintf(text + len, sizeof(text) - len, "New_%u ", id);
    }
    return oracle_layout_text(text, len, 0, memory);
}

static uint32_t word_code(uint32_t field, const char *text, size_t len)
{
    uint32_t code;
    for (code = 1; code <= 4; code++) {
        const char *word = vpcvis_record_name(field, code);
        if (word != NULL && strlen(word) == len && memcmp(word, text, len) == 0)
            return code;
    }
    return 0;
}

static int is_printable(const char *text, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        if (text[i] < 0x21 || text[i] > 0x7e)
            return 0;
    }
    return len > 0;
}

/* Returns 1 if the number is too large for the field. */
static int make_number(struct input *in, const struct vpcvis_field *field,
                       struct vpcvis_value *value)
{
    const uint32_t choice = input_choice(in);

    if (choice < 16)
        value->number = choice;
    else if (choice < 24)
        value->number = field->max - (choice - 16);
    else if (choice < 32)
        value->number = field->max + (choice - 23);
    else
        value->number = input_number(in, choice % 8 + 1);
    return value->number > field->max;
}

/* IPv6 with runs of zeros where the second byte has bits. */
static void make_address(struct input *in, struct vpcvis_addr *addr)
{
    const uint32_t choice = input_choice(in);
    uint32_t zeros, i;

    addr->family = choice % 2 == 0 ? VPCVIS_ADDR_IPV4 : VPCVIS_ADDR_IPV6;
    if (addr->family == VPCVIS_ADDR_IPV4) {
        for (i = 0; i < 4; i++)
            addr->bytes[i] = (uint8_t)input_byte(in);
        return;
    }
    zeros = input_byte(in);
    for (i = 0; i < 8; i++) {
        const uint64_t group =
            zeros >> i & 1 ? 0 : input_number(in, 1 + (choice >> 1 & 1));
        addr->bytes[2 * i] = (uint8_t)(group >> 8);
        addr->bytes[2 * i + 1] = (uint8_t)group;
    }
    if (choice > 60) {
        memset(addr->bytes, 0, 10);
        memset(addr->bytes + 10, 0xff, 2);
    }
}

/* Some of the arena. Returns 1 if no line can hold it. */
static int make_text(struct input *in, const char *arena, struct vpcvis_value *value)
{
    const uint32_t at = input_byte(in) % 64;

    value->text = arena + WORDS_LEN + at;
    value->text_len = input_byte(in) % (65 - at);
    return !is_printable(value->text, value->text_len);
}

/* A NAME by its code, by a word of the list, or by some other text. */
static int make_name(struct input *in, const char *arena, uint32_t field,
                     struct vpcvis_value *value)
{
    const uint32_t choice = input_choice(in);
    size_t at = 0;
    uint32_t i;

    if (choice >= 32) {
        const int bad = make_text(in, arena, value);
        value->number = word_code(field, value->text, value->text_len);
        return bad;
    }
    if (choice >= 16) {
        value->number = choice % 4;
        return value->number == 0 || vpcvis_record_name(field, value->number) == NULL;
    }
    for (i = 0; i < choice; i++)
        at += strlen(arena + at) + 1;
    value->text = arena + at;
    value->text_len = (uint32_t)strlen(value->text);
    value->number = word_code(field, value->text, value->text_len);
    return value->text_len == 0;
}

/* What became of a field. */
enum made { MADE, REFUSED, UNWRITABLE };

static enum made make_field(struct input *in, uint32_t id, const char *arena,
                            struct vpcvis_record *record)
{
    struct vpcvis_field field;
    struct vpcvis_value value;
    const uint32_t state = input_byte(in) % 8;
    const uint32_t kind = oracle_kind(id);
    const struct vpcvis_record before = *record;
    vpcvis_status status;
    int bad = 0;

    memset(&value, 0, sizeof(value));
    value.state = state == 0   ? VPCVIS_STATE_ABSENT
                  : state == 1 ? VPCVIS_STATE_DASH
                               : VPCVIS_STATE_VALUE;
    if (value.state == VPCVIS_STATE_VALUE) {
        if (kind == VPCVIS_KIND_TEXT) {
            bad = make_text(in, arena, &value);
        } else if (kind == VPCVIS_KIND_NAME) {
            bad = make_name(in, arena, id, &value);
        } else if (kind == VPCVIS_KIND_ADDRESS) {
            make_address(in, &value.addr);
        } else {
            REQUIRE(vpcvis_record_field(id, &field) == VPCVIS_OK);
            bad = make_number(in, &field, &value);
        }
    }
    status = vpcvis_record_set(record, id, &value);
    if (bad && value.text == NULL) {
        REQUIRE(status == (kind == VPCVIS_KIND_NAME ? VPCVIS_E_ARG : VPCVIS_E_RANGE));
        REQUIRE(memcmp(&before, record, sizeof(before)) == 0);
        return REFUSED;
    }
    REQUIRE(status == VPCVIS_OK);
    return bad ? UNWRITABLE : MADE;
}

static void make_arena(struct input *in, char *arena)
{
    static const char words[] =
        "ACCEPT\0REJECT\0OK\0NODATA\0SKIPDATA\0IPv4\0IPv6\0EFA\0ingress\0egress\0wavelength\0"
        "BPA\0TransitGateway\0TransitGatewayAttachment\0ok";
    const uint32_t seed = input_byte(in);
    uint32_t i;

    memset(arena, 0, ARENA_LEN);
    memcpy(arena, words, sizeof(words));
    for (i = WORDS_LEN; i < ARENA_LEN; i++)
        arena[i] = (char)(0x21 + (i * (seed | 1) >> 1) % 94);
    arena[WORDS_LEN + seed % 64] = (char)input_byte(in);
}

/* The record and the one read from its line are the same; a code got its word, and a text that
 * is a dash reads as one. */
static void require_read(const vpcvis_layout *layout, const struct vpcvis_record *record,
                         const char *line, size_t len)
{
    struct vpcvis_record again;
    uint32_t column, unknown = 0;

    REQUIRE(vpcvis_line_read(layout, 0, line, len, &again, NULL) == VPCVIS_OK);
    for (column = 0; column < vpcvis_layout_columns(layout); column++) {
        const uint32_t field = vpcvis_layout_field(layout, column);
        struct vpcvis_value a, b;
        REQUIRE(vpcvis_record_get(record, field, &a) == VPCVIS_OK);
        REQUIRE(vpcvis_record_get(&again, field, &b) == VPCVIS_OK);
        if (a.kind == VPCVIS_KIND_NAME && b.state == VPCVIS_STATE_VALUE)
            unknown |= b.number == 0 ? VPCVIS_RECORD_UNKNOWN : 0;
        if (a.text_len == 1 && a.text[0] == '-') {
            REQUIRE(b.state == VPCVIS_STATE_DASH);
        } else if (a.state == VPCVIS_STATE_VALUE && a.kind == VPCVIS_KIND_NAME &&
                   a.text_len == 0) {
            REQUIRE(a.number == b.number && b.text_len > 0);
        } else {
            require_same_value(record, &again, field, 0);
        }
    }
    REQUIRE(again.flags == unknown);
}

/* One record: a byte for the arena, then each column. Kept if it can be written. */
static void make_record(struct input *in, struct batch *batch)
{
    struct vpcvis_record *record = &batch->rows[batch->count];
    char *arena = batch->arena + batch->count * ARENA_LEN;
    int writable = 1;
    uint32_t i;
    size_t len;
    char *line;

    make_arena(in, arena);
    memset(record, 0xa5, sizeof(*record));
    vpcvis_record_init(record, arena);
    for (i = 0; i < vpcvis_layout_columns(batch->layout); i++)
        writable &= make_field(in, vpcvis_layout_field(batch->layout, i), arena,
                               record) != UNWRITABLE;
    if (!writable) {
        char room[8];
        len = 0;
        REQUIRE(vpcvis_line_write(batch->layout, record, room, sizeof(room), &len) ==
                VPCVIS_E_BYTE);
        REQUIRE(len == 0);
        return;
    }
    line = oracle_write(batch->layout, record, &len);
    require_read(batch->layout, record, line, len);
    bytes_add(&batch->text, line, len);
    bytes_add(&batch->text, "\n", 1);
    batch->line_len[batch->count++] = len + 1;
    free(line);
}

/* Write all of it in calls with `room` bytes each, or with what one record needs. */
static void require_writes(const struct batch *batch,
                           const struct vpcvis_line_columns *columns, size_t room)
{
    uint32_t first = 0;
    size_t at = 0;

    while (first < batch->count) {
        size_t fits = 0, fits_len = 0, len = 0, written = 0;
        char *out = oracle_memory(room);
        vpcvis_status status;
        while (first + fits < batch->count &&
               fits_len + batch->line_len[first + fits] <= room)
            fits_len += batch->line_len[first + fits++];
        if (columns != NULL)
            status = vpcvis_line_write_columns(batch->layout, columns, batch->text.at,
                                               first, batch->count - first, out, room,
                                               &len, &written);
        else
            status = vpcvis_line_write_rows(batch->layout, batch->rows + first,
                                            sizeof(*batch->rows), batch->count - first,
                                            out, room, &len, &written);
        REQUIRE(written == fits);
        REQUIRE(fits == 0 || memcmp(out, batch->text.at + at, fits_len) == 0);
        free(out);
        if (fits == 0) {
            REQUIRE(status == VPCVIS_E_SPACE && len == batch->line_len[first]);
            room = len;
            continue;
        }
        REQUIRE(len == fits_len);
        first += (uint32_t)fits;
        at += fits_len;
        REQUIRE(status == (first < batch->count ? VPCVIS_MORE : VPCVIS_OK));
    }
}

static void require_columns(const struct batch *batch, size_t room)
{
    static const uint64_t all[2] = {~(uint64_t)0, 0xffffffffu};
    const size_t memory_len = vpcvis_line_columns_bytes(all, batch->count);
    char *memory = oracle_memory(memory_len);
    char *text = oracle_copy(batch->text.at, batch->text.len);
    struct vpcvis_line_columns columns;
    struct vpcvis_line_result result;
    struct vpcvis_error error;
    vpcvis_line *lines = NULL;

    REQUIRE(vpcvis_line_columns_init(memory, memory_len, all, batch->count, &columns) ==
            VPCVIS_OK);
    REQUIRE(vpcvis_line_new(batch->layout, NULL, NULL, &lines) == VPCVIS_OK);
    REQUIRE(vpcvis_line_read_columns(lines, text, batch->text.len, &columns, &error, 1,
                                     &result) == VPCVIS_OK);
    REQUIRE(result.records == batch->count && result.errors == 0);
    require_writes(batch, &columns, room);
    vpcvis_line_free(lines, NULL);
    free(text);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char memory[VPCVIS_LAYOUT_BYTES_MAX];
    struct input in = {data, size};
    struct batch batch;
    uint32_t choice, tries;
    size_t room;

    memset(&batch, 0, sizeof(batch));
    batch.layout = make_layout(&in, memory);
    choice = input_choice(&in);
    room = choice < 32 ? choice * 32 : 100000;
    batch.rows = oracle_memory(RECORDS_MAX * sizeof(*batch.rows));
    batch.line_len = oracle_memory(RECORDS_MAX * sizeof(*batch.line_len));
    batch.arena = oracle_memory(RECORDS_MAX * ARENA_LEN);
    for (tries = 0; tries < RECORDS_MAX && (in.left > 0 || tries == 0); tries++)
        make_record(&in, &batch);
    if (batch.count > 0) {
        require_writes(&batch, NULL, room);
        require_columns(&batch, room);
    }
    bytes_free(&batch.text);
    free(batch.arena);
    free(batch.line_len);
    free(batch.rows);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * A format string, a byte NUL or LF, and a line. The line is read with every set of flags and
 * compared with a reader of its own here, which knows words, inet_pton and digit strings only;
 * then it is written, compared byte for byte with what canonical means, and read again.
 */
#include "peers.h"

/* A word of the line. */
struct word {
    size_t at;
    size_t end; /* the byte after it */
};

/* What must come out of a line. */
struct expected {
    vpcvis_status status;
    uint32_t column;
    size_t at; /* the offset lies in at..upto */
    size_t upto;
    uint32_t flags;
    uint32_t words; /* columns that the line has */
    struct word word[VPCVIS_FIELD_MAX];
};

static int is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct word next_word(const char *line, size_t len, size_t at)
{
    struct word word;
    while (at < len && is_space(line[at]))
        at++;
    word.at = at;
    while (at < len && line[at] >= 0x21 && line[at] <= 0x7e)
        at++;
    word.end = at;
    return word;
}

static int is_time(const char *line, struct word word)
{
    static const char shape[] = "0000-00-00T00:00:00.000000000Z";
    const size_t len = word.end - word.at;
    size_t i;

    if (len < 20 || len > sizeof(shape) - 1 || len == 21 || line[word.end - 1] != 'Z')
        return 0;
    for (i = 0; i + 1 < len; i++) {
        const char c = line[word.at + i];
        if (shape[i] == '0' ? c < '0' || c > '9' : c != shape[i])
            return 0;
    }
    return 1;
}

static void fail(struct expected *expected, vpcvis_status status, uint32_t column,
                 size_t at, size_t upto)
{
    expected->status = status;
    expected->column = column;
    expected->at = at;
    expected->upto = upto;
}

static int is_dash(const char *line, struct word word)
{
    return word.end - word.at == 1 && line[word.at] == '-';
}

static int is_number(uint32_t kind)
{
    return kind == VPCVIS_KIND_NUMBER32 || kind == VPCVIS_KIND_NUMBER64;
}

static vpcvis_status word_status(const char *line, struct word word, uint32_t field)
{
    struct vpcvis_field row;
    struct vpcvis_addr addr;

    if (is_dash(line, word) || vpcvis_record_field(field, &row) != VPCVIS_OK)
        return VPCVIS_OK;
    if (is_number(row.kind))
        return peer_number(line + word.at, word.end - word.at, row.max);
    if (row.kind == VPCVIS_KIND_ADDRESS &&
        !peer_read(line + word.at, word.end - word.at, &addr))
        return VPCVIS_E_ADDRESS;
    return VPCVIS_OK;
}

/* After the last column. */
static void expect_end(const char *line, size_t len, uint32_t flags, size_t at,
                       struct expected *expected)
{
    for (;;) {
        const struct word word = next_word(line, len, at);
        at = word.end;
        if (word.at == len)
            return;
        if (at < len && !is_space(line[at])) {
            fail(expected, VPCVIS_E_BYTE, expected->words, at, at);
            return;
        }
        if ((flags & VPCVIS_LINE_LENIENT) == 0) {
            fail(expected, VPCVIS_E_MANY, expected->words, word.at, word.at);
            return;
        }
        expected->flags |= VPCVIS_RECORD_MANY;
    }
}

static void expect(const vpcvis_layout *layout, uint32_t flags, const char *line,
                   size_t len, struct expected *expected)
{
    const uint32_t columns = vpcvis_layout_columns(layout);
    struct word word;
    size_t at = 0;

    memset(expected, 0, sizeof(*expected));
    if (len > 0 && line[len - 1] == '\n')
        len--;
    if (len > 0 && line[len - 1] == '\r')
        len--;
    if (len > VPCVIS_LINE_MAX) {
        fail(expected, VPCVIS_E_LONG, 0, VPCVIS_LINE_MAX, VPCVIS_LINE_MAX);
        return;
    }
    word = next_word(line, len, 0);
    if ((flags & VPCVIS_LINE_PREFIX) && (word.end == len || is_space(line[word.end])) &&
        is_time(line, word))
        at = word.end;
    for (; expected->words < columns; expected->words++) {
        const uint32_t field = vpcvis_layout_field(layout, expected->words);
        vpcvis_status status;
        word = next_word(line, len, at);
        at = word.end;
        if (word.at == len) {
            expected->flags |= VPCVIS_RECORD_FEW;
            if (expected->words == 0 || (flags & VPCVIS_LINE_LENIENT) == 0)
                fail(expected, VPCVIS_E_FEW, expected->words, len, len);
            return;
        }
        status = at < len && !is_space(line[at]) ? VPCVIS_E_BYTE
                                                 : word_status(line, word, field);
        if (status != VPCVIS_OK) {
            fail(expected, status, expected->words,
                 status == VPCVIS_E_BYTE ? at : word.at, at);
            return;
        }
        expected->word[expected->words] = word;
    }
    expect_end(line, len, flags, at, expected);
}

/* The number of a word, in seconds where that was asked for. */
static uint64_t word_number(const char *line, struct word word, uint32_t field,
                            uint32_t flags, uint32_t *row_flags)
{
    char digits[24] = {0};
    uint64_t number;

    memcpy(digits, line + word.at, word.end - word.at);
    number = strtoull(digits, NULL, 10);
    if ((field == VPCVIS_FIELD_START || field == VPCVIS_FIELD_END) &&
        (flags & VPCVIS_LINE_MS) && word.end - word.at >= 11) {
        number /= 1000;
        *row_flags |= VPCVIS_RECORD_MS;
    }
    return number;
}

/* Check one value of the record and add what it must be written as. */
static void require_value(const struct vpcvis_record *record, uint32_t field,
                          uint32_t flags, const char *line, struct word word,
                          uint32_t *row_flags, struct bytes *canonical)
{
    const size_t len = word.end - word.at;
    struct vpcvis_value value;
    struct vpcvis_addr addr;
    char out[64];
    size_t out_len;

    REQUIRE(vpcvis_record_get(record, field, &value) == VPCVIS_OK);
    REQUIRE(value.kind == oracle_kind(field) && value.reserved == 0);
    if (is_dash(line, word)) {
        REQUIRE(value.state == VPCVIS_STATE_DASH);
        bytes_add(canonical, "-", 1);
        return;
    }
    REQUIRE(value.state == VPCVIS_STATE_VALUE);
    if (is_number(value.kind)) {
        REQUIRE(value.number == word_number(line, word, field, flags, row_flags));
        snprintf(out, sizeof(out), "%llu", (unsigned long long)value.number);
        bytes_add(canonical, out, strlen(out));
    } else if (value.kind == VPCVIS_KIND_ADDRESS) {
        REQUIRE(peer_read(line + word.at, len, &addr));
        REQUIRE(memcmp(&addr, &value.addr, sizeof(addr)) == 0);
        REQUIRE(vpcvis_addr_write(&addr, out, sizeof(out), &out_len) == VPCVIS_OK);
        bytes_add(canonical, out, out_len);
    } else {
        REQUIRE(value.text == line + word.at && value.text_len == len);
        if (value.kind == VPCVIS_KIND_NAME && value.number == 0)
            *row_flags |= VPCVIS_RECORD_UNKNOWN;
        if (value.kind == VPCVIS_KIND_NAME && value.number != 0) {
            const char *name = vpcvis_record_name(field, value.number);
            REQUIRE(name != NULL && strlen(name) == len);
            REQUIRE(memcmp(name, value.text, len) == 0);
        }
        bytes_add(canonical, value.text, len);
    }
}

/* read(write(r)) = r, and write(read(write(r))) = write(r). */
static void require_stable(const vpcvis_layout *layout,
                           const struct vpcvis_record *record,
                           const struct bytes *canonical)
{
    struct vpcvis_record again;
    size_t len, again_len;
    char *out = oracle_write(layout, record, &len);
    char *out_again;

    REQUIRE(len == canonical->len && memcmp(out, canonical->at, len) == 0);
    if (len > VPCVIS_LINE_MAX) {
        free(out);
        return;
    }
    REQUIRE(vpcvis_line_read(layout, 0, out, len, &again, NULL) == VPCVIS_OK);
    REQUIRE(again.flags == (record->flags & VPCVIS_RECORD_UNKNOWN));
    require_same_record(record, &again, 0);
    out_again = oracle_write(layout, &again, &again_len);
    REQUIRE(again_len == len && memcmp(out, out_again, len) == 0);
    free(out_again);
    free(out);
}

static void require_record(const vpcvis_layout *layout, uint32_t flags, const char *line,
                           const struct vpcvis_record *record,
                           const struct expected *expected)
{
    struct bytes canonical = {NULL, 0, 0};
    const uint32_t columns = vpcvis_layout_columns(layout);
    uint32_t row_flags = expected->flags, present = 0, column, field;
    struct vpcvis_value value;

    for (column = 0; column < columns; column++) {
        field = vpcvis_layout_field(layout, column);
        if (column > 0)
            bytes_add(&canonical, " ", 1);
        if (column < expected->words)
            require_value(record, field, flags, line, expected->word[column], &row_flags,
                          &canonical);
        else
            bytes_add(&canonical, "-", 1);
    }
    for (field = 0; field < VPCVIS_FIELD_MAX; field++) {
        REQUIRE(vpcvis_record_get(record, field, &value) == VPCVIS_OK);
        present += value.state != VPCVIS_STATE_ABSENT;
    }
    REQUIRE(present == expected->words);
    REQUIRE(record->base == line && record->flags == row_flags);
    require_stable(layout, record, &canonical);
    bytes_free(&canonical);
}

static void try_line(const vpcvis_layout *layout, uint32_t flags, const char *line,
                     size_t len)
{
    struct vpcvis_record record, untouched;
    struct vpcvis_error error;
    struct expected expected;
    vpcvis_status status;

    memset(&record, 0xa5, sizeof(record));
    memset(&error, 0, sizeof(error));
    untouched = record;
    expect(layout, flags, line, len, &expected);
    status = vpcvis_line_read(layout, flags, line, len, &record, &error);
    REQUIRE(status == expected.status);
    if (status == VPCVIS_OK) {
        require_record(layout, flags, line, &record, &expected);
        return;
    }
    REQUIRE(memcmp(&record, &untouched, sizeof(record)) == 0);
    REQUIRE(error.status == status && error.line == 1 && error.line_at == 0);
    REQUIRE(error.column == expected.column);
    REQUIRE(error.offset >= expected.at && error.offset <= expected.upto);
    REQUIRE(error.field == (status == VPCVIS_E_LONG
                                ? VPCVIS_FIELD_NONE
                                : vpcvis_layout_field(layout, expected.column)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint32_t all = VPCVIS_LINE_LENIENT | VPCVIS_LINE_MS | VPCVIS_LINE_PREFIX;
    char memory[VPCVIS_LAYOUT_BYTES_MAX];
    struct input in = {data, size};
    const vpcvis_layout *layout;
    size_t split = 0, len;
    uint32_t flags;
    char *line;

    while (split < size && data[split] != 0 && data[split] != '\n')
        split++;
    layout = oracle_layout_text((const char *)data, split, 0, memory);
    if (layout == NULL)
        layout = oracle_layout(input_choice(&in), memory);
    in.at = data + (split < size ? split + 1 : size);
    in.left = (size_t)(data + size - in.at);
    line = oracle_text(&in, 0, &len);
    for (flags = 0; flags <= all; flags++)
        try_line(layout, flags, line, len);
    free(line);
    return 0;
}

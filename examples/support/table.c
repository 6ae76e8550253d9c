/* SPDX-License-Identifier: MIT */
#include "table.h"

#define BLOCK      32 /* bytes that copy_line handles at a time */
#define HEADER_MAX (VPCVIS_FIELD_MAX * (VPCVIS_LAYOUT_NAME_MAX + 1))

void table_init(struct table *table, int to, const vpcvis_layout *fields)
{
    memset(table, 0, sizeof(*table));
    table->to = to;
    table->fields = fields;
    table->chosen = fields != NULL;
    cell_octets_init(&table->octets);
}

static int is_known(uint32_t field)
{
    struct vpcvis_field known;

    return vpcvis_record_field(field, &known) == VPCVIS_OK;
}

void table_ask(const struct table *table, uint64_t fields[2])
{
    uint32_t i, field;

    memset(fields, 0, 2 * sizeof(fields[0]));
    for (field = 0; field < VPCVIS_FIELD_MAX; field++) {
        if (!table->chosen)
            fields[field / 64] |= UINT64_C(1) << field % 64;
    }
    for (i = 0; table->chosen && i < vpcvis_layout_columns(table->fields); i++) {
        field = vpcvis_layout_field(table->fields, i);
        if (is_known(field))
            fields[field / 64] |= UINT64_C(1) << field % 64;
        else
            fields[1] |= ~UINT64_C(0) << (VPCVIS_FIELD_COUNT - 64) & UINT32_MAX;
    }
}

/* Keep a copy of the input's layout: the reader's own lives until its next call only. */
static int copy_layout(struct table *table, const vpcvis_layout *input)
{
    struct vpcvis_layout_config config = {0};
    char text[HEADER_MAX];
    size_t len;

    if (vpcvis_layout_write(input, VPCVIS_LAYOUT_HEADER, text, sizeof(text), &len) !=
        VPCVIS_OK)
        return -1;
    config.size = sizeof(config);
    config.text = text;
    config.text_len = len;
    table->input = NULL;
    return vpcvis_layout_init(table->input_memory, sizeof(table->input_memory), &config,
                              &table->input, NULL) == VPCVIS_OK
               ? 0
               : -1;
}

/* The id by which the input's columns know column i of what is to be written. Names that the
 * library does not know have ids that depend on the layout, so they are compared. */
static uint32_t find_field(const struct table *table, uint32_t i)
{
    const uint32_t field = vpcvis_layout_field(table->fields, i);
    const char *name = vpcvis_layout_name(table->fields, i);
    uint32_t column;

    if (is_known(field))
        return vpcvis_layout_find(table->input, field, &column) == VPCVIS_OK
                   ? field
                   : VPCVIS_FIELD_NONE;
    for (column = 0; column < vpcvis_layout_columns(table->input); column++) {
        if (strcmp(vpcvis_layout_name(table->input, column), name) == 0)
            return vpcvis_layout_field(table->input, column);
    }
    return VPCVIS_FIELD_NONE;
}

static void plan_column(struct table *table, uint32_t i)
{
    const char *name = vpcvis_layout_name(table->fields, i);
    const size_t len = strlen(name);
    const uint32_t field = find_field(table, i);
    struct table_column *column = &table->columns[table->count];
    struct vpcvis_field known;

    if (field == VPCVIS_FIELD_NONE && table->to == TABLE_JSON)
        return;
    column->field = field;
    column->kind =
        vpcvis_record_field(field, &known) == VPCVIS_OK ? known.kind : VPCVIS_KIND_TEXT;
    column->label[0] = table->count == 0 ? '{' : ',';
    column->label[1] = '"';
    memcpy(column->label + 2, name, len);
    memcpy(column->label + 2 + len, "\":", 2);
    column->label_len = len + 4;
    table->count++;
}

static int plan(struct table *table, const vpcvis_layout *input)
{
    uint32_t i;

    if (copy_layout(table, input) != 0)
        return -1;
    if (!table->chosen) {
        table->fields = table->input;
        table->titled = 0;
    }
    table->count = 0;
    for (i = 0; i < vpcvis_layout_columns(table->fields); i++)
        plan_column(table, i);
    table->whole = vpcvis_layout_equal(table->fields, table->input) != 0;
    return 0;
}

static int write_title(struct table *table, struct output *out)
{
    const char separator = table->to == TABLE_CSV ? ',' : ' ';
    uint32_t i;

    if (table->titled || table->to == TABLE_JSON)
        return 0;
    table->titled = 1;
    if (output_room(out) != 0)
        return -1;
    for (i = 0; i < vpcvis_layout_columns(table->fields); i++) {
        const char *name = vpcvis_layout_name(table->fields, i);
        const size_t len = strlen(name);

        memcpy(out->data + out->len, name, len);
        out->len += len;
        out->data[out->len++] = separator;
    }
    out->data[out->len - 1] = '\n';
    return 0;
}

static inline int is_valid(const struct table_column *column, size_t row)
{
    return column->valid != NULL && (column->valid[row / 64] >> row % 64 & 1) != 0;
}

static inline char *write_cell(char *out, const struct table *table,
                               const struct table_column *column, const char *text,
                               size_t row, int kind)
{
    const struct vpcvis_line_text *word;

    switch (column->kind) {
    case VPCVIS_KIND_NUMBER32:
        return cell_number(out, ((const uint32_t *)column->values)[row]);
    case VPCVIS_KIND_NUMBER64:
        return cell_number(out, ((const uint64_t *)column->values)[row]);
    case VPCVIS_KIND_ADDRESS:
        return cell_addr(out, (const struct vpcvis_addr *)column->values + row,
                         &table->octets);
    default:
        word = (const struct vpcvis_line_text *)column->values + row;
        return cell_text(out, text + word->at, word->len, kind);
    }
}

static char *write_csv(char *out, const struct table *table, const char *text, size_t row)
{
    const struct table_column *column = table->columns;
    const struct table_column *end = column + table->count;

    if (table->count == 1 && !is_valid(column, row)) {
        memcpy(out, "\"\"\n", 3); /* an empty line would not count as a record */
        return out + 3;
    }
    for (; column < end; column++) {
        if (is_valid(column, row))
            out = write_cell(out, table, column, text, row, CELL_CSV);
        *out++ = ',';
    }
    out[-1] = '\n';
    return out;
}

static inline char *write_label(char *out, const struct table_column *column)
{
    size_t i;

    for (i = 0; i < column->label_len; i += 16)
        memcpy(out + i, column->label + i, 16);
    return out + column->label_len;
}

static char *write_json(char *out, const struct table *table, const char *text,
                        size_t row)
{
    const struct table_column *column = table->columns;
    const struct table_column *end = column + table->count;

    if (column == end)
        *out++ = '{';
    for (; column < end; column++) {
        out = write_label(out, column);
        if (!is_valid(column, row)) {
            memcpy(out, "null", 4);
            out += 4;
        } else if (column->kind <= VPCVIS_KIND_NUMBER64) {
            out = write_cell(out, table, column, text, row, CELL_JSON);
        } else {
            *out++ = '"';
            out = write_cell(out, table, column, text, row, CELL_JSON);
            *out++ = '"';
        }
    }
    memcpy(out, "}\n", 2);
    return out + 2;
}

/* Which of 64 rows have a value in every column. */
static uint64_t find_full(const struct table *table, size_t word)
{
    uint64_t full = ~UINT64_C(0);
    uint32_t i;

    for (i = 0; i < table->count; i++)
        full &= table->columns[i].valid ? table->columns[i].valid[word] : 0;
    return full;
}

/* What copy_line must not meet, each by the place in a block: flags that are kept apart are
 * turned into vector code, one test for several bytes is not. */
struct odd {
    unsigned char comma[BLOCK], quote[BLOCK], colon[BLOCK], space[BLOCK];
};

/* One block: spaces become commas. Reads one byte more than the block has. */
static inline void copy_block(char *restrict out, const char *restrict in,
                              struct odd *odd)
{
    unsigned i;

    for (i = 0; i < BLOCK; i++) {
        const unsigned char c = (unsigned char)in[i];
        const unsigned char next = (unsigned char)in[i + 1];

        odd->comma[i] |= (unsigned char)(c == ',');
        odd->quote[i] |= (unsigned char)(c == '"');
        odd->colon[i] |= (unsigned char)(c == ':');
        odd->space[i] |= (unsigned char)((c < ' ') | ((c == ' ') & (next <= ' ')));
        out[i] = (char)(c == ' ' ? ',' : c);
    }
}

/*
 * A line that was read whole and has a value in every column is a row of CSV once its spaces
 * are commas: numbers and IPv4 addresses have one spelling only. NULL if it is not so simple:
 * a colon (IPv6 addresses have many spellings, and a time may stand before the line), a byte
 * to quote, spaces in a row or at the ends, tabs, CR; or a short line.
 */
static char *copy_line(char *restrict out, const char *restrict line, size_t bound)
{
    const char *end = memchr(line, '\n', bound);
    const size_t len = end ? (size_t)(end - line) : 0;
    struct odd odd = {{0}, {0}, {0}, {0}};
    unsigned char any = line[0] == ' ';
    size_t i;

    if (len < BLOCK)
        return NULL;
    for (i = 0; i < len - BLOCK; i += BLOCK)
        copy_block(out + i, line + i, &odd);
    copy_block(out + len - BLOCK, line + len - BLOCK, &odd);
    for (i = 0; i < BLOCK; i++)
        any |= (unsigned char)(odd.comma[i] | odd.quote[i] | odd.colon[i] | odd.space[i]);
    if (any)
        return NULL;
    out[len] = '\n';
    return out + len + 1;
}

#if defined(__GNUC__)
/* Bytes that are handled together; comparing gives 0xff where it is so. */
typedef unsigned char lanes __attribute__((vector_size(32)));

/* One build for all CPUs, and one for those with longer vectors, where the loader can choose. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

static inline unsigned sum_lanes(const unsigned char *bytes)
{
    unsigned i, sum = 0;

    for (i = 0; i < sizeof(lanes); i++)
        sum += bytes[i];
    return sum;
}

/*
 * Copy whole lines, spaces as commas, if that makes CSV of all of them, as in copy_line, and if
 * there are just `rows` of them: nothing between them was left out. Reads one byte more.
 */
CLONES static char *copy_lines(char *restrict out, const char *restrict text, size_t len,
                               unsigned rows)
{
    unsigned char bytes[sizeof(lanes)];
    lanes odd = {0};
    unsigned ends = 0;
    size_t i = 0;

    while (i + sizeof(lanes) <= len) {
        const size_t stop = len - i < 255 * sizeof(lanes) ? len : i + 255 * sizeof(lanes);
        lanes found = {0};

        for (; i + sizeof(lanes) <= stop; i += sizeof(lanes)) {
            lanes c, next, lf, space, blank, written;

            memcpy(&c, text + i, sizeof(c));
            memcpy(&next, text + i + 1, sizeof(next));
            lf = (lanes)(c == '\n');
            space = (lanes)(c == ' ');
            blank = (lanes)(c <= ' ');
            written = c ^ (space & (' ' ^ ','));
            odd |= (lanes)(c == ',') | (lanes)(c == '"') | (lanes)(c == ':');
            odd |= (blank ^ space ^ lf) | (blank & (lanes)(next <= ' '));
            found -= lf;
            memcpy(out + i, &written, sizeof(written));
        }
        memcpy(bytes, &found, sizeof(bytes));
        ends += sum_lanes(bytes);
    }
    for (; i < len; i++) {
        const char c = text[i];
        if (c == ',' || c == '"' || c == ':' || (c < ' ' && c != '\n') ||
            (c <= ' ' && text[i + 1] <= ' '))
            return NULL;
        ends += c == '\n';
        out[i] = c == ' ' ? ',' : c;
    }
    memcpy(bytes, &odd, sizeof(bytes));
    return ends == rows && sum_lanes(bytes) == 0 ? out + len : NULL;
}
#else
static char *copy_lines(char *out, const char *text, size_t len, unsigned rows)
{
    (void)out, (void)text, (void)len, (void)rows;
    return NULL;
}
#endif

/* Which of 64 rows have IPv4 addresses only, of those that are full. */
static uint64_t find_plain(const struct table *table, size_t first, size_t rows,
                           uint64_t full)
{
    const size_t n = rows - first < 64 ? rows - first : 64;
    uint32_t i;
    size_t row;

    for (i = 0; i < table->count; i++) {
        const struct vpcvis_addr *addr = table->columns[i].values;
        uint64_t ipv4 = 0;

        if (table->columns[i].kind != VPCVIS_KIND_ADDRESS || addr == NULL)
            continue;
        for (row = 0; row < n; row++)
            ipv4 |= (uint64_t)(addr[first + row].family == VPCVIS_ADDR_IPV4) << row;
        full &= ipv4;
    }
    return full;
}

/* How many rows from `row` on are plain and have another row behind them, in its 64. */
static size_t count_run(uint64_t plain, size_t row, size_t rows)
{
    size_t n = 0;

    while (row % 64 + n < 64 && row + n + 1 < rows && (plain >> (row % 64 + n) & 1))
        n++;
    return n;
}

static char *write_row(char *start, const struct table *table, const uint32_t *at,
                       const char *text, size_t row, int simple)
{
    char *end = NULL;

    if (table->to == TABLE_JSON)
        return write_json(start, table, text, row);
    if (simple)
        end = copy_line(start, text + at[row], at[row + 1] - at[row]);
    return end != NULL ? end : write_csv(start, table, text, row);
}

static int write_cells(struct table *table, struct output *out,
                       const struct vpcvis_line_columns *columns, const char *text,
                       size_t rows)
{
    const uint32_t *at = table->whole && table->to == TABLE_CSV ? columns->line_at : NULL;
    uint64_t full = 0, plain = 0;
    size_t row, run;

    for (row = 0; row<rows; row += run> 0 ? run : 1) {
        char *start = out->data + out->len;
        char *end = NULL;

        if (row % 64 == 0 && at != NULL) {
            full = find_full(table, row / 64);
            plain = table->mixed ? find_plain(table, row, rows, full) : full;
            table->mixed = plain != full;
        }
        run = at != NULL ? count_run(plain, row, rows) : 0;
        if (run > 0 && at[row + run] - at[row] < OUTPUT_ROOM)
            end =
                copy_lines(start, text + at[row], at[row + run] - at[row], (unsigned)run);
        if (end == NULL) {
            if (run > 0) {
                plain = 0; /* what is odd in there shows line by line */
                table->mixed = 1;
            }
            run = 0;
            end = write_row(start, table, at, text, row,
                            at != NULL && (full >> row % 64 & 1) && row + 1 < rows);
        }
        out->len = (size_t)(end - out->data);
        if (out->len >= OUTPUT_FLUSH && output_flush(out) != 0)
            return -1;
    }
    return 0;
}

/* The library writes lines; it is given the columns by the ids of the layout to write. */
static int write_lines(const struct table *table, struct output *out,
                       const struct vpcvis_line_columns *columns, const char *text,
                       size_t rows)
{
    struct vpcvis_line_columns dressed = *columns;
    size_t first = 0;
    uint32_t i;

    for (i = 0; i < table->count; i++) {
        const uint32_t field = vpcvis_layout_field(table->fields, i);

        dressed.values[field] = table->columns[i].values;
        dressed.valid[field] = table->columns[i].valid;
    }
    while (first < rows) {
        size_t len = 0, written = 0;
        const vpcvis_status status = vpcvis_line_write_columns(
            table->fields, &dressed, text, first, rows - first, out->data + out->len,
            OUTPUT_CAPACITY - out->len, &len, &written);

        if (status != VPCVIS_OK && status != VPCVIS_MORE)
            return -1;
        out->len += len;
        first += written;
        if (output_room(out) != 0)
            return -1;
    }
    return 0;
}

int table_write(struct table *table, struct output *out, const vpcvis_layout *input,
                const struct vpcvis_line_columns *columns, const char *text, size_t rows)
{
    uint32_t i;

    if (table->input == NULL || !vpcvis_layout_equal(table->input, input)) {
        if (plan(table, input) != 0)
            return -1;
    }
    if (write_title(table, out) != 0 || output_room(out) != 0)
        return -1;
    for (i = 0; i < table->count; i++) {
        struct table_column *column = &table->columns[i];
        const int has = column->field != VPCVIS_FIELD_NONE;

        column->values = has ? columns->values[column->field] : NULL;
        column->valid = has ? columns->valid[column->field] : NULL;
    }
    if (table->to == TABLE_TEXT)
        return write_lines(table, out, columns, text, rows);
    return write_cells(table, out, columns, text, rows);
}

int table_end(struct table *table, struct output *out)
{
    return table->chosen ? write_title(table, out) : 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Room columns: rows of pieces appended to a block, a column at a time, so that each loop is of
 * one kind.
 *
 *     pieces  at, len, code          block  offsets |0|5|5|11|    text |eni-1eni-22|
 *
 * Texts are moved 32 bytes at a time where that stays within what was read: the surplus is
 * overwritten by the next.
 */
#include "columns.h"

#define CHUNK 32u /* bytes moved at once */

uint32_t vpcvis_i_columns_put_bits(uint64_t *to, uint32_t d, const uint64_t *from,
                                   uint32_t s, uint32_t n)
{
    uint32_t clear = 0, done = 0;

    while (done < n) {
        const uint32_t to_bit = (d + done) % 64, from_bit = (s + done) % 64;
        const uint32_t most = 64 - (to_bit > from_bit ? to_bit : from_bit);
        const uint32_t count = n - done < most ? n - done : most;
        const uint64_t mask = ~(uint64_t)0 >> (64 - count);
        const uint64_t bits =
            (from != NULL ? from[(s + done) / 64] >> from_bit : mask) & mask;

        to[(d + done) / 64] |= bits << to_bit;
        clear += count - vpcvis_i_bytes_count(bits);
        done += count;
    }
    return clear;
}

VPCVIS_I_INLINE int has_bit(const uint64_t *bitmap, uint32_t row)
{
    return (int)(bitmap[row / 64] >> row % 64 & 1);
}

/* One column of some rows, from pieces to its target. */
struct move {
    struct vpcvis_i_columns_target *to;
    const struct vpcvis_i_columns_column *column;
    const char *values; /* of the first row; NULL: the layout does not have it */
    const uint64_t *valid;
    const char *text; /* what texts count from */
    uint32_t safe;    /* from places before it 32 bytes may be read */
    uint32_t at;      /* first row of the block */
    uint32_t first;   /* bit of the first row in valid */
    uint32_t count;
    uint32_t nulls;
};

/* 64 bits of a bitmap from bit s on, of which the first `count` count. */
static uint64_t take_bits(const uint64_t *bitmap, uint32_t s, uint32_t count)
{
    uint64_t bits = bitmap[s / 64] >> s % 64;

    if (s % 64 + count > 64)
        bits |= bitmap[s / 64 + 1] << (64 - s % 64);
    return bits & ~(uint64_t)0 >> (64 - count);
}

/* What is null has no value, not even one of another row. */
static void clear_nulls(const struct move *move, size_t width)
{
    char *out = (char *)move->to->values + move->at * width;
    uint32_t i;

    for (i = 0; i < move->count; i += 64) {
        const uint32_t count = move->count - i < 64 ? move->count - i : 64;
        uint64_t nulls = ~(uint64_t)0 >> (64 - count);

        nulls &= ~take_bits(move->valid, move->first + i, count);
        for (; nulls != 0; nulls &= nulls - 1)
            memset(out + (i + vpcvis_i_bytes_lowest(nulls)) * width, 0, width);
    }
}

static void move_narrow(const struct move *move, uint32_t width)
{
    const uint32_t *from = (const uint32_t *)(const void *)move->values;
    uint8_t *bytes = (uint8_t *)move->to->values + move->at;
    uint16_t *halves = (uint16_t *)move->to->values + move->at;
    uint32_t i;

    for (i = 0; width == 1 && i < move->count; i++)
        bytes[i] = (uint8_t)from[i];
    for (i = 0; width == 2 && i < move->count; i++)
        halves[i] = (uint16_t)from[i];
}

/* Returns how many were too large for an int64. */
static uint32_t move_int64(const struct move *move)
{
    uint64_t *to = (uint64_t *)move->to->values + move->at;
    uint64_t all = 0;
    uint32_t i, clamped = 0;

    memcpy(to, move->values, move->count * sizeof(*to));
    if (move->nulls > 0)
        clear_nulls(move, sizeof(*to));
    for (i = 0; i < move->count; i++)
        all |= to[i];
    for (i = 0; all > INT64_MAX && i < move->count; i++) {
        if (to[i] > INT64_MAX) {
            to[i] = INT64_MAX;
            clamped++;
        }
    }
    return clamped;
}

static void move_binary(const struct move *move)
{
    const struct vpcvis_addr *from =
        (const struct vpcvis_addr *)(const void *)move->values;
    uint8_t(*to)[16] = (uint8_t(*)[16])move->to->values + move->at;
    uint32_t i;

    for (i = 0; i < move->count; i++) {
        if (move->nulls > 0 && !has_bit(move->valid, move->first + i))
            continue;
        vpcvis_i_columns_put_addr(to[i], &from[i]);
    }
}

/* Offsets and text of addresses. */
static void move_addresses(const struct move *move)
{
    const struct vpcvis_addr *from =
        (const struct vpcvis_addr *)(const void *)move->values;
    int32_t *end = (int32_t *)move->to->values + move->at + 1;
    char *base = move->to->text;
    char *out = base + move->to->used;
    uint32_t i;

    for (i = 0; i < move->count; i++) {
        if (move->nulls > 0 && !has_bit(move->valid, move->first + i)) {
            end[i] = (int32_t)(out - base);
            continue;
        }
        if (VPCVIS_I_LIKELY(from[i].family == VPCVIS_ADDR_IPV4))
            out = vpcvis_i_addr_write_quad(out, from[i].bytes);
        else
            out = vpcvis_i_addr_write(out, &from[i]);
        end[i] = (int32_t)(out - base);
    }
    move->to->used = (size_t)(out - base);
}

VPCVIS_I_INLINE char *put_text(char *out, const struct move *move,
                               const struct vpcvis_line_text *from)
{
    if (VPCVIS_I_LIKELY(from->len <= CHUNK && from->at < move->safe))
        memcpy(out, move->text + from->at, CHUNK);
    else
        memcpy(out, move->text + from->at, from->len);
    return out + from->len;
}

static void move_texts(const struct move *move)
{
    const struct vpcvis_line_text *from =
        (const struct vpcvis_line_text *)(const void *)move->values;
    int32_t *end = (int32_t *)move->to->values + move->at + 1;
    char *base = move->to->text;
    char *out = base + move->to->used;
    uint32_t i;

    for (i = 0; i < move->count; i++) {
        if (move->nulls == 0 || has_bit(move->valid, move->first + i))
            out = put_text(out, move, &from[i]);
        end[i] = (int32_t)(out - base);
    }
    move->to->used = (size_t)(out - base);
}

/* Nothing but nulls. */
static void move_nothing(const struct move *move)
{
    const uint32_t width = vpcvis_i_columns_width(move->column);
    int32_t *end = (int32_t *)move->to->values + move->at + 1;
    uint32_t i;

    if (move->column->type != VPCVIS_I_COLUMNS_UTF8) {
        memset((char *)move->to->values + (size_t)move->at * width, 0,
               (size_t)move->count * width);
        return;
    }
    for (i = 0; i < move->count; i++)
        end[i] = (int32_t)move->to->used;
}

/* Returns how many numbers were clamped. */
static uint32_t move_column(const struct move *move)
{
    const uint32_t width = vpcvis_i_columns_width(move->column);
    const size_t at = (size_t)move->at * width;

    switch (move->column->type) {
    case VPCVIS_I_COLUMNS_INT64:
    case VPCVIS_I_COLUMNS_TIME: return move_int64(move);
    case VPCVIS_I_COLUMNS_UINT8:
    case VPCVIS_I_COLUMNS_UINT16: move_narrow(move, width); break;
    case VPCVIS_I_COLUMNS_BINARY: move_binary(move); break;
    case VPCVIS_I_COLUMNS_UTF8:
        if (vpcvis_i_record_field(move->column->field)->kind == VPCVIS_KIND_ADDRESS)
            move_addresses(move);
        else
            move_texts(move);
        return 0;
    default:
        memcpy((char *)move->to->values + at, move->values, (size_t)move->count * width);
        break;
    }
    if (move->nulls > 0)
        clear_nulls(move, width);
    return 0;
}

/* Words: an index of hashes leads to the entries of the dictionary. */

static uint32_t hash_word(const char *text, size_t len)
{
    uint64_t hash = len;
    uint64_t eight;
    size_t i;

    for (i = 0; i + 8 <= len; i += 8)
        hash = (hash ^ vpcvis_i_bytes_le64(text + i)) * 0x9e3779b97f4a7c15u;
    eight = 0;
    memcpy(&eight, text + i, len - i);
    hash = (hash ^ eight) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 40);
}

static int is_word(const struct vpcvis_i_columns_target *to, uint32_t word,
                   const char *text, size_t len)
{
    const int32_t at = to->word_at[word];

    return (size_t)(to->word_at[word + 1] - at) == len &&
           memcmp(to->text + at, text, len) == 0;
}

/* The index of a word, put into the dictionary if need be; VPCVIS_I_COLUMNS_WORDS_MAX: full. */
static uint32_t find_word(struct vpcvis_i_columns_target *to, uint32_t *index,
                          const char *text, size_t len)
{
    const uint32_t mask = VPCVIS_I_COLUMNS_INDEX - 1;
    uint32_t slot = hash_word(text, len) & mask;

    for (; index[slot] != 0; slot = (slot + 1) & mask)
        if (is_word(to, index[slot] - 1, text, len))
            return index[slot] - 1;
    if (to->words == VPCVIS_I_COLUMNS_WORDS_MAX || len > to->room - to->used)
        return VPCVIS_I_COLUMNS_WORDS_MAX;
    memcpy(to->text + to->used, text, len);
    to->used += len;
    to->word_at[to->words + 1] = (int32_t)to->used;
    index[slot] = ++to->words;
    return to->words - 1;
}

/* Indexes of words; returns how many rows found room. */
static uint32_t move_words(const struct move *move, uint32_t *index)
{
    const struct vpcvis_line_text *from =
        (const struct vpcvis_line_text *)(const void *)move->values;
    uint32_t *out = (uint32_t *)move->to->values + move->at;
    uint32_t i;

    for (i = 0; move->values != NULL && i < move->count; i++) {
        out[i] = 0;
        if (!has_bit(move->valid, move->first + i))
            continue;
        out[i] = find_word(move->to, index, move->text + from[i].at, from[i].len);
        if (out[i] == VPCVIS_I_COLUMNS_WORDS_MAX)
            return i;
    }
    return move->count;
}

static uint32_t element_of(uint32_t field)
{
    switch (vpcvis_i_record_field(field)->kind) {
    case VPCVIS_KIND_NUMBER32: return 4;
    case VPCVIS_KIND_ADDRESS: return sizeof(struct vpcvis_addr);
    default: return 8;
    }
}

/* A column of pieces whose first `count` rows are to be moved. */
static void aim(struct move *move, const struct vpcvis_i_columns_pieces *pieces,
                const struct vpcvis_i_columns_column *column, uint32_t field,
                uint32_t count)
{
    move->column = column;
    move->text = pieces->text;
    move->first = pieces->first;
    move->count = count;
    move->values = NULL;
    move->valid = NULL;
    if (field == VPCVIS_FIELD_NONE)
        return;
    move->values = (const char *)pieces->columns->values[field] +
                   (size_t)pieces->first * element_of(field);
    move->valid = pieces->columns->valid[field];
}

static size_t texts_len(const struct move *move)
{
    const struct vpcvis_line_text *from =
        (const struct vpcvis_line_text *)(const void *)move->values;
    size_t len = 0;
    uint32_t i;

    for (i = 0; i < move->count; i++)
        len += has_bit(move->valid, move->first + i) ? from[i].len : 0;
    return len;
}

static size_t addresses_len(const struct move *move)
{
    const struct vpcvis_addr *from =
        (const struct vpcvis_addr *)(const void *)move->values;
    uint32_t i, others = 0;

    for (i = 0; i < move->count; i++)
        others +=
            has_bit(move->valid, move->first + i) && from[i].family != VPCVIS_ADDR_IPV4;
    return (size_t)others * VPCVIS_ADDR_TEXT_MAX + (size_t)(move->count - others) * 15;
}

/* Text that a column's rows need. */
static size_t room_of(const struct move *move)
{
    if (move->values == NULL || move->column->type != VPCVIS_I_COLUMNS_UTF8)
        return 0;
    if (vpcvis_i_record_field(move->column->field)->kind == VPCVIS_KIND_ADDRESS)
        return addresses_len(move);
    return texts_len(move);
}

void vpcvis_i_columns_measure(const struct vpcvis_i_columns_set *set,
                              const struct vpcvis_i_columns_pieces *pieces,
                              uint32_t count, size_t *room)
{
    struct move move;
    uint32_t c;

    memset(&move, 0, sizeof(move));
    for (c = 0; c < set->count; c++) {
        aim(&move, pieces, &set->column[c], pieces->field[c], count);
        room[c] = room_of(&move);
    }
}

/* No column of `count` rows has more text than this: what is read is longer, and no address is
 * longer than VPCVIS_ADDR_TEXT_MAX. */
static size_t text_bound(const struct vpcvis_i_columns_pieces *pieces, uint32_t count)
{
    const uint32_t *line_at = pieces->columns->line_at + pieces->first;
    const size_t addresses = (size_t)count * VPCVIS_ADDR_TEXT_MAX;
    const size_t lines = line_at[count - 1] - line_at[0] + (size_t)VPCVIS_LINE_MAX;

    return lines > addresses ? lines : addresses;
}

/* Whether the texts of `count` rows find room: measured only where that is not sure. */
static int has_room(const struct vpcvis_i_columns_block *block,
                    const struct vpcvis_i_columns_set *set,
                    const struct vpcvis_i_columns_pieces *pieces, uint32_t count)
{
    const size_t bound = text_bound(pieces, count);
    struct move move;
    uint32_t c;

    for (c = 0; c < set->count; c++) {
        const struct vpcvis_i_columns_target *to = &block->target[c];

        if (set->column[c].type != VPCVIS_I_COLUMNS_UTF8 || bound <= to->room - to->used)
            continue;
        aim(&move, pieces, &set->column[c], pieces->field[c], count);
        if (room_of(&move) > to->room - to->used)
            return 0;
    }
    return 1;
}

/* What lies before the last line was read, and may be read beyond a token's end. */
static uint32_t find_safe(const struct vpcvis_i_columns_pieces *pieces)
{
    const uint32_t last = pieces->columns->line_at[pieces->first + pieces->count - 1];

    return last < CHUNK ? 0 : last - CHUNK + 1;
}

/* Dictionary columns first: they may find room for fewer rows. */
static uint32_t append_words(struct vpcvis_i_columns_block *block,
                             const struct vpcvis_i_columns_set *set,
                             const struct vpcvis_i_columns_pieces *pieces,
                             struct move *move, uint32_t *word_index, uint32_t count)
{
    uint32_t c;

    for (c = 0; c < set->count; c++) {
        if (set->column[c].type != VPCVIS_I_COLUMNS_WORDS)
            continue;
        aim(move, pieces, &set->column[c], pieces->field[c], count);
        move->to = &block->target[c];
        count = move_words(move, word_index + (size_t)c * VPCVIS_I_COLUMNS_INDEX);
    }
    return count;
}

uint32_t vpcvis_i_columns_append(struct vpcvis_i_columns_block *block,
                                 const struct vpcvis_i_columns_set *set,
                                 const struct vpcvis_i_columns_pieces *pieces,
                                 uint32_t at, uint32_t *word_index, uint64_t *clamped)
{
    uint32_t count = block->rows - at, c;
    struct move move;

    memset(&move, 0, sizeof(move));
    if (count > pieces->count)
        count = pieces->count;
    while (count > 0 && !has_room(block, set, pieces, count))
        count /= 2;
    move.at = at;
    move.safe = find_safe(pieces);
    count = append_words(block, set, pieces, &move, word_index, count);
    for (c = 0; c < set->count; c++) {
        aim(&move, pieces, &set->column[c], pieces->field[c], count);
        move.to = &block->target[c];
        move.nulls = count;
        if (move.values == NULL) {
            move_nothing(&move);
        } else {
            move.nulls = vpcvis_i_columns_put_bits(move.to->valid, at, move.valid,
                                                   move.first, count);
            if (move.column->type != VPCVIS_I_COLUMNS_WORDS)
                *clamped += move_column(&move);
        }
        move.to->nulls += move.nulls;
    }
    return count;
}

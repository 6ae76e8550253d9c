/* SPDX-License-Identifier: MIT */
/*
 * Room line: many lines to text at once.
 *
 * Up to 64 lines grow side by side, a column at a time, each in a slot of its own that is wide
 * enough for the longest of them; then they are moved together:
 *
 *     slots    2 123 eni-1 10.0.0.1 17|        a loop for each column, so that what is written
 *              2 123 eni-22 10.0.0.17 6|       is of one kind, and no line waits for the one
 *              2 123 - 10.1.2.3|               before
 *     out      2 123 eni-1 ... OK\n2 123 ...
 *
 * Tokens are stored in words of which the surplus bytes are overwritten by what follows. A block
 * with a line that cannot be written is given up: who writes line by line finds it.
 */
#include "line_write.h"

#define LANES 64u
#define SLOTS (LANES * 320u)
#define SLACK 64u /* surplus bytes of the last token, and of moving lines */

VPCVIS_I_INLINE const char *value_at(const struct vpcvis_i_line_step *step, size_t row)
{
    return step->values + row * step->at;
}

struct block {
    const struct vpcvis_i_line_plan *plan;
    size_t first; /* row of lane 0 */
    uint32_t count;
    uint32_t next;                  /* lanes of the block after it */
    uint32_t width;                 /* of a slot */
    uint64_t has[VPCVIS_FIELD_MAX]; /* by step: lanes that have a value */
    char *at[LANES];                /* where each line goes on */
    char slots[SLOTS + SLACK];
};

static uint64_t lanes_of(uint32_t count)
{
    return ~(uint64_t)0 >> (64 - count);
}

/* Bits of rows first..first+count-1 of a bitmap. */
static uint64_t bits_of(const uint64_t *bitmap, size_t first, uint32_t count)
{
    const uint32_t shift = first % 64;
    uint64_t bits = bitmap[first / 64] >> shift;

    if (shift + count > 64)
        bits |= bitmap[first / 64 + 1] << (64 - shift);
    return bits & lanes_of(count);
}

static void find_values(struct block *block)
{
    const struct vpcvis_i_line_step *step = block->plan->step;
    uint32_t c;

    for (c = 0; c < block->plan->steps; c++, step++) {
        if (step->put == VPCVIS_I_LINE_PUT_DASH)
            block->has[c] = 0;
        else if (step->valid)
            block->has[c] = bits_of(step->valid, block->first, block->count);
        else
            block->has[c] = lanes_of(block->count);
    }
}

/* Lanes side by side that have a value, or have none. */
struct run {
    uint32_t lane;
    uint32_t end;
};

/* The first run of some lanes, which are not 0; returns what is left of them. */
static uint64_t take_run(uint64_t lanes, struct run *run)
{
    const uint64_t carried = lanes + (lanes & (~lanes + 1));

    run->lane = vpcvis_i_bytes_lowest(lanes);
    run->end = carried == 0 ? LANES : vpcvis_i_bytes_lowest(carried);
    return lanes & carried;
}

/* The longest of a column's texts. */
static uint32_t longest_text(const struct block *block,
                             const struct vpcvis_i_line_step *step, uint64_t lanes)
{
    const char *text = block->plan->text;
    size_t longest = 0;
    struct run run;

    while (lanes != 0) {
        lanes = take_run(lanes, &run);
        for (; run.lane < run.end; run.lane++) {
            const struct vpcvis_i_line_span span =
                vpcvis_i_line_span_at(text, value_at(step, block->first + run.lane));
            VPCVIS_I_PREFETCH(span.text);
            longest = span.len > longest ? span.len : longest;
        }
    }
    return (uint32_t)longest;
}

/* As many lanes as there are slots for; 0: lines are too long for a block. */
static uint32_t plan_slots(struct block *block)
{
    const struct vpcvis_i_line_plan *plan = block->plan;
    uint32_t c, count;

    block->width = plan->width;
    for (c = 0; c < plan->steps; c++) {
        if (plan->step[c].put == VPCVIS_I_LINE_PUT_TEXT)
            block->width += longest_text(block, &plan->step[c], block->has[c]);
    }
    count = SLOTS / block->width;
    return count < block->count ? count : block->count;
}

/* Numbers: those of a run come together first, for the largest says how to write them. */

#define UNIT 1000000u

/* Returns their bits, or-ed: no number is larger. */
VPCVIS_I_INLINE uint64_t load_numbers(const char *value, size_t stride, uint32_t count,
                                      uint32_t put, uint64_t *numbers)
{
    uint64_t bits = 0;
    uint32_t i;

    for (i = 0; i < count; i++, value += stride) {
        numbers[i] = vpcvis_i_line_number(put, value);
        bits |= numbers[i];
    }
    return bits;
}

VPCVIS_I_INLINE char *end_token(char *at)
{
    *at = ' ';
    return at + 1;
}

static void grow_digits(char **at, const uint64_t *numbers, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        at[i][0] = (char)('0' + numbers[i]);
        at[i] = end_token(at[i] + 1);
    }
}

static void grow_threes(char **at, const uint64_t *numbers, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++)
        at[i] = vpcvis_i_text_end_three(at[i], (uint32_t)numbers[i]);
}

static void grow_sixes(char **at, const uint64_t *numbers, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++)
        at[i] = vpcvis_i_text_end_six(at[i], (uint32_t)numbers[i]);
}

static void grow_shorts(char **at, const uint64_t *numbers, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++)
        at[i] = end_token(vpcvis_i_text_write_short(at[i], (uint32_t)numbers[i]));
}

static void grow_longs(char **at, const uint64_t *numbers, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++)
        at[i] = end_token(vpcvis_i_text_write_u64(at[i], numbers[i]));
}

/* Numbers that differ in their last six digits alone, as times do: what all begin with is made
 * once. 0 if they do not, or begin with more than 8 digits. */
static int grow_near(char **at, const uint64_t *numbers, uint32_t count)
{
    const uint64_t base = numbers[0] - numbers[0] % UNIT;
    char head[VPCVIS_I_TEXT_ROOM];
    const size_t len = (size_t)(vpcvis_i_text_write_u64(head, base / UNIT) - head);
    uint32_t i, far = len > 8;

    for (i = 0; i < count; i++)
        far |= numbers[i] - base >= UNIT;
    for (i = 0; i < count && !far; i++) {
        const uint64_t six = vpcvis_i_text_six((uint32_t)(numbers[i] - base));
        char *to = at[i];
        memcpy(to, head, 8);
        vpcvis_i_bytes_put_le64(to + len, six | VPCVIS_I_TEXT_SIX);
        at[i] = to + len + 7;
    }
    return !far;
}

static void grow_numbers(char **at, const char *value,
                         const struct vpcvis_i_line_step *step, uint32_t count)
{
    const size_t stride = step->at;
    uint64_t numbers[LANES];
    uint64_t bits;

    switch (step->put) {
    case VPCVIS_I_LINE_PUT_BYTE:
        bits = load_numbers(value, stride, count, VPCVIS_I_LINE_PUT_BYTE, numbers);
        break;
    case VPCVIS_I_LINE_PUT_HALF:
        bits = load_numbers(value, stride, count, VPCVIS_I_LINE_PUT_HALF, numbers);
        break;
    case VPCVIS_I_LINE_PUT_WORD:
        bits = load_numbers(value, stride, count, VPCVIS_I_LINE_PUT_WORD, numbers);
        break;
    default:
        bits = load_numbers(value, stride, count, VPCVIS_I_LINE_PUT_LONG, numbers);
        break;
    }
    if (bits < 10)
        grow_digits(at, numbers, count);
    else if (bits < 1000)
        grow_threes(at, numbers, count);
    else if (bits < UNIT)
        grow_sixes(at, numbers, count);
    else if (bits < 100000000)
        grow_shorts(at, numbers, count);
    else if (!grow_near(at, numbers, count))
        grow_longs(at, numbers, count);
}

static int grow_addresses(char **at, const char *value, size_t stride, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++, value += stride) {
        const struct vpcvis_addr *addr = (const void *)value;

        if (VPCVIS_I_LIKELY(addr->family == VPCVIS_ADDR_IPV4))
            at[i] = end_token(vpcvis_i_addr_write_quad(at[i], addr->bytes));
        else if (addr->family == VPCVIS_ADDR_IPV6)
            at[i] = end_token(vpcvis_i_addr_write(at[i], addr));
        else
            return 0;
    }
    return 1;
}

/* Texts; 0 if one is empty, or has a byte that may not be in a line. */
static int grow_texts(char **at, const char *text, const char *value, size_t stride,
                      uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++, value += stride) {
        const struct vpcvis_i_line_span span = vpcvis_i_line_span_at(text, value);
        char *end = span.text ? vpcvis_i_line_copy_text(at[i], span) : NULL;

        if (end == NULL)
            return 0;
        at[i] = end_token(end);
    }
    return 1;
}

/* A word that is not in the step's list. */
static int grow_word(char **at, uint32_t field, uint32_t code)
{
    const char *word = vpcvis_i_record_word(field, code);
    const size_t len = vpcvis_i_record_word_len(field, code);

    if (word == NULL)
        return 0;
    memcpy(*at, word, len);
    *at = end_token(*at + len);
    return 1;
}

/* A NAME whose code is no word of the step's list. */
static int grow_other(char **at, const struct vpcvis_i_line_plan *plan,
                      const struct vpcvis_i_line_step *step, const char *value)
{
    const struct vpcvis_line_text *name = (const void *)value;

    if (name->code != 0)
        return grow_word(at, step->field, name->code);
    if (name->len >= VPCVIS_I_LINE_TOKEN_ROOM)
        return 0;
    return grow_texts(at, plan->text, value, 0, 1);
}

static int grow_names(char **at, const struct vpcvis_i_line_plan *plan,
                      const struct vpcvis_i_line_step *step, const char *value,
                      uint32_t count)
{
    const struct vpcvis_i_line_step own = *step;
    uint32_t i;

    for (i = 0; i < count; i++, value += own.at) {
        const uint32_t code =
            ((const struct vpcvis_line_text *)(const void *)value)->code;
        const size_t len = own.len[code % VPCVIS_I_LINE_CODES];

        if (VPCVIS_I_UNLIKELY(code >= VPCVIS_I_LINE_CODES || len == 0)) {
            if (!grow_other(at + i, plan, step, value))
                return 0;
            continue;
        }
        memcpy(at[i], own.word[code], sizeof(own.word[code]));
        at[i] = end_token(at[i] + len);
    }
    return 1;
}

static void grow_dashes(char **at, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        at[i][0] = '-';
        at[i] = end_token(at[i] + 1);
    }
}

/* The lines of a run by a step; 0 if one cannot be written. */
static int grow_run(struct block *block, const struct vpcvis_i_line_step *step,
                    struct run run)
{
    const struct vpcvis_i_line_plan *plan = block->plan;
    const char *value = value_at(step, block->first + run.lane);
    const uint32_t count = run.end - run.lane;
    char **at = block->at + run.lane;

    switch (step->put) {
    case VPCVIS_I_LINE_PUT_ADDRESS: return grow_addresses(at, value, step->at, count);
    case VPCVIS_I_LINE_PUT_NAME: return grow_names(at, plan, step, value, count);
    case VPCVIS_I_LINE_PUT_TEXT:
        return grow_texts(at, plan->text, value, step->at, count);
    default: grow_numbers(at, value, step, count); return 1;
    }
}

/* Ask for the step's values of the next block. */
static void prefetch_next(const struct block *block,
                          const struct vpcvis_i_line_step *step)
{
    const char *at = value_at(step, block->first + block->count);
    size_t i;

    for (i = 0; i < block->next * (size_t)step->at; i += 64)
        VPCVIS_I_PREFETCH(at + i);
}

/* All lines of the block; 0 if one cannot be written. */
static int grow_lines(struct block *block)
{
    const uint64_t all = lanes_of(block->count);
    uint32_t lane, c;
    struct run run;

    for (lane = 0; lane < block->count; lane++)
        block->at[lane] = block->slots + lane * block->width;
    for (c = 0; c < block->plan->steps; c++) {
        uint64_t with = block->has[c] & all;
        uint64_t without = all & ~with;

        prefetch_next(block, &block->plan->step[c]);
        while (without != 0) {
            without = take_run(without, &run);
            grow_dashes(block->at + run.lane, run.end - run.lane);
        }
        while (with != 0) {
            with = take_run(with, &run);
            if (!grow_run(block, &block->plan->step[c], run))
                return 0;
        }
    }
    return 1;
}

/* Move lines to out; returns how many fit. */
static uint32_t join_lines(const struct block *block, char **out, const char *end)
{
    char *to = *out;
    uint32_t lane;

    for (lane = 0; lane < block->count; lane++) {
        const char *line = block->slots + lane * block->width;
        const size_t len = (size_t)(block->at[lane] - line);
        const size_t room = (size_t)(end - to);
        size_t i;

        if (len > room)
            break;
        if (VPCVIS_I_UNLIKELY(room < len + SLACK)) {
            memcpy(to, line, len);
        } else {
            for (i = 0; i < len; i += SLACK)
                memcpy(to + i, line + i, SLACK);
        }
        to += len;
        to[-1] = '\n';
    }
    *out = to;
    return lane;
}

/* How many lines are worth a try: no more than might fit. */
static uint32_t take_lanes(const struct vpcvis_i_line_plan *plan, size_t count,
                           size_t room)
{
    const size_t most = room / (2 * plan->steps);
    size_t lanes = count < LANES ? count : LANES;

    lanes = most < lanes ? most : lanes;
    return (uint32_t)lanes;
}

size_t vpcvis_i_line_write_blocks(const struct vpcvis_i_line_plan *plan, size_t first,
                                  size_t count, char **out, const char *end)
{
    struct block block;
    size_t done = 0;

    block.plan = plan;
    while (done < count) {
        uint32_t fit;

        block.first = first + done;
        block.count = take_lanes(plan, count - done, (size_t)(end - *out));
        if (block.count == 0)
            break;
        find_values(&block);
        block.count = plan_slots(&block);
        block.next =
            (uint32_t)(count - done - block.count < LANES ? count - done - block.count
                                                          : LANES);
        if (block.count == 0 || !grow_lines(&block))
            break;
        fit = join_lines(&block, out, end);
        done += fit;
        if (fit < block.count)
            break;
    }
    return done;
}

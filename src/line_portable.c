/* SPDX-License-Identifier: MIT */
/*
 * Room line, the portable path: plain C99 arithmetic on 8 bytes at a time, on every machine.
 *
 * A token is loaded right-aligned: the 8 bytes that end where it ends, the last one highest.
 *
 *     text      ... 1 0 . 0 . 0 . 1 _ 2 0 6 4 1 _ ...
 *     load8                     1 _ 2 0 6 4 1 [ ]      low byte first
 *     keep 5                    . . 2 0 6 4 1          what is before the token is cut off
 */
#include "line_index.h"

#include "addr.h"
#include "text.h"

#define HIGHS 0x8080808080808080u
#define ZEROS 0x3030303030303030u

/* Eight bytes that are 0 or 1, as eight bits, the first byte lowest. */
static uint64_t gather(const uint8_t *flags)
{
    return vpcvis_i_bytes_le64((const char *)flags) * 0x0102040810204080u >> 56;
}

/* Byte tests that compilers turn into vectors by themselves. */
static void flag_bytes(const char *text, uint8_t *blank, uint8_t *other)
{
    uint32_t i;

    for (i = 0; i < 64; i++) {
        const uint8_t c = (uint8_t)text[i];
        blank[i] = c <= 0x20;
        other[i] = (uint8_t)((c < 0x20) | (c > 0x7e));
    }
}

static void make_masks(const char *text, struct vpcvis_i_line_masks *masks)
{
    uint8_t blank[64], other[64];
    uint64_t rest;
    uint32_t i;

    flag_bytes(text, blank, other);
    memset(masks, 0, sizeof(*masks));
    for (i = 0; i < 8; i++) {
        masks->blank |= gather(blank + 8 * i) << 8 * i;
        masks->other |= gather(other + 8 * i) << 8 * i;
    }
    for (rest = masks->other; rest != 0; rest &= rest - 1) {
        const char c = text[vpcvis_i_bytes_lowest(rest)];
        const uint64_t bit = rest & (0 - rest);
        masks->lf |= c == '\n' ? bit : 0;
        masks->cr |= c == '\r' ? bit : 0;
    }
}

static void add_group(struct vpcvis_i_line_index *index,
                      struct vpcvis_i_line_carry *carry, const char *text, uint32_t at,
                      int next_is_lf)
{
    struct vpcvis_i_line_masks masks;
    uint64_t odd, sep;

    make_masks(text, &masks);
    sep = vpcvis_i_line_separators(&masks, carry, next_is_lf, &odd);
    index->odd[at / 64] = odd;
    index->any_odd |= odd;
    vpcvis_i_line_add_ends(index, at, sep, masks.lf);
    vpcvis_i_line_add_seps(index, at, sep);
}

void vpcvis_i_line_index_portable(const char *text, uint32_t len,
                                  struct vpcvis_i_line_index *index)
{
    struct vpcvis_i_line_carry carry = {1, 0};
    char last[64];
    uint32_t at;

    index->seps = 0;
    index->lines = 0;
    index->any_odd = 0;
    for (at = 0; len - at >= 64; at += 64)
        add_group(index, &carry, text + at, at, len - at > 64 && text[at + 64] == '\n');
    if (at < len) {
        memset(last, 'x', sizeof(last));
        memcpy(last, text + at, len - at);
        add_group(index, &carry, last, at, 0);
    }
}

/* A token of one lane. */
struct span {
    const char *text;
    uint32_t len;
};

VPCVIS_I_INLINE struct span span_of(const struct vpcvis_i_line_lanes *lanes,
                                    uint32_t lane, uint32_t token)
{
    const uint32_t start = vpcvis_i_line_start(lanes, lane, token);
    struct span span;

    span.text = lanes->text + start;
    span.len = vpcvis_i_line_end(lanes, lane, token) - start;
    return span;
}

/* Bits of lanes, gathered by pushing them in at the top; settled when all are in. */
VPCVIS_I_INLINE uint64_t push(uint64_t bits, int bit)
{
    return bits >> 1 | (uint64_t)bit << 63;
}

static uint64_t settled(uint64_t bits, uint32_t count)
{
    return bits >> (64 - count);
}

/* Masks that keep the last 0..8 bytes of a word. */
static const uint64_t keep_last[9] = {
    0,
    0xff00000000000000u,
    0xffff000000000000u,
    0xffffff0000000000u,
    0xffffffff00000000u,
    0xffffffffff000000u,
    0xffffffffffff0000u,
    0xffffffffffffff00u,
    0xffffffffffffffffu,
};

/* The last `len` (1..8) of the 8 bytes that end at `end`; the others are 0. */
VPCVIS_I_INLINE uint64_t load_digits(const char *end, uint32_t len)
{
    return (vpcvis_i_bytes_le64(end - 8) ^ ZEROS) & keep_last[len];
}

/* Not 0 unless every byte is a digit's value. */
VPCVIS_I_WRAPS static uint64_t not_digits(uint64_t digits)
{
    return ((digits + 0x7676767676767676u) | digits) & HIGHS;
}

/* Eight digits, the highest in the lowest byte, to their number: pairs, fours, eight. */
VPCVIS_I_WRAPS static uint32_t join_digits(uint64_t digits)
{
    digits = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ffu;
    digits = (digits * 100 + (digits >> 16)) & 0x0000ffff0000ffffu;
    return (uint32_t)(digits * 10000 + (digits >> 32));
}

/* A number of any length; 0 if it is not one of at most max. */
static int read_wide(const char *text, uint32_t len, uint64_t max, uint64_t *value)
{
    uint64_t high, low;

    if (len > 16) {
        size_t bad;
        return vpcvis_i_text_read_u64(text, len, max, value, &bad) == VPCVIS_OK;
    }
    low = load_digits(text + len, 8);
    high = load_digits(text + len - 8, len - 8);
    if ((not_digits(low) | not_digits(high)) != 0 || text[0] == '0')
        return 0;
    *value = (uint64_t)join_digits(high) * 100000000u + join_digits(low);
    return *value <= max;
}

/* A token as a number: 1 if it is one of at most max. Up to 8 digits without a branch. */
static int read_number(const char *text, uint32_t len, uint64_t max, uint64_t *value)
{
    uint64_t digits;

    if (len > 8)
        return read_wide(text, len, max, value);
    digits = load_digits(text + len, len);
    *value = join_digits(digits);
    return (not_digits(digits) == 0) & (*value <= max) & ((text[0] != '0') | (len == 1));
}

VPCVIS_I_INLINE int is_dash(struct span span)
{
    return (span.text[0] == '-') & (span.len == 1);
}

uint64_t vpcvis_i_line_number32_portable(const struct vpcvis_i_line_lanes *lanes,
                                         uint32_t token, uint32_t max, uint32_t *out,
                                         uint64_t *valid)
{
    uint64_t good = 0, dashes = 0;
    uint32_t lane;

    for (lane = 0; lane < lanes->count; lane++) {
        const struct span span = span_of(lanes, lane, token);
        uint64_t value = 0;

        good = push(good, read_number(span.text, span.len, max, &value));
        dashes = push(dashes, is_dash(span));
        out[lane] = (uint32_t)value;
    }
    *valid = ~settled(dashes, lanes->count);
    return settled(~(good | dashes), lanes->count);
}

uint64_t vpcvis_i_line_number64_portable(const struct vpcvis_i_line_lanes *lanes,
                                         uint32_t token, uint64_t max, uint64_t *out,
                                         uint64_t *valid)
{
    uint64_t good = 0, dashes = 0;
    uint32_t lane;

    for (lane = 0; lane < lanes->count; lane++) {
        const struct span span = span_of(lanes, lane, token);
        uint64_t value = 0;

        good = push(good, read_number(span.text, span.len, max, &value));
        dashes = push(dashes, is_dash(span));
        out[lane] = value;
    }
    *valid = ~settled(dashes, lanes->count);
    return settled(~(good | dashes), lanes->count);
}

/* The number whose digits, at most three, are the highest bytes of v; the others are 0: first
 * tens and ones together, then the hundreds. */
VPCVIS_I_WRAPS static uint32_t join_three(uint64_t v)
{
    const uint32_t pairs = ((uint32_t)(v >> 32) * 2561u >> 8) & 0x00ff00ffu;

    return (pairs & 0xff) * 100 + (pairs >> 16);
}

/* Not 0 if `len` digits, the first of them lowest in v, are no plain number's. */
static uint32_t is_bad_octet(uint64_t v, uint32_t len)
{
    return (uint32_t)(len - 1 > 2) | ((uint32_t)(len > 1) & (uint32_t)((v & 0xff) == 0));
}

/*
 * Two numbers with a dot between, from eight bytes: they and what ends them always fit. Where
 * they end shows in the first two bytes that are no digits. Returns their bytes; *bad gets a
 * bit if one is no number of 0..255.
 *
 *     text    1 7 2 . 1 6 . 3        digits 01 07 02 1e 01 06 1e 03, low byte first
 *     first   digits << 40           [. . . . . 01 07 02]
 *     second  digits >> 32 << 48     [. . . . . . 01 06]
 */
VPCVIS_I_WRAPS static uint32_t read_pair(const char *text, uint32_t *len, uint32_t *bad)
{
    const uint64_t digits = vpcvis_i_bytes_le64(text) ^ ZEROS;
    const uint64_t others = not_digits(digits);
    const uint64_t second_on = others & (others - 1);
    const uint32_t dot = vpcvis_i_bytes_lowest(others | (uint64_t)1 << 63) / 8;
    const uint32_t end = vpcvis_i_bytes_lowest(second_on | (uint64_t)1 << 63) / 8;
    const uint64_t after = digits >> 8 * dot;
    const uint64_t second = after >> 8;
    const uint32_t second_len = end - dot - 1;
    const uint32_t a = join_three(digits << (8 * (8 - dot) & 63));
    const uint32_t b = join_three(second << (8 * (8 - second_len) & 63));

    *bad |= is_bad_octet(digits, dot) | is_bad_octet(second, second_len) |
            (uint32_t)((after & 0xff) != ('.' ^ '0')) | (a | b) >> 8;
    *len = end;
    return a | b << 8;
}

/* A dotted quad that fills the span; 0 if it is none. */
static int read_ipv4(struct span span, struct vpcvis_addr *addr)
{
    uint32_t len, rest_len, bad = 0, quad;

    quad = read_pair(span.text, &len, &bad);
    bad |= span.text[len] != '.';
    quad |= read_pair(span.text + len + 1, &rest_len, &bad) << 16;
    bad |= len + 1 + rest_len != span.len;
    memset(addr, 0, sizeof(*addr));
    addr->bytes[0] = (uint8_t)quad;
    addr->bytes[1] = (uint8_t)(quad >> 8);
    addr->bytes[2] = (uint8_t)(quad >> 16);
    addr->bytes[3] = (uint8_t)(quad >> 24);
    addr->family = VPCVIS_ADDR_IPV4;
    return bad == 0;
}

uint64_t vpcvis_i_line_address_portable(const struct vpcvis_i_line_lanes *lanes,
                                        uint32_t token, struct vpcvis_addr *out,
                                        uint64_t *valid)
{
    uint64_t bad = 0, dashes = 0;
    uint32_t lane;

    for (lane = 0; lane < lanes->count; lane++) {
        const struct span span = span_of(lanes, lane, token);
        const uint64_t bit = (uint64_t)1 << lane;
        size_t at;

        if (VPCVIS_I_LIKELY(read_ipv4(span, &out[lane])))
            continue;
        if (is_dash(span))
            dashes |= bit;
        else if (vpcvis_i_addr_read(span.text, span.len, &out[lane], &at) != VPCVIS_OK)
            bad |= bit;
    }
    *valid = ~dashes;
    return bad;
}

/* The code of a word, from the list for short words, else from the catalogue. */
static uint32_t find_word(const struct vpcvis_i_line_words *words, struct span span)
{
    uint64_t key;
    uint32_t i;

    if (span.len > 8)
        return vpcvis_i_record_code(words->field, span.text, span.len);
    key = vpcvis_i_bytes_le64(span.text + span.len - 8) & keep_last[span.len];
    for (i = 0; i < words->count; i++) {
        if (words->key[i] == key && words->len[i] == span.len)
            return words->code[i];
    }
    return 0;
}

uint64_t vpcvis_i_line_name_portable(const struct vpcvis_i_line_lanes *lanes,
                                     uint32_t token,
                                     const struct vpcvis_i_line_words *words,
                                     struct vpcvis_line_text *out, uint64_t *valid)
{
    uint64_t dashes = 0;
    uint32_t lane;

    for (lane = 0; lane < lanes->count; lane++) {
        const struct span span = span_of(lanes, lane, token);

        dashes = push(dashes, is_dash(span));
        out[lane].at = lanes->base + (uint32_t)(span.text - lanes->text);
        out[lane].len = (uint16_t)span.len;
        out[lane].code = (uint16_t)find_word(words, span);
    }
    *valid = ~settled(dashes, lanes->count);
    return 0;
}

uint64_t vpcvis_i_line_text_portable(const struct vpcvis_i_line_lanes *lanes,
                                     uint32_t token, struct vpcvis_line_text *out,
                                     uint64_t *valid)
{
    uint64_t dashes = 0;
    uint32_t lane;

    for (lane = 0; lane < lanes->count; lane++) {
        const struct span span = span_of(lanes, lane, token);

        dashes = push(dashes, is_dash(span));
        out[lane].at = lanes->base + (uint32_t)(span.text - lanes->text);
        out[lane].len = (uint16_t)span.len;
        out[lane].code = 0;
    }
    *valid = ~settled(dashes, lanes->count);
    return 0;
}

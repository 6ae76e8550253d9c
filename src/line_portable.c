/* SPDX-License-Identifier: MIT */
/*
 * Room line, the portable path: plain C99 arithmetic on 8 bytes at a time, on every machine.
 *
 * A token is loaded right-aligned: the 8 bytes that end where it ends, the last one highest.
 *
 *     text      ... 1 0 . 0 . 0 . 1 _ 2 0 6 4 1 _ ...
 *     load8                     1 _ 2 0 6 4 1 [ ]      low byte first
 *     keep 5                    . . 2 0 6 4 1          what is before the token is cut off
 *
 * Lanes are taken without a branch and from the last to the first, so that a shift and an
 * addition note those that are left over: `-` and all that is rare, to be settled one by one.
 */
#include "line.h"

#include "addr.h"
#include "text.h"

/* A token of one lane. */
struct span {
    const char *text;
    const char *end;
    uint32_t at; /* in the window */
    uint32_t len;
};

/* The token of every lane whose separators, token by token, are in sep: lanes->sep + token. */
VPCVIS_I_INLINE struct span span_at(const struct vpcvis_i_line_lanes *lanes,
                                    const char *text, const uint16_t *sep, uint32_t lane,
                                    uint32_t token)
{
    const uint16_t *end = sep + lanes->first[lane];
    struct span span;

    span.at = token == 0 ? lanes->at[lane] : end[-1] + 1u;
    span.len = *end - span.at;
    span.text = text + span.at;
    span.end = text + *end;
    return span;
}

VPCVIS_I_INLINE struct span span_of(const struct vpcvis_i_line_lanes *lanes,
                                    uint32_t lane, uint32_t token)
{
    return span_at(lanes, lanes->text, lanes->sep + token, lane, token);
}

VPCVIS_I_INLINE int is_dash(struct span span)
{
    return (span.text[0] == '-') & (span.len == 1);
}

/* Masks that keep the last 0..8 bytes of a word; of more, that are no number, nothing. */
static const uint64_t keep_last[10] = {
    0,
    0xff00000000000000u,
    0xffff000000000000u,
    0xffffff0000000000u,
    0xffffffff00000000u,
    0xffffffffff000000u,
    0xffffffffffff0000u,
    0xffffffffffffff00u,
    0xffffffffffffffffu,
    0,
};

#define NEVER INT64_MAX

/* The least number of so many digits; of none, and of more than 16, no number is enough. */
static const uint64_t least[18] = {
    NEVER,
    0,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    NEVER,
};

/* Not 0 unless low <= value <= high; all are below 2^63. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE uint64_t not_between(uint64_t value, uint64_t low,
                                                    uint64_t high)
{
    return ((value - low) | (high - value)) >> 63;
}

/* A token of up to 8 digits; not 0 if it is no number of at most max. */
VPCVIS_I_INLINE int read_short(struct span span, uint64_t max, uint64_t *value)
{
    const uint32_t len = span.len < 9 ? span.len : 9;
    const uint64_t eight = vpcvis_i_text_eight(span.end - 8) & keep_last[len];

    *value = vpcvis_i_text_join(eight);
    return (vpcvis_i_text_not_digits(eight) | not_between(*value, least[len], max)) != 0;
}

/* The same of 9 to 16 digits: two words. */
VPCVIS_I_INLINE int read_long(struct span span, uint64_t max, uint64_t *value)
{
    const uint32_t len = span.len < 17 ? span.len : 17;
    const uint64_t low = vpcvis_i_text_eight(span.end - 8);
    const uint64_t high = vpcvis_i_text_eight(span.end - 16) & keep_last[len - 8];
    const uint64_t others =
        vpcvis_i_text_not_digits(low) | vpcvis_i_text_not_digits(high);

    *value = vpcvis_i_text_join(high) * 100000000u + vpcvis_i_text_join(low);
    return (others | not_between(*value, least[len], max)) != 0;
}

VPCVIS_I_INLINE uint64_t read_numbers32(const struct vpcvis_i_line_lanes *lanes,
                                        uint32_t token, uint32_t max, uint32_t *out)
{
    const char *text = lanes->text;
    const uint16_t *sep = lanes->sep + token;
    uint64_t left = 0;
    uint32_t lane = lanes->count;

    while (lane > 0) {
        const struct span span = span_at(lanes, text, sep, --lane, token);
        uint64_t value;
        left = left * 2 + (uint64_t)read_short(span, max, &value);
        out[lane] = (uint32_t)value;
    }
    return left;
}

/* One branch, for columns tend to have short numbers or long ones. */
VPCVIS_I_INLINE uint64_t read_numbers64(const struct vpcvis_i_line_lanes *lanes,
                                        uint32_t token, uint64_t max, uint64_t *out)
{
    const uint64_t most = max < NEVER ? max : NEVER;
    const char *text = lanes->text;
    const uint16_t *sep = lanes->sep + token;
    uint64_t left = 0;
    uint32_t lane = lanes->count;

    while (lane > 0) {
        const struct span span = span_at(lanes, text, sep, --lane, token);
        uint64_t value;
        if (span.len > 8)
            left = left * 2 + (uint64_t)read_long(span, most, &value);
        else
            left = left * 2 + (uint64_t)read_short(span, most, &value);
        out[lane] = value;
    }
    return left;
}

/* What is no number of up to 16 digits; returns the lanes that are none at all. One of out32
 * and out64 is NULL. */
static uint64_t settle_numbers(const struct vpcvis_i_line_lanes *lanes, uint32_t token,
                               uint64_t max, uint64_t left, uint32_t *out32,
                               uint64_t *out64, uint64_t *valid)
{
    uint64_t bad = 0;

    for (*valid = ~(uint64_t)0; left != 0; left &= left - 1) {
        const uint32_t lane = vpcvis_i_bytes_lowest(left);
        const uint64_t bit = (uint64_t)1 << lane;
        const struct span span = span_of(lanes, lane, token);
        uint64_t value;
        size_t at;

        if (is_dash(span))
            *valid &= ~bit;
        else if (vpcvis_i_text_read_u64(span.text, span.len, max, &value, &at) !=
                 VPCVIS_OK)
            bad |= bit;
        else if (out32)
            out32[lane] = (uint32_t)value;
        else
            out64[lane] = value;
    }
    return bad;
}

/* In each kernel token 0, which begins with its line, has a loop of its own. */

uint64_t vpcvis_i_line_number32_portable(const struct vpcvis_i_line_lanes *lanes,
                                         uint32_t token, uint32_t max, uint32_t *out,
                                         uint64_t *valid)
{
    const uint64_t left = token == 0 ? read_numbers32(lanes, 0, max, out)
                                     : read_numbers32(lanes, token, max, out);

    return settle_numbers(lanes, token, max, left, out, NULL, valid);
}

uint64_t vpcvis_i_line_number64_portable(const struct vpcvis_i_line_lanes *lanes,
                                         uint32_t token, uint64_t max, uint64_t *out,
                                         uint64_t *valid)
{
    const uint64_t left = token == 0 ? read_numbers64(lanes, 0, max, out)
                                     : read_numbers64(lanes, token, max, out);

    return settle_numbers(lanes, token, max, left, NULL, out, valid);
}

/*
 * Octets as their texts give them, so that a text is right if it is that of its number:
 *
 *     text      1 7 2 .         the 4 bytes before the dot, as digits, low byte first
 *     digits    [ ] 1 7 2       one multiplication makes 172 the highest byte
 *     octets    3 1 7 2         what 172 looks like: how many digits, and which
 */
#define OCTET(n)                                                \
    ((uint32_t)(n) / 100 << 8 | (uint32_t)(n) / 10 % 10 << 16 | \
     (uint32_t)(n) % 10 << 24 |                                 \
     ((n) > 99  ? 3u                                            \
      : (n) > 9 ? 2u                                            \
                : 1u))
#define OCTETS4(n)  OCTET(n), OCTET(n + 1), OCTET(n + 2), OCTET(n + 3)
#define OCTETS16(n) OCTETS4(n), OCTETS4(n + 4), OCTETS4(n + 8), OCTETS4(n + 12)
#define OCTETS64(n) OCTETS16(n), OCTETS16(n + 16), OCTETS16(n + 32), OCTETS16(n + 48)
static const uint32_t octets[256] = {OCTETS64(0), OCTETS64(64), OCTETS64(128),
                                     OCTETS64(192)};

/* Masks that keep the last 1..3 of four bytes; of any other number, nothing. */
static const uint32_t keep_octet[19] = {0, 0xff000000u, 0xffff0000u, 0xffffff00u};

/* The octet of `len` digits that ends at `end`; *wrong gets bits if it is none. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE uint8_t read_octet(const char *end, uint32_t len,
                                                  uint32_t *wrong)
{
    const uint32_t four = (uint32_t)vpcvis_i_bytes_le64(end - 4) ^ 0x30303030u;
    const uint32_t digits = four & keep_octet[len];
    const uint32_t octet = digits * (100u << 16 | 10u << 8 | 1u) >> 24;

    *wrong |= (digits | len) ^ octets[octet];
    return (uint8_t)octet;
}

/* Which of eight characters are dots, as bits. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE uint32_t find_dots(const char *text)
{
    const uint64_t eight = vpcvis_i_bytes_le64(text) ^ 0x2e2e2e2e2e2e2e2eu;
    const uint64_t dots = ~(eight + 0x7f7f7f7f7f7f7f7fu) & 0x8080808080808080u;

    return (uint32_t)(dots * 0x0002040810204081u >> 56);
}

/* A dotted quad that fills the span; not 0 if it is none. What is a dot of the next token makes
 * one of the octets have a separator in it, and three more bits stand for dots that lack. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE int read_quad(struct span span, struct vpcvis_addr *addr)
{
    const char *text = span.text;
    const uint32_t dots = find_dots(text) | find_dots(text + 8) << 8 | 7u << 16;
    const uint32_t from_second = dots & (dots - 1);
    const uint32_t from_third = from_second & (from_second - 1);
    const uint32_t first = vpcvis_i_bytes_lowest(dots);
    const uint32_t second = vpcvis_i_bytes_lowest(from_second);
    const uint32_t third = vpcvis_i_bytes_lowest(from_third);
    const uint32_t rest = span.len - third - 1;
    uint32_t wrong = 0;

    memset(addr, 0, sizeof(*addr));
    addr->bytes[0] = read_octet(text + first, first, &wrong);
    addr->bytes[1] = read_octet(text + second, second - first - 1, &wrong);
    addr->bytes[2] = read_octet(text + third, third - second - 1, &wrong);
    addr->bytes[3] = read_octet(span.end, rest < 4 ? rest : 0, &wrong);
    addr->family = VPCVIS_ADDR_IPV4;
    return wrong != 0;
}

VPCVIS_I_INLINE uint64_t read_quads(const struct vpcvis_i_line_lanes *lanes,
                                    uint32_t token, struct vpcvis_addr *out)
{
    const char *text = lanes->text;
    const uint16_t *sep = lanes->sep + token;
    uint64_t left = 0;
    uint32_t lane = lanes->count;

    while (lane > 0) {
        const struct span span = span_at(lanes, text, sep, --lane, token);
        left = left * 2 + (uint64_t)read_quad(span, &out[lane]);
    }
    return left;
}

uint64_t vpcvis_i_line_address_portable(const struct vpcvis_i_line_lanes *lanes,
                                        uint32_t token, struct vpcvis_addr *out,
                                        uint64_t *valid)
{
    uint64_t left =
        token == 0 ? read_quads(lanes, 0, out) : read_quads(lanes, token, out);
    uint64_t bad = 0;

    for (*valid = ~(uint64_t)0; left != 0; left &= left - 1) {
        const uint32_t lane = vpcvis_i_bytes_lowest(left);
        const uint64_t bit = (uint64_t)1 << lane;
        const struct span span = span_of(lanes, lane, token);
        size_t at;

        if (is_dash(span))
            *valid &= ~bit;
        else if (vpcvis_i_addr_read(span.text, span.len, &out[lane], &at) != VPCVIS_OK)
            bad |= bit;
    }
    return bad;
}

/* The code of a word, from the list for short words, else from the catalogue. */
VPCVIS_I_INLINE uint32_t find_word(const struct vpcvis_i_line_words *words,
                                   struct span span)
{
    uint32_t i, code = 0;
    uint64_t key;

    if (span.len > 8)
        return vpcvis_i_record_code(words->field, span.text, span.len);
    key = vpcvis_i_bytes_le64(span.end - 8) & keep_last[span.len];
    for (i = 0; i < VPCVIS_I_LINE_WORDS; i++)
        code |= words->key[i] == key ? words->code[i] : 0;
    return code;
}

/* Texts, and their codes if words is not NULL; returns the lanes that have one. *others: those
 * whose word is not the first of words. */
VPCVIS_I_INLINE uint64_t read_texts(const struct vpcvis_i_line_lanes *lanes,
                                    uint32_t token,
                                    const struct vpcvis_i_line_words *words,
                                    struct vpcvis_line_text *out, uint64_t *others)
{
    const char *text = lanes->text;
    const uint16_t *sep = lanes->sep + token;
    const uint32_t base = lanes->base;
    const uint32_t usual = words && words->count > 0 ? words->code[0] : UINT16_MAX;
    uint64_t dashes = 0, unusual = 0;
    uint32_t lane = lanes->count;

    while (lane > 0) {
        const struct span span = span_at(lanes, text, sep, --lane, token);
        const uint32_t code = words ? find_word(words, span) : 0;

        dashes = dashes * 2 + (uint64_t)is_dash(span);
        unusual = unusual * 2 + (uint64_t)(code != usual);
        out[lane].at = base + span.at;
        out[lane].len = (uint16_t)span.len;
        out[lane].code = (uint16_t)code;
    }
    *others = unusual;
    return ~dashes;
}

uint64_t vpcvis_i_line_name_portable(const struct vpcvis_i_line_lanes *lanes,
                                     uint32_t token,
                                     const struct vpcvis_i_line_words *words,
                                     struct vpcvis_line_text *out, uint64_t *valid)
{
    const struct vpcvis_i_line_words list = *words; /* out cannot be a part of it */
    uint64_t others;

    *valid = token == 0 ? read_texts(lanes, 0, &list, out, &others)
                        : read_texts(lanes, token, &list, out, &others);
    return others;
}

uint64_t vpcvis_i_line_text_portable(const struct vpcvis_i_line_lanes *lanes,
                                     uint32_t token, struct vpcvis_line_text *out,
                                     uint64_t *valid)
{
    uint64_t others;

    *valid = token == 0 ? read_texts(lanes, 0, NULL, out, &others)
                        : read_texts(lanes, token, NULL, out, &others);
    return 0;
}

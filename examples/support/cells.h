/* SPDX-License-Identifier: MIT */
/*
 * Values to text, fast: one value to where `out` points, the new end returned. Every function
 * may store up to CELL_SLACK bytes beyond the end it returns.
 */
#ifndef EXAMPLES_CELLS_H
#define EXAMPLES_CELLS_H

#include <vpcvis/addr.h>

#include <string.h>

#define CELL_SLACK 16

#define CELL_CSV  0 /* RFC 4180: quoted if there is a comma or a quote in it */
#define CELL_JSON 1 /* RFC 8259: the inside of a string */

/* "0." to "255." and their lengths. */
struct cell_octets {
    char text[256][4];
    unsigned char len[256];
};

static inline void cell_octets_init(struct cell_octets *octets)
{
    unsigned i;

    for (i = 0; i < 256; i++) {
        char *out = octets->text[i];

        if (i >= 100)
            *out++ = (char)('0' + i / 100);
        if (i >= 10)
            *out++ = (char)('0' + i / 10 % 10);
        *out++ = (char)('0' + i % 10);
        *out++ = '.';
        octets->len[i] = (unsigned char)(out - octets->text[i]);
    }
}

/* Store eight bytes, the lowest first; compilers make one store of it. */
static inline void cell_store8(char *out, uint64_t x)
{
    const unsigned char bytes[8] = {(unsigned char)x,         (unsigned char)(x >> 8),
                                    (unsigned char)(x >> 16), (unsigned char)(x >> 24),
                                    (unsigned char)(x >> 32), (unsigned char)(x >> 40),
                                    (unsigned char)(x >> 48), (unsigned char)(x >> 56)};

    memcpy(out, bytes, 8);
}

/*
 * The eight decimal digits of v < 10^8 as bytes 0..9, the first digit lowest: two lanes of
 * four digits, then four of two, then eight of one, each divided by a multiplication.
 */
static inline uint64_t cell_digits8(uint64_t v)
{
    const uint64_t fours = v / 10000 | v % 10000 << 32;
    const uint64_t hundreds = fours * 10486 >> 20 & UINT64_C(0x0000007f0000007f);
    const uint64_t twos = (fours - 100 * hundreds) << 16 | hundreds;
    const uint64_t tens = twos * 103 >> 10 & UINT64_C(0x000f000f000f000f);

    return (twos - 10 * tens) << 8 | tens;
}

#define CELL_ZEROS UINT64_C(0x3030303030303030)

/* v < 10^8, without leading zeros. */
static inline char *cell_short(char *out, uint64_t v)
{
    uint64_t digits = cell_digits8(v);
    unsigned len = 8;

#if defined(__GNUC__)
    const unsigned zeros = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;

    digits >>= 8 * zeros;
    len -= zeros;
#else
    while (len > 1 && (digits & 0xff) == 0) {
        digits >>= 8;
        len--;
    }
#endif
    cell_store8(out, digits | CELL_ZEROS);
    return out + len;
}

static inline char *cell_number(char *out, uint64_t v)
{
    const uint64_t e8 = UINT64_C(100000000);

    if (v < e8)
        return cell_short(out, v);
    if (v < e8 * e8) {
        out = cell_short(out, v / e8);
    } else {
        out = cell_short(out, v / e8 / e8);
        cell_store8(out, cell_digits8(v / e8 % e8) | CELL_ZEROS);
        out += 8;
    }
    cell_store8(out, cell_digits8(v % e8) | CELL_ZEROS);
    return out + 8;
}

static inline char *cell_addr(char *out, const struct vpcvis_addr *addr,
                              const struct cell_octets *octets)
{
    size_t len = 0;
    unsigned i;

    if (addr->family == VPCVIS_ADDR_IPV4) {
        for (i = 0; i < 4; i++) {
            memcpy(out, octets->text[addr->bytes[i]], 4);
            out += octets->len[addr->bytes[i]];
        }
        return out - 1;
    }
    if (vpcvis_addr_write(addr, out, VPCVIS_ADDR_TEXT_MAX, &len) != VPCVIS_OK)
        len = 0;
    return out + len;
}

#define CELL_ONES UINT64_C(0x0101010101010101)

/* Non-zero if a byte of x is c. */
static inline uint64_t cell_has(uint64_t x, unsigned char c)
{
    const uint64_t y = x ^ CELL_ONES * c;

    return (y - CELL_ONES) & ~y & CELL_ONES << 7;
}

/* Non-zero if a byte of x cannot stand in a cell of this kind as it is. */
static inline uint64_t cell_odd(uint64_t x, int kind)
{
    if (kind == CELL_CSV)
        return cell_has(x, '"') | cell_has(x, ',');
    return cell_has(x, '"') | cell_has(x, '\\') |
           (((x - CELL_ONES * 0x20) | x) & CELL_ONES << 7);
}

/* Copy len < 8 bytes in two pieces that may overlap; non-zero if one of them is odd. */
static inline uint64_t cell_copy_few(char *out, const char *in, size_t len, int kind)
{
    uint32_t a4, b4;
    uint16_t a2, b2;
    uint64_t x = CELL_ONES * 'x';

    if (len >= 4) {
        memcpy(&a4, in, 4);
        memcpy(&b4, in + len - 4, 4);
        memcpy(out, &a4, 4);
        memcpy(out + len - 4, &b4, 4);
        x = (uint64_t)a4 << 32 | b4;
    } else if (len >= 2) {
        memcpy(&a2, in, 2);
        memcpy(&b2, in + len - 2, 2);
        memcpy(out, &a2, 2);
        memcpy(out + len - 2, &b2, 2);
        x = x << 32 | (uint64_t)a2 << 16 | b2;
    } else if (len == 1) {
        *out = *in;
        x = x << 8 | (unsigned char)*in;
    }
    return cell_odd(x, kind);
}

/* Copy text, never reading beyond its end; non-zero if a byte of it is odd. */
static inline uint64_t cell_copy(char *out, const char *in, size_t len, int kind)
{
    uint64_t x, odd = 0;
    size_t i;

    if (len < 8)
        return cell_copy_few(out, in, len, kind);
    for (i = 0; i < len - 8; i += 8) {
        memcpy(&x, in + i, 8);
        memcpy(out + i, &x, 8);
        odd |= cell_odd(x, kind);
    }
    memcpy(&x, in + len - 8, 8);
    memcpy(out + len - 8, &x, 8);
    return odd | cell_odd(x, kind);
}

/* The slow way for text with odd bytes: at most 2 * len + 2 bytes of CSV. */
static inline char *cell_quote(char *out, const char *in, size_t len)
{
    size_t i;

    *out++ = '"';
    for (i = 0; i < len; i++) {
        if (in[i] == '"')
            *out++ = '"';
        *out++ = in[i];
    }
    *out++ = '"';
    return out;
}

/* At most 6 * len bytes of JSON; bytes that are no ASCII are taken as Latin-1. */
static inline char *cell_escape(char *out, const char *in, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    size_t i;

    for (i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)in[i];

        if (c == '"' || c == '\\') {
            *out++ = '\\';
            *out++ = (char)c;
        } else if (c >= 0x20 && c < 0x7f) {
            *out++ = (char)c;
        } else {
            memcpy(out, "\\u00", 4);
            out[4] = hex[c >> 4];
            out[5] = hex[c & 15];
            out += 6;
        }
    }
    return out;
}

static inline char *cell_text(char *out, const char *in, size_t len, int kind)
{
    if (cell_copy(out, in, len, kind) == 0)
        return out + len;
    return kind == CELL_CSV ? cell_quote(out, in, len) : cell_escape(out, in, len);
}

#endif

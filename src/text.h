/* SPDX-License-Identifier: MIT */
/*
 * Internal, floor 1: decimal digits to integers and back, without libc and its locale.
 */
#ifndef VPCVIS_TEXT_H
#define VPCVIS_TEXT_H

#include "bytes.h"

#define VPCVIS_I_TEXT_U64_MAX 20 /* digits of 2^64 - 1 */

/* Eight characters as digits, in one word: the first in the lowest byte. */
#define VPCVIS_I_TEXT_ZEROS 0x3030303030303030u

VPCVIS_I_INLINE uint64_t vpcvis_i_text_eight(const char *text)
{
    return vpcvis_i_bytes_le64(text) ^ VPCVIS_I_TEXT_ZEROS;
}

/* Not 0 unless each of them is 0..9. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE uint64_t vpcvis_i_text_not_digits(uint64_t eight)
{
    return ((eight + 0x7676767676767676u) | eight) & 0x8080808080808080u;
}

/* Their number: two digits in every second byte, then four, then all. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE uint64_t vpcvis_i_text_join(uint64_t eight)
{
    const uint64_t twos = (eight * (10 << 8 | 1) >> 8) & 0x00ff00ff00ff00ffu;
    const uint64_t fours = (twos * (100 << 16 | 1) >> 16) & 0x0000ffff0000ffffu;

    return fours * ((uint64_t)10000 << 32 | 1) >> 32;
}

/*
 * Read plain decimal digits that fill text. VPCVIS_E_NUMBER: empty, a byte that is no digit, or
 * a leading zero; VPCVIS_E_RANGE: more than max. *bad is the offset of the byte at fault.
 */
VPCVIS_I vpcvis_status vpcvis_i_text_read_u64(const char *text, size_t len, uint64_t max,
                                              uint64_t *value, size_t *bad);

/* The other way: the 8 digits of value, which is below 10^8. Each step turns one number a lane
 * into its quotient, and its remainder in the lane above, in all lanes at once. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE uint64_t vpcvis_i_text_split(uint32_t value)
{
    const uint64_t top = value / 10000;
    const uint64_t fours = ((uint64_t)value << 32) - top * (((uint64_t)10000 << 32) - 1);
    const uint64_t tops = (fours * 10486 >> 20) & 0x0000007f0000007fu;
    const uint64_t twos = (fours << 16) - tops * ((100 << 16) - 1);
    const uint64_t tens = (twos * 103 >> 10) & 0x000f000f000f000fu;

    return ((twos - tens * 10) << 8) + tens;
}

/* Write value in decimal; returns the end. out has room for VPCVIS_I_TEXT_ROOM bytes, and
 * those past the end may be overwritten. */
#define VPCVIS_I_TEXT_ROOM 24
VPCVIS_I char *vpcvis_i_text_write_u64(char *out, uint64_t value);

/* The same for a value below 10^8. */
VPCVIS_I_INLINE char *vpcvis_i_text_write_short(char *out, uint32_t value)
{
    const uint64_t eight = vpcvis_i_text_split(value);
    const unsigned skip = vpcvis_i_bytes_lowest(eight | (uint64_t)1 << 56) / 8;

    vpcvis_i_bytes_put_le64(out, (eight | VPCVIS_I_TEXT_ZEROS) >> 8 * skip);
    return out + 8 - skip;
}

/* The digits of 0..999 with leading zeros, the first in the lowest byte. */
VPCVIS_I extern const uint32_t vpcvis_i_text_threes[1000];

/* The 6 digits of a value below 10^6: three and three looked up. */
VPCVIS_I_INLINE uint64_t vpcvis_i_text_six(uint32_t value)
{
    const uint32_t top = value / 1000;

    return vpcvis_i_text_threes[top] | (uint64_t)vpcvis_i_text_threes[value - top * 1000]
                                           << 24;
}

/* What makes them characters, and ends them with a space. */
#define VPCVIS_I_TEXT_SIX   0x20303030303030u
#define VPCVIS_I_TEXT_THREE 0x20303030u

/* Write a value below 10^6, and a space. */
VPCVIS_I_INLINE char *vpcvis_i_text_end_six(char *out, uint32_t value)
{
    const uint64_t six = vpcvis_i_text_six(value);
    const unsigned skip = vpcvis_i_bytes_lowest(six | (uint64_t)1 << 40) / 8;

    vpcvis_i_bytes_put_le64(out, (six | VPCVIS_I_TEXT_SIX) >> 8 * skip);
    return out + 7 - skip;
}

/* The same for a value below 1000. */
VPCVIS_I_INLINE char *vpcvis_i_text_end_three(char *out, uint32_t value)
{
    const uint64_t three = vpcvis_i_text_threes[value];
    const unsigned skip = vpcvis_i_bytes_lowest(three | 1 << 16) / 8;

    vpcvis_i_bytes_put_le64(out, (three | VPCVIS_I_TEXT_THREE) >> 8 * skip);
    return out + 4 - skip;
}

/* All 8 digits of it. */
VPCVIS_I_INLINE char *vpcvis_i_text_write_eight(char *out, uint32_t value)
{
    vpcvis_i_bytes_put_le64(out, vpcvis_i_text_split(value) | VPCVIS_I_TEXT_ZEROS);
    return out + 8;
}

#endif

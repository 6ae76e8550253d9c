/* SPDX-License-Identifier: MIT */
/*
 * Decimal digits to integers and back (text.h).
 */
#include "text.h"

vpcvis_status vpcvis_i_text_read_u64(const char *text, size_t len, uint64_t max,
                                     uint64_t *value, size_t *bad)
{
    uint64_t sum = 0;
    vpcvis_status status = VPCVIS_OK;
    size_t i;

    *bad = 0;
    for (i = 0; i < len; i++) {
        const char c = text[i];
        if (c < '0' || c > '9') {
            *bad = i;
            return VPCVIS_E_NUMBER;
        }
        if (sum > (UINT64_MAX - (uint64_t)(c - '0')) / 10)
            status = VPCVIS_E_RANGE;
        else
            sum = sum * 10 + (uint64_t)(c - '0');
    }
    if (len == 0 || (len > 1 && text[0] == '0'))
        return VPCVIS_E_NUMBER;
    if (status != VPCVIS_OK || sum > max)
        return VPCVIS_E_RANGE;
    *value = sum;
    return VPCVIS_OK;
}

/* The 8 digits of value (below 10^8) as bytes 0..9, the highest in the lowest byte: halves
 * of 4 digits, then pairs, then digits, each step in all lanes at once. */
VPCVIS_I_WRAPS static uint64_t split_digits(uint32_t value)
{
    const uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    const uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007f0000007fu;
    const uint64_t pairs = hundreds | (fours - 100 * hundreds) << 16;
    const uint64_t tens = (pairs * 103 >> 10) & 0x000f000f000f000fu;

    return tens | (pairs - 10 * tens) << 8;
}

#define ZEROS 0x3030303030303030u

/* The digits of value (below 10^8) without leading zeros. */
static char *write_head(char *out, uint32_t value)
{
    const uint64_t digits = split_digits(value);
    const unsigned skip = vpcvis_i_bytes_lowest(digits | (uint64_t)1 << 56) / 8;

    vpcvis_i_bytes_put_le64(out, (digits | ZEROS) >> 8 * skip);
    return out + 8 - skip;
}

static char *write_eight(char *out, uint32_t value)
{
    vpcvis_i_bytes_put_le64(out, split_digits(value) | ZEROS);
    return out + 8;
}

char *vpcvis_i_text_write_u64(char *out, uint64_t value)
{
    const uint64_t unit = 100000000u;

    if (value < unit)
        return write_head(out, (uint32_t)value);
    if (value < unit * unit) {
        out = write_head(out, (uint32_t)(value / unit));
    } else {
        out = write_head(out, (uint32_t)(value / (unit * unit)));
        out = write_eight(out, (uint32_t)(value / unit % unit));
    }
    return write_eight(out, (uint32_t)(value % unit));
}

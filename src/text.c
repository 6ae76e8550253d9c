/* SPDX-License-Identifier: MIT */
/*
 * Decimal digits to integers and back (text.h).
 */
#include "text.h"

#define DIGITS(n) ((n) / 100u | (n) / 10u % 10u << 8 | (n) % 10u << 16)
#define TEN(n)                                                                 \
    DIGITS(n), DIGITS(n + 1u), DIGITS(n + 2u), DIGITS(n + 3u), DIGITS(n + 4u), \
        DIGITS(n + 5u), DIGITS(n + 6u), DIGITS(n + 7u), DIGITS(n + 8u), DIGITS(n + 9u)
#define HUNDRED(n)                                                                \
    TEN(n), TEN(n + 10u), TEN(n + 20u), TEN(n + 30u), TEN(n + 40u), TEN(n + 50u), \
        TEN(n + 60u), TEN(n + 70u), TEN(n + 80u), TEN(n + 90u)

const uint32_t vpcvis_i_text_threes[1000] = {
    HUNDRED(0u),   HUNDRED(100u), HUNDRED(200u), HUNDRED(300u), HUNDRED(400u),
    HUNDRED(500u), HUNDRED(600u), HUNDRED(700u), HUNDRED(800u), HUNDRED(900u)};

/* Up to 20 digits in words of eight; 0 if they are none, or too large. A last word that is not
 * full is that of the last 8 bytes without those that are read already. */
VPCVIS_I_WRAPS static int read_words(const char *text, size_t len, uint64_t *value)
{
    static const uint32_t tens[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    const size_t rest = len % 8;
    uint64_t sum = 0, others = 0;
    size_t i;

    for (i = 0; len - i >= 8; i += 8) {
        const uint64_t eight = vpcvis_i_text_eight(text + i);
        others |= vpcvis_i_text_not_digits(eight);
        sum = sum * 100000000u + vpcvis_i_text_join(eight);
    }
    if (rest != 0) {
        const uint64_t eight =
            vpcvis_i_text_eight(text + len - 8) >> (64 - 8 * rest) << (64 - 8 * rest);
        others |= vpcvis_i_text_not_digits(eight);
        sum = sum * tens[rest] + vpcvis_i_text_join(eight);
    }
    *value = sum;
    return others == 0 && (len < 20 || (text[0] == '1' && sum >= 10000000000000000000u));
}

vpcvis_status vpcvis_i_text_read_u64(const char *text, size_t len, uint64_t max,
                                     uint64_t *value, size_t *bad)
{
    uint64_t sum = 0;
    vpcvis_status status = VPCVIS_OK;
    size_t i = 0;

    *bad = 0;
    if (len >= 8 && len <= 20 && read_words(text, len, &sum))
        i = len;
    else
        sum = 0;
    for (; i < len; i++) {
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

char *vpcvis_i_text_write_u64(char *out, uint64_t value)
{
    const uint64_t unit = 100000000u;

    if (value < unit)
        return vpcvis_i_text_write_short(out, (uint32_t)value);
    if (value < unit * unit) {
        out = vpcvis_i_text_write_short(out, (uint32_t)(value / unit));
    } else {
        out = vpcvis_i_text_write_short(out, (uint32_t)(value / (unit * unit)));
        out = vpcvis_i_text_write_eight(out, (uint32_t)(value / unit % unit));
    }
    return vpcvis_i_text_write_eight(out, (uint32_t)(value % unit));
}

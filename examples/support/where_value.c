/* SPDX-License-Identifier: MIT */
/* Values in expressions: numbers, times, addresses and blocks, words. */
#include "where_program.h"

#include <string.h>

#define DAY UINT64_C(86400)

/* Decimal digits from *at on; -1: none, or more than 64 bits hold. */
static int read_digits(const char *text, size_t len, size_t *at, uint64_t *number)
{
    const size_t begin = *at;

    *number = 0;
    for (; *at < len && text[*at] >= '0' && text[*at] <= '9'; ++*at) {
        const uint64_t digit = (uint64_t)(text[*at] - '0');

        if (*number > (UINT64_MAX - digit) / 10)
            return -1;
        *number = *number * 10 + digit;
    }
    return *at > begin ? 0 : -1;
}

/* What k, M, Gi and so on stand for; 0 for anything else. */
static uint64_t find_unit(const char *text, size_t len)
{
    static const char letters[] = "kMGT";
    const uint64_t base = len == 2 && text[1] == 'i' ? 1024 : 1000;
    uint64_t unit = 1;
    size_t i;

    if (len != 1 && base != 1024)
        return 0;
    for (i = 0; letters[i] != '\0'; i++) {
        unit *= base;
        if (text[0] == letters[i] || (i == 0 && text[0] == 'K'))
            return unit;
    }
    return 0;
}

static int read_number(const char *text, size_t len, int units, uint64_t *number)
{
    uint64_t unit = 1;
    size_t at = 0;

    if (read_digits(text, len, &at, number) != 0)
        return -1;
    if (at < len)
        unit = units ? find_unit(text + at, len - at) : 0;
    if (unit == 0 || *number > UINT64_MAX / unit)
        return -1;
    *number *= unit;
    return 0;
}

/* A part of a time: exactly `width` digits at *at, after a byte of `before` if that is not
 * empty; -1 if it is not that, or not from low to high. */
static int read_part(const char *text, size_t len, size_t *at, const char *before,
                     size_t width, uint64_t low, uint64_t high, uint64_t *number)
{
    const size_t end = *at + (*before != '\0') + width;

    if (end > len || (*before != '\0' && strchr(before, text[(*at)++]) == NULL) ||
        read_digits(text, end, at, number) != 0 || *at != end)
        return -1;
    return *number >= low && *number <= high ? 0 : -1;
}

static uint64_t days_of_month(uint64_t year, uint64_t month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (uint64_t)(month == 2 && leap);
}

/* Days from 1970-01-01. */
static uint64_t count_days(uint64_t year, uint64_t month, uint64_t day)
{
    const uint64_t before = year - 1;
    uint64_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;

    while (--month > 0)
        days += days_of_month(year, month);
    return days + day - 1;
}

/* 2026-11-23, 2026-11-23T10:00 or 2026-11-23T10:00:00, the latter two with Z or without. */
static int read_time(const char *text, size_t len, uint64_t *seconds)
{
    uint64_t year, month, day, hour = 0, minute = 0, second = 0;
    size_t at = 0;

    if (read_part(text, len, &at, "", 4, 1970, 9999, &year) != 0 ||
        read_part(text, len, &at, "-", 2, 1, 12, &month) != 0 ||
        read_part(text, len, &at, "-", 2, 1, days_of_month(year, month), &day) != 0)
        return -1;
    if (at < len && (read_part(text, len, &at, "Tt ", 2, 0, 23, &hour) != 0 ||
                     read_part(text, len, &at, ":", 2, 0, 59, &minute) != 0 ||
                     (at < len && text[at] == ':' &&
                      read_part(text, len, &at, ":", 2, 0, 59, &second) != 0)))
        return -1;
    if (at > 10 && at < len && (text[at] == 'Z' || text[at] == 'z'))
        at++;
    *seconds = count_days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    return at == len ? 0 : -1;
}

static const char *read_protocol(const char *text, size_t len, uint64_t *number)
{
    if (vpcvis_record_find_name(VPCVIS_FIELD_PROTOCOL, text, len, number) == VPCVIS_OK)
        return NULL;
    if ((len == 5 && (memcmp(text, "icmp6", 5) == 0 || memcmp(text, "ICMP6", 5) == 0)) ||
        (len == 6 &&
         (memcmp(text, "icmpv6", 6) == 0 || memcmp(text, "ICMPv6", 6) == 0))) {
        *number = 58;
        return NULL;
    }
    return read_number(text, len, 0, number) == 0
               ? NULL
               : "takes a number, or a name such as tcp, udp, icmp or icmp6";
}

/* An address, or a block, whose mask is that of the bytes in memory. */
static const char *read_address(const char *text, size_t len, struct where_value *value)
{
    struct vpcvis_cidr cidr;
    uint8_t mask[16];
    size_t i;

    memset(&cidr, 0, sizeof(cidr));
    if (vpcvis_addr_read(text, len, &cidr.addr, NULL) == VPCVIS_OK)
        cidr.prefix_len = 128;
    else if (vpcvis_addr_read_cidr(text, len, &cidr, NULL) != VPCVIS_OK)
        return memchr(text, '/', len) != NULL
                   ? "takes blocks such as 10.0.0.0/8 or 2001:db8::/32"
                   : "takes addresses such as 10.0.0.1 or 2001:db8::1";
    for (i = 0; i < sizeof(mask); i++) {
        const int bits = cidr.prefix_len - 8 * (int)i;

        mask[i] = (uint8_t)(bits >= 8 ? 0xff : bits <= 0 ? 0 : 0xff00 >> bits);
    }
    value->addr = cidr.addr;
    memcpy(value->mask, mask, sizeof(mask));
    return NULL;
}

/* A word of the field's list; a bare one becomes as AWS writes it, whatever its case. */
static void read_word(char *text, size_t len, uint32_t field, int quoted,
                      struct where_value *value)
{
    const char *word = NULL;
    uint64_t code = 0;

    if (vpcvis_record_find_name(field, text, len, &code) == VPCVIS_OK)
        word = vpcvis_record_name(field, code);
    if (word == NULL || (quoted && memcmp(word, text, len) != 0))
        return;
    value->code = (uint16_t)code;
    memcpy(text, word, len);
}

const char *where_read_value(struct where *where, const struct where_field *field,
                             int quoted, struct where_value *value)
{
    char *text = where->text + value->at;
    const size_t len = value->len;

    switch (field->kind) {
    case VPCVIS_KIND_ADDRESS: return read_address(text, len, value);
    case VPCVIS_KIND_NAME: read_word(text, len, field->id, quoted, value); return NULL;
    case VPCVIS_KIND_TEXT: return NULL;
    default: break;
    }
    if (field->id == VPCVIS_FIELD_PROTOCOL)
        return read_protocol(text, len, &value->from);
    if (field->id == VPCVIS_FIELD_START || field->id == VPCVIS_FIELD_END)
        return read_time(text, len, &value->from) == 0 ||
                       read_number(text, len, 0, &value->from) == 0
                   ? NULL
                   : "takes Unix seconds, or a time such as 2026-11-23T10:00:00Z";
    if (field->kind == VPCVIS_KIND_NUMBER64)
        return read_number(text, len, 1, &value->from) == 0
                   ? NULL
                   : "takes a number below 2^64, with k, M, G, T, Ki, Mi, Gi, Ti or without";
    return read_number(text, len, 0, &value->from) == 0 ? NULL
                                                        : "takes a number below 2^64";
}

/* SPDX-License-Identifier: MIT */
/*
 * Room addr: addresses and blocks, text to value and back.
 *
 * A reader goes left to right and stops at the first byte that no address can have there, so
 * the offset of an error is exact. Text is IPv4 if a dot ends its first group of digits:
 *
 *     10.0.0.1    2001:db8::1    ::ffff:10.0.0.1
 *       ^             ^                   ^        the first dot or colon decides, and
 *                                                  a dot later on begins an IPv4 tail
 */
#include "addr.h"

#define FIELD_NONE UINT32_MAX /* addresses alone belong to no field of a record */
#define GROUPS     8
#define NO_GAP     GROUPS

/* The value of a hex digit; other bytes have a bit of 0xf0 set. */
/* clang-format off */
#define XX 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
static const uint8_t hex_value[256] = {
    XX, XX, XX,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 10, 11, 12, 13, 14, 15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    XX,
    0xff, 10, 11, 12, 13, 14, 15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    XX, XX, XX, XX, XX, XX, XX, XX, XX,
};

#define ONE(a)         {a, '.', 0, 2}
#define TWO(a, b)      {a, b, '.', 3}
#define THREE(a, b, c) {a, b, c, '.'}
#define TEN_TWO(a) \
    TWO(a, '0'), TWO(a, '1'), TWO(a, '2'), TWO(a, '3'), TWO(a, '4'), \
    TWO(a, '5'), TWO(a, '6'), TWO(a, '7'), TWO(a, '8'), TWO(a, '9')
#define SIX_THREE(a, b) \
    THREE(a, b, '0'), THREE(a, b, '1'), THREE(a, b, '2'), \
    THREE(a, b, '3'), THREE(a, b, '4'), THREE(a, b, '5')
#define TEN_THREE(a, b) \
    SIX_THREE(a, b), THREE(a, b, '6'), THREE(a, b, '7'), THREE(a, b, '8'), THREE(a, b, '9')
const char vpcvis_i_addr_octets[256][4] = {
    ONE('0'), ONE('1'), ONE('2'), ONE('3'), ONE('4'),
    ONE('5'), ONE('6'), ONE('7'), ONE('8'), ONE('9'),
    TEN_TWO('1'), TEN_TWO('2'), TEN_TWO('3'), TEN_TWO('4'), TEN_TWO('5'),
    TEN_TWO('6'), TEN_TWO('7'), TEN_TWO('8'), TEN_TWO('9'),
    TEN_THREE('1', '0'), TEN_THREE('1', '1'), TEN_THREE('1', '2'), TEN_THREE('1', '3'),
    TEN_THREE('1', '4'), TEN_THREE('1', '5'), TEN_THREE('1', '6'), TEN_THREE('1', '7'),
    TEN_THREE('1', '8'), TEN_THREE('1', '9'), TEN_THREE('2', '0'), TEN_THREE('2', '1'),
    TEN_THREE('2', '2'), TEN_THREE('2', '3'), TEN_THREE('2', '4'), SIX_THREE('2', '5'),
};

#define TEN(n)   n, n, n, n, n, n, n, n, n, n
#define FIFTY(n) TEN(n), TEN(n), TEN(n), TEN(n), TEN(n)
const uint8_t vpcvis_i_addr_octet_len[256] = {
    TEN(2), FIFTY(3), TEN(3), TEN(3), TEN(3), TEN(3), FIFTY(4), FIFTY(4), FIFTY(4), 4, 4, 4, 4, 4, 4,
};
/* clang-format on */

VPCVIS_I_INLINE unsigned hex_at(const char *text, size_t at)
{
    return hex_value[(unsigned char)text[at]];
}

/* 0..9, or more if the byte is no decimal digit. */
VPCVIS_I_INLINE unsigned digit_at(const char *text, size_t at)
{
    const unsigned char c = (unsigned char)text[at];
    return c < '0' ? 10u : c - (unsigned)'0';
}

/* The octet from *at on, which stops at the first byte that is not of it; 0 if there is none
 * or it grows too large, *at then being the byte at fault. */
VPCVIS_I_INLINE int take_octet(const char *text, size_t len, size_t *at, uint8_t *octet)
{
    size_t i = *at;
    unsigned value = i < len ? digit_at(text, i) : 10;

    if (value > 9)
        return 0;
    i++;
    if (value != 0 && i < len && digit_at(text, i) <= 9) {
        value = value * 10 + digit_at(text, i++);
        if (i < len && digit_at(text, i) <= 9) {
            value = value * 10 + digit_at(text, i);
            if (value > 255) {
                *at = i;
                return 0;
            }
            i++;
        }
    }
    *at = i;
    *octet = (uint8_t)value;
    return 1;
}

/*
 * The dotted quad text[at..len) whose first dot is at `dot`. Until there its first octet could
 * have been a hex group, so the dot is the byte at fault if it is not an octet.
 */
static vpcvis_status read_quad(const char *text, size_t len, size_t at, size_t dot,
                               uint8_t *octets, size_t *bad)
{
    unsigned i;

    *bad = dot;
    if (!take_octet(text, dot, &at, &octets[0]) || at != dot)
        return VPCVIS_E_ADDRESS;
    for (i = 1; i < 4; i++) {
        *bad = at;
        if (at == len || text[at] != '.')
            return VPCVIS_E_ADDRESS;
        at++;
        if (!take_octet(text, len, &at, &octets[i])) {
            *bad = at;
            return VPCVIS_E_ADDRESS;
        }
    }
    *bad = at;
    return at == len ? VPCVIS_OK : VPCVIS_E_ADDRESS;
}

/* Move the groups after the gap, of `count` in all, to the end. */
static void close_gap(uint8_t bytes[16], unsigned gap, unsigned count)
{
    const unsigned tail = 2 * (count - gap);

    memmove(bytes + 16 - tail, bytes + 2 * gap, tail);
    memset(bytes + 2 * gap, 0, 16 - tail - 2 * gap);
}

/* Where a reader of IPv6 text is. */
struct groups {
    size_t at;
    unsigned count; /* groups read */
    unsigned gap;   /* groups before `::`, or NO_GAP */
    int ends;       /* the text may end here */
};

/* What may follow a group: the end, `:` before another or `::`; 0 at a fault. */
static int read_colons(const char *text, size_t len, struct groups *in)
{
    const unsigned most = in->gap == NO_GAP ? GROUPS : GROUPS - 1;

    in->ends = in->gap != NO_GAP || in->count == GROUPS;
    if (in->at == len)
        return in->ends;
    if (text[in->at] != ':' || in->count == most)
        return 0;
    in->at++;
    in->ends = 0;
    if (in->at == len || text[in->at] != ':')
        return 1;
    if (in->gap != NO_GAP)
        return 0;
    in->at++;
    in->gap = in->count;
    in->ends = 1;
    return 1;
}

/* One hex group; its first byte is at fault where no group may be. */
static int read_group(const char *text, size_t len, struct groups *in, size_t *first,
                      uint8_t *group)
{
    const unsigned most = in->gap == NO_GAP ? GROUPS : GROUPS - 1;
    size_t i = in->at;
    unsigned value = 0;

    *first = i;
    if (in->count == most)
        return 0;
    while (i < len && i - *first < 4 && hex_at(text, i) <= 15)
        value = value << 4 | hex_at(text, i++);
    in->at = i;
    group[0] = (uint8_t)(value >> 8);
    group[1] = (uint8_t)value;
    return i > *first;
}

static vpcvis_status read_ipv6(const char *text, size_t len, uint8_t bytes[16],
                               size_t *bad)
{
    struct groups in = {0, 0, NO_GAP, 0};
    size_t first;

    if (len > 0 && text[0] == ':' && !(read_colons(text, len, &in) && in.gap == 0)) {
        *bad = in.at;
        return VPCVIS_E_ADDRESS;
    }
    while (!(in.ends && in.at == len)) {
        if (!read_group(text, len, &in, &first, bytes + 2 * in.count)) {
            *bad = in.at;
            return VPCVIS_E_ADDRESS;
        }
        if (in.at < len && text[in.at] == '.') {
            const int fits = in.gap == NO_GAP ? in.count == 6 : in.count <= 5;
            *bad = in.at;
            if (!fits || read_quad(text, len, first, in.at, bytes + 2 * in.count, bad) !=
                             VPCVIS_OK)
                return VPCVIS_E_ADDRESS;
            in.count += 2;
            break;
        }
        in.count++;
        if (!read_colons(text, len, &in)) {
            *bad = in.at;
            return VPCVIS_E_ADDRESS;
        }
    }
    if (in.gap != NO_GAP)
        close_gap(bytes, in.gap, in.count);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_i_addr_read(const char *text, size_t len, struct vpcvis_addr *addr,
                                 size_t *bad)
{
    struct vpcvis_addr read;
    vpcvis_status status;
    size_t dot = 0;

    memset(&read, 0, sizeof(read));
    while (dot < len && dot < 4 && digit_at(text, dot) <= 9)
        dot++;
    if (dot > 0 && dot < len && text[dot] == '.') {
        read.family = VPCVIS_ADDR_IPV4;
        status = read_quad(text, len, 0, dot, read.bytes, bad);
    } else {
        read.family = VPCVIS_ADDR_IPV6;
        status = read_ipv6(text, len, read.bytes, bad);
    }
    if (status == VPCVIS_OK)
        *addr = read;
    return status;
}

/* Without leading zeros: RFC 5952 section 4.1. */
static char *write_group(char *out, unsigned value)
{
    static const char digits[] = "0123456789abcdef";

    if (value > 0xfff)
        *out++ = digits[value >> 12];
    if (value > 0xff)
        *out++ = digits[value >> 8 & 15];
    if (value > 0xf)
        *out++ = digits[value >> 4 & 15];
    *out++ = digits[value & 15];
    return out;
}

/* The longest run of two or more zero groups, the first of equals: RFC 5952 section 4.2.
 * Returns its length, 0 if there is none. */
static unsigned find_gap(const unsigned groups[GROUPS], unsigned *gap)
{
    unsigned i, run = 0, longest = 1;

    *gap = NO_GAP;
    for (i = 0; i < GROUPS; i++) {
        run = groups[i] == 0 ? run + 1 : 0;
        if (run > longest) {
            longest = run;
            *gap = i + 1 - run;
        }
    }
    return *gap == NO_GAP ? 0 : longest;
}

/* ::ffff:0:0/96 */
static int is_mapped(const uint8_t bytes[16])
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

static char *write_ipv6(char *out, const uint8_t bytes[16])
{
    unsigned groups[GROUPS];
    unsigned i, gap, gap_len;

    if (is_mapped(bytes)) {
        memcpy(out, "::ffff:", 7);
        return vpcvis_i_addr_write_quad(out + 7, bytes + 12);
    }
    for (i = 0; i < GROUPS; i++)
        groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    gap_len = find_gap(groups, &gap);
    for (i = 0; i < GROUPS; i++) {
        if (i == gap) {
            *out++ = ':';
            i += gap_len;
            if (i == GROUPS)
                *out++ = ':';
        }
        if (i == GROUPS)
            break;
        if (i > 0)
            *out++ = ':';
        out = write_group(out, groups[i]);
    }
    return out;
}

char *vpcvis_i_addr_write(char *out, const struct vpcvis_addr *addr)
{
    if (addr->family == VPCVIS_ADDR_IPV4)
        return vpcvis_i_addr_write_quad(out, addr->bytes);
    return write_ipv6(out, addr->bytes);
}

/* Bits of an address, 0 for no valid family. */
static uint32_t family_bits(const struct vpcvis_addr *addr)
{
    if (addr->family == VPCVIS_ADDR_IPV4)
        return 32;
    return addr->family == VPCVIS_ADDR_IPV6 ? 128 : 0;
}

static vpcvis_status copy_out(const char *text, size_t len, char *out, size_t capacity,
                              size_t *out_len)
{
    *out_len = len;
    if (len > capacity)
        return VPCVIS_E_SPACE;
    memcpy(out, text, len);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_addr_read(const char *text, size_t text_len,
                               struct vpcvis_addr *addr, struct vpcvis_error *error)
{
    vpcvis_status status;
    size_t bad = 0;

    if ((text == NULL && text_len > 0) || addr == NULL)
        return VPCVIS_E_ARG;
    status = vpcvis_i_addr_read(text, text_len, addr, &bad);
    if (status != VPCVIS_OK)
        return vpcvis_i_base_fail(error, status, FIELD_NONE, 0, bad);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_addr_write(const struct vpcvis_addr *addr, char *out,
                                size_t capacity, size_t *out_len)
{
    char text[VPCVIS_ADDR_TEXT_MAX];

    if (addr == NULL || family_bits(addr) == 0 || out_len == NULL ||
        (out == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    return copy_out(text, (size_t)(vpcvis_i_addr_write(text, addr) - text), out, capacity,
                    out_len);
}

/* The decimal number text[at..len), at most max; *bad as in read_quad. */
static vpcvis_status read_prefix(const char *text, size_t len, size_t at, uint32_t max,
                                 uint8_t *prefix_len, size_t *bad)
{
    uint32_t value = 0;
    size_t i;

    for (i = at; i < len; i++) {
        *bad = i;
        if (digit_at(text, i) > 9 || (i > at && value == 0))
            return VPCVIS_E_PREFIX;
        value = value * 10 + digit_at(text, i);
        if (value > max)
            return VPCVIS_E_PREFIX;
    }
    *bad = len;
    *prefix_len = (uint8_t)value;
    return len > at ? VPCVIS_OK : VPCVIS_E_PREFIX;
}

vpcvis_status vpcvis_addr_read_cidr(const char *text, size_t text_len,
                                    struct vpcvis_cidr *cidr, struct vpcvis_error *error)
{
    struct vpcvis_cidr read;
    vpcvis_status status;
    size_t slash = 0, bad = 0;

    if ((text == NULL && text_len > 0) || cidr == NULL)
        return VPCVIS_E_ARG;
    memset(&read, 0, sizeof(read));
    while (slash < text_len && text[slash] != '/')
        slash++;
    status = vpcvis_i_addr_read(text, slash, &read.addr, &bad);
    if (status == VPCVIS_OK && slash == text_len) {
        bad = slash;
        status = VPCVIS_E_PREFIX;
    }
    if (status == VPCVIS_OK)
        status = read_prefix(text, text_len, slash + 1, family_bits(&read.addr),
                             &read.prefix_len, &bad);
    if (status != VPCVIS_OK)
        return vpcvis_i_base_fail(error, status, FIELD_NONE, 0, bad);
    *cidr = read;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_addr_write_cidr(const struct vpcvis_cidr *cidr, char *out,
                                     size_t capacity, size_t *out_len)
{
    char text[VPCVIS_CIDR_TEXT_MAX];
    char *end;

    if (cidr == NULL || family_bits(&cidr->addr) == 0 || out_len == NULL ||
        (out == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    if (cidr->prefix_len > family_bits(&cidr->addr))
        return VPCVIS_E_PREFIX;
    end = vpcvis_i_addr_write(text, &cidr->addr);
    *end++ = '/';
    end = vpcvis_i_addr_write_octet(end, cidr->prefix_len) - 1;
    return copy_out(text, (size_t)(end - text), out, capacity, out_len);
}

vpcvis_status vpcvis_addr_mask(struct vpcvis_addr *addr, uint32_t prefix_len,
                               uint32_t *changed)
{
    unsigned lost = 0;
    uint32_t i, bits;

    if (addr == NULL || family_bits(addr) == 0)
        return VPCVIS_E_ARG;
    bits = family_bits(addr);
    if (prefix_len > bits)
        return VPCVIS_E_PREFIX;
    for (i = prefix_len / 8; i < bits / 8; i++) {
        const unsigned host = i == prefix_len / 8 ? 0xffu >> prefix_len % 8 : 0xffu;
        lost |= addr->bytes[i] & host;
        addr->bytes[i] = (uint8_t)(addr->bytes[i] & ~host);
    }
    if (changed)
        *changed = lost != 0;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_addr_match(const struct vpcvis_cidr *cidr,
                                const struct vpcvis_addr *addr)
{
    uint32_t whole;
    unsigned differ = 0;

    if (cidr == NULL || addr == NULL || family_bits(&cidr->addr) == 0 ||
        family_bits(addr) == 0)
        return VPCVIS_E_ARG;
    if (cidr->prefix_len > family_bits(&cidr->addr))
        return VPCVIS_E_PREFIX;
    if (cidr->addr.family != addr->family)
        return VPCVIS_NOMATCH;
    whole = cidr->prefix_len / 8u;
    if (cidr->prefix_len % 8 != 0)
        differ = (unsigned)(cidr->addr.bytes[whole] ^ addr->bytes[whole]) >>
                 (8 - cidr->prefix_len % 8);
    if (differ != 0 || memcmp(cidr->addr.bytes, addr->bytes, whole) != 0)
        return VPCVIS_NOMATCH;
    return VPCVIS_OK;
}

size_t vpcvis_addr_bytes(void)
{
    return sizeof(struct vpcvis_addr);
}

size_t vpcvis_addr_cidr_bytes(void)
{
    return sizeof(struct vpcvis_cidr);
}

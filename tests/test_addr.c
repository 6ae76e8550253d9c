/* SPDX-License-Identifier: MIT */
/*
 * Room addr. Texts are read from copies between unreadable pages, at either end.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis/addr.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* A text that is an address, and the text that is written for it. */
struct good {
    const char *text;
    const char *canonical;
    const char *hex; /* its bytes */
    const char *why;
};

/* clang-format off */
static const struct good good[] = {
    /* [addr.rfc4291] */
    {"0.0.0.0", "0.0.0.0", "00000000", "the lowest IPv4 address: 0 is no leading zero"},
    {"255.255.255.255", "255.255.255.255", "ffffffff", "the highest and longest"},
    {"1.2.3.4", "1.2.3.4", "01020304", "the shortest form has seven bytes"},
    {"10.20.100.200", "10.20.100.200", "0a1464c8", "two and three digits, zeros at their ends"},
    {"249.250.251.99", "249.250.251.99", "f9fafb63", "around 250, where the second digit decides"},
    {"::", "::", "00000000000000000000000000000000", "the unspecified address"},
    {"::1", "::1", "00000000000000000000000000000001", "loopback"},
    {"1::", "1::", "00010000000000000000000000000000", "a gap at the end"},
    {"2001:DB8::A", "2001:db8::a", "20010db800000000000000000000000a", "upper case is read, lower case is written"},
    {"2001:0db8:0000:0000:0000:0000:0000:000a", "2001:db8::a", "20010db800000000000000000000000a", "all digits of all groups"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffffffffffffffffffffffffffffffff", "the highest IPv6 address"},
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", "00010002000300040005000600070000", "a gap of one group is read and never written"},
    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", "00000002000300040005000600070008", "the same at the beginning"},
    {"1:2:3::5:6:7:8", "1:2:3:0:5:6:7:8", "00010002000300000005000600070008", "and in the middle"},
    {"::ffff:1.2.3.4", "::ffff:1.2.3.4", "00000000000000000000ffff01020304", "IPv4-mapped stays IPv6"},
    {"0:0:0:0:0:ffff:192.168.255.10", "::ffff:192.168.255.10", "00000000000000000000ffffc0a8ff0a", "six groups and an IPv4 tail"},
    {"1:2:3:4:5::1.2.3.4", "1:2:3:4:5:0:102:304", "00010002000300040005000001020304", "a gap of one group before an IPv4 tail"},
    {"64:ff9b::192.0.2.33", "64:ff9b::c000:221", "0064ff9b0000000000000000c0000221", "a tail elsewhere is read, and written in hex"},
    {"::1.2.3.4", "::102:304", "00000000000000000000000001020304", "::/96 is deprecated: not written with a tail"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffffffffffffffffffffffffffffffff", "the longest text there is"},
    {"256::", "256::", "02560000000000000000000000000000", "no octet, but a group"},
    {"00:01::", "0:1::", "00000001000000000000000000000000", "leading zeros are fine in groups"},
    /* [addr.rfc5952] */
    {"0:0:1:0:0:0:2:0", "0:0:1::2:0", "00000000000100000000000000020000", "the longest run is shortened"},
    {"1:0:0:2:0:0:3:4", "1::2:0:0:3:4", "00010000000000020000000000030004", "of two equal runs the first"},
    {"0:0:1:2:3:4:0:0", "::1:2:3:4:0:0", "00000000000100020003000400000000", "the first may be at the beginning"},
    {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::", "00010002000300040005000600000000", "a run at the end"},
    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "20010db8000000010001000100010001", "one zero group is not shortened"},
    {"::ffff:0:0", "::ffff:0.0.0.0", "00000000000000000000ffff00000000", "the mapped prefix alone"},
    {"::fffe:1:2", "::fffe:1:2", "00000000000000000000fffe00010002", "next to the mapped prefix: hex"},
    {"::1:ffff:1:2", "::1:ffff:1:2", "00000000000000000001ffff00010002", "not mapped: a bit before ffff is set"},
    {"ff02::fb", "ff02::fb", "ff0200000000000000000000000000fb", "groups of two digits"},
    {"a:b0:c00:d000::", "a:b0:c00:d000::", "000a00b00c00d0000000000000000000", "zeros at the end of groups stay"},
};

/* A text that is no address, and the byte after which nothing could make it one. */
struct bad {
    const char *text;
    uint32_t offset;
    const char *why;
};

static const struct bad bad[] = {
    {"", 0, "nothing at all"},
    {"-", 0, "a dash is no address; what it means is for others to say"},
    {"010.8.8.8", 3, "a leading zero might mean octal; until the dot it could be a group"},
    {"00.8.8.8", 2, "two zeros"},
    {"1.02.3.4", 3, "a leading zero after the first dot"},
    {"1.00.3.4", 3, "and the zero twice"},
    {"1.2.3", 5, "three numbers: the text ends too early"},
    {"1.2.3.", 6, "and after a dot"},
    {"1.2.3.4.", 7, "a dot too many"},
    {"1.2.3.4.5", 7, "five numbers"},
    {"1.2.3.4 ", 7, "a space after it"},
    {" 1.2.3.4", 0, "and before it"},
    {"1..2.3", 2, "an empty number"},
    {".1.2.3", 0, "a dot first"},
    {"256.0.0.1", 3, "256 could be a group until the dot"},
    {"0.0.0.256", 8, "the last digit makes 25 too large"},
    {"0.0.0.300", 8, "three digits above 255"},
    {"0.0.0.1000", 9, "four digits"},
    {"1000.0.0.0", 4, "four digits first"},
    {"4294967296", 4, "one large number"},
    {"0x7f.1", 1, "hex with a prefix"},
    {"127.1", 5, "the short form of old"},
    {"1.2.3.a", 6, "a letter where a digit must be"},
    {"a.2.3.4", 1, "a group, then a dot"},
    {"1a.2.3.4", 2, "the same with a digit"},
    {"1.2.3.4:80", 7, "a port"},
    {"1.2.3.4/8", 7, "a prefix length"},
    {"+1.2.3.4", 0, "a sign"},
    {"1.-2.3.4", 2, "and another"},
    {"1.2.3.\xD9\xA4", 6, "digits of another script"},
    {"\xEF\xBC\x91.2.3.4", 0, "a full-width digit"},
    {"1.2.3.4\xC2\xA0", 7, "a non-breaking space"},
    {":", 1, "half a gap"},
    {":1", 1, "one colon first"},
    {":::", 2, "three colons"},
    {"::1:::", 4, "three colons after a gap"},
    {"1::2::3", 5, "two gaps"},
    {"::1::", 4, "a gap at both ends"},
    {"1:", 2, "one colon last"},
    {"::1:", 4, "the same after a gap"},
    {"1:2", 3, "two groups"},
    {"1:2:3:4:5:6:7", 13, "seven groups"},
    {"1:2:3:4:5:6:7:", 14, "seven groups and a colon"},
    {"1:2:3:4:5:6:7:8:", 15, "eight groups and a colon"},
    {"1:2:3:4:5:6:7:8:9", 15, "nine groups"},
    {"1:2:3:4:5:6:7:8::", 15, "a gap for no group"},
    {"::1:2:3:4:5:6:7:8", 15, "the same at the beginning"},
    {"1:2:3:4:5:6:7::8", 15, "and before the last group"},
    {"12345::", 4, "five digits in a group"},
    {"1::00000", 7, "five zeros"},
    {"1::g", 3, "no hex digit"},
    {"1::/", 3, "the byte before 0"},
    {"1:::", 3, "the byte after 9"},
    {"1::@", 3, "the byte before A"},
    {"1::`", 3, "the byte before a"},
    {"fe80::1%eth0", 7, "a zone"},
    {"[::1]", 0, "brackets"},
    {"::ffff:1.2.3", 12, "a short IPv4 tail"},
    {"::ffff:1.2.3.256", 15, "a tail out of range"},
    {"::ffff:01.2.3.4", 9, "a tail with a leading zero"},
    {"::ffff:1.2.3.4:5", 14, "a group after the tail"},
    {"::1.2.3.4.5", 9, "five numbers in the tail"},
    {"1:2:3:4:5:6:7:1.2.3.4", 15, "seven groups and a tail"},
    {"1:2:3:4:5:1.2.3.4", 11, "five groups and a tail, no gap"},
    {"1:2:3:4:5:6::1.2.3.4", 14, "a gap for no group before a tail"},
    {"::1:2:3:4:5:6:1.2.3.4", 15, "seven groups' worth after a gap"},
    {"1.2.3.4::", 7, "IPv4 in front"},
    {"::1.", 4, "a tail of one number"},
    {"::a.1.1.1", 3, "a tail that begins with a hex digit"},
};
/* clang-format on */

static void from_hex(const char *hex, uint8_t bytes[16])
{
    size_t i;

    memset(bytes, 0, 16);
    for (i = 0; hex[2 * i] != '\0'; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
}

START_TEST(good_texts_are_read)
{
    const struct good *row = &good[_i];
    const size_t len = strlen(row->text);
    struct vpcvis_addr expected, addr;

    memset(&expected, 0, sizeof(expected));
    from_hex(row->hex, expected.bytes);
    expected.family = strlen(row->hex) == 8 ? VPCVIS_ADDR_IPV4 : VPCVIS_ADDR_IPV6;
    memset(&addr, 0xaa, sizeof(addr));
    ck_assert_msg(vpcvis_addr_read(guard_copy(row->text, len), len, &addr, NULL) ==
                      VPCVIS_OK,
                  "%s: %s", row->text, row->why);
    ck_assert_msg(memcmp(&addr, &expected, sizeof(addr)) == 0, "%s: %s", row->text,
                  row->why);
    memset(&addr, 0xaa, sizeof(addr));
    ck_assert_msg(vpcvis_addr_read(guard_copy_front(row->text, len), len, &addr, NULL) ==
                      VPCVIS_OK,
                  "%s: %s", row->text, row->why);
    ck_assert_msg(memcmp(&addr, &expected, sizeof(addr)) == 0, "%s: %s", row->text,
                  row->why);
}
END_TEST

START_TEST(good_texts_are_written)
{
    const struct good *row = &good[_i];
    const size_t len = strlen(row->canonical);
    struct vpcvis_addr addr;
    char zeros[64] = {0};
    char *out = guard_copy(zeros, len);
    size_t need = 0;

    ck_assert_int_eq(vpcvis_addr_read(row->text, strlen(row->text), &addr, NULL),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_addr_write(&addr, NULL, 0, &need), VPCVIS_E_SPACE);
    ck_assert_msg(need == len, "%s: %s: %zu bytes", row->text, row->why, need);
    ck_assert_int_eq(vpcvis_addr_write(&addr, out, len - 1, &need), VPCVIS_E_SPACE);
    ck_assert_uint_eq(need, len);
    ck_assert_msg(memcmp(out, zeros, len) == 0, "%s: too small, and yet written",
                  row->text);
    ck_assert_int_eq(vpcvis_addr_write(&addr, out, len, &need), VPCVIS_OK);
    ck_assert_uint_eq(need, len);
    ck_assert_msg(memcmp(out, row->canonical, len) == 0, "%s: %s: %.*s", row->text,
                  row->why, (int)len, out);
}
END_TEST

START_TEST(bad_texts_are_refused)
{
    const struct bad *row = &bad[_i];
    const size_t len = strlen(row->text);
    struct vpcvis_addr addr, before;
    struct vpcvis_error error;

    memset(&before, 0xaa, sizeof(before));
    addr = before;
    memset(&error, 0xaa, sizeof(error));
    ck_assert_msg(vpcvis_addr_read(guard_copy(row->text, len), len, &addr, &error) ==
                      VPCVIS_E_ADDRESS,
                  "%s: %s", row->text, row->why);
    ck_assert_msg(error.offset == row->offset, "%s: %s: offset %u, not %u", row->text,
                  row->why, (unsigned)error.offset, (unsigned)row->offset);
    ck_assert_int_eq(error.status, VPCVIS_E_ADDRESS);
    ck_assert_uint_eq(error.field, UINT32_MAX);
    ck_assert_uint_eq(error.column, 0);
    ck_assert_uint_eq(error.line, 1);
    ck_assert_uint_eq(error.line_at, 0);
    ck_assert_msg(memcmp(&addr, &before, sizeof(addr)) == 0, "%s: *addr was touched",
                  row->text);
    ck_assert_msg(vpcvis_addr_read(guard_copy_front(row->text, len), len, &addr, NULL) ==
                      VPCVIS_E_ADDRESS,
                  "%s: %s", row->text, row->why);
}
END_TEST

/* Once a text is refused at a byte, nothing that follows the byte matters; and before that
 * byte it could still have become an address. */
START_TEST(offsets_are_the_first_byte_at_fault)
{
    static const char *const tails[] = {"",    ".1", ".1.1", ".1.1.1", "1.1.1",
                                        "1.1", "1",  "::",   ":",      "1::"};
    const struct bad *row = &bad[_i];
    const size_t len = strlen(row->text);
    struct vpcvis_addr addr;
    struct vpcvis_error error;
    char text[96];
    size_t i, completed = 0;

    if (row->offset < len) {
        memcpy(text, row->text, row->offset + 1);
        memcpy(text + row->offset + 1, "::1", 3);
        ck_assert_int_eq(vpcvis_addr_read(text, row->offset + 4, &addr, &error),
                         VPCVIS_E_ADDRESS);
        ck_assert_uint_eq(error.offset, row->offset);
    }
    for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        memcpy(text, row->text, row->offset);
        strcpy(text + row->offset, tails[i]);
        completed += vpcvis_addr_read(text, strlen(text), &addr, NULL) == VPCVIS_OK;
    }
    ck_assert_msg(completed > 0, "%s: refused only at %u, yet no address begins so",
                  row->text, (unsigned)row->offset);
}
END_TEST

/* One byte of every value in every place of an address. */
START_TEST(every_byte_in_every_place)
{
    static const char quad[] = "11.22.33.44";
    static const char groups[] = "1:2:3:4:5:6:7:8";
    const char c = (char)_i;
    const int digit = c >= '0' && c <= '9';
    const int hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    struct vpcvis_addr addr;
    size_t i;

    for (i = 0; i < strlen(quad); i++) {
        char *text = guard_copy(quad, strlen(quad));
        const int leads = i == 0 || quad[i - 1] == '.';
        const int fits = quad[i] == '.' ? c == '.' : digit && !(c == '0' && leads);
        text[i] = c;
        ck_assert_msg((vpcvis_addr_read(text, strlen(quad), &addr, NULL) == VPCVIS_OK) ==
                          fits,
                      "byte 0x%02x at %zu of %s", (unsigned)_i, i, quad);
    }
    for (i = 0; i < strlen(groups); i++) {
        char *text = guard_copy(groups, strlen(groups));
        const int at_end =
            i == 0 || i == strlen(groups) - 1; /* where `:` makes it `::` */
        const int fits = groups[i] == ':' ? c == ':' : hex || (c == ':' && at_end);
        text[i] = c;
        ck_assert_msg(
            (vpcvis_addr_read(text, strlen(groups), &addr, NULL) == VPCVIS_OK) == fits,
            "byte 0x%02x at %zu of %s", (unsigned)_i, i, groups);
    }
}
END_TEST

START_TEST(all_octets)
{
    char text[32], out[32];
    size_t len;
    struct vpcvis_addr addr;

    snprintf(text, sizeof(text), "%d.%d.%d.%d", _i, 255 - _i, _i, 255 - _i);
    ck_assert_int_eq(
        vpcvis_addr_read(guard_copy(text, strlen(text)), strlen(text), &addr, NULL),
        VPCVIS_OK);
    ck_assert_uint_eq(addr.bytes[0], _i);
    ck_assert_uint_eq(addr.bytes[1], 255 - _i);
    ck_assert_uint_eq(addr.bytes[2], _i);
    ck_assert_uint_eq(addr.bytes[3], 255 - _i);
    ck_assert_int_eq(vpcvis_addr_write(&addr, out, sizeof(out), &len), VPCVIS_OK);
    ck_assert_uint_eq(len, strlen(text));
    ck_assert_mem_eq(out, text, len);
}
END_TEST

/* A block, and what it is written as; or the status and the byte at fault. */
struct block {
    const char *text;
    vpcvis_status status;
    uint32_t value; /* the prefix length, or the offset */
    const char *why;
};

/* clang-format off */
static const struct block blocks[] = {
    {"0.0.0.0/0", VPCVIS_OK, 0, "everything"},
    {"10.0.0.1/8", VPCVIS_OK, 8, "host bits are kept as written"},
    {"1.2.3.4/32", VPCVIS_OK, 32, "one address"},
    {"::/0", VPCVIS_OK, 0, "everything of IPv6"},
    {"2001:db8::/64", VPCVIS_OK, 64, "a subnet"},
    {"::ffff:1.2.3.4/128", VPCVIS_OK, 128, "one address of IPv6"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", VPCVIS_OK, 128, "the longest that is written"},
    {"1.2.3.4", VPCVIS_E_PREFIX, 7, "no slash"},
    {"1.2.3.4/", VPCVIS_E_PREFIX, 8, "nothing after it"},
    {"1.2.3.4/33", VPCVIS_E_PREFIX, 9, "33 bits of 32"},
    {"1.2.3.4/64", VPCVIS_E_PREFIX, 9, "a length for IPv6"},
    {"::/129", VPCVIS_E_PREFIX, 5, "129 bits of 128"},
    {"::/1000", VPCVIS_E_PREFIX, 6, "four digits"},
    {"::/4294967296", VPCVIS_E_PREFIX, 5, "2^32 does not wrap to 0"},
    {"1.2.3.4/08", VPCVIS_E_PREFIX, 9, "a leading zero"},
    {"1.2.3.4/00", VPCVIS_E_PREFIX, 9, "two zeros"},
    {"1.2.3.4/-1", VPCVIS_E_PREFIX, 8, "a sign"},
    {"1.2.3.4/+8", VPCVIS_E_PREFIX, 8, "another"},
    {"1.2.3.4/8 ", VPCVIS_E_PREFIX, 9, "a space after it"},
    {"1.2.3.4/ 8", VPCVIS_E_PREFIX, 8, "and before it"},
    {"1.2.3.4/8/8", VPCVIS_E_PREFIX, 9, "two slashes"},
    {"1.2.3.4/255.0.0.0", VPCVIS_E_PREFIX, 10, "a mask"},
    {"1.2.3/8", VPCVIS_E_ADDRESS, 5, "a short address ends at the slash"},
    {"010.0.0.0/8", VPCVIS_E_ADDRESS, 3, "a leading zero in the address"},
    {"/8", VPCVIS_E_ADDRESS, 0, "no address"},
    {"/", VPCVIS_E_ADDRESS, 0, "a slash alone"},
    {"", VPCVIS_E_ADDRESS, 0, "nothing at all"},
};
/* clang-format on */

START_TEST(blocks_are_read)
{
    const struct block *row = &blocks[_i];
    const size_t len = strlen(row->text);
    struct vpcvis_cidr cidr, before;
    struct vpcvis_error error;
    char *out;
    size_t need = 0;

    memset(&before, 0xaa, sizeof(before));
    cidr = before;
    memset(&error, 0xaa, sizeof(error));
    ck_assert_msg(vpcvis_addr_read_cidr(guard_copy(row->text, len), len, &cidr, &error) ==
                      row->status,
                  "%s: %s", row->text, row->why);
    if (row->status != VPCVIS_OK) {
        ck_assert_msg(error.offset == row->value, "%s: %s: offset %u", row->text,
                      row->why, (unsigned)error.offset);
        ck_assert_int_eq(error.status, row->status);
        ck_assert_msg(memcmp(&cidr, &before, sizeof(cidr)) == 0, "%s: *cidr was touched",
                      row->text);
        return;
    }
    ck_assert_uint_eq(cidr.prefix_len, row->value);
    ck_assert_int_eq(vpcvis_addr_write_cidr(&cidr, NULL, 0, &need), VPCVIS_E_SPACE);
    ck_assert_uint_eq(need, len);
    out = guard_copy(row->text, len);
    memset(out, 0, len);
    ck_assert_int_eq(vpcvis_addr_write_cidr(&cidr, out, len - 1, &need), VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_addr_write_cidr(&cidr, out, len, &need), VPCVIS_OK);
    ck_assert_msg(memcmp(out, row->text, len) == 0, "%s: %.*s", row->text, (int)need,
                  out);
}
END_TEST

static struct vpcvis_addr addr_of(const char *text)
{
    struct vpcvis_addr addr;

    ck_assert_msg(vpcvis_addr_read(text, strlen(text), &addr, NULL) == VPCVIS_OK, "%s",
                  text);
    return addr;
}

/* Address, prefix length, network, whether a bit was set below it. */
struct mask {
    const char *addr;
    uint32_t prefix_len;
    const char *network;
    uint32_t changed;
};

static const struct mask masks[] = {
    {"255.255.255.255", 0, "0.0.0.0", 1},
    {"255.255.255.255", 1, "128.0.0.0", 1},
    {"255.255.255.255", 7, "254.0.0.0", 1},
    {"255.255.255.255", 8, "255.0.0.0", 1},
    {"255.255.255.255", 9, "255.128.0.0", 1},
    {"255.255.255.255", 31, "255.255.255.254", 1},
    {"255.255.255.255", 32, "255.255.255.255", 0},
    {"10.0.0.0", 8, "10.0.0.0", 0},
    {"10.0.0.1", 8, "10.0.0.0", 1},
    {"0.0.0.0", 0, "0.0.0.0", 0},
    {"ffff::ffff", 0, "::", 1},
    {"ffff::ffff", 127, "ffff::fffe", 1},
    {"ffff::ffff", 128, "ffff::ffff", 0},
    {"2001:db8:ffff::1", 33, "2001:db8:8000::", 1},
    {"2001:db8::", 32, "2001:db8::", 0},
};

START_TEST(masks_clear_host_bits)
{
    const struct mask *row = &masks[_i];
    const struct vpcvis_addr network = addr_of(row->network);
    struct vpcvis_addr addr = addr_of(row->addr);
    uint32_t changed = 7;

    ck_assert_int_eq(vpcvis_addr_mask(&addr, row->prefix_len, &changed), VPCVIS_OK);
    ck_assert_msg(memcmp(&addr, &network, sizeof(addr)) == 0, "%s/%u", row->addr,
                  (unsigned)row->prefix_len);
    ck_assert_uint_eq(changed, row->changed);
    ck_assert_int_eq(vpcvis_addr_mask(&addr, row->prefix_len, NULL), VPCVIS_OK);
}
END_TEST

struct match {
    const char *cidr;
    const char *addr;
    vpcvis_status status;
    const char *why;
};

/* clang-format off */
static const struct match matches[] = {
    {"10.0.0.0/8", "9.255.255.255", VPCVIS_NOMATCH, "one below the block"},
    {"10.0.0.0/8", "10.0.0.0", VPCVIS_OK, "its first address"},
    {"10.0.0.0/8", "10.255.255.255", VPCVIS_OK, "its last"},
    {"10.0.0.0/8", "11.0.0.0", VPCVIS_NOMATCH, "one above"},
    {"10.1.2.3/8", "10.0.0.0", VPCVIS_OK, "host bits of the block do not count"},
    {"0.0.0.0/0", "255.255.255.255", VPCVIS_OK, "no bits: everything"},
    {"0.0.0.0/0", "::", VPCVIS_NOMATCH, "everything of one family"},
    {"::/0", "0.0.0.0", VPCVIS_NOMATCH, "and of the other"},
    {"::/0", "ffff::", VPCVIS_OK, "no bits of IPv6"},
    {"1.2.3.4/32", "1.2.3.4", VPCVIS_OK, "all bits"},
    {"1.2.3.4/32", "1.2.3.5", VPCVIS_NOMATCH, "all bits, the last one differs"},
    {"1.2.3.4/31", "1.2.3.5", VPCVIS_OK, "a pair"},
    {"1.2.3.4/31", "1.2.3.6", VPCVIS_NOMATCH, "and the next"},
    {"172.16.0.0/12", "172.31.255.255", VPCVIS_OK, "a length within a byte"},
    {"172.16.0.0/12", "172.32.0.0", VPCVIS_NOMATCH, "one above it"},
    {"2001:db8::/127", "2001:db8::1", VPCVIS_OK, "a pair of IPv6"},
    {"2001:db8::/127", "2001:db8::2", VPCVIS_NOMATCH, "and the next"},
    {"2001:db8::/128", "2001:db8::", VPCVIS_OK, "all bits of IPv6"},
    {"::ffff:0:0/96", "::ffff:1.2.3.4", VPCVIS_OK, "the mapped block is IPv6"},
    {"::ffff:0:0/96", "1.2.3.4", VPCVIS_NOMATCH, "and has no IPv4 address in it"},
};
/* clang-format on */

START_TEST(blocks_match)
{
    const struct match *row = &matches[_i];
    const struct vpcvis_addr addr = addr_of(row->addr);
    struct vpcvis_cidr cidr;

    ck_assert_int_eq(vpcvis_addr_read_cidr(row->cidr, strlen(row->cidr), &cidr, NULL),
                     VPCVIS_OK);
    ck_assert_msg(vpcvis_addr_match(&cidr, &addr) == row->status, "%s %s: %s", row->cidr,
                  row->addr, row->why);
}
END_TEST

START_TEST(impossible_arguments)
{
    struct vpcvis_addr addr = addr_of("1.2.3.4"), none;
    struct vpcvis_cidr cidr, other;
    struct vpcvis_error error;
    uint32_t changed = 7;
    char out[64];
    size_t len = 7;

    memset(&none, 0, sizeof(none));
    memset(&error, 0xaa, sizeof(error));
    ck_assert_int_eq(vpcvis_addr_read(NULL, 1, &addr, &error), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_read("::", 2, NULL, &error), VPCVIS_E_ARG);
    ck_assert_uint_eq(error.offset, 0xaaaaaaaa);
    ck_assert_int_eq(vpcvis_addr_read(NULL, 0, &addr, &error), VPCVIS_E_ADDRESS);
    ck_assert_uint_eq(error.offset, 0);
    ck_assert_int_eq(vpcvis_addr_write(NULL, out, sizeof(out), &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_write(&addr, NULL, 1, &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_write(&addr, out, sizeof(out), NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_write(&none, out, sizeof(out), &len), VPCVIS_E_ARG);
    none.family = 5;
    ck_assert_int_eq(vpcvis_addr_write(&none, out, sizeof(out), &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_mask(&none, 0, &changed), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_mask(NULL, 0, &changed), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_mask(&addr, 33, &changed), VPCVIS_E_PREFIX);
    ck_assert_uint_eq(changed, 7);
    ck_assert_int_eq(vpcvis_addr_read_cidr(NULL, 1, &cidr, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_read_cidr("::/0", 4, NULL, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_read_cidr("::/0", 4, &cidr, NULL), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_addr_write_cidr(NULL, out, sizeof(out), &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_write_cidr(&cidr, NULL, 1, &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_write_cidr(&cidr, out, sizeof(out), NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_match(NULL, &addr), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_match(&cidr, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_match(&cidr, &none), VPCVIS_E_ARG);
    other = cidr;
    other.prefix_len = 129;
    ck_assert_int_eq(vpcvis_addr_match(&other, &addr), VPCVIS_E_PREFIX);
    ck_assert_int_eq(vpcvis_addr_write_cidr(&other, out, sizeof(out), &len),
                     VPCVIS_E_PREFIX);
    other.addr.family = 0;
    ck_assert_int_eq(vpcvis_addr_match(&other, &addr), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_addr_write_cidr(&other, out, sizeof(out), &len),
                     VPCVIS_E_ARG);
    ck_assert_uint_eq(len, 7);
}
END_TEST

START_TEST(structs_have_one_layout_everywhere)
{
    ck_assert_uint_eq(sizeof(struct vpcvis_addr), 24);
    ck_assert_uint_eq(offsetof(struct vpcvis_addr, family), 16);
    ck_assert_uint_eq(sizeof(struct vpcvis_cidr), 32);
    ck_assert_uint_eq(offsetof(struct vpcvis_cidr, prefix_len), 24);
    ck_assert_uint_eq(vpcvis_addr_bytes(), sizeof(struct vpcvis_addr));
    ck_assert_uint_eq(vpcvis_addr_cidr_bytes(), sizeof(struct vpcvis_cidr));
    ck_assert_uint_eq(strlen("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"),
                      VPCVIS_ADDR_TEXT_MAX);
    ck_assert_uint_eq(VPCVIS_CIDR_TEXT_MAX, VPCVIS_ADDR_TEXT_MAX + strlen("/128"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("addr");
    TCase *tcase = tcase_create("addr");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, good_texts_are_read, 0, COUNT(good));
    tcase_add_loop_test(tcase, good_texts_are_written, 0, COUNT(good));
    tcase_add_loop_test(tcase, bad_texts_are_refused, 0, COUNT(bad));
    tcase_add_loop_test(tcase, offsets_are_the_first_byte_at_fault, 0, COUNT(bad));
    tcase_add_loop_test(tcase, every_byte_in_every_place, 0, 256);
    tcase_add_loop_test(tcase, all_octets, 0, 256);
    tcase_add_loop_test(tcase, blocks_are_read, 0, COUNT(blocks));
    tcase_add_loop_test(tcase, masks_clear_host_bits, 0, COUNT(masks));
    tcase_add_loop_test(tcase, blocks_match, 0, COUNT(matches));
    tcase_add_test(tcase, impossible_arguments);
    tcase_add_test(tcase, structs_have_one_layout_everywhere);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/*
 * Room prefix: which block answers, what is refused and where, and every path against a scan
 * of all blocks.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define NONE         VPCVIS_PREFIX_NONE
#define MASK         VPCVIS_PREFIX_MASK
#define LAST         VPCVIS_PREFIX_LAST

typedef struct vpcvis_prefix_entry entry;

static entry make_entry(const char *text, uint32_t value)
{
    entry made;

    memset(&made, 0, sizeof made);
    ck_assert_int_eq(vpcvis_addr_read_cidr(text, strlen(text), &made.cidr, NULL),
                     VPCVIS_OK);
    made.value = value;
    return made;
}

static struct vpcvis_addr make_addr(const char *text)
{
    struct vpcvis_addr addr;

    memset(&addr, 0, sizeof addr);
    ck_assert_int_eq(vpcvis_addr_read(text, strlen(text), &addr, NULL), VPCVIS_OK);
    return addr;
}

static struct vpcvis_prefix_config make_config(uint32_t flags, uint32_t cpu)
{
    struct vpcvis_prefix_config config;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.flags = flags;
    config.cpu = cpu;
    return config;
}

/* Blocks separated by spaces, with the values 1, 2, ...; returns how many. */
static size_t read_entries(const char *text, entry *entries)
{
    char word[64];
    int used;
    size_t n = 0;

    while (sscanf(text, "%63s%n", word, &used) == 1) {
        entries[n] = make_entry(word, (uint32_t)n + 1);
        n++;
        text += used;
    }
    return n;
}

struct row {
    const char *blocks;
    const char *addr;
    uint32_t value; /* which block, counting from 1; 0 for none */
    uint32_t length;
    const char *why;
};

/* clang-format off */
static const struct row rows[] = {
    /* [prefix.longest] */
    {"10.0.0.0/8 10.1.0.0/16 10.1.2.0/24", "10.1.2.3", 3, 24, "the longest of three"},
    {"10.1.2.0/24 10.1.0.0/16 10.0.0.0/8", "10.1.2.3", 1, 24, "in any order"},
    {"10.0.0.0/8 10.1.0.0/16", "10.2.0.0", 1, 8, "after a hole the outer block goes on"},
    {"10.0.0.0/8 10.1.0.0/16", "10.1.255.255", 2, 16, "the last address of the inner"},
    {"10.0.0.0/8 10.1.0.0/16", "10.0.255.255", 1, 8, "the one before its first"},
    {"10.0.0.0/8", "9.255.255.255", 0, 0, "network - 1"},
    {"10.0.0.0/8", "10.0.0.0", 1, 8, "network"},
    {"10.0.0.0/8", "10.255.255.255", 1, 8, "broadcast"},
    {"10.0.0.0/8", "11.0.0.0", 0, 0, "broadcast + 1"},
    {"0.0.0.0/0", "0.0.0.0", 1, 0, "everything, from the first"},
    {"0.0.0.0/0", "255.255.255.255", 1, 0, "to the last"},
    {"255.255.255.255/32", "255.255.255.255", 1, 32, "the last address alone"},
    {"255.255.255.255/32", "255.255.255.254", 0, 0, "and not the one before"},
    {"0.0.0.0/32 0.0.0.0/0", "0.0.0.0", 1, 32, "the first address alone"},
    {"0.0.0.0/32 0.0.0.0/0", "0.0.0.1", 2, 0, "and what is after it"},
    {"10.0.0.2/31", "10.0.0.1", 0, 0, "/31: before"},
    {"10.0.0.2/31", "10.0.0.3", 1, 31, "/31: the second"},
    {"10.0.0.2/31", "10.0.0.4", 0, 0, "/31: after"},
    {"128.0.0.0/1 192.0.0.0/2 224.0.0.0/3", "200.0.0.0", 2, 2, "blocks that end together"},
    {"128.0.0.0/1 192.0.0.0/2 224.0.0.0/3", "255.0.0.0", 3, 3, "blocks that end together"},
    {"1.2.3.4/32 1.2.3.6/32 1.2.0.0/16", "1.2.3.5", 3, 16, "between two hosts"},
    {"::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, 0, "everything"},
    {"2001:db8::/32 2001:db8:1::/48", "2001:db8:1:ffff:ffff:ffff:ffff:ffff", 2, 48, "last of /48"},
    {"2001:db8::/32 2001:db8:1::/48", "2001:db8:2::", 1, 32, "one after it"},
    {"2001:db8::/32", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", 0, 0, "network - 1"},
    {"2001:db8::/64", "2001:db8:0:1::", 0, 0, "one after a /64"},
    {"2001:db8::/65", "2001:db8::7fff:ffff:ffff:ffff", 1, 65, "the last of a /65"},
    {"2001:db8::/65", "2001:db8:0:0:8000::", 0, 0, "one after it"},
    {"2001:db8::1/128 2001:db8::/64", "2001:db8::", 2, 64, "before a host"},
    {"2001:db8::1/128 2001:db8::/64", "2001:db8::1", 1, 128, "a host"},
    {"2001:db8::1/128 2001:db8::/64", "2001:db8::2", 2, 64, "after a host"},
    {"2001:db8::1/128 2001:db8::/64", "2001:db8:0:1::1", 0, 0, "same low half, other high half"},
    {"2001:db8::ffff:ffff:ffff:ffff/128", "2001:db8:0:1::", 0, 0, "after the last of a /64"},
    {"2001:db8::2/127", "2001:db8::3", 1, 127, "/127"},
    {"2001:db8::2/127", "2001:db8::4", 0, 0, "/127: after"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, 128, "the last address"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127 ::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffd", 2, 0, "and before it"},
    {"::/128", "::", 1, 128, "the first address"},
    {"::/128", "::1", 0, 0, "and after it"},
    {"10.0.0.0/8 10.0.0.0/16", "10.0.0.0", 2, 16, "both begin together"},
    {"10.0.0.0/8 10.255.0.0/16", "10.255.255.255", 2, 16, "both end together"},
    {"10.0.0.0/8 10.255.0.0/16", "11.0.0.0", 0, 0, "and nothing is behind them"},
    {"255.0.0.0/8 255.255.255.255/32", "255.255.255.255", 2, 32, "at the very end"},
    {"0.0.0.0/0 10.0.0.0/8 10.1.0.0/16 10.1.1.0/24", "10.1.1.0", 4, 24, "four deep"},
    {"2001:db8::/32 2001:db8::8000:0:0:0/65", "2001:db8::7fff:ffff:ffff:ffff", 1, 32, "before the upper half"},
    {"2001:db8::/32 2001:db8::8000:0:0:0/65", "2001:db8::8000:0:0:0", 2, 65, "in it"},
    {"2001:db8::/32 2001:db8::8000:0:0:0/65", "2001:db8:0:1::", 1, 32, "behind it, in the next high half"},
    {"2001:db8:0:1::5/128", "2001:db8:0:1::4", 0, 0, "below the only low half"},
    /* [prefix.families] */
    {"0.0.0.0/0", "::ffff:1.2.3.4", 0, 0, "a mapped address is IPv6"},
    {"::ffff:0:0/96", "1.2.3.4", 0, 0, "a mapped block is no IPv4 block"},
    {"::ffff:0:0/96", "::ffff:1.2.3.4", 1, 96, "it is an IPv6 block"},
    {"::/0", "1.2.3.4", 0, 0, "all of IPv6 has no IPv4 address"},
    {"::/0 0.0.0.0/0", "1.2.3.4", 2, 0, "side by side"},
    {"::/0 0.0.0.0/0", "::1.2.3.4", 1, 0, "side by side"},
    {"", "1.2.3.4", 0, 0, "an empty map"},
    {"", "::", 0, 0, "an empty map"},
};

struct bad {
    const char *blocks;
    uint32_t second; /* the value of the second block */
    uint32_t flags;
    vpcvis_status status;
    uint32_t line;
    const char *why;
};

static const struct bad bad[] = {
    {"10.0.0.0/8 10.1.0.1/16", 2, 0, VPCVIS_E_PREFIX, 2, "host bits"},
    {"10.0.0.0/8 10.1.0.1/16", 2, MASK, VPCVIS_OK, 0, "host bits, cleared"},
    {"::1/128 ::1/127", 2, 0, VPCVIS_E_PREFIX, 2, "host bits"},
    {"10.0.0.0/8 10.0.0.0/8", 2, 0, VPCVIS_E_DUPLICATE, 2, "two values for one block"},
    {"10.0.0.0/8 10.0.0.0/8", 1, 0, VPCVIS_OK, 0, "one value twice"},
    {"10.0.0.0/8 10.0.0.0/8", 2, LAST, VPCVIS_OK, 0, "two values, and the last one counts"},
    {"10.0.0.0/8 10.1.2.3/8", 2, MASK, VPCVIS_E_DUPLICATE, 2, "the same once host bits are cleared"},
    {"10.0.0.0/8 10.0.0.0/9", 2, 0, VPCVIS_OK, 0, "another length, another block"},
    {"::/8 9.0.0.0/8 ::/8 9.0.0.0/8", 2, 0, VPCVIS_E_DUPLICATE, 3, "the first that contradicts, of both families"},
    {"9.0.0.0/8 ::/8 9.0.0.0/8 ::/8", 2, 0, VPCVIS_E_DUPLICATE, 3, "the first that contradicts, of both families"},
    {"1.1.1.1/32 9.0.0.0/8", NONE, 0, VPCVIS_E_ARG, 2, "the value that is no value"},
    {"1.1.1.1/32 9.0.0.0/8", 2, 4, VPCVIS_E_CONFIG, 0, "unknown flags"},
};
/* clang-format on */

/* Build with exactly what is planned. Planned sizes are one less than a multiple of 64, so that
 * memory whose end is aligned begins where alignment costs most. */
static vpcvis_prefix *build_in(const entry *entries, size_t count, uint32_t flags,
                               uint32_t cpu, char *(*get)(size_t))
{
    struct vpcvis_prefix_config config = make_config(flags, cpu);
    struct vpcvis_prefix_needs plan;
    vpcvis_prefix *map = NULL;
    char *memory, *scratch;

    ck_assert_int_eq(vpcvis_prefix_plan(entries, count, &config, &plan, NULL), VPCVIS_OK);
    memory = get((size_t)plan.bytes);
    scratch = get((size_t)plan.scratch);
    ck_assert_int_eq(vpcvis_prefix_build(entries, count, &config, memory,
                                         (size_t)plan.bytes, scratch,
                                         (size_t)plan.scratch, &map, NULL),
                     VPCVIS_OK);
    memset(scratch, 0xee, (size_t)plan.scratch);
    return map;
}

/* Between unreadable pages; gone after some more guard copies. */
static char *get_guarded(size_t bytes)
{
    return guard_copy(NULL, bytes);
}

static char *get_held(size_t bytes)
{
    static char *held[2];
    static unsigned turn;

    turn = !turn;
    free(held[turn]);
    held[turn] = malloc(bytes + 1);
    return held[turn] + 1;
}

static vpcvis_prefix *build(const entry *entries, size_t count, uint32_t flags,
                            uint32_t cpu)
{
    if (count < 10000)
        build_in(entries, count, flags, cpu, get_guarded);
    return build_in(entries, count, flags, cpu, get_held);
}

/* What a map says of one address, asked through both doors; the length in *length. */
static uint32_t ask(const vpcvis_prefix *map, const struct vpcvis_addr *addr,
                    uint32_t *length)
{
    uint32_t value = NONE, batch = 77;
    const size_t bytes = addr->family == VPCVIS_ADDR_IPV4 ? 4 : 16;
    const vpcvis_status status = vpcvis_prefix_match(map, addr, &value, length);

    ck_assert_int_eq(status, value == NONE ? VPCVIS_NOMATCH : VPCVIS_OK);
    ck_assert_int_eq(vpcvis_prefix_match_batch(
                         map, addr->family, guard_copy(addr->bytes, bytes), 0, 1, &batch),
                     VPCVIS_OK);
    ck_assert_uint_eq(batch, value);
    return value;
}

START_TEST(one_answer)
{
    const struct row *row = &rows[_i];
    const struct vpcvis_addr addr = make_addr(row->addr);
    entry entries[8];
    const size_t count = read_entries(row->blocks, entries);
    uint32_t cpu;

    for (cpu = VPCVIS_CPU_AUTO; cpu <= VPCVIS_CPU_NEON; cpu++) {
        uint32_t length = 0, value;
        if (vpcvis_base_cpu_find(cpu) != VPCVIS_OK)
            continue;
        value = ask(build(count > 0 ? entries : NULL, count, 0, cpu), &addr, &length);
        ck_assert_msg(value == (row->value > 0 ? row->value : NONE) &&
                          length == row->length,
                      "%s: %s in %s is %u/%u", row->why, row->addr, row->blocks,
                      (unsigned)value, (unsigned)length);
    }
}
END_TEST

START_TEST(refusals)
{
    const struct bad *row = &bad[_i];
    const struct vpcvis_prefix_config config = make_config(row->flags, 0);
    struct vpcvis_error error = {0};
    vpcvis_prefix *map = NULL;
    entry entries[8];
    const size_t count = read_entries(row->blocks, entries);
    uint32_t value = 0;
    vpcvis_status status;

    entries[1].value = row->second;
    status = vpcvis_prefix_new(entries, count, &config, NULL, &map, &error);
    ck_assert_msg(status == row->status && error.line == row->line, "%s: %s, entry %u",
                  row->why, vpcvis_base_status_name(status), (unsigned)error.line);
    ck_assert_int_eq(error.status, status);
    ck_assert_int_eq(map != NULL, status == VPCVIS_OK);
    if (map != NULL) {
        ck_assert_int_eq(vpcvis_prefix_match(map, &entries[1].cidr.addr, &value, NULL),
                         VPCVIS_OK);
        ck_assert_uint_eq(value, row->second);
    }
    vpcvis_prefix_free(map, NULL);
}
END_TEST

START_TEST(arguments)
{
    entry entries[] = {make_entry("10.0.0.0/8", 1)};
    const struct vpcvis_addr addr = make_addr("10.0.0.1");
    struct vpcvis_addr none = addr;
    struct vpcvis_prefix_needs plan;
    struct vpcvis_prefix_config config = make_config(0, VPCVIS_CPU_NEON + 1);
    vpcvis_prefix *map = NULL;
    const size_t many = VPCVIS_PREFIX_ENTRIES_MAX + (size_t)1;
    uint32_t value = 5, length = 5;

    ck_assert_int_eq(vpcvis_prefix_plan(NULL, 1, NULL, &plan, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_prefix_plan(entries, 1, NULL, NULL, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_prefix_plan(entries, many, NULL, &plan, NULL),
                     VPCVIS_E_LIMIT);
    ck_assert_int_eq(vpcvis_prefix_plan(entries, 1, &config, &plan, NULL),
                     VPCVIS_E_CONFIG);
    config.cpu = vpcvis_base_cpu() == VPCVIS_CPU_NEON ? VPCVIS_CPU_SSE2 : VPCVIS_CPU_NEON;
    ck_assert_int_eq(vpcvis_prefix_plan(entries, 1, &config, &plan, NULL), VPCVIS_E_CPU);
    entries[0].cidr.prefix_len = 33;
    ck_assert_int_eq(vpcvis_prefix_plan(entries, 1, NULL, &plan, NULL), VPCVIS_E_PREFIX);
    entries[0].cidr.prefix_len = 8;
    entries[0].cidr.addr.family = 5;
    ck_assert_int_eq(vpcvis_prefix_plan(entries, 1, NULL, &plan, NULL), VPCVIS_E_ARG);
    entries[0].cidr.addr.family = VPCVIS_ADDR_IPV4;
    ck_assert_int_eq(vpcvis_prefix_new(entries, 1, NULL, NULL, NULL, NULL), VPCVIS_E_ARG);
    map = build(entries, 1, 0, 0);
    none.family = 0;
    ck_assert_int_eq(vpcvis_prefix_match(NULL, &addr, &value, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_prefix_match(map, NULL, &value, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_prefix_match(map, &addr, NULL, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_prefix_match(map, &none, &value, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_prefix_match_batch(map, 0, &addr, 4, 1, &value),
                     VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_prefix_match_batch(map, 4, NULL, 4, 1, &value), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_prefix_match_batch(map, 4, &addr, 4, 1, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_prefix_match_batch(map, 4, NULL, 4, 0, NULL), VPCVIS_OK);
    none = make_addr("11.0.0.0");
    ck_assert_int_eq(vpcvis_prefix_match(map, &none, &value, &length), VPCVIS_NOMATCH);
    ck_assert_uint_eq(value, 5);
    ck_assert_uint_eq(length, 5);
    vpcvis_prefix_free(NULL, NULL);
}
END_TEST

START_TEST(space)
{
    entry entries[3];
    struct vpcvis_prefix_needs plan;
    vpcvis_prefix *map = NULL;
    const size_t count = read_entries("10.0.0.0/8 ::1/128 1.2.3.4/32", entries);
    char *memory, *scratch;
    size_t bytes, scratch_bytes, shift;
    const struct vpcvis_addr addr = make_addr("1.2.3.4");

    ck_assert_int_eq(vpcvis_prefix_plan(entries, count, NULL, &plan, NULL), VPCVIS_OK);
    ck_assert_uint_eq(plan.ipv4, 2);
    ck_assert_uint_eq(plan.ipv6, 1);
    bytes = (size_t)plan.bytes;
    scratch_bytes = (size_t)plan.scratch;
    memory = malloc(bytes + 64);
    scratch = malloc(scratch_bytes + 64);
    ck_assert_int_eq(vpcvis_prefix_build(entries, count, NULL, memory, bytes - 1, scratch,
                                         scratch_bytes, &map, NULL),
                     VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_prefix_build(entries, count, NULL, memory, bytes, scratch,
                                         scratch_bytes - 1, &map, NULL),
                     VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_prefix_build(entries, count, NULL, NULL, bytes, scratch,
                                         scratch_bytes, &map, NULL),
                     VPCVIS_E_ARG);
    ck_assert_ptr_null(map);
    for (shift = 0; shift < 64; shift++) {
        ck_assert_int_eq(vpcvis_prefix_build(entries, count, NULL, memory + shift, bytes,
                                             scratch + 63 - shift, scratch_bytes, &map,
                                             NULL),
                         VPCVIS_OK);
        ck_assert_uint_eq(ask(map, &addr, NULL), 3);
    }
    free(scratch);
    free(memory);
}
END_TEST

/* An allocator that fails at the left'th call. */
struct scarce {
    int left;
    int held;
};

static void *scarce_alloc(void *context, size_t bytes)
{
    struct scarce *scarce = context;
    if (scarce->left-- == 0)
        return NULL;
    scarce->held++;
    return malloc(bytes);
}

static void scarce_free(void *context, void *memory)
{
    ((struct scarce *)context)->held--;
    free(memory);
}

START_TEST(allocation)
{
    struct scarce scarce = {0, 0};
    const struct vpcvis_allocator allocator = {scarce_alloc, scarce_free, &scarce};
    const entry entries[2] = {make_entry("10.0.0.0/8", 1), make_entry("10.0.0.0/8", 2)};
    vpcvis_prefix *map = NULL;
    int i;

    for (i = 0; i < 3; i++) {
        scarce.left = i;
        ck_assert_int_eq(vpcvis_prefix_new(entries, 1, NULL, &allocator, &map, NULL),
                         i < 2 ? VPCVIS_E_MEMORY : VPCVIS_OK);
        ck_assert_int_eq(scarce.held, i < 2 ? 0 : 1);
    }
    vpcvis_prefix_free(map, &allocator);
    scarce.left = 2;
    ck_assert_int_eq(vpcvis_prefix_new(entries, 2, NULL, &allocator, &map, NULL),
                     VPCVIS_E_DUPLICATE);
    ck_assert_int_eq(scarce.held, 0);
}
END_TEST

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 20) % n);
}

/* Skewed: few places, nested blocks, lengths around the borders of the structure. */
static entry random_entry(uint32_t family, uint32_t spread, uint32_t values)
{
    static const uint8_t edges[] = {0,  7,  8,  9,  15, 16, 17, 24,  25,
                                    31, 32, 48, 63, 64, 65, 96, 127, 128};
    const uint32_t bits = family == VPCVIS_ADDR_IPV4 ? 32 : 128;
    entry made;
    uint32_t i;

    memset(&made, 0, sizeof made);
    made.cidr.addr.family = (uint8_t)family;
    for (i = 0; i < bits / 8; i++)
        made.cidr.addr.bytes[i] =
            (uint8_t)(random_below(4) == 0 ? random_below(256)
                                           : 255 - random_below(spread) % 256);
    made.cidr.prefix_len =
        (uint8_t)(random_below(3) == 0 ? edges[random_below(COUNT(edges))]
                  : random_below(2)    ? bits - random_below(bits / 2)
                                       : random_below(bits + 1));
    if (made.cidr.prefix_len > bits)
        made.cidr.prefix_len = (uint8_t)bits;
    made.value = random_below(values);
    if (random_below(8) == 0)
        made.value += NONE - values;
    return made;
}

/* By definition: all blocks, the longest that holds it, the last of equals. */
static uint32_t scan(const entry *entries, size_t count, const struct vpcvis_addr *addr,
                     uint32_t *length)
{
    uint32_t value = NONE;
    size_t i;

    *length = 0;
    for (i = 0; i < count; i++) {
        const struct vpcvis_cidr *cidr = &entries[i].cidr;
        if (cidr->prefix_len < *length || cidr->addr.family != addr->family ||
            vpcvis_addr_match(cidr, addr) != VPCVIS_OK)
            continue;
        *length = cidr->prefix_len;
        value = entries[i].value;
    }
    return value;
}

/* An address at or next to an end of a block, or anywhere. */
static struct vpcvis_addr random_addr(const entry *entries, size_t count, uint32_t family)
{
    const uint32_t bytes = family == VPCVIS_ADDR_IPV4 ? 4 : 16;
    const entry *near = &entries[random_below((uint32_t)count)];
    struct vpcvis_addr addr = near->cidr.addr;
    const uint32_t where = random_below(5);
    uint32_t i, bit;

    if (where == 0 || addr.family != family)
        return random_entry(family, 3, 1).cidr.addr;
    vpcvis_addr_mask(&addr, near->cidr.prefix_len, NULL);
    for (bit = near->cidr.prefix_len; where >= 3 && bit < bytes * 8; bit++)
        addr.bytes[bit / 8] |= (uint8_t)(128u >> bit % 8);
    for (i = bytes; where % 2 == 0 && i-- > 0;) {
        addr.bytes[i] = (uint8_t)(addr.bytes[i] + (where == 2 ? -1 : 1));
        if (addr.bytes[i] != (where == 2 ? 255 : 0))
            break;
    }
    return addr;
}

/* Every size has one of the strides. */
static void compare_batches(const vpcvis_prefix *map, uint32_t family,
                            const struct vpcvis_addr *addrs, const uint32_t *expected,
                            size_t count)
{
    const size_t bytes = family == VPCVIS_ADDR_IPV4 ? 4 : 16;
    const size_t strides[] = {bytes, bytes + 3, sizeof *addrs};
    const size_t stride = strides[count % 3];
    uint32_t *values = (uint32_t *)(void *)guard_copy(NULL, count * sizeof *values);
    char *column = guard_copy(NULL, (count - 1) * stride + bytes);
    size_t i;

    for (i = 0; i < count; i++)
        memcpy(column + i * stride, addrs[i].bytes, bytes);
    memset(values, 0x55, count * sizeof *values);
    ck_assert_int_eq(
        vpcvis_prefix_match_batch(map, family, column, stride, count, values), VPCVIS_OK);
    ck_assert_mem_eq(values, expected, count * sizeof *values);
}

#define LOOKUPS 251

/* Each path, in batches of many sizes and one at a time, against the scan. Large maps differ from
 * small ones in how they are built, which no path has a part in. */
static void compare_maps(const entry *entries, size_t count, uint32_t family)
{
    static struct vpcvis_addr addrs[LOOKUPS];
    static uint32_t expected[LOOKUPS], lengths[LOOKUPS];
    const int large = count >= 10000;
    const size_t lookups = large ? LOOKUPS / 4 : LOOKUPS;
    uint32_t cpu;
    size_t i;

    for (i = 0; i < lookups; i++) {
        addrs[i] = random_addr(entries, count, family);
        expected[i] = scan(entries, count, &addrs[i], &lengths[i]);
    }
    for (cpu = VPCVIS_CPU_AUTO; cpu <= (large ? VPCVIS_CPU_AUTO : VPCVIS_CPU_NEON);
         cpu++) {
        const vpcvis_prefix *map;
        if (vpcvis_base_cpu_find(cpu) != VPCVIS_OK)
            continue;
        map = build(entries, count, MASK | LAST, cpu);
        for (i = 1; i <= lookups; i = i < 20 ? i + 1 : i * 3 / 2)
            compare_batches(map, family, addrs + lookups - i, expected + lookups - i, i);
        for (i = 0; i < lookups; i++) {
            uint32_t value = NONE, length = 0;
            vpcvis_prefix_match(map, &addrs[i], &value, &length);
            /* An assertion that holds costs more than a lookup. */
            if (value != expected[i] || length != lengths[i])
                ck_abort_msg("%u/%u", (unsigned)value, (unsigned)length);
        }
    }
}

/* The first of a round: all sizes up to 40, those where the structure grows, some large. */
START_TEST(random_maps)
{
    static const uint32_t sizes[] = {1, 200, 511, 512, 3000, 70000};
    const uint32_t rounds = _i / 4 == 0 ? 20 : 1;
    const uint32_t spread = _i % 2 ? 3 : 256, mostly = _i % 4 < 2 ? 4 : 6;
    entry *entries = malloc((sizes[_i / 4] + 2 * rounds) * sizeof *entries);
    uint32_t round, i;

    random_state = 88172645463325252u + (uint64_t)_i;
    for (round = 0; round < rounds; round++) {
        const uint32_t count = sizes[_i / 4] + round * 2 + (uint32_t)_i % 2;
        for (i = 0; i < count; i++)
            entries[i] = random_entry(random_below(9) ? mostly : 10 - mostly, spread,
                                      count / 2 + 2);
        compare_maps(entries, count, VPCVIS_ADDR_IPV4);
        compare_maps(entries, count, VPCVIS_ADDR_IPV6);
    }
    free(entries);
}
END_TEST

/* The most that a plan may have to hold: hosts that are all apart, or all in one place. */
START_TEST(hosts)
{
    enum { HOSTS = 70000 };
    entry *entries = calloc(HOSTS, sizeof *entries);
    uint32_t i;

    random_state = 1 + (uint64_t)_i;
    for (i = 0; i < HOSTS; i++) {
        const uint32_t family = _i % 2 ? 6 : 4;
        uint8_t *bytes = entries[i].cidr.addr.bytes;
        const uint32_t number = _i / 2 ? i * 2 : i * 2654435761u;
        entries[i].cidr.addr.family = (uint8_t)family;
        entries[i].cidr.prefix_len = family == 6 ? 128 : 32;
        entries[i].value = i;
        bytes[0] = (uint8_t)(number >> 24);
        bytes[1] = (uint8_t)(number >> 16);
        bytes[family == 6 ? 14 : 2] = (uint8_t)(number >> 8);
        bytes[family == 6 ? 15 : 3] = (uint8_t)number;
        bytes[15] = (uint8_t)(family == 6 ? bytes[15] | 1 : 0);
    }
    compare_maps(entries, HOSTS, _i % 2 ? 6 : 4);
    free(entries);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prefix");
    TCase *tcase = tcase_create("prefix");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, one_answer, 0, COUNT(rows));
    tcase_add_loop_test(tcase, refusals, 0, COUNT(bad));
    tcase_add_test(tcase, arguments);
    tcase_add_test(tcase, space);
    tcase_add_test(tcase, allocation);
    tcase_add_loop_test(tcase, random_maps, 0, 22);
    tcase_add_loop_test(tcase, hosts, 0, 4);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

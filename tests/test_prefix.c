/* SPDX-License-Identifier: MIT */
/*
 * Room prefix: nesting, ends of blocks, families, what is refused, and random maps against a
 * scan over all blocks.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define MOST         100000

static struct vpcvis_prefix_entry entry_of(const char *text, uint32_t value)
{
    struct vpcvis_prefix_entry entry;

    memset(&entry, 0, sizeof(entry));
    ck_assert_int_eq(vpcvis_addr_read_cidr(text, strlen(text), &entry.cidr, NULL), 0);
    entry.value = value;
    return entry;
}

static vpcvis_status look_up(const vpcvis_prefix *map, const char *text, uint32_t *value,
                             uint32_t *len)
{
    struct vpcvis_addr addr;

    ck_assert_int_eq(vpcvis_addr_read(text, strlen(text), &addr, NULL), VPCVIS_OK);
    return vpcvis_prefix_match(map, &addr, value, len);
}

/* Blocks with values 0, 1, 2 ..., an address, the value and length that answer; -1: none. */
struct row {
    const char *blocks[4];
    const char *addr;
    int value;
    uint32_t len;
    const char *why;
};

/* [prefix.longest] [prefix.families] */
static const struct row rows[] = {
    {{NULL}, "10.0.0.1", -1, 0, "an empty map"},
    {{NULL}, "::", -1, 0, "of both families"},
    {{"0.0.0.0/0"}, "0.0.0.0", 0, 0, "/0 holds the first address"},
    {{"0.0.0.0/0"}, "255.255.255.255", 0, 0, "and the last"},
    {{"::/0"}, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0, 0, "the same of IPv6"},
    {{"10.0.0.0/8", "10.1.0.0/16"}, "10.1.2.3", 1, 16, "the longer of two"},
    {{"10.1.0.0/16", "10.0.0.0/8"}, "10.1.2.3", 0, 16, "whatever their order"},
    {{"10.0.0.0/8", "10.1.0.0/16"}, "10.2.0.0", 0, 8, "behind the inner one"},
    {{"10.0.0.0/8", "10.0.0.0/16"}, "10.0.0.0", 1, 16, "both begin together"},
    {{"10.0.0.0/8", "10.255.0.0/16"}, "10.255.255.255", 1, 16, "both end together"},
    {{"10.0.0.0/8", "10.255.0.0/16"}, "11.0.0.0", -1, 0, "and nothing is behind them"},
    {{"255.0.0.0/8", "255.255.255.255/32"}, "255.255.255.255", 1, 32, "at the very end"},
    {{"255.0.0.0/8", "255.255.255.255/32"}, "255.255.255.254", 0, 8, "one before"},
    {{"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24"},
     "10.1.1.0",
     3,
     24,
     "four deep"},
    {{"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24"},
     "10.1.2.0",
     2,
     16,
     "three"},
    {{"192.0.2.4/31"}, "192.0.2.5", 0, 31, "/31, the last"},
    {{"192.0.2.4/31"}, "192.0.2.6", -1, 0, "and one after"},
    {{"192.0.2.4/31"}, "192.0.2.3", -1, 0, "and one before"},
    {{"192.0.2.4/32"}, "192.0.2.4", 0, 32, "/32"},
    {{"2001:db8::/127"}, "2001:db8::1", 0, 127, "/127"},
    {{"2001:db8::/127"}, "2001:db8::2", -1, 0, "and one after"},
    {{"2001:db8::1/128"}, "2001:db8::1", 0, 128, "/128"},
    {{"2001:db8::/32", "2001:db8::8000:0:0:0/65"},
     "2001:db8::7fff:ffff:ffff:ffff",
     0,
     32,
     "in the low half, before the inner one"},
    {{"2001:db8::/32", "2001:db8::8000:0:0:0/65"},
     "2001:db8::8000:0:0:0",
     1,
     65,
     "in it"},
    {{"2001:db8::/32", "2001:db8::8000:0:0:0/65"},
     "2001:db8:0:1::",
     0,
     32,
     "behind it, in the next high half"},
    {{"2001:db8:0:1::5/128"},
     "2001:db8:0:1::4",
     -1,
     0,
     "below the only low half of its high half"},
    {{"::/64"}, "0:0:0:1::", -1, 0, "/64 ends with its high half"},
    {{"::ffff:0:0/96"}, "10.0.0.1", -1, 0, "mapped IPv6 is not IPv4"},
    {{"10.0.0.0/8"}, "::ffff:10.0.0.1", -1, 0, "nor the other way round"},
    {{"0.0.0.0/0"}, "::1", -1, 0, "families never match"},
};

START_TEST(match)
{
    const struct row *row = &rows[_i];
    struct vpcvis_prefix_entry entries[4];
    uint32_t value = 77, len = 77;
    vpcvis_prefix *map = NULL;
    vpcvis_status status;
    size_t n;

    for (n = 0; n < 4 && row->blocks[n] != NULL; n++)
        entries[n] = entry_of(row->blocks[n], (uint32_t)n);
    ck_assert_int_eq(vpcvis_prefix_new(entries, n, NULL, NULL, &map, NULL), VPCVIS_OK);
    status = look_up(map, row->addr, &value, &len);
    ck_assert_msg(status == (row->value < 0 ? VPCVIS_NOMATCH : VPCVIS_OK), "%s",
                  row->why);
    ck_assert_msg(value == (row->value < 0 ? 77 : (uint32_t)row->value), "%s: %u",
                  row->why, (unsigned)value);
    ck_assert_msg(len == (row->value < 0 ? 77 : row->len), "%s: /%u", row->why,
                  (unsigned)len);
    vpcvis_prefix_free(map, NULL);
}
END_TEST

START_TEST(refused)
{
    struct vpcvis_prefix_config config = {sizeof(config), 0};
    struct vpcvis_prefix_entry e[3] = {
        entry_of("10.0.0.0/8", 1), entry_of("10.0.0.0/9", 2), entry_of("10.0.0.1/8", 3)};
    struct vpcvis_prefix_needs plan;
    struct vpcvis_error error;
    vpcvis_prefix *map = NULL;
    uint32_t value, len;

    ck_assert_int_eq(vpcvis_prefix_plan(e, 3, NULL, &plan, &error), VPCVIS_E_PREFIX);
    ck_assert_uint_eq(error.line, 3);
    config.flags = VPCVIS_PREFIX_MASK;
    ck_assert_int_eq(vpcvis_prefix_new(e, 3, &config, NULL, &map, &error),
                     VPCVIS_E_DUPLICATE);
    ck_assert_uint_eq(error.line, 3);
    ck_assert_ptr_null(map);
    config.flags |= VPCVIS_PREFIX_LAST;
    ck_assert_int_eq(vpcvis_prefix_new(e, 3, &config, NULL, &map, &error), VPCVIS_OK);
    ck_assert_int_eq(look_up(map, "10.200.0.0", &value, &len), VPCVIS_OK);
    ck_assert_uint_eq(value, 3);
    vpcvis_prefix_free(map, NULL);
    e[2].value = 1; /* twice with one value */
    config.flags = VPCVIS_PREFIX_MASK;
    ck_assert_int_eq(vpcvis_prefix_new(e, 3, &config, NULL, &map, &error), VPCVIS_OK);
    vpcvis_prefix_free(map, NULL);
    e[1].value = VPCVIS_PREFIX_NONE;
    ck_assert_int_eq(vpcvis_prefix_plan(e, 2, NULL, &plan, &error), VPCVIS_E_ARG);
    ck_assert_uint_eq(error.line, 2);
    e[1].value = 2;
    e[1].cidr.prefix_len = 33;
    ck_assert_int_eq(vpcvis_prefix_plan(e, 2, NULL, &plan, NULL), VPCVIS_E_PREFIX);
    e[1].cidr.addr.family = 5;
    ck_assert_int_eq(vpcvis_prefix_plan(e, 2, NULL, &plan, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_prefix_plan(NULL, 1, NULL, &plan, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_prefix_plan(NULL, 0, NULL, NULL, NULL), VPCVIS_E_ARG);
    config.flags = 4;
    ck_assert_int_eq(vpcvis_prefix_plan(e, 1, &config, &plan, NULL), VPCVIS_E_CONFIG);
    vpcvis_prefix_free(NULL, NULL);
}
END_TEST

/* Exactly the memory that was planned, between unreadable pages, at every alignment. */
START_TEST(exact_memory)
{
    struct vpcvis_prefix_entry e[3] = {entry_of("10.0.0.0/8", 1), entry_of("::/0", 2),
                                       entry_of("10.64.0.0/10", 3)};
    struct vpcvis_prefix_needs plan;
    vpcvis_prefix *map = NULL;
    char *zeros, *memory, *scratch;
    uint32_t value, len;

    ck_assert_int_eq(vpcvis_prefix_plan(e, 3, NULL, &plan, NULL), VPCVIS_OK);
    ck_assert_uint_eq(plan.ipv4, 2);
    ck_assert_uint_eq(plan.ipv6, 1);
    zeros = calloc(1, (size_t)(plan.bytes + plan.scratch) + 64);
    memory = guard_copy(zeros, (size_t)plan.bytes + (size_t)_i);
    scratch = guard_copy(zeros, (size_t)plan.scratch + (size_t)_i);
    ck_assert_int_eq(vpcvis_prefix_build(e, 3, NULL, memory, (size_t)plan.bytes - 1,
                                         scratch, (size_t)plan.scratch, &map, NULL),
                     VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_prefix_build(e, 3, NULL, memory, (size_t)plan.bytes, scratch,
                                         (size_t)plan.scratch - 1, &map, NULL),
                     VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_prefix_build(e, 3, NULL, memory + _i, (size_t)plan.bytes,
                                         scratch + _i, (size_t)plan.scratch, &map, NULL),
                     VPCVIS_OK);
    memset(scratch, 0x5a, (size_t)plan.scratch);
    memset(e, 0x5a, sizeof(e));
    ck_assert_int_eq(look_up(map, "10.65.0.0", &value, &len), VPCVIS_OK);
    ck_assert_uint_eq(value, 3);
    free(zeros);
}
END_TEST

static int allocations_left;
static void *failing_alloc(void *context, size_t bytes)
{
    (void)context;
    return allocations_left-- > 0 ? malloc(bytes) : NULL;
}
static void plain_free(void *context, void *memory)
{
    (void)context;
    free(memory);
}

START_TEST(allocation_failure)
{
    const struct vpcvis_allocator allocator = {failing_alloc, plain_free, NULL};
    const struct vpcvis_prefix_entry entry = entry_of("10.0.0.0/8", 1);
    vpcvis_prefix *map = NULL;
    int n;

    for (n = 0; n < 2; n++) {
        allocations_left = n;
        ck_assert_int_eq(vpcvis_prefix_new(&entry, 1, NULL, &allocator, &map, NULL),
                         VPCVIS_E_MEMORY);
        ck_assert_ptr_null(map);
    }
    allocations_left = 2;
    ck_assert_int_eq(vpcvis_prefix_new(&entry, 1, NULL, &allocator, &map, NULL),
                     VPCVIS_OK);
    vpcvis_prefix_free(map, &allocator);
}
END_TEST

static uint64_t state = 88172645463325252u;
static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 20) % n;
}

static struct vpcvis_prefix_entry entries[MOST];

/* Blocks that nest and touch often: few different bytes. */
static void make_entries(size_t count, uint32_t family)
{
    const uint32_t bytes = family == VPCVIS_ADDR_IPV4 ? 4 : 16;
    size_t i;
    uint32_t b;

    for (i = 0; i < count; i++) {
        struct vpcvis_cidr *cidr = &entries[i].cidr;
        memset(&entries[i], 0, sizeof(entries[i]));
        cidr->addr.family = (uint8_t)family;
        for (b = 0; b < bytes; b++)
            cidr->addr.bytes[b] = (uint8_t)(below(3) ? below(4) * 85 : below(256));
        cidr->prefix_len =
            (uint8_t)(below(2) ? below(bytes * 8 + 1) : bytes * 8 - below(9));
        entries[i].value = (uint32_t)i;
    }
}

static uint32_t scan(size_t count, const struct vpcvis_addr *addr)
{
    uint32_t best = VPCVIS_PREFIX_NONE, best_len = 0;
    size_t i;

    for (i = 0; i < count; i++)
        if (vpcvis_addr_match(&entries[i].cidr, addr) == VPCVIS_OK &&
            (best == VPCVIS_PREFIX_NONE || entries[i].cidr.prefix_len >= best_len)) {
            best = entries[i].value;
            best_len = entries[i].cidr.prefix_len;
        }
    return best;
}

/* An address at or beside the first or last one of a random block. */
static struct vpcvis_addr near_a_block(size_t count)
{
    const struct vpcvis_cidr *cidr = &entries[below((uint32_t)count)].cidr;
    const uint32_t bits = cidr->addr.family == VPCVIS_ADDR_IPV4 ? 32 : 128;
    struct vpcvis_addr addr = cidr->addr;
    const uint32_t end = below(2), step = below(3), carry = step == 1 ? 1 : 255;
    uint32_t b;

    (void)vpcvis_addr_mask(&addr, cidr->prefix_len, NULL);
    for (b = cidr->prefix_len; end && b < bits; b++)
        addr.bytes[b / 8] |= (uint8_t)(128 >> b % 8);
    for (b = bits / 8; step != 0 && b-- > 0;) { /* one further or one back */
        addr.bytes[b] = (uint8_t)(addr.bytes[b] + carry);
        if (addr.bytes[b] != (step == 1 ? 0 : 255))
            break;
    }
    return addr;
}

/* Maps of every size up to two full nodes, and larger ones, one by one and in batches. */
START_TEST(random_maps)
{
    static const size_t large[] = {60, 100, 257, 1000, 5000, MOST};
    const uint32_t family = _i % 2 ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
    const size_t count = _i / 2 < 40 ? 1 + (size_t)_i / 2 : large[_i / 2 - 40];
    const struct vpcvis_prefix_config config = {sizeof(config),
                                                VPCVIS_PREFIX_MASK | VPCVIS_PREFIX_LAST};
    const int lookups = count == MOST ? 50 : 300;
    static struct vpcvis_addr addrs[300];
    uint32_t values[300], value;
    vpcvis_prefix *map = NULL;
    int i;

    make_entries(count, family);
    ck_assert_int_eq(vpcvis_prefix_new(entries, count, &config, NULL, &map, NULL),
                     VPCVIS_OK);
    for (i = 0; i < lookups; i++)
        addrs[i] = near_a_block(count);
    ck_assert_int_eq(vpcvis_prefix_match_batch(map, family, addrs[0].bytes,
                                               sizeof(addrs[0]), (size_t)lookups, values),
                     VPCVIS_OK);
    for (i = 0; i < lookups; i++) {
        const uint32_t wanted = scan(count, &addrs[i]);
        ck_assert_uint_eq(values[i], wanted);
        value = VPCVIS_PREFIX_NONE;
        (void)vpcvis_prefix_match(map, &addrs[i], &value, NULL);
        ck_assert_uint_eq(value, wanted);
    }
    ck_assert_int_eq(vpcvis_prefix_match_batch(map, 5, addrs, 24, 1, values),
                     VPCVIS_E_ARG);
    vpcvis_prefix_free(map, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prefix");
    TCase *tests = tcase_create("prefix");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tests, match, 0, COUNT(rows));
    tcase_add_test(tests, refused);
    tcase_add_loop_test(tests, exact_memory, 0, 9);
    tcase_add_test(tests, allocation_failure);
    tcase_add_loop_test(tests, random_maps, 0, 2 * (40 + 6));
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

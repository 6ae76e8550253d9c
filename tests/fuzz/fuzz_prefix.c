/* SPDX-License-Identifier: MIT */
/*
 * The input as blocks and addresses, 6 bytes a block: flags, length, place, value. Every path must
 * say what a scan of all blocks says, of addresses at the ends of blocks too; what is refused is
 * refused for a reason.
 */
#include "oracle.h"

#define ENTRIES_MAX 64

static uint32_t family_of(uint32_t choice)
{
    return choice & 1 ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
}

/* Few distinct bytes, so that blocks nest and repeat. */
static struct vpcvis_addr make_addr(uint32_t family, uint32_t place)
{
    const uint32_t bytes = family == VPCVIS_ADDR_IPV4 ? 4 : 16;
    struct vpcvis_addr addr;
    uint32_t i;

    memset(&addr, 0, sizeof(addr));
    addr.family = (uint8_t)family;
    for (i = 0; i < bytes; i++)
        addr.bytes[i] = place >> (i % 3 * 2) & 1 ? 255 : (uint8_t)(place >> (i % 4));
    return addr;
}

static size_t read_entries(struct input *in, struct vpcvis_prefix_entry *entries)
{
    size_t n;

    for (n = 0; n < ENTRIES_MAX && in->left >= 6; n++) {
        const uint32_t choice = input_choice(in);
        const uint32_t length = input_choice(in) * 3 + (choice >> 1 & 3);
        memset(&entries[n], 0, sizeof(entries[n]));
        entries[n].cidr.addr =
            make_addr(family_of(choice), (uint32_t)input_number(in, 3));
        entries[n].cidr.prefix_len =
            (uint8_t)(family_of(choice) == VPCVIS_ADDR_IPV4 ? length % 34 : length % 130);
        entries[n].value = input_choice(in);
        if (choice & 32)
            entries[n].value = VPCVIS_PREFIX_NONE - entries[n].value;
    }
    return n;
}

static uint32_t scan(const struct vpcvis_prefix_entry *entries, size_t count,
                     const struct vpcvis_addr *addr, uint32_t *length)
{
    uint32_t value = VPCVIS_PREFIX_NONE;
    size_t i;

    *length = 0;
    for (i = 0; i < count; i++) {
        if (entries[i].cidr.prefix_len < *length ||
            vpcvis_addr_match(&entries[i].cidr, addr) != VPCVIS_OK)
            continue;
        *length = entries[i].cidr.prefix_len;
        value = entries[i].value;
    }
    return value;
}

static void require_answer(const vpcvis_prefix *map,
                           const struct vpcvis_prefix_entry *entries, size_t count,
                           const struct vpcvis_addr *addr)
{
    uint32_t value = VPCVIS_PREFIX_NONE, length = 0, expected_length;
    const uint32_t expected = scan(entries, count, addr, &expected_length);
    uint32_t batch[35];
    uint32_t i;

    REQUIRE(vpcvis_prefix_match(map, addr, &value, &length) ==
            (expected == VPCVIS_PREFIX_NONE ? VPCVIS_NOMATCH : VPCVIS_OK));
    REQUIRE(value == expected && length == expected_length);
    REQUIRE(vpcvis_prefix_match_batch(map, addr->family, addr->bytes, 0, 35, batch) ==
            VPCVIS_OK);
    for (i = 0; i < 35; i++)
        REQUIRE(batch[i] == expected);
}

/* The ends of each block and what is next to them. */
static void require_ends(const vpcvis_prefix *map,
                         const struct vpcvis_prefix_entry *entries, size_t count)
{
    size_t i;
    uint32_t end, bit, step;

    for (i = 0; i < count; i++) {
        const struct vpcvis_cidr *cidr = &entries[i].cidr;
        const uint32_t bits = cidr->addr.family == VPCVIS_ADDR_IPV4 ? 32 : 128;
        for (end = 0; end < 2; end++) {
            struct vpcvis_addr addr = cidr->addr;
            vpcvis_addr_mask(&addr, cidr->prefix_len, NULL);
            for (bit = cidr->prefix_len; end == 1 && bit < bits; bit++)
                addr.bytes[bit / 8] |= (uint8_t)(128u >> bit % 8);
            require_answer(map, entries, count, &addr);
            for (step = bits / 8; step-- > 0;) {
                addr.bytes[step] = (uint8_t)(addr.bytes[step] + (end ? 1 : 255));
                if (addr.bytes[step] != (end ? 0 : 255))
                    break;
            }
            require_answer(map, entries, count, &addr);
        }
    }
}

/* The first entry that contradicts an earlier one, counting from 1; 0 if none does. */
static size_t find_contradiction(const struct vpcvis_prefix_entry *entries, size_t count)
{
    size_t i, j;

    for (i = 1; i < count; i++) {
        struct vpcvis_addr addr = entries[i].cidr.addr;
        vpcvis_addr_mask(&addr, entries[i].cidr.prefix_len, NULL);
        for (j = 0; j < i; j++) {
            if (entries[i].cidr.prefix_len == entries[j].cidr.prefix_len &&
                entries[i].value != entries[j].value &&
                vpcvis_addr_match(&entries[j].cidr, &addr) == VPCVIS_OK)
                return i + 1;
        }
    }
    return 0;
}

static void require_refused(const struct vpcvis_prefix_entry *entries, size_t count,
                            uint32_t flags, vpcvis_status status,
                            const struct vpcvis_error *error)
{
    const struct vpcvis_prefix_entry *entry = &entries[error->line - 1];

    REQUIRE(error->status == status && error->line >= 1 && error->line <= count);
    if (status == VPCVIS_E_DUPLICATE) {
        REQUIRE((flags & VPCVIS_PREFIX_LAST) == 0);
        REQUIRE(find_contradiction(entries, count) == error->line);
    } else if (status == VPCVIS_E_ARG) {
        REQUIRE(entry->value == VPCVIS_PREFIX_NONE);
    } else {
        REQUIRE(status == VPCVIS_E_PREFIX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vpcvis_prefix_entry entries[ENTRIES_MAX];
    struct vpcvis_prefix_config config;
    struct input in = {data, size};
    struct vpcvis_error error;
    size_t count;
    uint32_t cpu;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = input_choice(&in) & 3;
    count = read_entries(&in, entries);
    for (cpu = VPCVIS_CPU_PORTABLE; cpu <= VPCVIS_CPU_NEON; cpu++) {
        vpcvis_prefix *map = NULL;
        vpcvis_status status;
        config.cpu = cpu;
        status = vpcvis_prefix_new(entries, count, &config, NULL, &map, &error);
        if (status == VPCVIS_E_CPU)
            continue;
        if (status == VPCVIS_OK) {
            REQUIRE((config.flags & VPCVIS_PREFIX_LAST) != 0 ||
                    find_contradiction(entries, count) == 0);
            require_ends(map, entries, count);
        } else {
            require_refused(entries, count, config.flags, status, &error);
        }
        vpcvis_prefix_free(map, NULL);
    }
    return 0;
}

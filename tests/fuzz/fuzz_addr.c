/* SPDX-License-Identifier: MIT */
/*
 * The whole input as an address, a CIDR block and a number of every width, against inet_pton,
 * inet_ntop, bits compared one by one and decimal strings compared as strings.
 *
 * Explained difference: inet_ntop writes ::/96 with an IPv4 tail (`::1.2.3.4`); RFC 5952
 * recommends that for well-known prefixes only, and ::/96 is deprecated.
 */
#include "peers.h"

/* ::/96 but for `::` and `::1`, which have no IPv4 tail anywhere. */
static int is_compatible(const struct vpcvis_addr *addr)
{
    static const uint8_t zero[14] = {0};
    return addr->family == VPCVIS_ADDR_IPV6 && memcmp(addr->bytes, zero, 12) == 0 &&
           memcmp(addr->bytes, zero, 14) != 0;
}

static void require_written(const struct vpcvis_addr *addr)
{
    char peer[64], out[VPCVIS_ADDR_TEXT_MAX];
    struct vpcvis_addr again;
    size_t need = 0, len = 0;
    char *exact;

    REQUIRE(vpcvis_addr_write(addr, NULL, 0, &need) == VPCVIS_E_SPACE);
    REQUIRE(need >= 2 && need <= VPCVIS_ADDR_TEXT_MAX);
    exact = oracle_memory(need - 1);
    REQUIRE(vpcvis_addr_write(addr, exact, need - 1, &len) == VPCVIS_E_SPACE);
    REQUIRE(len == need);
    free(exact);
    exact = oracle_memory(need);
    REQUIRE(vpcvis_addr_write(addr, exact, need, &len) == VPCVIS_OK && len == need);
    REQUIRE(vpcvis_addr_write(addr, out, sizeof(out), &len) == VPCVIS_OK && len == need);
    REQUIRE(memcmp(exact, out, need) == 0);
    REQUIRE(vpcvis_addr_read(exact, need, &again, NULL) == VPCVIS_OK);
    REQUIRE(memcmp(&again, addr, sizeof(again)) == 0);
    inet_ntop(addr->family == VPCVIS_ADDR_IPV4 ? AF_INET : AF_INET6, addr->bytes, peer,
              sizeof(peer));
    REQUIRE(is_compatible(addr) ||
            (strlen(peer) == need && memcmp(peer, exact, need) == 0));
    free(exact);
}

/* The byte at which it became certain decides: what follows it changes nothing. */
static void require_certain(const char *text, size_t len,
                            const struct vpcvis_error *error)
{
    struct vpcvis_error sooner;
    struct vpcvis_addr addr;

    REQUIRE(error->status == VPCVIS_E_ADDRESS && error->offset <= len);
    if (error->offset < len) {
        char *part = oracle_copy(text, error->offset + 1);
        REQUIRE(vpcvis_addr_read(part, error->offset + 1, &addr, &sooner) ==
                VPCVIS_E_ADDRESS);
        REQUIRE(sooner.offset == error->offset);
        free(part);
    }
}

static void try_address(const char *text, size_t len)
{
    struct vpcvis_addr addr, peer, untouched;
    struct vpcvis_error error;
    vpcvis_status status;

    memset(&addr, 0xa5, sizeof(addr));
    untouched = addr;
    memset(&error, 0, sizeof(error));
    status = vpcvis_addr_read(text, len, &addr, &error);
    REQUIRE(status == VPCVIS_OK || status == VPCVIS_E_ADDRESS);
    REQUIRE((status == VPCVIS_OK) == peer_read(text, len, &peer));
    if (status == VPCVIS_OK) {
        REQUIRE(memcmp(&addr, &peer, sizeof(addr)) == 0);
        require_written(&addr);
    } else {
        REQUIRE(memcmp(&addr, &untouched, sizeof(addr)) == 0);
        require_certain(text, len, &error);
    }
}

/* A prefix length as it may be written: 0..max, or -1. */
static int peer_prefix(const char *text, size_t len, int max)
{
    int sum = 0;
    size_t i;

    if (len == 0 || len > 3 || (len > 1 && text[0] == '0'))
        return -1;
    for (i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        sum = sum * 10 + (text[i] - '0');
    }
    return sum <= max ? sum : -1;
}

static int bit(const struct vpcvis_addr *addr, int i)
{
    return addr->bytes[i / 8] >> (7 - i % 8) & 1;
}

/* Masking and matching, one bit after the other. */
static void require_block(const struct vpcvis_cidr *cidr)
{
    const int bits = cidr->addr.family == VPCVIS_ADDR_IPV4 ? 32 : 128;
    struct vpcvis_addr network = cidr->addr, other = cidr->addr;
    uint32_t changed = 2, expected = 0;
    int i;

    REQUIRE(vpcvis_addr_mask(&network, cidr->prefix_len, &changed) == VPCVIS_OK);
    for (i = 0; i < bits; i++) {
        const int kept = i < cidr->prefix_len ? bit(&cidr->addr, i) : 0;
        REQUIRE(bit(&network, i) == kept);
        expected |= (uint32_t)(bit(&cidr->addr, i) != kept);
    }
    REQUIRE(changed == expected);
    REQUIRE(vpcvis_addr_match(cidr, &network) == VPCVIS_OK);
    for (i = 0; i < bits; i++) {
        other = cidr->addr;
        other.bytes[i / 8] = (uint8_t)(other.bytes[i / 8] ^ 1 << (7 - i % 8));
        REQUIRE(vpcvis_addr_match(cidr, &other) ==
                (i < cidr->prefix_len ? VPCVIS_NOMATCH : VPCVIS_OK));
    }
    other.family = other.family == VPCVIS_ADDR_IPV4 ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
    memset(other.bytes + 4, 0, 12);
    REQUIRE(vpcvis_addr_match(cidr, &other) == VPCVIS_NOMATCH);
    REQUIRE(vpcvis_addr_mask(&network, (uint32_t)bits + 1, NULL) == VPCVIS_E_PREFIX);
}

static void require_cidr_written(const struct vpcvis_cidr *cidr)
{
    struct vpcvis_cidr again;
    size_t need = 0, len = 0;
    char *out;

    REQUIRE(vpcvis_addr_write_cidr(cidr, NULL, 0, &need) == VPCVIS_E_SPACE);
    REQUIRE(need <= VPCVIS_CIDR_TEXT_MAX);
    out = oracle_memory(need);
    REQUIRE(vpcvis_addr_write_cidr(cidr, out, need - 1, &len) == VPCVIS_E_SPACE);
    REQUIRE(vpcvis_addr_write_cidr(cidr, out, need, &len) == VPCVIS_OK && len == need);
    REQUIRE(vpcvis_addr_read_cidr(out, need, &again, NULL) == VPCVIS_OK);
    REQUIRE(memcmp(&again, cidr, sizeof(again)) == 0);
    free(out);
}

static void try_cidr(const char *text, size_t len)
{
    const char *slash = len > 0 ? memchr(text, '/', len) : NULL;
    const size_t at = slash != NULL ? (size_t)(slash - text) : len;
    struct vpcvis_cidr cidr;
    struct vpcvis_addr addr;
    struct vpcvis_error error;
    vpcvis_status status;
    int prefix = -1;

    memset(&error, 0, sizeof(error));
    status = vpcvis_addr_read_cidr(text, len, &cidr, &error);
    if (!peer_read(text, at, &addr)) {
        REQUIRE(status == VPCVIS_E_ADDRESS);
    } else {
        const int max = addr.family == VPCVIS_ADDR_IPV4 ? 32 : 128;
        if (slash != NULL)
            prefix = peer_prefix(slash + 1, len - at - 1, max);
        REQUIRE(status == (prefix >= 0 ? VPCVIS_OK : VPCVIS_E_PREFIX));
    }
    if (status != VPCVIS_OK) {
        REQUIRE(error.status == status && error.offset <= len);
        return;
    }
    REQUIRE(memcmp(&cidr.addr, &addr, sizeof(addr)) == 0 && cidr.prefix_len == prefix);
    require_block(&cidr);
    require_cidr_written(&cidr);
}

static void try_number(const char *text, size_t len, uint32_t field)
{
    char memory[VPCVIS_LAYOUT_BYTES_MAX];
    struct vpcvis_field row;
    struct vpcvis_record record;
    struct vpcvis_value value;
    struct vpcvis_error error;
    const vpcvis_layout *layout;
    vpcvis_status status;
    size_t i;
    char digits[24];

    for (i = 0; i < len; i++) {
        if (text[i] < 0x21 || text[i] > 0x7e)
            return;
    }
    if (len == 0 || len > VPCVIS_LINE_MAX || (len == 1 && text[0] == '-'))
        return;
    REQUIRE(vpcvis_record_field(field, &row) == VPCVIS_OK);
    layout = oracle_layout_text(row.name, strlen(row.name), 0, memory);
    status = vpcvis_line_read(layout, 0, text, len, &record, &error);
    REQUIRE(status == peer_number(text, len, row.max));
    if (status == VPCVIS_OK) {
        REQUIRE(vpcvis_record_get(&record, field, &value) == VPCVIS_OK);
        REQUIRE(value.state == VPCVIS_STATE_VALUE);
        snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value.number);
        REQUIRE(strlen(digits) == len && memcmp(digits, text, len) == 0);
    } else {
        REQUIRE(error.field == field && error.column == 0 && error.offset <= len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t fields[] = {VPCVIS_FIELD_BYTES, VPCVIS_FIELD_START,
                                      VPCVIS_FIELD_TCP_FLAGS, VPCVIS_FIELD_SRCPORT,
                                      VPCVIS_FIELD_PROTOCOL};
    char *text = oracle_copy(data, size);
    size_t i;

    try_address(text, size);
    try_cidr(text, size);
    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        try_number(text, size, fields[i]);
    free(text);
    return 0;
}

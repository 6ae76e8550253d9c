/* SPDX-License-Identifier: MIT */
/*
 * Addresses against inet_pton and inet_ntop, integers against decimal strings compared as
 * strings: addr_diff [COUNT [SEED]], or COUNT and SEED in the environment. Texts lie before an
 * unreadable page. DIFFERENCES.md lists what may differ; each is asserted here as what it is.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "text.h"
#include "vpcvis/addr.h"

#define TEXT_MAX 80

struct run {
    uint64_t random;
    char *end;          /* where the unreadable page begins */
    uint64_t read;      /* texts that were addresses */
    uint64_t refused;   /* texts that were not */
    uint64_t explained; /* written differently by inet_ntop, as listed */
    uint64_t numbers;
};

static uint64_t next_random(struct run *run)
{
    run->random ^= run->random << 13;
    run->random ^= run->random >> 7;
    run->random ^= run->random << 17;
    return run->random * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

static uint32_t below(struct run *run, uint32_t limit)
{
    return (uint32_t)(next_random(run) % limit);
}

static void fail(const char *what, const char *text, size_t len)
{
    size_t i;

    printf("not ok addr_diff: %s: \"", what);
    for (i = 0; i < len; i++)
        printf(text[i] >= 0x20 && text[i] < 0x7f ? "%c" : "\\x%02x",
               (unsigned char)text[i]);
    printf("\"\n");
    exit(EXIT_FAILURE);
}

static int peer_read(const char *text, size_t len, struct vpcvis_addr *addr)
{
    char copy[TEXT_MAX + 1];

    memset(addr, 0, sizeof(*addr));
    if (memchr(text, '\0', len) != NULL)
        return 0;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (inet_pton(AF_INET, copy, addr->bytes) == 1)
        addr->family = VPCVIS_ADDR_IPV4;
    else if (inet_pton(AF_INET6, copy, addr->bytes) == 1)
        addr->family = VPCVIS_ADDR_IPV6;
    return addr->family != 0;
}

/*
 * What must be written. Where inet_ntop's form is the one of the list, the text is made in
 * another way; *explained says so.
 */
static void expect_text(const struct vpcvis_addr *addr, char *text, int *explained)
{
    static const uint8_t zeros[10] = {0};
    const uint8_t *b = addr->bytes;
    char peer[INET6_ADDRSTRLEN], quad[INET_ADDRSTRLEN];

    inet_ntop(addr->family == VPCVIS_ADDR_IPV4 ? AF_INET : AF_INET6, b, peer,
              sizeof(peer));
    strcpy(text, peer);
    if (addr->family == VPCVIS_ADDR_IPV6 && memcmp(b, zeros, 10) == 0) {
        inet_ntop(AF_INET, b + 12, quad, sizeof(quad));
        if (b[10] == 0xff && b[11] == 0xff)
            snprintf(text, TEXT_MAX, "::ffff:%s", quad);
        else if (b[10] == 0 && b[11] == 0 && (b[12] != 0 || b[13] != 0))
            snprintf(text, TEXT_MAX, "::%x:%x", b[12] << 8 | b[13], b[14] << 8 | b[15]);
    }
    *explained = strcmp(text, peer) != 0;
}

/* Other C libraries than glibc may choose another run of zeros than RFC 5952 says. */
static int is_other_run(const struct vpcvis_addr *addr, const char *text, size_t len)
{
#if defined(__GLIBC__)
    (void)addr;
    (void)text;
    (void)len;
    return 0;
#else
    struct vpcvis_addr again;

    return peer_read(text, len, &again) && memcmp(&again, addr, sizeof(again)) == 0;
#endif
}

static void check_write(struct run *run, const struct vpcvis_addr *addr)
{
    char expected[TEXT_MAX], *out;
    size_t len = 0;
    int explained;

    expect_text(addr, expected, &explained);
    if (vpcvis_addr_write(addr, NULL, 0, &len) != VPCVIS_E_SPACE ||
        len > VPCVIS_ADDR_TEXT_MAX)
        fail("no size for", expected, strlen(expected));
    out = run->end - len;
    if (vpcvis_addr_write(addr, out, len, &len) != VPCVIS_OK)
        fail("not written", expected, strlen(expected));
    if (len != strlen(expected) || memcmp(out, expected, len) != 0) {
        if (!is_other_run(addr, out, len))
            fail("written otherwise than", expected, strlen(expected));
        explained = 1;
    }
    run->explained += (uint64_t)explained;
}

/* The offset of an error is where it became certain: the text up to there says the same. */
static void check_offset(struct run *run, size_t len, const struct vpcvis_error *error)
{
    struct vpcvis_error sooner;
    struct vpcvis_addr addr;
    const char *text = run->end - len;

    if (error->status != VPCVIS_E_ADDRESS || error->offset > len)
        fail("offset beyond", text, len);
    if (error->offset == len)
        return;
    if (vpcvis_addr_read(text, error->offset + 1, &addr, &sooner) != VPCVIS_E_ADDRESS ||
        sooner.offset != error->offset)
        fail("offset depends on what follows in", text, len);
}

static void check_read(struct run *run, const char *text, size_t len)
{
    struct vpcvis_addr addr, peer;
    struct vpcvis_error error;
    const char *guarded = memcpy(run->end - len, text, len);
    const int valid = peer_read(text, len, &peer);
    const vpcvis_status status = vpcvis_addr_read(guarded, len, &addr, &error);

    if ((status == VPCVIS_OK) != valid)
        fail(valid ? "refused" : "accepted", text, len);
    if (!valid) {
        run->refused++;
        check_offset(run, len, &error);
        return;
    }
    run->read++;
    if (memcmp(&addr, &peer, sizeof(addr)) != 0)
        fail("read to other bytes", text, len);
    check_write(run, &addr);
}

/* Zeros, small values and edges more often than chance would have them. */
static uint32_t group(struct run *run)
{
    static const uint32_t edges[] = {0xffff, 1, 0xf, 0x10, 0xff, 0x100, 0xfff, 0x1000};

    switch (below(run, 4)) {
    case 0: return 0;
    case 1: return edges[below(run, 8)];
    case 2: return below(run, 256);
    default: return below(run, 65536);
    }
}

static size_t make_quad(struct run *run, char *text)
{
    uint32_t octet[4];
    int i;

    for (i = 0; i < 4; i++)
        octet[i] = below(run, 3) ? below(run, 256) : 245 + below(run, 12);
    return (size_t)sprintf(text, "%" PRIu32 ".%" PRIu32 ".%" PRIu32 ".%" PRIu32, octet[0],
                           octet[1], octet[2], octet[3]);
}

/* Groups, perhaps a gap, perhaps a tail: about the right number of each. */
static size_t make_groups(struct run *run, char *text)
{
    static const char *const forms[] = {"%x", "%X", "%04x", "%02X", "%x", "%x"};
    const uint32_t count = below(run, 3) ? 8 : below(run, 10);
    const uint32_t tail = below(run, 4) == 0;
    const uint32_t most = tail && count >= 2 ? count - 2 : count;
    const uint32_t gap = below(run, 2) ? below(run, most + 1) : 99;
    const uint32_t gap_len = below(run, 4);
    size_t len = 0;
    uint32_t i;

    for (i = 0; i < most; i++) {
        if (i > 0 || gap == 0)
            text[len++] = ':';
        if (i == gap) {
            if (i == 0 || below(run, 30))
                text[len++] = ':';
            i += gap_len;
            if (i >= most)
                break;
        }
        len += (size_t)sprintf(text + len, forms[below(run, 6)], group(run));
    }
    if (gap == most && most > 0)
        len += (size_t)sprintf(text + len, "::");
    if (tail) {
        if (len > 0 && text[len - 1] != ':')
            text[len++] = ':';
        len += make_quad(run, text + len);
    }
    return len;
}

static char any_byte(struct run *run)
{
    static const char likely[] = "0123456789abcdefABCDEF::::....00112255%/gGxX -[]";

    if (below(run, 8) == 0)
        return (char)below(run, 256);
    return likely[below(run, sizeof(likely) - 1)];
}

static size_t mutate(struct run *run, char *text, size_t len)
{
    const size_t at = below(run, (uint32_t)len + 1);

    switch (below(run, 4)) {
    case 0:
        if (at < len)
            text[at] = any_byte(run);
        return len;
    case 1:
        if (at == len)
            return len;
        memmove(text + at, text + at + 1, len - at - 1);
        return len - 1;
    case 2:
        if (len == TEXT_MAX)
            return len;
        memmove(text + at + 1, text + at, len - at);
        text[at] = any_byte(run);
        return len + 1;
    default: return at;
    }
}

static void try_text(struct run *run)
{
    char text[2 * TEXT_MAX];
    size_t len = 0, wanted;
    uint32_t mutations;

    switch (below(run, 8)) {
    case 0:
        for (wanted = below(run, 48); len < wanted; len++)
            text[len] = any_byte(run);
        break;
    case 1:
    case 2:
    case 3: len = make_quad(run, text); break;
    default: len = make_groups(run, text); break;
    }
    if (len > TEXT_MAX)
        len = TEXT_MAX;
    for (mutations = below(run, 3); mutations > 0; mutations--)
        len = mutate(run, text, len);
    check_read(run, text, len);
}

/* Any bytes at all, as an address of either family, written. */
static void try_bytes(struct run *run)
{
    struct vpcvis_addr addr;
    uint32_t i;

    memset(&addr, 0, sizeof(addr));
    addr.family = below(run, 4) ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
    for (i = 0; i < (addr.family == VPCVIS_ADDR_IPV4 ? 2u : 8u); i++) {
        const uint32_t value = i < 5 && below(run, 3) ? 0 : group(run);
        addr.bytes[2 * i] = (uint8_t)(value >> 8);
        addr.bytes[2 * i + 1] = (uint8_t)value;
    }
    if (addr.family == VPCVIS_ADDR_IPV6 && below(run, 16) == 0) {
        memset(addr.bytes, 0, 12);
        if (below(run, 2))
            memset(addr.bytes + 10, 0xff, 2);
    }
    check_write(run, &addr);
}

/* Longer is larger; of equal length the first digit that differs decides. */
static vpcvis_status expect_number(const char *text, size_t len, const char *top)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return VPCVIS_E_NUMBER;
    }
    if (len == 0 || (len > 1 && text[0] == '0'))
        return VPCVIS_E_NUMBER;
    if (len != strlen(top))
        return len < strlen(top) ? VPCVIS_OK : VPCVIS_E_RANGE;
    return memcmp(text, top, len) <= 0 ? VPCVIS_OK : VPCVIS_E_RANGE;
}

static size_t make_number(struct run *run, char *text, const char *top)
{
    size_t len = strlen(top), i;

    if (below(run, 2)) { /* the largest, or next to it */
        memcpy(text, top, len);
        text[len - 1] = (char)('0' + below(run, 10));
        for (i = below(run, 3); i > 0; i--)
            text[below(run, (uint32_t)len)] = (char)('0' + below(run, 10));
    } else {
        len = below(run, below(run, 8) ? 22 : 60);
        for (i = 0; i < len; i++)
            text[i] = (char)('0' + below(run, 10));
    }
    return below(run, 8) ? len : mutate(run, text, len);
}

static void try_number(struct run *run)
{
    static const uint64_t tops[] = {255,       65535,      INT32_MAX,  UINT32_MAX,
                                    INT64_MAX, UINT64_MAX, UINT64_MAX, 0};
    const uint32_t choice = below(run, 9);
    const uint64_t max = choice < 8 ? tops[choice] : next_random(run) >> below(run, 48);
    char text[2 * TEXT_MAX], top[24], digits[24], out[VPCVIS_I_TEXT_ROOM];
    uint64_t value = 0;
    vpcvis_status status;
    size_t len, bad;

    sprintf(top, "%" PRIu64, max);
    len = make_number(run, text, top);
    status =
        vpcvis_i_text_read_u64(memcpy(run->end - len, text, len), len, max, &value, &bad);
    if (status != expect_number(text, len, top))
        fail("read otherwise, as a number", text, len);
    run->numbers++;
    if (status != VPCVIS_OK)
        return;
    sprintf(digits, "%" PRIu64, value);
    if (strlen(digits) != len || memcmp(digits, text, len) != 0)
        fail("read to another number", text, len);
    if ((size_t)(vpcvis_i_text_write_u64(out, value) - out) != len ||
        memcmp(out, text, len) != 0)
        fail("written to another text", text, len);
}

static char *make_guard(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || mprotect(memory + page, page, PROT_NONE) != 0)
        abort();
    return memory + page;
}

static uint64_t choose(int argc, char **argv, int i, const char *name, uint64_t otherwise)
{
    const char *text = i < argc ? argv[i] : getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    const uint64_t count = choose(argc, argv, 1, "COUNT", 1000000);
    const uint64_t seed = choose(argc, argv, 2, "SEED", 20260615);
    struct run run;
    uint64_t i;

    memset(&run, 0, sizeof(run));
    run.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    run.end = make_guard();
    for (i = 0; i < count; i++) {
        try_text(&run);
        try_bytes(&run);
        try_number(&run);
    }
    printf("ok addr_diff: seed %" PRIu64 ": %" PRIu64 " texts read, %" PRIu64
           " refused, %" PRIu64 " explained differences, %" PRIu64 " numbers\n",
           seed, run.read, run.refused, run.explained, run.numbers);
    return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT */
/*
 * Round trips: records made at random for layouts made at random are written, read and written
 * again. The record read is the record made, and the second text is the first.
 *
 *     roundtrip [COUNT [SEED]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis.h"

#define RECORDS_A_LAYOUT 100
#define TEXTS            4096
#define LINE             16384

static uint64_t state;

static uint64_t random64(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t below(uint64_t n)
{
    return random64() % n;
}

static void fail(const char *what, const char *line, size_t len)
{
    printf("not ok roundtrip: %s\n%.*s\n", what, (int)len, line);
    exit(EXIT_FAILURE);
}

/* A format string of 1..72 known fields in any order, now and then one of the future. */
static size_t put_format(char *out)
{
    uint8_t order[VPCVIS_FIELD_COUNT];
    struct vpcvis_field field;
    size_t len = 0, i, n = 1 + below(below(4) ? 20 : VPCVIS_FIELD_COUNT);

    for (i = 0; i < VPCVIS_FIELD_COUNT; i++)
        order[i] = (uint8_t)i;
    for (i = 0; i < n; i++) {
        const size_t other = i + below(VPCVIS_FIELD_COUNT - i);
        const uint8_t id = order[other];
        order[other] = order[i];
        (void)vpcvis_record_field(id, &field);
        len += (size_t)sprintf(out + len, below(2) ? "${%s} " : "%s ", field.name);
        if (below(30) == 0)
            len += (size_t)sprintf(out + len, "later-%c%c ", (char)('a' + i % 26),
                                   (char)('a' + i / 26));
    }
    return len - 1;
}

static void make_address(struct vpcvis_addr *addr)
{
    size_t i;

    memset(addr, 0, sizeof *addr);
    addr->family = below(2) ? VPCVIS_ADDR_IPV4 : VPCVIS_ADDR_IPV6;
    for (i = 0; i < (addr->family == VPCVIS_ADDR_IPV4 ? 4u : 16u); i++)
        addr->bytes[i] = (uint8_t)(below(3) ? below(256) : 0);
}

/* A value of the field; texts are taken from `texts`, which the record's base points to. */
static void make_value(uint32_t id, const char *texts, struct vpcvis_value *value)
{
    struct vpcvis_field field;

    memset(value, 0, sizeof *value);
    if (below(6) == 0) {
        value->state = VPCVIS_STATE_DASH;
        return;
    }
    value->state = VPCVIS_STATE_VALUE;
    field.kind = VPCVIS_KIND_TEXT;
    (void)vpcvis_record_field(id, &field);
    if (field.kind <= VPCVIS_KIND_NUMBER64) {
        value->number = random64() >> below(64);
        if (value->number > field.max)
            value->number = field.max;
    } else if (field.kind == VPCVIS_KIND_ADDRESS) {
        make_address(&value->addr);
    } else if (field.kind == VPCVIS_KIND_NAME && below(2)) {
        value->number = 1 + below(2);
    } else {
        value->text = texts + below(TEXTS - 64);
        value->text_len = (uint32_t)(2 + below(60));
    }
}

static int is_same(const struct vpcvis_record *a, const struct vpcvis_record *b,
                   uint32_t id)
{
    struct vpcvis_value x, y;

    if (vpcvis_record_get(a, id, &x) != VPCVIS_OK ||
        vpcvis_record_get(b, id, &y) != VPCVIS_OK || x.state != y.state)
        return 0;
    if (x.state != VPCVIS_STATE_VALUE)
        return 1;
    return x.number == y.number && memcmp(&x.addr, &y.addr, sizeof x.addr) == 0 &&
           x.text_len == y.text_len &&
           (x.text_len == 0 || memcmp(x.text, y.text, x.text_len) == 0);
}

static void check_record(const vpcvis_layout *layout, const char *texts)
{
    static char line[LINE], again[LINE];
    struct vpcvis_record made, read;
    struct vpcvis_value value;
    size_t len = 0, again_len = 0;
    uint32_t c, id;

    vpcvis_record_init(&made, texts);
    for (c = 0; c < vpcvis_layout_columns(layout); c++) {
        id = vpcvis_layout_field(layout, c);
        make_value(id, texts, &value);
        if (vpcvis_record_set(&made, id, &value) != VPCVIS_OK)
            fail("a value cannot be set", vpcvis_layout_name(layout, c), 20);
    }
    if (vpcvis_line_write(layout, &made, line, sizeof line, &len) != VPCVIS_OK)
        fail("a record cannot be written", "", 0);
    if (vpcvis_line_read(layout, 0, line, len, &read, NULL) != VPCVIS_OK)
        fail("what was written cannot be read", line, len);
    for (c = 0; c < vpcvis_layout_columns(layout); c++) {
        if (!is_same(&made, &read, vpcvis_layout_field(layout, c)))
            fail(vpcvis_layout_name(layout, c), line, len);
    }
    if (vpcvis_line_write(layout, &read, again, sizeof again, &again_len) != VPCVIS_OK ||
        again_len != len || memcmp(line, again, len) != 0)
        fail("what was read is written otherwise", line, len);
}

int main(int argc, char **argv)
{
    static char texts[TEXTS], format[LINE], memory[VPCVIS_LAYOUT_BYTES_MAX];
    const uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct vpcvis_layout_config config;
    vpcvis_layout *layout = NULL;
    uint64_t i;

    state = 88172645463325252u ^ seed * 7919;
    for (i = 0; i < TEXTS; i++)
        texts[i] = (char)(0x21 + below(94));
    for (i = 0; i < count; i++) {
        if (i % RECORDS_A_LAYOUT == 0) {
            memset(&config, 0, sizeof config);
            config.size = sizeof config;
            config.text = format;
            config.text_len = put_format(format);
            if (vpcvis_layout_init(memory, sizeof memory, &config, &layout, NULL) !=
                VPCVIS_OK)
                fail("a layout is refused", format, (size_t)config.text_len);
        }
        check_record(layout, texts);
    }
    printf("ok roundtrip: %" PRIu64 " records, seed %" PRIu64 "\n", count, seed);
    return EXIT_SUCCESS;
}

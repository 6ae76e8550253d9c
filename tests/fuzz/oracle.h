/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share: an assertion that says what broke, the input as a source of
 * choices, memory of exactly the size needed, layouts to choose from, and comparing records.
 *
 * A choice is the low six bits of a byte, so that seeds can be text: `@` is 0, `A` is 1.
 */
#ifndef VPCVIS_TESTS_FUZZ_ORACLE_H
#define VPCVIS_TESTS_FUZZ_ORACLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vpcvis.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) \
    ((condition) ? (void)0 : oracle_fail(__FILE__, __LINE__, #condition))

static inline void oracle_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

/* The input that is not used up yet. */
struct input {
    const uint8_t *at;
    size_t left;
};

static inline uint32_t input_byte(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

/* 0..63, 0 once the input is used up. */
static inline uint32_t input_choice(struct input *in)
{
    return input_byte(in) & 63;
}

static inline uint64_t input_number(struct input *in, uint32_t bytes)
{
    uint64_t sum = 0;
    while (bytes-- > 0)
        sum = sum << 8 | input_byte(in);
    return sum;
}

static inline void *oracle_memory(size_t len)
{
    void *memory = malloc(len > 0 ? len : 1);
    if (memory == NULL)
        abort();
    return memory;
}

/* A copy whose end is the end of its memory, so that a read past it is seen. */
static inline char *oracle_copy(const void *data, size_t len)
{
    char *copy = oracle_memory(len);
    if (len > 0)
        memcpy(copy, data, len);
    return copy;
}

/* 1 if every byte is `byte`. */
static inline int oracle_filled(const void *memory, size_t len, int byte)
{
    const unsigned char *bytes = memory;
    return len == 0 || (bytes[0] == byte && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* Whether to try a path. The CPU is asked once: that is slow in a virtual machine. */
static inline int oracle_has_cpu(uint32_t cpu)
{
    static uint32_t asked, has;
    uint32_t i;

    for (i = VPCVIS_CPU_PORTABLE; !asked && i <= VPCVIS_CPU_NEON; i++)
        has |= (uint32_t)(vpcvis_base_cpu_find(i) == VPCVIS_OK) << i;
    asked = 1;
    return (int)(has >> cpu & 1);
}

/* Bytes that grow. */
struct bytes {
    char *at;
    size_t len;
    size_t room;
};

static inline char *bytes_extend(struct bytes *bytes, size_t len)
{
    if (bytes->at == NULL || len > bytes->room - bytes->len) {
        bytes->room = (bytes->len + len) * 2 + 64;
        bytes->at = realloc(bytes->at, bytes->room);
        if (bytes->at == NULL)
            abort();
    }
    bytes->len += len;
    return bytes->at + bytes->len - len;
}

static inline void bytes_add(struct bytes *bytes, const void *data, size_t len)
{
    if (len > 0)
        memcpy(bytes_extend(bytes, len), data, len);
}

static inline int bytes_equal(const struct bytes *a, const struct bytes *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->at, b->at, a->len) == 0);
}

static inline void bytes_free(struct bytes *bytes)
{
    free(bytes->at);
    memset(bytes, 0, sizeof(*bytes));
}

/*
 * The rest of the input as a text, in memory of its exact size. To reach the windows and bounds
 * of the batch readers from short inputs, byte 0x01 means 1,024 times the byte after it, and
 * repeats of 48 and more mean the whole text again and again.
 */
#define ORACLE_TEXT_MAX   200000u
#define ORACLE_REPEAT_MAX 50000u

static inline char *oracle_text(struct input *in, uint32_t repeat, size_t *len)
{
    struct bytes text = {NULL, 0, 0};
    size_t once;
    char *copy;

    while (in->left > 0 && text.len < ORACLE_TEXT_MAX) {
        const uint32_t byte = input_byte(in);
        if (byte == 1 && in->left > 0)
            memset(bytes_extend(&text, 1024), (int)input_byte(in), 1024);
        else
            *bytes_extend(&text, 1) = (char)byte;
    }
    once = text.len;
    for (; repeat >= 48 && text.len + 4 * once < ORACLE_REPEAT_MAX; repeat--) {
        char *more = bytes_extend(&text, 4 * once);
        uint32_t i;
        for (i = 0; i < 4; i++)
            memcpy(more + i * once, text.at, once);
    }
    copy = oracle_copy(text.at, text.len);
    *len = text.len;
    bytes_free(&text);
    return copy;
}

static inline vpcvis_layout *oracle_layout_text(const char *text, size_t len,
                                                uint32_t flags, void *memory)
{
    struct vpcvis_layout_config config;
    vpcvis_layout *layout = NULL;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = flags;
    config.text = text;
    config.text_len = len;
    if (vpcvis_layout_init(memory, VPCVIS_LAYOUT_BYTES_MAX, &config, &layout, NULL) !=
        VPCVIS_OK)
        return NULL;
    return layout;
}

static inline vpcvis_layout *oracle_layout_standard(uint32_t standard, void *memory)
{
    struct vpcvis_layout_config config;
    vpcvis_layout *layout = NULL;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.standard = standard;
    REQUIRE(vpcvis_layout_init(memory, VPCVIS_LAYOUT_BYTES_MAX, &config, &layout, NULL) ==
            VPCVIS_OK);
    return layout;
}

/* Every known field, and as many unknown ones as there are ids for. */
static inline vpcvis_layout *oracle_layout_widest(void *memory)
{
    char text[VPCVIS_FIELD_MAX * 40];
    size_t len = 0;
    uint32_t i;

    for (i = 0; i < VPCVIS_FIELD_MAX; i++) {
        struct vpcvis_field field;
        const vpcvis_status status = vpcvis_record_field(i, &field);
        const int n = status == VPCVIS_OK
                          ? snprintf(text + len, sizeof(text) - len, "%s ", field.name)
                          : snprintf(text + len, sizeof(text) - len, "new-%u ", i);
        len += (size_t)n;
    }
    return oracle_layout_text(text, len, 0, memory);
}

/* One of the layouts worth trying; memory holds VPCVIS_LAYOUT_BYTES_MAX bytes. */
static inline vpcvis_layout *oracle_layout(uint32_t choice, void *memory)
{
    static const char *const formats[] = {
        "srcaddr",
        "bytes",
        "account-id",
        "log-status",
        "start end",
        "srcport dstport protocol",
        "srcaddr dstaddr srcport dstport protocol action",
        "instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr",
        "flow-direction traffic-path srcaddr dstaddr srcport dstport encryption-status",
        "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr "
        "srcport dstport pkt-srcaddr pkt-dstaddr protocol bytes packets start end action "
        "tcp-flags log-status",
        "version srcaddr dstaddr srcport dstport protocol start end type packets bytes "
        "account-id vpc-id subnet-id instance-id interface-id region az-id sublocation-type "
        "sublocation-id action tcp-flags pkt-srcaddr pkt-dstaddr pkt-src-aws-service "
        "pkt-dst-aws-service traffic-path flow-direction log-status",
        "not-yet-known srcaddr new_too bytes start New3 log-status",
    };
    const uint32_t count = sizeof(formats) / sizeof(formats[0]);

    if (choice <= 1)
        return oracle_layout_standard(VPCVIS_LAYOUT_DEFAULT, memory);
    if (choice <= 11)
        return oracle_layout_standard(choice, memory);
    if (choice - 12 < count)
        return oracle_layout_text(formats[choice - 12], strlen(formats[choice - 12]), 0,
                                  memory);
    if (choice == 12 + count)
        return oracle_layout_widest(memory);
    return oracle_layout_standard(VPCVIS_LAYOUT_DEFAULT, memory);
}

static inline uint32_t oracle_kind(uint32_t field)
{
    struct vpcvis_field row;
    if (vpcvis_record_field(field, &row) != VPCVIS_OK)
        return VPCVIS_KIND_TEXT;
    return row.kind;
}

static inline int oracle_has(const uint64_t bits[2], uint32_t field)
{
    return (int)(bits[field / 64] >> field % 64 & 1);
}

/* How strictly two records are compared. */
#define SAME_ABSENT 1u /* an absent field is not the same as `-` */
#define SAME_PLACE  2u /* texts are the same bytes in memory, not only equal ones */

static inline void require_same_value(const struct vpcvis_record *a,
                                      const struct vpcvis_record *b, uint32_t field,
                                      uint32_t how)
{
    struct vpcvis_value x, y;

    REQUIRE(vpcvis_record_get(a, field, &x) == VPCVIS_OK);
    REQUIRE(vpcvis_record_get(b, field, &y) == VPCVIS_OK);
    if ((how & SAME_ABSENT) == 0 && x.state == VPCVIS_STATE_ABSENT)
        x.state = VPCVIS_STATE_DASH;
    if ((how & SAME_ABSENT) == 0 && y.state == VPCVIS_STATE_ABSENT)
        y.state = VPCVIS_STATE_DASH;
    REQUIRE(x.text_len == y.text_len);
    REQUIRE((x.text == NULL) == (y.text == NULL));
    REQUIRE((how & SAME_PLACE) == 0 || x.text == y.text);
    REQUIRE(x.text == NULL || memcmp(x.text, y.text, x.text_len) == 0);
    x.text = NULL;
    y.text = NULL;
    REQUIRE(memcmp(&x, &y, sizeof(x)) == 0);
}

static inline void require_same_record(const struct vpcvis_record *a,
                                       const struct vpcvis_record *b, uint32_t how)
{
    uint32_t field;
    for (field = 0; field < VPCVIS_FIELD_MAX; field++)
        require_same_value(a, b, field, how);
}

/* vpcvis_line_write into memory of exactly the size it asks for, after showing that one byte
 * less is too little. */
static inline char *oracle_write(const vpcvis_layout *layout,
                                 const struct vpcvis_record *record, size_t *len)
{
    size_t again = 0;
    char *out;

    REQUIRE(vpcvis_line_write(layout, record, NULL, 0, len) == VPCVIS_E_SPACE);
    REQUIRE(*len > 0);
    out = oracle_memory(*len - 1);
    REQUIRE(vpcvis_line_write(layout, record, out, *len - 1, &again) == VPCVIS_E_SPACE);
    REQUIRE(again == *len);
    free(out);
    out = oracle_memory(*len);
    again = 0;
    REQUIRE(vpcvis_line_write(layout, record, out, *len, &again) == VPCVIS_OK);
    REQUIRE(again == *len);
    return out;
}

#endif

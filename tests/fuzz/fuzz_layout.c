/* SPDX-License-Identifier: MIT */
/*
 * The whole input as a format string or header line: what is accepted can be written in every
 * style and read again as the same layout.
 */
#include "oracle.h"

static vpcvis_status make(const char *text, size_t len, uint32_t flags, void *memory,
                          vpcvis_layout **layout, struct vpcvis_error *error)
{
    struct vpcvis_layout_config config;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = flags;
    config.text = text;
    config.text_len = len;
    return vpcvis_layout_init(memory, vpcvis_layout_bytes(), &config, layout, error);
}

/* Returns how many names are not in the catalogue. */
static uint32_t require_sound(const vpcvis_layout *layout)
{
    const uint32_t columns = vpcvis_layout_columns(layout);
    uint32_t i, column, version = 0, unknown = 0;

    REQUIRE(columns >= 1 && columns <= VPCVIS_FIELD_MAX);
    for (i = 0; i < columns; i++) {
        const uint32_t id = vpcvis_layout_field(layout, i);
        const char *name = vpcvis_layout_name(layout, i);
        struct vpcvis_field field;
        uint32_t found = VPCVIS_FIELD_NONE;
        REQUIRE(id < VPCVIS_FIELD_MAX && name != NULL);
        REQUIRE(strlen(name) > 0 && strlen(name) <= VPCVIS_LAYOUT_NAME_MAX);
        REQUIRE(vpcvis_layout_find(layout, id, &column) == VPCVIS_OK && column == i);
        if (vpcvis_record_field(id, &field) == VPCVIS_OK) {
            REQUIRE(strcmp(field.name, name) == 0);
            version = field.version > version ? field.version : version;
        } else {
            unknown++;
            REQUIRE(id == VPCVIS_FIELD_MAX - unknown);
            REQUIRE(vpcvis_record_find(name, strlen(name), &found) == VPCVIS_NOMATCH);
        }
    }
    REQUIRE(vpcvis_layout_field(layout, columns) == VPCVIS_FIELD_NONE);
    REQUIRE(vpcvis_layout_name(layout, columns) == NULL);
    REQUIRE(vpcvis_layout_version(layout) == version);
    REQUIRE(vpcvis_layout_equal(layout, layout) == 1);
    return unknown;
}

static void require_writes(const vpcvis_layout *layout, uint32_t style, uint32_t unknown)
{
    char *memory = oracle_memory(vpcvis_layout_bytes());
    vpcvis_layout *again = NULL;
    size_t need = 0, len = 0;
    char *out;

    REQUIRE(vpcvis_layout_write(layout, style, NULL, 0, &need) == VPCVIS_E_SPACE);
    REQUIRE(need > 0);
    out = oracle_memory(need);
    REQUIRE(vpcvis_layout_write(layout, style, out, need - 1, &len) == VPCVIS_E_SPACE);
    REQUIRE(len == need);
    len = 0;
    REQUIRE(vpcvis_layout_write(layout, style, out, need, &len) == VPCVIS_OK);
    REQUIRE(len == need);
    REQUIRE(make(out, len, 0, memory, &again, NULL) == VPCVIS_OK);
    REQUIRE(vpcvis_layout_equal(layout, again) == 1);
    REQUIRE(vpcvis_layout_equal(again, layout) == 1);
    REQUIRE(vpcvis_layout_version(layout) == vpcvis_layout_version(again));
    REQUIRE(make(out, len, VPCVIS_LAYOUT_STRICT, memory, &again, NULL) ==
            (unknown == 0 ? VPCVIS_OK : VPCVIS_E_NAME));
    if (style != VPCVIS_LAYOUT_FORMAT)
        REQUIRE((vpcvis_layout_match(out, len) == VPCVIS_OK) ==
                (vpcvis_layout_columns(layout) > 2 * unknown));
    free(out);
    free(memory);
}

static void require_refused(const char *text, size_t len, vpcvis_status status,
                            const struct vpcvis_error *error)
{
    REQUIRE(status <= VPCVIS_E_NAME && status >= VPCVIS_E_SPACING
                ? 1
                : status == VPCVIS_E_BYTE);
    REQUIRE(error->status == status && error->field == VPCVIS_FIELD_NONE);
    REQUIRE(error->line == 1 && error->line_at == 0);
    REQUIRE(error->column <= VPCVIS_FIELD_MAX && error->offset <= len);
    REQUIRE(status == VPCVIS_E_EMPTY || error->offset < len);
    if (status == VPCVIS_E_BYTE)
        REQUIRE(text[error->offset] < 0x21 || text[error->offset] > 0x7e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = oracle_copy(data, size);
    char *memory = oracle_memory(vpcvis_layout_bytes());
    vpcvis_layout *layout = NULL;
    struct vpcvis_error error;
    uint32_t unknown = 0, style;
    vpcvis_status status, strict;

    memset(&error, 0, sizeof(error));
    strict = make(text, size, VPCVIS_LAYOUT_STRICT, memory, &layout, &error);
    if (strict == VPCVIS_OK)
        REQUIRE(require_sound(layout) == 0);
    else
        require_refused(text, size, strict, &error);
    memset(&error, 0, sizeof(error));
    layout = NULL;
    status = make(text, size, 0, memory, &layout, &error);
    REQUIRE(strict != VPCVIS_OK || status == VPCVIS_OK);
    if (status == VPCVIS_OK) {
        unknown = require_sound(layout);
        for (style = VPCVIS_LAYOUT_HEADER; style <= VPCVIS_LAYOUT_UNDERSCORE; style++)
            require_writes(layout, style, unknown);
    } else {
        REQUIRE(layout == NULL);
        require_refused(text, size, status, &error);
    }
    if (vpcvis_layout_match(text, size) == VPCVIS_OK)
        REQUIRE(status == VPCVIS_OK || status == VPCVIS_E_DUPLICATE ||
                status == VPCVIS_E_LIMIT);
    free(memory);
    free(text);
    return 0;
}

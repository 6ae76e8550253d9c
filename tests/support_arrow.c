/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support_arrow.h"

/* Bytes of an element, 0 for utf8, -1 for what no column has. */
static int width_of(const char *format)
{
    static const char letters[] = "csilCSIL";
    const char *found = strchr(letters, format[0]);

    if (strcmp(format, "u") == 0)
        return 0;
    if (strncmp(format, "w:", 2) == 0)
        return atoi(format + 2);
    if (strcmp(format, "tss:UTC") == 0)
        return 8;
    if (format[0] == '\0' || format[1] != '\0' || found == NULL)
        return -1;
    return 1 << (found - letters) % 4;
}

static void require_child_schema(const struct ArrowSchema *child)
{
    ck_assert_ptr_nonnull(child->format);
    ck_assert_ptr_nonnull(child->name);
    ck_assert_ptr_nonnull(child->release);
    ck_assert_int_ge(width_of(child->format), 0);
    ck_assert_int_eq(child->n_children, 0);
    ck_assert_int_eq(child->flags, ARROW_FLAG_NULLABLE);
    if (child->dictionary == NULL)
        return;
    ck_assert_str_eq(child->format, "i");
    ck_assert_str_eq(child->dictionary->format, "u");
    ck_assert_ptr_nonnull(child->dictionary->release);
}

void arrow_require_schema(const struct ArrowSchema *schema)
{
    int64_t i;

    ck_assert_str_eq(schema->format, "+s");
    ck_assert_ptr_nonnull(schema->release);
    ck_assert_int_ge(schema->n_children, 0);
    for (i = 0; i < schema->n_children; i++)
        require_child_schema(schema->children[i]);
}

int arrow_is_valid(const struct ArrowArray *column, int64_t row)
{
    const uint8_t *bits = column->buffers[0];

    return bits == NULL || (bits[row / 8] >> row % 8 & 1);
}

static void require_offsets(const struct ArrowArray *array)
{
    const int32_t *offsets = array->buffers[1];
    const char *text = array->buffers[2];
    int64_t i, bad = 0;

    ck_assert_ptr_nonnull(offsets); /* even if there are no rows */
    ck_assert_int_eq(offsets[0], 0);
    for (i = 0; i < array->length; i++) {
        bad += offsets[i + 1] < offsets[i];
        bad += !arrow_is_valid(array, i) && offsets[i + 1] != offsets[i];
    }
    for (i = 0; bad == 0 && i < offsets[array->length]; i++)
        bad += text[i] <= 0x20 || text[i] >= 0x7f;
    ck_assert_int_eq(bad, 0);
}

static void require_words(const struct ArrowArray *array)
{
    const int32_t *words = array->buffers[1];
    int64_t i, bad = 0;

    ck_assert_ptr_nonnull(array->dictionary);
    ck_assert_ptr_nonnull(array->dictionary->release);
    ck_assert_int_eq(array->dictionary->n_buffers, 3);
    require_offsets(array->dictionary);
    for (i = 0; i < array->length; i++)
        bad += arrow_is_valid(array, i) &&
               (words[i] < 0 || words[i] >= array->dictionary->length);
    ck_assert_int_eq(bad, 0);
}

/* What is null is zero: nobody sees what was there before. */
static void require_zeros(const struct ArrowArray *array, int width)
{
    const char *values = array->buffers[1];
    int64_t i, bad = 0;
    int b;

    for (i = 0; i < array->length; i++)
        for (b = 0; b < width && !arrow_is_valid(array, i); b++)
            bad += values[i * width + b] != 0;
    ck_assert_int_eq(bad, 0);
}

static void require_column(const struct ArrowSchema *type, const struct ArrowArray *array,
                           int64_t rows)
{
    const int width = width_of(type->format);
    int64_t nulls = 0, i;

    ck_assert_ptr_nonnull(array->release);
    ck_assert_int_eq(array->length, rows);
    ck_assert_int_eq(array->offset, 0);
    ck_assert_int_eq(array->n_children, 0);
    ck_assert_int_eq(array->n_buffers, width == 0 ? 3 : 2);
    ck_assert_ptr_nonnull(array->buffers[1]);
    ck_assert_int_eq((intptr_t)array->buffers[1] % 64, 0);
    for (i = 0; i < rows; i++)
        nulls += !arrow_is_valid(array, i);
    ck_assert_int_eq(array->null_count, nulls);
    ck_assert_int_eq(array->dictionary != NULL, type->dictionary != NULL);
    if (type->dictionary != NULL)
        require_words(array);
    else if (width == 0)
        require_offsets(array);
    else
        require_zeros(array, width);
}

void arrow_require_array(const struct ArrowSchema *schema, const struct ArrowArray *array)
{
    int64_t i;

    ck_assert_ptr_nonnull(array->release);
    ck_assert_int_eq(array->n_buffers, 1);
    ck_assert_ptr_null(array->buffers[0]);
    ck_assert_int_eq(array->null_count, 0);
    ck_assert_int_eq(array->offset, 0);
    ck_assert_int_eq(array->n_children, schema->n_children);
    for (i = 0; i < schema->n_children; i++)
        require_column(schema->children[i], array->children[i], array->length);
}

static void *counted_alloc(void *context, size_t bytes)
{
    struct arrow_counter *counter = context;
    void *memory;

    if (++counter->made == counter->fail_at)
        return NULL;
    memory = malloc(bytes);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 0xa5, bytes);
    counter->blocks++;
    return memory;
}

static void counted_free(void *context, void *memory)
{
    ((struct arrow_counter *)context)->blocks--;
    free(memory);
}

struct vpcvis_allocator arrow_allocator(struct arrow_counter *counter)
{
    struct vpcvis_allocator allocator;

    allocator.alloc = counted_alloc;
    allocator.free = counted_free;
    allocator.context = counter;
    return allocator;
}

int arrow_find(const struct ArrowSchema *schema, const char *name)
{
    int i;

    for (i = 0; i < schema->n_children; i++)
        if (strcmp(schema->children[i]->name, name) == 0)
            return i;
    ck_abort_msg("no column %s", name);
    return -1;
}

int64_t arrow_number(const struct ArrowSchema *type, const struct ArrowArray *column,
                     int64_t row)
{
    const void *values = column->buffers[1];

    switch (type->format[0]) {
    case 'i': return ((const int32_t *)values)[row];
    case 'C': return ((const uint8_t *)values)[row];
    case 'S': return ((const uint16_t *)values)[row];
    case 'I': return ((const uint32_t *)values)[row];
    case 'l':
    case 'L':
    case 't': return ((const int64_t *)values)[row];
    default: ck_abort_msg("%s is no number", type->name); return 0;
    }
}

const char *arrow_text(const struct ArrowSchema *type, const struct ArrowArray *column,
                       int64_t row)
{
    static char copies[4][65536];
    static int next;
    const struct ArrowArray *texts = column;
    const int32_t *offsets;
    char *copy = copies[next++ % 4];
    size_t len;

    if (!arrow_is_valid(column, row))
        return NULL;
    if (type->dictionary != NULL) {
        row = ((const int32_t *)column->buffers[1])[row];
        texts = column->dictionary;
    }
    offsets = texts->buffers[1];
    len = (size_t)(offsets[row + 1] - offsets[row]);
    memcpy(copy, (const char *)texts->buffers[2] + offsets[row], len);
    copy[len] = '\0';
    return copy;
}

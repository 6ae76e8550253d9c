/* SPDX-License-Identifier: MIT */
/*
 * Room columns: the block of memory that a batch or a schema is, and who frees it.
 *
 * "Release callback semantics" and "Moving an array" of the Arrow C data interface: a struct may be
 * copied elsewhere with its release set to NULL where it was; a parent releases the children
 * and dictionaries that nobody has moved away. So no release may look at where its struct lies.
 */
#include "columns.h"

/* Schemas: the block, then structs, pointers and texts. */
struct schema_block {
    struct vpcvis_allocator allocator;
    uint32_t own_allocator;
    uint32_t parts;
};

/* The compiler's own library would be asked for an atomic subtraction, were it not in line. */
#if defined(__aarch64__) && defined(__GNUC__) && !defined(__clang__)
#define IN_LINE __attribute__((noinline, target("no-outline-atomics")))
#else
#define IN_LINE
#endif

/* One part less; returns how many are left. */
IN_LINE static uint32_t take_part(uint32_t *parts)
{
#if defined(__GNUC__) && !defined(__TINYC__)
    return __atomic_sub_fetch(parts, 1, __ATOMIC_ACQ_REL);
#else
    return --*parts;
#endif
}

static void keep_allocator(struct vpcvis_allocator *to, uint32_t *own,
                           const struct vpcvis_allocator *from)
{
    *own = from != NULL;
    if (from != NULL)
        *to = *from;
}

static void free_block(void *block, const struct vpcvis_allocator *from, uint32_t own)
{
    const struct vpcvis_allocator allocator = *from; /* lies in what is freed */

    vpcvis_i_base_delete(own ? &allocator : NULL, block);
}

static void release_array(struct ArrowArray *array)
{
    struct vpcvis_i_columns_block *block = array->private_data;
    int64_t i;

    for (i = 0; i < array->n_children; i++)
        if (array->children[i]->release != NULL)
            array->children[i]->release(array->children[i]);
    if (array->dictionary != NULL && array->dictionary->release != NULL)
        array->dictionary->release(array->dictionary);
    array->release = NULL;
    if (take_part(&block->parts) == 0)
        free_block(block, &block->allocator, block->own_allocator);
}

static void release_schema(struct ArrowSchema *schema)
{
    struct schema_block *block = schema->private_data;
    int64_t i;

    for (i = 0; i < schema->n_children; i++)
        if (schema->children[i]->release != NULL)
            schema->children[i]->release(schema->children[i]);
    if (schema->dictionary != NULL && schema->dictionary->release != NULL)
        schema->dictionary->release(schema->dictionary);
    schema->release = NULL;
    if (take_part(&block->parts) == 0)
        free_block(block, &block->allocator, block->own_allocator);
}

/* Pieces of a block, one after another; counted alone while base is NULL. */
struct cutter {
    char *base;
    uint64_t at;
};

static void *cut(struct cutter *cutter, uint64_t bytes)
{
    void *piece = cutter->base != NULL ? cutter->base + (size_t)cutter->at : NULL;

    cutter->at += (bytes + VPCVIS_I_ALIGN - 1) / VPCVIS_I_ALIGN * VPCVIS_I_ALIGN;
    return piece;
}

static void cut_target(struct cutter *cutter, struct vpcvis_i_columns_target *target,
                       const struct vpcvis_i_columns_column *column, uint32_t rows,
                       size_t room)
{
    const uint64_t width = vpcvis_i_columns_width(column);

    target->valid = cut(cutter, ((uint64_t)rows + 63) / 64 * 8);
    target->values = cut(cutter, ((uint64_t)rows + 1) * width);
    target->text = NULL;
    target->word_at = NULL;
    target->room = 0;
    if (vpcvis_i_columns_has_text(column->type)) {
        target->text = cut(cutter, (uint64_t)room + VPCVIS_I_COLUMNS_SLACK);
        target->room = room;
    }
    if (column->type == VPCVIS_I_COLUMNS_WORDS)
        target->word_at = cut(cutter, (VPCVIS_I_COLUMNS_WORDS_MAX + 1) * 4);
    target->used = 0;
    target->nulls = 0;
    target->words = 0;
}

/* Lay a block out at cutter->base; what is cut while that is NULL is of no use. */
static void lay_out(struct cutter *cutter, struct vpcvis_i_columns_block *block,
                    const struct vpcvis_i_columns_set *set, uint32_t rows,
                    const size_t *room)
{
    const uint64_t n = set->count;
    uint32_t c;

    (void)cut(cutter, sizeof(*block));
    block->children = cut(cutter, n * sizeof(struct ArrowArray));
    block->dictionaries = cut(cutter, n * sizeof(struct ArrowArray));
    block->child = cut(cutter, (n + 1) * sizeof(struct ArrowArray *));
    block->buffers = cut(cutter, (6 * n + 1) * sizeof(void *));
    for (c = 0; c < set->count; c++)
        cut_target(cutter, &block->target[c], &set->column[c], rows, room[c]);
}

/* Bitmaps are appended to by setting bits. */
static void clear_bitmaps(struct vpcvis_i_columns_block *block,
                          const struct vpcvis_i_columns_set *set, uint32_t rows)
{
    uint32_t c;

    for (c = 0; c < set->count; c++) {
        struct vpcvis_i_columns_target *target = &block->target[c];

        memset(target->valid, 0, ((size_t)rows + 63) / 64 * 8);
        if (set->column[c].type == VPCVIS_I_COLUMNS_UTF8)
            memset(target->values, 0, 4);
        if (set->column[c].type == VPCVIS_I_COLUMNS_WORDS)
            memset(target->word_at, 0, 4);
    }
}

struct vpcvis_i_columns_block *vpcvis_i_columns_make(
    const struct vpcvis_i_columns_set *set, uint32_t rows, const size_t *room,
    const struct vpcvis_allocator *allocator)
{
    struct vpcvis_i_columns_block *block, counted;
    struct cutter cutter = {NULL, 0};

    lay_out(&cutter, &counted, set, rows, room);
    if (cutter.at > SIZE_MAX / 2)
        return NULL;
    block = vpcvis_i_base_new(allocator, (size_t)cutter.at);
    if (block == NULL)
        return NULL;
    cutter.base = (char *)block;
    cutter.at = 0;
    lay_out(&cutter, block, set, rows, room);
    keep_allocator(&block->allocator, &block->own_allocator, allocator);
    block->parts = 0;
    block->count = set->count;
    block->rows = rows;
    clear_bitmaps(block, set, rows);
    return block;
}

void vpcvis_i_columns_drop(struct vpcvis_i_columns_block *block)
{
    if (block != NULL)
        free_block(block, &block->allocator, block->own_allocator);
}

static void show(struct vpcvis_i_columns_block *block, struct ArrowArray *array,
                 int64_t length, uint64_t nulls, const void **buffers, int64_t count)
{
    memset(array, 0, sizeof(*array));
    array->length = length;
    array->null_count = (int64_t)nulls;
    array->n_buffers = count;
    array->buffers = buffers;
    array->release = release_array;
    array->private_data = block;
    block->parts++;
}

/* Words of a bitmap become the bytes that Arrow has: row 0 is the lowest bit of the first. */
static void order_bits(uint64_t *bitmap, uint32_t rows)
{
    uint32_t i;

    for (i = 0; i < (rows + 63) / 64; i++)
        vpcvis_i_bytes_put_le64((char *)&bitmap[i], bitmap[i]);
}

static void show_column(struct vpcvis_i_columns_block *block, uint32_t type, uint32_t c,
                        uint32_t rows)
{
    struct vpcvis_i_columns_target *target = &block->target[c];
    struct ArrowArray *child = &block->children[c];
    const void **buffers = block->buffers + 6 * (size_t)c;

    order_bits(target->valid, target->nulls > 0 ? rows : 0);
    buffers[0] = target->nulls > 0 ? target->valid : NULL;
    buffers[1] = target->values;
    buffers[2] = target->text;
    show(block, child, rows, target->nulls, buffers,
         type == VPCVIS_I_COLUMNS_UTF8 ? 3 : 2);
    block->child[c] = child;
    if (type != VPCVIS_I_COLUMNS_WORDS)
        return;
    buffers[3] = NULL;
    buffers[4] = target->word_at;
    buffers[5] = target->text;
    show(block, &block->dictionaries[c], target->words, 0, buffers + 3, 3);
    child->dictionary = &block->dictionaries[c];
}

void vpcvis_i_columns_show(struct vpcvis_i_columns_block *block,
                           const struct vpcvis_i_columns_set *set, uint32_t rows,
                           struct ArrowArray *array)
{
    const void **none = block->buffers + 6 * (size_t)set->count;
    uint32_t c;

    for (c = 0; c < set->count; c++)
        show_column(block, set->column[c].type, c, rows);
    *none = NULL;
    show(block, array, rows, 0, none, 1);
    array->n_children = set->count;
    array->children = block->child;
}

/* Formats: "Data type description - format strings" of the specification. */

/* "w:" and the width. */
static void write_binary(char *out, uint32_t width)
{
    char digits[10];
    uint32_t n = 0;

    do {
        digits[n++] = (char)('0' + width % 10);
        width /= 10;
    } while (width > 0);
    *out++ = 'w';
    *out++ = ':';
    while (n > 0)
        *out++ = digits[--n];
    *out = '\0';
}

#define FORMAT_ROOM 16u

static void write_format(char *out, const struct vpcvis_i_columns_column *column)
{
    static const char formats[][8] = {"",  "i", "l", "tss:UTC", "C", "S",
                                      "I", "L", "u", "",        "i"};

    if (column->type == VPCVIS_I_COLUMNS_BINARY)
        write_binary(out, column->width);
    else
        memcpy(out, formats[column->type], sizeof(formats[0]));
}

static void show_schema(struct schema_block *block, struct ArrowSchema *schema,
                        const char *format, const char *name, int64_t flags)
{
    memset(schema, 0, sizeof(*schema));
    schema->format = format;
    schema->name = name;
    schema->flags = flags;
    schema->release = release_schema;
    schema->private_data = block;
    block->parts++;
}

/* What a schema's block has, a place a column. */
struct schema_parts {
    struct schema_block *block;
    struct ArrowSchema *children;
    struct ArrowSchema *dictionaries;
    struct ArrowSchema **child;
    char (*name)[VPCVIS_I_COLUMNS_NAME_MAX];
    char (*format)[FORMAT_ROOM];
};

static void lay_schema_out(struct cutter *cutter, uint64_t n, struct schema_parts *parts)
{
    parts->block = cut(cutter, sizeof(struct schema_block));
    parts->children = cut(cutter, n * sizeof(struct ArrowSchema));
    parts->dictionaries = cut(cutter, n * sizeof(struct ArrowSchema));
    parts->child = cut(cutter, (n + 1) * sizeof(struct ArrowSchema *));
    parts->name = cut(cutter, n * VPCVIS_I_COLUMNS_NAME_MAX);
    parts->format = cut(cutter, n * FORMAT_ROOM);
}

vpcvis_status vpcvis_i_columns_make_schema(const struct vpcvis_i_columns_set *set,
                                           const struct vpcvis_allocator *allocator,
                                           struct ArrowSchema *schema)
{
    struct cutter cutter = {NULL, 0};
    struct schema_parts parts;
    uint32_t c;

    lay_schema_out(&cutter, set->count, &parts);
    cutter.base = vpcvis_i_base_new(allocator, (size_t)cutter.at);
    if (cutter.base == NULL)
        return VPCVIS_E_MEMORY;
    cutter.at = 0;
    lay_schema_out(&cutter, set->count, &parts);
    keep_allocator(&parts.block->allocator, &parts.block->own_allocator, allocator);
    parts.block->parts = 0;
    for (c = 0; c < set->count; c++) {
        const struct vpcvis_i_columns_column *column = &set->column[c];

        memcpy(parts.name[c], column->name, sizeof(column->name));
        write_format(parts.format[c], column);
        parts.child[c] = &parts.children[c];
        show_schema(parts.block, parts.child[c], parts.format[c], parts.name[c],
                    ARROW_FLAG_NULLABLE);
        if (column->type != VPCVIS_I_COLUMNS_WORDS)
            continue;
        show_schema(parts.block, &parts.dictionaries[c], "u", "", ARROW_FLAG_NULLABLE);
        parts.child[c]->dictionary = &parts.dictionaries[c];
    }
    show_schema(parts.block, schema, "+s", "", 0);
    schema->n_children = set->count;
    schema->children = parts.child;
    return VPCVIS_OK;
}

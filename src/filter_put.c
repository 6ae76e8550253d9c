/* SPDX-License-Identifier: MIT */
/*
 * Room filter: tables that are made, into memory: trees or maps of runs, lists of boxes, parts.
 */
#include "filter_tables.h"

#define PAGE VPCVIS_I_FILTER_PAGE
#define FEW  16384u /* cells that need no pages */

static void *put(struct vpcvis_i_filter_out *out, const void *from, uint64_t bytes)
{
    char *to = out->memory ? out->memory + out->at : NULL;
    const uint64_t all = (bytes + VPCVIS_I_ALIGN - 1) & ~(uint64_t)(VPCVIS_I_ALIGN - 1);

    if (out->failed || all > out->len - out->at) {
        out->failed = 1;
        return NULL;
    }
    if (to && from)
        memcpy(to, from, (size_t)bytes);
    out->at += all;
    return to;
}

/* Numbers in 16 bits, or in 32 if they are wide. */
static void *put_numbers(struct vpcvis_i_filter_out *out, const uint32_t *from,
                         size_t count, uint32_t wide)
{
    uint16_t *to;
    size_t i;

    if (wide)
        return put(out, from, count * sizeof(*from));
    to = put(out, NULL, count * sizeof(*to));
    for (i = 0; to != NULL && i < count; i++)
        to[i] = (uint16_t)from[i];
    return to;
}

/* The last address of a run, so that signed numbers are in the order of addresses. */
static int32_t run_key(const struct vpcvis_i_filter_side *side, uint32_t run)
{
    const uint32_t last = (uint32_t)(side->runs[run + 1].high >> 32) - 1;
    return last < 0x80000000u ? (int32_t)last + INT32_MIN : (int32_t)(last - 0x80000000u);
}

static uint32_t whole_lines(uint32_t keys)
{
    return (keys + VPCVIS_I_FILTER_KEYS - 1) & ~(VPCVIS_I_FILTER_KEYS - 1);
}

/* The keys of a level: of runs in the lowest, of the lines below in the others. */
static void fill_level(const struct vpcvis_i_filter_side *side, const int32_t *below,
                       uint32_t count, int32_t *keys, uint32_t room)
{
    uint32_t i;

    for (i = 0; i + 1 < count; i++)
        keys[i] = below
                      ? below[(size_t)i * VPCVIS_I_FILTER_KEYS + VPCVIS_I_FILTER_KEYS - 1]
                      : run_key(side, i);
    for (; i < room; i++)
        keys[i] = INT32_MAX;
}

static void put_tree(struct vpcvis_i_filter_out *out,
                     const struct vpcvis_i_filter_side *side,
                     struct vpcvis_i_filter_tree *tree)
{
    uint32_t count[VPCVIS_I_FILTER_LEVELS];
    const int32_t *below = NULL;
    uint32_t levels = 1, level;

    count[0] = (uint32_t)side->run_count;
    for (; count[levels - 1] > VPCVIS_I_FILTER_ROOT; levels++)
        count[levels] = whole_lines(count[levels - 1]) / VPCVIS_I_FILTER_KEYS;
    tree->levels = levels;
    tree->root = 1;
    while (tree->root < count[levels - 1])
        tree->root *= 2;
    for (level = levels; level-- > 0;) {
        const uint32_t n = count[levels - 1 - level];
        const uint32_t room = level > 0 ? whole_lines(n) : VPCVIS_I_FILTER_ROOT;
        tree->keys[level] = put(out, NULL, (uint64_t)room * sizeof(int32_t));
        if (tree->keys[level] == NULL)
            continue;
        fill_level(side, below, n, tree->keys[level], room);
        below = tree->keys[level];
    }
}

static void be64(uint64_t value, uint8_t *out)
{
    uint32_t i;

    for (i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (56 - 8 * i));
}

/* IPv6: a map of room prefix, which copes with groups below /64. */
static void put_map(struct vpcvis_i_filter_make *make, struct vpcvis_i_filter_out *out,
                    const struct vpcvis_i_filter_side *side,
                    struct vpcvis_i_filter_tree *tree)
{
    struct vpcvis_prefix_config config = {sizeof(config), 0, make->cpu, 0};
    struct vpcvis_prefix_entry *entries =
        vpcvis_i_filter_take(make, side->count * sizeof(*entries));
    struct vpcvis_prefix_needs needs;
    vpcvis_prefix *map;
    void *memory, *scratch;
    uint32_t i;

    if (make->failed)
        return;
    memset(entries, 0, side->count * sizeof(*entries));
    for (i = 0; i < side->count; i++) {
        be64(side->nodes[i].high, entries[i].cidr.addr.bytes);
        be64(side->nodes[i].low, entries[i].cidr.addr.bytes + 8);
        entries[i].cidr.addr.family = VPCVIS_ADDR_IPV6;
        entries[i].cidr.prefix_len = (uint8_t)side->nodes[i].len;
        entries[i].value = i;
    }
    if (vpcvis_prefix_plan(entries, side->count, &config, &needs, NULL) != VPCVIS_OK)
        make->failed = 1;
    scratch = vpcvis_i_filter_take(make, needs.scratch);
    memory = put(out, NULL, needs.bytes);
    if (make->failed || memory == NULL)
        return;
    if (vpcvis_prefix_build(entries, side->count, &config, memory, (size_t)needs.bytes,
                            scratch, (size_t)needs.scratch, &map, NULL) != VPCVIS_OK)
        make->failed = 1;
    else
        tree->map = map;
}

static void fill_entries(const struct vpcvis_i_filter_make *make,
                         const struct vpcvis_i_filter_cell_list *list,
                         struct vpcvis_i_filter_entry *entry)
{
    const uint32_t *ids = make->pool + list->at;
    uint32_t i;

    for (i = 0; i < list->len; i++, entry++) {
        const struct vpcvis_i_filter_box *box = &make->boxes[ids[i]];
        entry->low = (uint32_t)box->srcport[0] << 16 | box->dstport[0];
        entry->high = (uint32_t)box->srcport[1] << 16 | box->dstport[1];
        entry->kind = box->kind | (box->kind_mask & 0x3ff) << 16;
        entry->answer = make->first + ids[i];
    }
    entry[-1].kind |= VPCVIS_I_FILTER_LAST;
}

/* Places for the lists that cells have. Returns how many entries they are. */
static uint32_t place_lists(struct vpcvis_i_filter_make *make)
{
    uint32_t entries = 1, part, list;
    size_t i;

    for (list = 0; list < make->list_count; list++)
        make->lists[list].entry = VPCVIS_I_FILTER_NOTHING;
    make->lists[0].entry = 0;
    for (part = 0; part < make->parts; part++) {
        const size_t cells = (size_t)make->part[part].pages * PAGE;
        for (i = 0; i < cells; i++) {
            struct vpcvis_i_filter_cell_list *used =
                &make->lists[make->part[part].cells[i]];
            if (used->entry != VPCVIS_I_FILTER_NOTHING)
                continue;
            used->entry = entries;
            entries += used->len;
        }
    }
    return entries;
}

static void put_entries(struct vpcvis_i_filter_make *make,
                        struct vpcvis_i_filter_out *out, uint32_t entries,
                        struct vpcvis_i_filter_tables *tables)
{
    static const struct vpcvis_i_filter_entry none = {UINT32_MAX, 0, VPCVIS_I_FILTER_LAST,
                                                      0};
    uint32_t list;

    tables->entries = put(out, NULL, (uint64_t)entries * sizeof(*tables->entries));
    if (tables->entries == NULL)
        return;
    tables->entries[0] = none;
    for (list = 1; list < make->list_count; list++) {
        if (make->lists[list].entry != VPCVIS_I_FILTER_NOTHING)
            fill_entries(make, &make->lists[list],
                         tables->entries + make->lists[list].entry);
    }
}

/* What a class has, for each run of that class; IPv6 has classes alone. That is the class's row or
 * column, or, if there are cells, the one of that number. */
static void *put_places(struct vpcvis_i_filter_out *out,
                        const struct vpcvis_i_filter_side *side, const uint32_t *of,
                        const uint32_t *cells, int ipv6, uint32_t wide)
{
    const size_t count = ipv6 ? side->count : side->run_count;
    void *to = put(out, NULL, count * (wide ? sizeof(uint32_t) : sizeof(uint16_t)));
    size_t i;

    for (i = 0; to != NULL && i < count; i++) {
        const uint32_t number = of[ipv6 ? i : side->runs[i].value];
        const uint32_t place = cells ? cells[number] : number;
        if (wide)
            ((uint32_t *)to)[i] = place;
        else
            ((uint16_t *)to)[i] = (uint16_t)place;
    }
    return to;
}

/* Lists of cells as the places of their entries. */
static uint32_t entry_at(const struct vpcvis_i_filter_make *make,
                         const struct vpcvis_i_filter_split *part, uint32_t row,
                         uint32_t column)
{
    const uint32_t page =
        part->row_pages[(size_t)row * part->pages_a_row + column / PAGE];

    return make->lists[part->cells[(size_t)page * PAGE + column % PAGE]].entry;
}

/* Cells row by row; their memory is that of scratch. */
static void put_rows(struct vpcvis_i_filter_make *make, struct vpcvis_i_filter_out *out,
                     const struct vpcvis_i_filter_split *part, int ipv6, uint32_t wide,
                     struct vpcvis_i_filter_part *made)
{
    char *const before = make->at;
    uint32_t *cells =
        vpcvis_i_filter_take(make, (uint64_t)part->rows * part->columns * sizeof(*cells));
    uint32_t row, column, n = 0;

    if (make->failed)
        return;
    for (row = 0; row < part->rows; row++) {
        for (column = 0; column < part->columns; column++)
            cells[n++] = entry_at(make, part, row, column);
    }
    made->row_len = part->columns;
    if (made->kind == VPCVIS_I_FILTER_IN_ROWS)
        made->cells = put_numbers(out, cells, n, wide);
    else
        made->cells = put_places(out, part->columns == 1 ? &make->src : &make->dst,
                                 part->columns == 1 ? part->row_of : part->column_of,
                                 cells, ipv6, wide);
    make->at = before;
}

static void put_pages(struct vpcvis_i_filter_make *make, struct vpcvis_i_filter_out *out,
                      const struct vpcvis_i_filter_split *part, uint32_t wide,
                      struct vpcvis_i_filter_part *made)
{
    const size_t count = (size_t)part->pages * PAGE;
    size_t i;

    for (i = 0; i < count; i++)
        part->cells[i] = make->lists[part->cells[i]].entry;
    made->row_len = part->pages_a_row;
    made->rows =
        put_numbers(out, part->row_pages, (size_t)part->rows * part->pages_a_row, wide);
    made->cells = put_numbers(out, part->cells, count, wide);
}

static void put_part(struct vpcvis_i_filter_make *make, struct vpcvis_i_filter_out *out,
                     const struct vpcvis_i_filter_split *part, int ipv6, uint32_t wide,
                     struct vpcvis_i_filter_part *made)
{
    made->kind = part->columns == 1                            ? VPCVIS_I_FILTER_BY_SRC
                 : part->rows == 1                             ? VPCVIS_I_FILTER_BY_DST
                 : (uint64_t)part->rows * part->columns <= FEW ? VPCVIS_I_FILTER_IN_ROWS
                                                               : VPCVIS_I_FILTER_IN_PAGES;
    if (made->kind >= VPCVIS_I_FILTER_IN_ROWS) {
        made->row_of = put_places(out, &make->src, part->row_of, NULL, ipv6, wide);
        made->column_of = put_places(out, &make->dst, part->column_of, NULL, ipv6, wide);
    }
    if (made->kind == VPCVIS_I_FILTER_IN_PAGES)
        put_pages(make, out, part, wide, made);
    else
        put_rows(make, out, part, ipv6, wide, made);
}

/* Whether numbers of 16 bits do. */
static int is_wide(const struct vpcvis_i_filter_make *make, uint32_t entries)
{
    uint32_t most = entries, i;

    for (i = 0; i < make->parts; i++) {
        const struct vpcvis_i_filter_split *part = &make->part[i];
        most |= part->pages | part->rows | part->columns;
    }
    return most > UINT16_MAX;
}

void vpcvis_i_filter_put(struct vpcvis_i_filter_make *make,
                         struct vpcvis_i_filter_out *out, int ipv6,
                         struct vpcvis_i_filter_tables *tables)
{
    uint32_t entries, i;

    memset(tables, 0, sizeof(*tables));
    tables->parts = make->parts;
    if (ipv6) {
        put_map(make, out, &make->src, &tables->src);
        put_map(make, out, &make->dst, &tables->dst);
    } else {
        put_tree(out, &make->src, &tables->src);
        put_tree(out, &make->dst, &tables->dst);
    }
    if (make->failed)
        return;
    entries = place_lists(make);
    tables->wide = (uint32_t)is_wide(make, entries);
    put_entries(make, out, entries, tables);
    for (i = 0; i < make->parts; i++)
        put_part(make, out, &make->part[i], ipv6, tables->wide, &tables->part[i]);
}

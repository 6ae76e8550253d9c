/* SPDX-License-Identifier: MIT */
/*
 * Room filter: tables that are made, into memory: trees or maps of classes, leaves, parts.
 */
#include "filter_tables.h"

#define PAGE VPCVIS_I_FILTER_PAGE

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

static uint32_t lines_over(uint32_t lines)
{
    return (lines + VPCVIS_I_FILTER_KEYS) / (VPCVIS_I_FILTER_KEYS + 1);
}

/* The last key that line `line` of a level, of which levels - level - 1 are below, leads to. */
static uint32_t last_key(uint32_t line, uint32_t below, uint32_t keys)
{
    uint64_t end = line + 1;

    for (; below > 0; below--)
        end *= VPCVIS_I_FILTER_KEYS + 1;
    end *= VPCVIS_I_FILTER_KEYS;
    return end < keys ? (uint32_t)end - 1 : keys - 1;
}

static int32_t run_key(const struct vpcvis_i_filter_side *side, uint32_t key)
{
    const uint32_t last = (uint32_t)(side->runs[key + 1].high >> 32) - 1;
    return last < 0x80000000u ? (int32_t)last + INT32_MIN : (int32_t)(last - 0x80000000u);
}

static void fill_tree(const struct vpcvis_i_filter_side *side, const uint32_t *lines,
                      struct vpcvis_i_filter_tree *tree)
{
    const uint32_t keys = (uint32_t)side->run_count - 1;
    uint32_t level, line, i;
    int32_t *at = tree->keys;

    for (level = 0; level < tree->levels; level++) {
        const uint32_t below = tree->levels - 1 - level;
        for (line = 0; line < lines[level]; line++) {
            for (i = 0; i < VPCVIS_I_FILTER_KEYS; i++, at++) {
                const uint64_t child = (uint64_t)line * (VPCVIS_I_FILTER_KEYS + 1) + i;
                const uint64_t key = (uint64_t)line * VPCVIS_I_FILTER_KEYS + i;
                *at = INT32_MAX;
                if (below == 0 && key < keys)
                    *at = run_key(side, (uint32_t)key);
                else if (below > 0 && child + 1 < lines[level + 1])
                    *at = run_key(side, last_key((uint32_t)child, below - 1, keys));
            }
        }
    }
    for (i = 0; i < side->run_count; i++)
        tree->classes[i] = side->runs[i].value;
}

static void put_tree(struct vpcvis_i_filter_out *out,
                     const struct vpcvis_i_filter_side *side,
                     struct vpcvis_i_filter_tree *tree)
{
    uint32_t count[VPCVIS_I_FILTER_LEVELS], lines[VPCVIS_I_FILTER_LEVELS];
    uint32_t n =
        (uint32_t)(side->run_count + VPCVIS_I_FILTER_KEYS - 2) / VPCVIS_I_FILTER_KEYS;
    uint32_t levels = 0, total = 0, i;

    count[levels++] = n == 0 ? 1 : n;
    while (count[levels - 1] > 1) {
        count[levels] = lines_over(count[levels - 1]);
        levels++;
    }
    tree->levels = levels;
    for (i = 0; i < levels; i++) {
        lines[i] = count[levels - 1 - i];
        tree->line[i] = total;
        total += lines[i];
    }
    tree->keys = put(out, NULL, (uint64_t)total * VPCVIS_I_FILTER_KEYS * sizeof(int32_t));
    tree->classes = put(out, NULL, side->run_count * sizeof(uint32_t));
    if (out->memory && !out->failed)
        fill_tree(side, lines, tree);
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

static void fill_leaves(const struct vpcvis_i_filter_make *make,
                        const struct vpcvis_i_filter_cell_list *list,
                        struct vpcvis_i_filter_leaf *leaf)
{
    const uint32_t *ids = make->pool + list->at;
    uint32_t i, j;

    for (i = 0; i == 0 || i < list->len; i += VPCVIS_I_FILTER_LEAF, leaf++) {
        for (j = 0; j < VPCVIS_I_FILTER_LEAF; j++) {
            const struct vpcvis_i_filter_box *box;
            leaf->low[j] = UINT32_MAX;
            leaf->high[j] = leaf->kind[j] = leaf->answer[j] = 0;
            if (i + j >= list->len)
                continue;
            box = &make->boxes[ids[i + j]];
            leaf->low[j] = (uint32_t)box->srcport[0] << 16 | box->dstport[0];
            leaf->high[j] = (uint32_t)box->srcport[1] << 16 | box->dstport[1];
            leaf->kind[j] = box->kind | (box->kind_mask & 0x3ff) << 16;
            leaf->answer[j] = make->first + ids[i + j];
        }
        if (i + VPCVIS_I_FILTER_LEAF < list->len)
            leaf->kind[0] |= VPCVIS_I_FILTER_MORE;
    }
}

/* The lists that cells have, as leaves. */
static void put_leaves(struct vpcvis_i_filter_make *make, struct vpcvis_i_filter_out *out,
                       struct vpcvis_i_filter_tables *tables)
{
    uint32_t leaves = 0, part, list;
    size_t i;

    for (list = 0; list < make->list_count; list++)
        make->lists[list].leaf = VPCVIS_I_FILTER_NOTHING;
    for (part = 0; part < make->parts; part++) {
        const size_t cells = (size_t)make->part[part].pages * PAGE;
        for (i = 0; i < cells; i++) {
            struct vpcvis_i_filter_cell_list *used =
                &make->lists[make->part[part].cells[i]];
            if (used->leaf != VPCVIS_I_FILTER_NOTHING)
                continue;
            used->leaf = leaves;
            leaves += used->len == 0
                          ? 1
                          : (used->len + VPCVIS_I_FILTER_LEAF - 1) / VPCVIS_I_FILTER_LEAF;
        }
    }
    tables->leaves = put(out, NULL, (uint64_t)leaves * sizeof(*tables->leaves));
    if (out->memory == NULL || out->failed)
        return;
    for (list = 0; list < make->list_count; list++) {
        if (make->lists[list].leaf != VPCVIS_I_FILTER_NOTHING)
            fill_leaves(make, &make->lists[list],
                        tables->leaves + make->lists[list].leaf);
    }
}

static void put_part(const struct vpcvis_i_filter_make *make,
                     struct vpcvis_i_filter_out *out,
                     const struct vpcvis_i_filter_split *part,
                     struct vpcvis_i_filter_part *made)
{
    const size_t rows = (size_t)part->rows * part->pages_a_row;
    const size_t cells = (size_t)part->pages * PAGE;
    size_t i;

    made->row_of = put(out, part->row_of, make->src.count * sizeof(uint32_t));
    made->column_of = put(out, part->column_of, make->dst.count * sizeof(uint32_t));
    made->rows = put(out, part->row_pages, rows * sizeof(uint32_t));
    made->cells = put(out, part->cells, cells * sizeof(uint32_t));
    if (out->memory == NULL || out->failed)
        return;
    for (i = 0; i < make->src.count; i++)
        made->row_of[i] *= part->pages_a_row;
    for (i = 0; i < rows; i++)
        made->rows[i] *= PAGE;
    for (i = 0; i < cells; i++)
        made->cells[i] = make->lists[part->cells[i]].leaf;
}

void vpcvis_i_filter_put(struct vpcvis_i_filter_make *make,
                         struct vpcvis_i_filter_out *out, int ipv6,
                         struct vpcvis_i_filter_tables *tables)
{
    uint32_t i;

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
    put_leaves(make, out, tables);
    for (i = 0; i < make->parts; i++)
        put_part(make, out, &make->part[i], &tables->part[i]);
}

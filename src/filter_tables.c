/* SPDX-License-Identifier: MIT */
/*
 * Room filter: making the tables of a set (filter.h has the picture).
 *
 * Blocks sorted by address and length are a tree in which a block's descendants follow it. A
 * row begins as a copy of its parent's pages; each box whose source is the row's block is
 * added to the cells of its destination and of what lies within. A page is copied when it
 * changes first. A cell is a list of boxes in their order, each list being there once; a box
 * that an earlier one of the list covers, as to ports and protocol, is left out.
 */
#include "filter_tables.h"

#define PAGE  VPCVIS_I_FILTER_PAGE
#define LIST  64u /* boxes of a list at most; longer ones are not for tables */
#define CACHE 64u

void *vpcvis_i_filter_take(struct vpcvis_i_filter_make *make, uint64_t bytes)
{
    char *at = make->at;

    bytes = (bytes + 7) & ~(uint64_t)7;
    if (make->failed || bytes > (uint64_t)(make->end - at)) {
        make->failed = 1;
        return NULL;
    }
    make->at += bytes;
    return at;
}

uint64_t vpcvis_i_filter_arena(uint64_t count)
{
    const uint64_t most = (uint64_t)24 << 20;
    const uint64_t each = count * 3072;

    return ((uint64_t)128 << 10) + (each < most ? each : most) + count * 768;
}

static void read_block(const struct vpcvis_i_filter_box *box, int dst,
                       struct vpcvis_i_prefix_item *item)
{
    const uint32_t *words = dst ? box->dst : box->src;

    item->high = (uint64_t)words[0] << 32 | words[1];
    item->low = (uint64_t)words[2] << 32 | words[3];
    item->order = VPCVIS_I_PREFIX_ORDER(dst ? box->dst_len : box->src_len);
    item->value = 0;
}

/* -1, 0 or 1 as a node comes before an item, is it, or comes after. */
static int compare(const struct vpcvis_i_filter_node *node,
                   const struct vpcvis_i_prefix_item *item)
{
    if (node->high != item->high)
        return node->high < item->high ? -1 : 1;
    if (node->low != item->low)
        return node->low < item->low ? -1 : 1;
    if (node->len != VPCVIS_I_PREFIX_LENGTH(item->order))
        return node->len < VPCVIS_I_PREFIX_LENGTH(item->order) ? -1 : 1;
    return 0;
}

static uint32_t find_node(const struct vpcvis_i_filter_side *side,
                          const struct vpcvis_i_prefix_item *item)
{
    uint32_t at = 0, n = side->count;

    while (n > 1) {
        const uint32_t half = n / 2;
        at += compare(&side->nodes[at + half], item) <= 0 ? half : 0;
        n -= half;
    }
    return at;
}

static int contains(const struct vpcvis_i_filter_node *node,
                    const struct vpcvis_i_filter_node *other)
{
    const uint32_t len = node->len;
    const uint64_t high = node->high ^ other->high, low = node->low ^ other->low;

    if (len <= 64)
        return len == 0 || high >> (64 - len) == 0;
    return high == 0 && low >> (128 - len) == 0;
}

static void link_nodes(struct vpcvis_i_filter_side *side)
{
    uint32_t i, open = 0;

    for (i = 0; i < side->count; i++) {
        side->nodes[i].end = side->count;
        while (i > 0 && !contains(&side->nodes[open], &side->nodes[i])) {
            side->nodes[open].end = i;
            open = side->nodes[open].parent;
        }
        side->nodes[i].parent = open;
        open = i;
    }
}

/* The blocks of one side, all addresses among them, and the runs of addresses by class. */
static void make_side(struct vpcvis_i_filter_make *make, int dst, uint32_t bits,
                      struct vpcvis_i_filter_side *side)
{
    const uint32_t n = make->count + 1;
    struct vpcvis_i_prefix_item *items = vpcvis_i_filter_take(make, n * sizeof(*items));
    struct vpcvis_i_prefix_item *spare =
        vpcvis_i_filter_take(make, (2 * (uint64_t)n + 1) * sizeof(*spare));
    uint32_t fault = VPCVIS_I_FILTER_NOTHING, i;
    struct vpcvis_i_prefix_item item;

    side->nodes = vpcvis_i_filter_take(make, n * sizeof(*side->nodes));
    side->of = vpcvis_i_filter_take(make, n * sizeof(*side->of));
    if (make->failed)
        return;
    for (i = 0; i < make->count; i++)
        read_block(&make->boxes[i], dst, &items[i]);
    memset(&items[i], 0, sizeof(items[i]));
    side->count = (uint32_t)vpcvis_i_prefix_sort(items, n, spare, 0, &fault);
    for (i = 0; i < side->count; i++) {
        side->nodes[i].high = items[i].high;
        side->nodes[i].low = items[i].low;
        side->nodes[i].len = VPCVIS_I_PREFIX_LENGTH(items[i].order);
        items[i].value = i;
    }
    link_nodes(side);
    for (i = 0; i < make->count; i++) {
        read_block(&make->boxes[i], dst, &item);
        side->of[i] = find_node(side, &item);
    }
    side->runs = spare;
    side->run_count = vpcvis_i_prefix_cut(items, side->count, bits, spare);
}

/* ---- Lists ---- */

static uint32_t hash_list(const uint32_t *ids, uint32_t len)
{
    uint64_t hash = len;
    uint32_t i;

    for (i = 0; i < len; i++)
        hash = (hash ^ ids[i]) * (uint64_t)0x9e3779b97f4a7c15u >> 3 ^ ids[i];
    return (uint32_t)(hash ^ hash >> 29);
}

static uint32_t intern(struct vpcvis_i_filter_make *make, const uint32_t *ids,
                       uint32_t len)
{
    const uint32_t hash = hash_list(ids, len);
    uint32_t bucket = hash & make->bucket_mask;
    struct vpcvis_i_filter_cell_list *list;

    for (; make->buckets[bucket] != VPCVIS_I_FILTER_NOTHING;
         bucket = (bucket + 1) & make->bucket_mask) {
        list = &make->lists[make->buckets[bucket]];
        if (list->hash == hash && list->len == len &&
            memcmp(make->pool + list->at, ids, len * sizeof(*ids)) == 0)
            return make->buckets[bucket];
    }
    if (make->list_count == make->list_max || make->pool_max - make->pool_count < len) {
        make->failed = 1;
        return 0;
    }
    list = &make->lists[make->list_count];
    list->at = make->pool_count;
    list->len = len;
    list->hash = hash;
    memcpy(make->pool + list->at, ids, len * sizeof(*ids));
    make->pool_count += len;
    make->buckets[bucket] = make->list_count;
    return make->list_count++;
}

/* Whether a matches every packet of a cell that b does. */
static int covers(const struct vpcvis_i_filter_box *a,
                  const struct vpcvis_i_filter_box *b)
{
    return ((a->kind ^ b->kind) & a->kind_mask) == 0 &&
           (a->kind_mask & ~b->kind_mask) == 0 && a->srcport[0] <= b->srcport[0] &&
           a->srcport[1] >= b->srcport[1] && a->dstport[0] <= b->dstport[0] &&
           a->dstport[1] >= b->dstport[1];
}

/* The list with a box more: at its place, without those that it covers. */
static uint32_t add_box(struct vpcvis_i_filter_make *make, uint32_t from, uint32_t id)
{
    const struct vpcvis_i_filter_cell_list *list = &make->lists[from];
    const uint32_t *ids = make->pool + list->at;
    uint32_t made[LIST + 1];
    uint32_t n = 0, i = 0;

    for (; i < list->len && ids[i] < id; i++) {
        if (covers(&make->boxes[ids[i]], &make->boxes[id]))
            return from;
        made[n++] = ids[i];
    }
    made[n++] = id;
    for (; i < list->len; i++) {
        if (!covers(&make->boxes[id], &make->boxes[ids[i]]))
            made[n++] = ids[i];
    }
    if (n > LIST) {
        make->failed = 1;
        return 0;
    }
    return intern(make, made, n);
}

/* ---- Cells ---- */

static uint32_t own_page(struct vpcvis_i_filter_make *make,
                         struct vpcvis_i_filter_split *part, uint32_t row,
                         uint32_t column)
{
    uint32_t *at = &part->row_pages[(size_t)row * part->pages_a_row + column / PAGE];

    if (part->page_row[*at] == row)
        return *at;
    if (part->pages == part->page_max) {
        make->failed = 1;
        return *at;
    }
    memcpy(part->cells + (size_t)part->pages * PAGE, part->cells + (size_t)*at * PAGE,
           PAGE * sizeof(*part->cells));
    part->page_row[part->pages] = row;
    *at = part->pages++;
    return *at;
}

/* Add a box to the cells of a row from a column to another. */
static void fill_row(struct vpcvis_i_filter_make *make,
                     struct vpcvis_i_filter_split *part, uint32_t row, uint32_t from,
                     uint32_t to, uint32_t id)
{
    uint32_t old[CACHE], made[CACHE];
    uint32_t column;

    memset(old, 0xff, sizeof(old));
    if (make->work < to - from) {
        make->failed = 1;
        return;
    }
    make->work -= to - from;
    for (column = from; column < to && !make->failed; column++) {
        const uint32_t page =
            part->row_pages[(size_t)row * part->pages_a_row + column / PAGE];
        const uint32_t list = part->cells[(size_t)page * PAGE + column % PAGE];
        uint32_t *cached = &old[list % CACHE];
        if (*cached != list) {
            made[list % CACHE] = add_box(make, list, id);
            *cached = list;
        }
        if (made[list % CACHE] != list && !make->failed)
            part->cells[(size_t)own_page(make, part, row, column) * PAGE +
                        column % PAGE] = made[list % CACHE];
    }
}

/* Number the classes that a part's boxes use, and give each class the nearest of them. */
static uint32_t number_classes(const struct vpcvis_i_filter_side *side, uint32_t *of,
                               uint32_t *before)
{
    uint32_t i, n = 0;

    for (i = 0; i < side->count; i++) {
        before[i] = n;
        of[i] = of[i] != VPCVIS_I_FILTER_NOTHING ? n++ : of[side->nodes[i].parent];
    }
    before[i] = n;
    return n;
}

static void choose_classes(struct vpcvis_i_filter_make *make, const uint8_t *part_of,
                           uint32_t which, struct vpcvis_i_filter_split *part)
{
    uint32_t i;

    part->row_of = vpcvis_i_filter_take(make, make->src.count * sizeof(uint32_t));
    part->column_of = vpcvis_i_filter_take(make, make->dst.count * sizeof(uint32_t));
    part->row_node =
        vpcvis_i_filter_take(make, ((uint64_t)make->src.count + 1) * sizeof(uint32_t));
    part->columns_before =
        vpcvis_i_filter_take(make, ((uint64_t)make->dst.count + 1) * sizeof(uint32_t));
    if (make->failed)
        return;
    memset(part->row_of, 0xff, make->src.count * sizeof(uint32_t));
    memset(part->column_of, 0xff, make->dst.count * sizeof(uint32_t));
    part->row_of[0] = part->column_of[0] = 0;
    for (i = 0; i < make->count; i++) {
        if (part_of[i] == which)
            part->row_of[make->src.of[i]] = part->column_of[make->dst.of[i]] = 0;
    }
    part->rows = number_classes(&make->src, part->row_of, part->row_node);
    part->columns = number_classes(&make->dst, part->column_of, part->columns_before);
    for (i = make->src.count; i-- > 0;)
        part->row_node[part->row_of[i]] = i;
    part->pages_a_row = (part->columns + PAGE - 1) / PAGE;
}

/* Boxes by row: the first of each row's, and each box's next. */
static void sort_boxes(struct vpcvis_i_filter_make *make, const uint8_t *part_of,
                       uint32_t which, struct vpcvis_i_filter_split *part)
{
    uint32_t i;

    part->head = vpcvis_i_filter_take(make, part->rows * sizeof(uint32_t));
    part->next = vpcvis_i_filter_take(make, make->count * sizeof(uint32_t));
    if (make->failed)
        return;
    memset(part->head, 0xff, part->rows * sizeof(uint32_t));
    for (i = make->count; i-- > 0;) {
        if (part_of[i] == which) {
            const uint32_t row = part->row_of[make->src.of[i]];
            part->next[i] = part->head[row];
            part->head[row] = i;
        }
    }
}

static void fill_part(struct vpcvis_i_filter_make *make,
                      struct vpcvis_i_filter_split *part)
{
    uint32_t i, row;

    for (row = 0; row < part->rows && !make->failed; row++) {
        const uint32_t parent = make->src.nodes[part->row_node[row]].parent;
        uint32_t *pages = part->row_pages + (size_t)row * part->pages_a_row;
        if (row > 0)
            memcpy(pages,
                   part->row_pages + (size_t)part->row_of[parent] * part->pages_a_row,
                   part->pages_a_row * sizeof(*pages));
        for (i = part->head[row]; i != VPCVIS_I_FILTER_NOTHING && !make->failed;
             i = part->next[i]) {
            const uint32_t node = make->dst.of[i];
            fill_row(make, part, row, part->columns_before[node],
                     part->columns_before[make->dst.nodes[node].end], i);
        }
    }
}

/* The cells come last, so that those that are not needed go back. */
static void make_part(struct vpcvis_i_filter_make *make, const uint8_t *part_of,
                      uint32_t which, struct vpcvis_i_filter_split *part)
{
    uint64_t room;

    memset(part, 0, sizeof(*part));
    choose_classes(make, part_of, which, part);
    if (make->failed)
        return;
    part->row_pages = vpcvis_i_filter_take(
        make, (uint64_t)part->rows * part->pages_a_row * sizeof(uint32_t));
    sort_boxes(make, part_of, which, part);
    room = (uint64_t)(make->end - make->at) / ((PAGE + 1) * sizeof(uint32_t) + 1);
    part->page_max = (uint32_t)(room < make->pages_left ? room : make->pages_left);
    if (make->failed || part->page_max < part->pages_a_row) {
        make->failed = 1;
        return;
    }
    part->page_row = vpcvis_i_filter_take(make, part->page_max * sizeof(uint32_t));
    part->cells =
        vpcvis_i_filter_take(make, (uint64_t)part->page_max * PAGE * sizeof(uint32_t));
    if (make->failed)
        return;
    memset(part->cells, 0, (size_t)part->pages_a_row * PAGE * sizeof(uint32_t));
    for (; part->pages < part->pages_a_row; part->pages++) {
        part->row_pages[part->pages] = part->pages;
        part->page_row[part->pages] = 0;
    }
    fill_part(make, part);
    make->at = (char *)(part->cells + (size_t)part->pages * PAGE);
    make->pages_left -= part->pages;
}

/* ---- Trying ---- */

static void start_lists(struct vpcvis_i_filter_make *make)
{
    uint32_t size = 1024;

    make->list_count = make->pool_count = 0;
    make->list_max = 512 + 8 * make->count;
    make->pool_max = 8 * make->list_max;
    while (size < 2 * make->list_max)
        size *= 2;
    make->lists = vpcvis_i_filter_take(make, make->list_max * sizeof(*make->lists));
    make->pool =
        vpcvis_i_filter_take(make, (uint64_t)make->pool_max * sizeof(*make->pool));
    make->buckets = vpcvis_i_filter_take(make, (uint64_t)size * sizeof(*make->buckets));
    make->bucket_mask = size - 1;
    if (make->failed)
        return;
    memset(make->buckets, 0xff, size * sizeof(*make->buckets));
    intern(make, make->pool, 0);
}

/*
 * Boxes in three parts: sources shorter than len, destinations shorter than len, the others; a
 * part that no box is in is not made. len 0: all in one.
 */
static void try_parts(struct vpcvis_i_filter_make *make, uint32_t len, uint8_t *part_of)
{
    uint32_t used[VPCVIS_I_FILTER_PARTS] = {0};
    uint32_t i;

    make->parts = 0;
    for (i = 0; i < make->count; i++) {
        part_of[i] = make->boxes[i].src_len < len   ? 1
                     : make->boxes[i].dst_len < len ? 2
                                                    : 0;
        used[part_of[i]]++;
    }
    start_lists(make);
    for (i = 0; i < VPCVIS_I_FILTER_PARTS && !make->failed; i++) {
        if (used[i] > 0)
            make_part(make, part_of, i, &make->part[make->parts++]);
    }
}

/* One matrix, or three, split at one of several lengths: the first that is small enough, or,
 * if none is, not much larger. */
static void choose_parts(struct vpcvis_i_filter_make *make, int ipv6)
{
    static const uint8_t lens[2][5] = {{0, 2, 8, 16, 24}, {0, 32, 48, 64, 8}};
    uint8_t *part_of = vpcvis_i_filter_take(make, make->count);
    char *at = make->at;
    uint32_t i;

    if (make->failed)
        return;
    for (i = 0; i < 10; i++) {
        make->at = at;
        make->failed = 0;
        make->pages_left = (1024 + make->count / 2) << (i < 5 ? 0 : 2);
        make->work = 1000000 + 512 * (uint64_t)make->count;
        try_parts(make, lens[ipv6][i % 5], part_of);
        if (!make->failed)
            return;
    }
}

int vpcvis_i_filter_tables(const struct vpcvis_i_filter_box *boxes, uint32_t count,
                           uint32_t first, uint32_t cpu, char *arena, size_t arena_len,
                           char *memory, uint64_t len,
                           struct vpcvis_i_filter_tables *tables, uint64_t *used)
{
    const int ipv6 = boxes[0].set % 2;
    struct vpcvis_i_filter_out out = {memory, 0, len, 0};
    struct vpcvis_i_filter_make make;

    memset(&make, 0, sizeof(make));
    make.boxes = boxes;
    make.count = count;
    make.first = first;
    make.cpu = cpu;
    make.at = arena;
    make.end = arena + arena_len;
    make_side(&make, 0, ipv6 ? 128 : 32, &make.src);
    make_side(&make, 1, ipv6 ? 128 : 32, &make.dst);
    choose_parts(&make, ipv6);
    if (make.failed)
        return 0;
    vpcvis_i_filter_put(&make, &out, ipv6, tables);
    *used = out.at;
    return make.failed ? 0 : out.failed ? -1 : 1;
}

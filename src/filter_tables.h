/* SPDX-License-Identifier: MIT */
/*
 * Internal: tables of a set on their way, from boxes (filter_tables.c) into memory (filter_put.c).
 */
#ifndef VPCVIS_I_FILTER_TABLES_H
#define VPCVIS_I_FILTER_TABLES_H

#include "filter.h"

#define VPCVIS_I_FILTER_NOTHING UINT32_MAX

struct vpcvis_i_filter_node {
    uint64_t high, low; /* IPv4 in the top half of high */
    uint32_t len;
    uint32_t parent;
    uint32_t end; /* first node that is no descendant */
};

/* One side of a set: its blocks, and which one each box has. */
struct vpcvis_i_filter_side {
    struct vpcvis_i_filter_node *nodes;
    uint32_t count;
    uint32_t *of;
    struct vpcvis_i_prefix_item *runs;
    size_t run_count;
};

struct vpcvis_i_filter_cell_list {
    uint32_t at; /* in the pool of boxes */
    uint32_t len;
    uint32_t entry; /* where it is put */
    uint32_t hash;
};

/* One part: its boxes, their rows and columns. */
struct vpcvis_i_filter_split {
    uint32_t *row_of, *column_of; /* by class */
    uint32_t *columns_before;     /* a class, and all of them */
    uint32_t *row_node;           /* the block of a row */
    uint32_t rows, columns, pages_a_row;
    uint32_t *row_pages;
    uint32_t *cells;
    uint32_t *page_row;    /* whose copy it is */
    uint32_t *head, *next; /* boxes of each row */
    uint32_t pages, page_max;
};

/* Memory is taken from the arena's start; what is freed last was taken last. */
struct vpcvis_i_filter_make {
    const struct vpcvis_i_filter_box *boxes;
    uint32_t count, first, cpu;
    char *at, *end;
    struct vpcvis_i_filter_side src, dst;
    struct vpcvis_i_filter_cell_list *lists;
    uint32_t list_count, list_max;
    uint32_t *pool;
    uint32_t pool_count, pool_max;
    uint32_t *buckets; /* of lists by hash, a power of two */
    uint32_t bucket_mask;
    struct vpcvis_i_filter_split part[VPCVIS_I_FILTER_PARTS];
    uint32_t parts;
    uint32_t pages_left;
    uint64_t work; /* cells still to be changed */
    int failed;
};

struct vpcvis_i_filter_out {
    char *memory; /* NULL: only measured */
    uint64_t at, len;
    int failed;
};

/* Memory from the arena; NULL, and make has failed, if that is used up. */
VPCVIS_I void *vpcvis_i_filter_take(struct vpcvis_i_filter_make *make, uint64_t bytes);

/* All parts, once they are made. */
VPCVIS_I void vpcvis_i_filter_put(struct vpcvis_i_filter_make *make,
                                  struct vpcvis_i_filter_out *out, int ipv6,
                                  struct vpcvis_i_filter_tables *tables);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/rollup.h - many records to few answers: grouped totals that merge.
 *
 *     bytes by source address and hour, with the number of distinct destinations:
 *
 *     config.key_count = 2;
 *     config.keys[0].kind = VPCVIS_ROLLUP_FIELD;  config.keys[0].field = VPCVIS_FIELD_SRCADDR;
 *     config.keys[1].kind = VPCVIS_ROLLUP_BUCKET; config.keys[1].field = VPCVIS_FIELD_START;
 *     config.keys[1].step = 3600;
 *     config.measure_count = 2;
 *     config.measures[0].kind = VPCVIS_ROLLUP_SUM;      ...field = VPCVIS_FIELD_BYTES;
 *     config.measures[1].kind = VPCVIS_ROLLUP_DISTINCT; ...field = VPCVIS_FIELD_DSTADDR;
 *     vpcvis_rollup_new(&config, NULL, &rollup);
 *     vpcvis_rollup_add(rollup, records, sizeof *records, count);        ... for all records
 *     vpcvis_rollup_top(rollup, 0, 10, order, &n);                       ... the ten largest
 *     vpcvis_rollup_get_key(rollup, order[i], 0, &value);  vpcvis_rollup_get(rollup, ...);
 *
 * As in SQL: records that agree in all keys are one group; `-` and absent are no value, which
 * is a group of its own as a key and is passed over by measures. [rollup.no-value] NODATA and
 * SKIPDATA describe no flow; they are counted apart unless VPCVIS_ROLLUP_IDLE. [rollup.idle]
 *
 * Memory is bounded. Records of groups that found no room are summed in one more row,
 * "everything else", so that all rows together are always exact; from then on a group's own
 * numbers are lower bounds (VPCVIS_ROLLUP_OVERFLOW). [rollup.overflow] Until then rollups of
 * parts of the records, merged in any order, equal one rollup of all. [rollup.merge] Sums stop
 * at 2^64 - 1 and say so (VPCVIS_ROLLUP_SATURATED). [rollup.saturate]
 *
 * This room reads no text and knows no query language; vpcvis/reader.h gives it records.
 */
#ifndef VPCVIS_ROLLUP_H
#define VPCVIS_ROLLUP_H

#include "vpcvis/line.h"
#include "vpcvis/prefix.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vpcvis_rollup vpcvis_rollup;

#define VPCVIS_ROLLUP_KEYS_MAX     8
#define VPCVIS_ROLLUP_MEASURES_MAX 16
#define VPCVIS_ROLLUP_GROUPS_MAX   268435456 /* 2^28 */

/* What to group by: vpcvis_rollup_key_config.kind */
#define VPCVIS_ROLLUP_FIELD 1 /* a field of any kind, as it is */
#define VPCVIS_ROLLUP_PREFIX \
    2                        /* an address, of which ipv4_len or ipv6_len bits are kept */
#define VPCVIS_ROLLUP_ZONE 3 /* an address, by the number a prefix map has for it */
#define VPCVIS_ROLLUP_BUCKET \
    4 /* a number, rounded down to a multiple of step: times too */

/* What to say of a group: vpcvis_rollup_measure_config.kind. All but DISTINCT are exact. */
#define VPCVIS_ROLLUP_RECORDS  1 /* how many records; field is not looked at */
#define VPCVIS_ROLLUP_COUNT    2 /* how many of them have a value of the field */
#define VPCVIS_ROLLUP_SUM      3 /* of a number field, as are the next three */
#define VPCVIS_ROLLUP_MIN      4
#define VPCVIS_ROLLUP_MAX      5
#define VPCVIS_ROLLUP_OR       6 /* bits set in any record: tcp-flags */
#define VPCVIS_ROLLUP_DISTINCT 7 /* different values of a field of any kind, estimated */

/* vpcvis_rollup_config.flags */
#define VPCVIS_ROLLUP_IDLE 1u /* NODATA and SKIPDATA records are grouped as well */
#define VPCVIS_ROLLUP_UNKEYED \
    2u /* hash_key may be zero: groups come from no one who could want collisions */

struct vpcvis_rollup_key_config {
    uint32_t kind;
    uint32_t field;             /* VPCVIS_FIELD_... */
    uint32_t ipv4_len;          /* PREFIX: 0..32 */
    uint32_t ipv6_len;          /* PREFIX: 0..128 */
    uint64_t step;              /* BUCKET: 1 or more */
    const vpcvis_prefix *zones; /* ZONE: stays as long as the rollup */
    VPCVIS_POINTER_PAD(zones_pad)
};

struct vpcvis_rollup_measure_config {
    uint32_t kind;
    uint32_t field;
};

/*
 * A distinct count is a HyperLogLog sketch (Flajolet et al. 2007, estimated as Ertl 2017) of
 * 2^sketch_bits bytes in each group, with a relative standard error of
 * 1.04 / sqrt(2^sketch_bits): 3.3 % for the default. [rollup.sketch] Its hash is keyed with
 * sketch_seed, and only sketches of one seed can be merged.
 *
 * Double counting: a flow between two logged interfaces is in the log twice, as egress of the
 * one and ingress of the other. With `logged`, a map of the blocks that logged interfaces have
 * addresses in, ingress records whose source lies in one of them are left out (counted as
 * `twice`): the egress record says the same. It needs flow-direction (version 5); records
 * without it are taken, and counted as `undirected`. [rollup.twice]
 */
struct vpcvis_rollup_config {
    uint32_t size; /* sizeof(struct vpcvis_rollup_config) */
    uint32_t flags;
    uint32_t key_count; /* 0: one group, the total */
    uint32_t measure_count;
    uint32_t groups; /* room for so many; 0: 65,536 */
    uint32_t texts;  /* room for so many different texts in keys; 0: as groups */
    uint64_t
        text_bytes; /* and for their bytes together, at most 2^32 - 1; 0: 24 a text */
    uint32_t sketch_bits; /* 4..16; 0: 10 */
    uint32_t cpu;         /* VPCVIS_CPU_... */
    uint8_t hash_key[16]; /* secret, random; places groups, does not change results */
    uint64_t sketch_seed;
    const vpcvis_prefix *logged; /* see above; stays as long as the rollup; may be NULL */
    VPCVIS_POINTER_PAD(logged_pad)
    struct vpcvis_rollup_key_config keys[VPCVIS_ROLLUP_KEYS_MAX];
    struct vpcvis_rollup_measure_config measures[VPCVIS_ROLLUP_MEASURES_MAX];
};

/* vpcvis_rollup_counts.flags */
#define VPCVIS_ROLLUP_OVERFLOW  1u /* not all groups found room */
#define VPCVIS_ROLLUP_SATURATED 2u /* a sum stopped at 2^64 - 1 */

/* What was added: records == grouped + other + nodata + skipdata + twice. Records that a
 * partial or a merged rollup stands for count too, all of them up to 2^64 - 1. */
struct vpcvis_rollup_counts {
    uint64_t records;
    uint64_t grouped;    /* in a group */
    uint64_t other;      /* in everything else */
    uint64_t nodata;     /* left out */
    uint64_t skipdata;   /* left out */
    uint64_t twice;      /* left out */
    uint64_t undirected; /* taken, though they might be there twice */
    uint32_t groups;
    uint32_t texts;
    uint64_t text_bytes;
    uint32_t flags; /* VPCVIS_ROLLUP_OVERFLOW, _SATURATED */
    uint32_t reserved;
};

/* Memory that vpcvis_rollup_init needs for that config; 0 if it cannot be. */
VPCVIS_API size_t vpcvis_rollup_bytes(const struct vpcvis_rollup_config *config);

/*
 * Make a rollup in memory of len bytes, which stays until its last use. One thread at a time;
 * distinct rollups are independent, so each thread fills its own and one merges them.
 * VPCVIS_E_CONFIG: a kind, field, length or step that cannot be; a number's measure of what is
 * no number; no hash_key without VPCVIS_ROLLUP_UNKEYED. VPCVIS_E_CPU: a cpu that is not to be
 * had. VPCVIS_E_SPACE, VPCVIS_E_ARG.
 */
VPCVIS_API vpcvis_status vpcvis_rollup_init(void *memory, size_t len,
                                            const struct vpcvis_rollup_config *config,
                                            vpcvis_rollup **rollup);

/* The same in memory from allocator (NULL: malloc); also VPCVIS_E_MEMORY. */
VPCVIS_API vpcvis_status vpcvis_rollup_new(const struct vpcvis_rollup_config *config,
                                           const struct vpcvis_allocator *allocator,
                                           vpcvis_rollup **rollup);

/* Free what vpcvis_rollup_new made, with the same allocator. NULL is fine. */
VPCVIS_API void vpcvis_rollup_free(vpcvis_rollup *rollup,
                                   const struct vpcvis_allocator *allocator);

/* Empty it: no groups, no texts, counts of 0. */
VPCVIS_API void vpcvis_rollup_clear(vpcvis_rollup *rollup);

/* The fields that records must have for this rollup, as vpcvis_line_config.fields: reading
 * these alone is faster. */
VPCVIS_API void vpcvis_rollup_fields(const vpcvis_rollup *rollup, uint64_t fields[2]);

/*
 * Add records: the i-th is at (const char *)records + i * stride. Nothing is kept of their
 * memory. VPCVIS_E_ARG: NULL with count, or a stride that is less than the struct or no
 * multiple of 8.
 */
VPCVIS_API vpcvis_status vpcvis_rollup_add(vpcvis_rollup *rollup,
                                           const struct vpcvis_record *records,
                                           size_t stride, size_t count);

/*
 * Add rows first..first+count-1 of columns, which is faster. layout says which fields were
 * read, text is what their texts count from. take, unless NULL, is a bitmap as `valid` is:
 * rows whose bit is clear are passed over and not counted.
 * VPCVIS_E_ARG: NULL; columns of a field that is needed and in the layout are not there.
 */
VPCVIS_API vpcvis_status
vpcvis_rollup_add_columns(vpcvis_rollup *rollup, const vpcvis_layout *layout,
                          const struct vpcvis_line_columns *columns, const char *text,
                          const uint64_t *take, size_t first, size_t count);

/*
 * Add all that another rollup has. VPCVIS_E_CONFIG: their keys, measures, sketch_bits or
 * sketch_seed differ (maps of zones are taken to be the same); VPCVIS_E_ARG: NULL, or both are
 * one.
 */
VPCVIS_API vpcvis_status vpcvis_rollup_merge(vpcvis_rollup *rollup,
                                             const vpcvis_rollup *from);

/* ---- Looking. Groups have indexes from 0 to counts.groups - 1, in the order they came. ---- */

#define VPCVIS_ROLLUP_OTHER 0xffffffffu /* the index of everything else */

/* What was counted. VPCVIS_E_ARG: NULL. */
VPCVIS_API vpcvis_status vpcvis_rollup_count(const vpcvis_rollup *rollup,
                                             struct vpcvis_rollup_counts *counts);

/*
 * A key of a group. FIELD: as vpcvis_record_get gives it, `-` for no value; PREFIX: an address
 * whose other bits are 0; ZONE: the number, `-` for an address in no zone; BUCKET: where it
 * begins. Of everything else all keys are absent. A text lives until the rollup is next added
 * to. VPCVIS_E_ARG: NULL, or no such group or key.
 */
VPCVIS_API vpcvis_status vpcvis_rollup_get_key(const vpcvis_rollup *rollup,
                                               uint32_t group, uint32_t key,
                                               struct vpcvis_value *value);

/*
 * A measure of a group. VPCVIS_NOMATCH: no record of the group had a value (sum, min, max or
 * OR of nothing); counts are then 0 and VPCVIS_OK. VPCVIS_E_ARG as above.
 */
VPCVIS_API vpcvis_status vpcvis_rollup_get(const vpcvis_rollup *rollup, uint32_t group,
                                           uint32_t measure, uint64_t *number);

/*
 * The `capacity` groups with the largest number of a measure, largest first; no value comes
 * last; equals come in the order of their keys (no value, then numbers, then addresses by
 * family and bytes, texts by bytes), so the answer does not depend on the order of records.
 * Everything else is not among them. *count is how many were stored. A measure of
 * VPCVIS_ROLLUP_BY_KEY gives the groups in the order of their keys. [rollup.top]
 * VPCVIS_E_ARG: NULL, no such measure.
 */
#define VPCVIS_ROLLUP_BY_KEY 0xffffffffu
VPCVIS_API vpcvis_status vpcvis_rollup_top(const vpcvis_rollup *rollup, uint32_t measure,
                                           uint32_t capacity, uint32_t *groups,
                                           uint32_t *count);

/* ---- Partials: a rollup as plain columns, to be stored, sent and merged anywhere. ----
 *
 * A row is a group; everything else, if there is anything, is the last row. Rows of one key
 * from many partials merge with + (RECORDS, COUNT, SUM), min, max, | (OR, flags) and, for
 * sketches, max byte by byte, in any order. [rollup.partial]
 */

/* Rows of vpcvis_rollup_columns.flags */
#define VPCVIS_ROLLUP_ROW_OTHER     1u /* everything else: its keys are nothing */
#define VPCVIS_ROLLUP_ROW_SATURATED 2u /* a sum of the row stopped at 2^64 - 1 */

/*
 * Arrays of `capacity` elements. records: how many a row stands for. keys[k]: uint64_t for numbers, zones and buckets,
 * struct vpcvis_addr for addresses and prefixes, struct vpcvis_line_text for texts and names
 * (a name with a code may have len 0). measures[m]: uint64_t, but for DISTINCT 2^sketch_bits
 * bytes. valid bitmaps as in vpcvis_line_columns: clear for no value.
 */
struct vpcvis_rollup_columns {
    uint32_t size;     /* sizeof(struct vpcvis_rollup_columns) */
    uint32_t capacity; /* rows that every array has room for */
    uint32_t *flags;   /* VPCVIS_ROLLUP_ROW_... */
    VPCVIS_POINTER_PAD(flags_pad)
    uint64_t *records; /* merge with + */
    VPCVIS_POINTER_PAD(records_pad)
    void *keys[VPCVIS_ROLLUP_KEYS_MAX];
    uint64_t *keys_valid[VPCVIS_ROLLUP_KEYS_MAX];
    void *measures[VPCVIS_ROLLUP_MEASURES_MAX];
    uint64_t *measures_valid[VPCVIS_ROLLUP_MEASURES_MAX];
#if UINTPTR_MAX == 0xffffffffu
    uint32_t arrays_pad[2 * (VPCVIS_ROLLUP_KEYS_MAX + VPCVIS_ROLLUP_MEASURES_MAX)];
#endif
};

/* One block for such arrays, as vpcvis_line_columns_bytes and _init. */
VPCVIS_API size_t vpcvis_rollup_columns_bytes(const vpcvis_rollup *rollup,
                                              uint32_t capacity);
VPCVIS_API vpcvis_status
vpcvis_rollup_columns_init(void *memory, size_t len, const vpcvis_rollup *rollup,
                           uint32_t capacity, struct vpcvis_rollup_columns *columns);

/*
 * Write rows from row `first` on, until columns or text are full; their texts go to text, of
 * text_capacity bytes, and count from there. *written is how many rows. VPCVIS_OK: all there
 * are; VPCVIS_MORE: go on from first + *written; VPCVIS_E_SPACE: not even one text fits,
 * *text_len is what it needs. VPCVIS_E_ARG: NULL.
 */
VPCVIS_API vpcvis_status
vpcvis_rollup_write_columns(const vpcvis_rollup *rollup, uint64_t first,
                            const struct vpcvis_rollup_columns *columns, char *text,
                            size_t text_capacity, size_t *text_len, uint32_t *written);

/*
 * Add rows of partials, from this or any other program. VPCVIS_E_BYTE, VPCVIS_E_RANGE,
 * VPCVIS_E_ADDRESS: row *taken has a text that is empty or that no line may have, a number
 * that the field, zone or step cannot have, a family that is none; those before it are added.
 * VPCVIS_E_ARG: NULL.
 */
VPCVIS_API vpcvis_status vpcvis_rollup_add_partial(
    vpcvis_rollup *rollup, const struct vpcvis_rollup_columns *columns, const char *text,
    uint32_t count, uint32_t *taken);

/* For bindings: sizeof(struct vpcvis_rollup_config). */
VPCVIS_API size_t vpcvis_rollup_config_bytes(void);

#ifdef __cplusplus
}
#endif

#endif

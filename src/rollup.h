/* SPDX-License-Identifier: MIT */
/*
 * Internal: how room rollup is built.
 *
 * Records are taken in blocks of 64. A block is gathered from rows or columns into lanes that
 * lie side by side: the words of their keys, and one number for each measure. From there on
 * it makes no difference where they came from.
 *
 *     rows, columns -> source (which 64) -> block (words, numbers) -> groups
 *
 * A group is a slot of 64-bit words, in the order in which groups come; an index of hashes
 * leads to them. The slot after the last is "everything else".
 *
 *     slot   key words | state: has a value, is saturated | records | a number a measure
 *            | sketches
 *     index  upper half of the hash, number of the slot + 1       (0: free; half of it is)
 *
 * The first word of a key has two bits for each of its columns, what the column is; then
 * come one word a column, of an address two. Texts are words too: they are kept once, in a
 * dictionary, and have the number of their entry. Addresses are numbers, the first byte
 * highest, so that order is that of numbers.
 */
#ifndef VPCVIS_I_ROLLUP_H
#define VPCVIS_I_ROLLUP_H

#include "hash.h"
#include "layout.h"
#include "record.h"
#include "vpcvis/rollup.h"

#define VPCVIS_I_ROLLUP_LANES 64u
#define VPCVIS_I_ROLLUP_WORDS (1u + 2u * VPCVIS_ROLLUP_KEYS_MAX) /* of the longest key */

/* What a column of a key is, two bits of the first word. */
#define VPCVIS_I_ROLLUP_NONE  0u
#define VPCVIS_I_ROLLUP_VALUE 1u /* a number, a code, a text, an IPv4 address */
#define VPCVIS_I_ROLLUP_IPV6  2u

/* A word of a key of kind NAME or TEXT: a code, or this and the number of a text. */
#define VPCVIS_I_ROLLUP_TEXT ((uint64_t)1 << 32)

/* Where 64 records are: rows of columns, or of records. */
struct vpcvis_i_rollup_source {
    const vpcvis_layout *layout; /* NULL: records */
    const struct vpcvis_line_columns *columns;
    const char *base; /* what texts of columns count from; or the records */
    size_t stride;
    uint64_t row[VPCVIS_I_ROLLUP_LANES];
    uint32_t count; /* lanes in use */
    uint32_t run;   /* 1: the rows follow one another */
};

/* One field of 64 records. */
struct vpcvis_i_rollup_lanes {
    uint64_t valid;                       /* lanes that have a value */
    uint64_t ipv6;                        /* of addresses: lanes whose family is IPv6 */
    uint64_t word[VPCVIS_I_ROLLUP_LANES]; /* number, code, upper half of an address */
    uint64_t low[VPCVIS_I_ROLLUP_LANES];  /* lower half of an address */
    const char *text[VPCVIS_I_ROLLUP_LANES];
    uint32_t text_len[VPCVIS_I_ROLLUP_LANES];
};

struct vpcvis_i_rollup_block {
    uint64_t word[VPCVIS_I_ROLLUP_WORDS][VPCVIS_I_ROLLUP_LANES];
    uint64_t number[VPCVIS_ROLLUP_MEASURES_MAX][VPCVIS_I_ROLLUP_LANES];
    uint64_t has[VPCVIS_ROLLUP_MEASURES_MAX]; /* lanes that have the number */
    uint64_t roomless; /* lanes that had a text for which there was no room */
    uint64_t hash[VPCVIS_I_ROLLUP_LANES];
    uint32_t guess[VPCVIS_I_ROLLUP_LANES]; /* slots */
    uint64_t *slot[VPCVIS_I_ROLLUP_LANES];
};

/* The dictionary. */
struct vpcvis_i_rollup_entry {
    uint32_t at;
    uint32_t len;
};

struct vpcvis_i_rollup_texts {
    uint64_t *index;
    struct vpcvis_i_rollup_entry *entry;
    char *bytes;
    uint64_t mask; /* of the index */
    uint64_t room; /* bytes */
    uint64_t used; /* bytes */
    uint32_t capacity;
    uint32_t count;
};

struct vpcvis_rollup {
    struct vpcvis_rollup_config config;
    struct vpcvis_rollup_counts counts;
    uint64_t hash_key[2];
    uint64_t sketch_key[2];
    uint64_t fields[2];
    uint64_t *index;
    uint64_t mask;
    uint64_t *slots;
    struct vpcvis_i_rollup_texts texts;
    uint32_t has_texts;
    uint32_t words;      /* of a key */
    uint32_t slot_words; /* of a slot */
    uint32_t cpu;
    uint32_t word_at[VPCVIS_ROLLUP_KEYS_MAX];       /* a key's first word */
    uint32_t sketch_at[VPCVIS_ROLLUP_MEASURES_MAX]; /* in words, from the slot's start */
    struct vpcvis_i_rollup_source *source;          /* working memory */
    struct vpcvis_i_rollup_lanes *lanes;
    struct vpcvis_i_rollup_block *block;
};

/* State of a slot: bit m, measure m has a value; bit 16 + m, it is saturated. */
#define VPCVIS_I_ROLLUP_SATURATED 16u

VPCVIS_I_INLINE uint64_t *vpcvis_i_rollup_slot(const vpcvis_rollup *rollup,
                                               uint32_t group)
{
    const size_t at = group == VPCVIS_ROLLUP_OTHER ? rollup->config.groups : group;

    return rollup->slots + at * rollup->slot_words;
}

VPCVIS_I_INLINE uint64_t *vpcvis_i_rollup_state(const vpcvis_rollup *rollup,
                                                uint64_t *slot)
{
    return slot + rollup->words;
}

VPCVIS_I_INLINE uint64_t *vpcvis_i_rollup_records(const vpcvis_rollup *rollup,
                                                  uint64_t *slot)
{
    return slot + rollup->words + 1;
}

VPCVIS_I_INLINE uint64_t *vpcvis_i_rollup_numbers(const vpcvis_rollup *rollup,
                                                  uint64_t *slot)
{
    return slot + rollup->words + 2;
}

/* The kind of field of a key's words: of a zone or bucket it is a number. */
VPCVIS_I_INLINE uint32_t vpcvis_i_rollup_kind(const struct vpcvis_rollup_key_config *key)
{
    if (key->kind >= VPCVIS_ROLLUP_ZONE)
        return VPCVIS_KIND_NUMBER64;
    return vpcvis_i_record_field(key->field)->kind;
}

VPCVIS_I_INLINE uint32_t vpcvis_i_rollup_is(uint64_t first_word, uint32_t key)
{
    return (uint32_t)(first_word >> 2 * key & 3);
}

/* The bytes of an address, from its words. */
VPCVIS_I_INLINE void vpcvis_i_rollup_put_addr(int ipv6, uint64_t high, uint64_t low,
                                              uint8_t *bytes)
{
    uint32_t i;

    for (i = 0; !ipv6 && i < 4; i++)
        bytes[i] = (uint8_t)(high >> (24 - 8 * i) & 0xff);
    for (i = 0; ipv6 && i < 8; i++) {
        bytes[i] = (uint8_t)(high >> (56 - 8 * i) & 0xff);
        bytes[8 + i] = (uint8_t)(low >> (56 - 8 * i) & 0xff);
    }
}

/* The words of an address, of which the key keeps so many bits. */
VPCVIS_I_INLINE uint64_t vpcvis_i_rollup_mask(uint32_t bits)
{
    return bits == 0 ? 0 : UINT64_MAX << (64 - bits);
}

struct vpcvis_i_rollup_masks {
    uint64_t ipv4;
    uint64_t high;
    uint64_t low;
};

VPCVIS_I_INLINE struct vpcvis_i_rollup_masks vpcvis_i_rollup_masks_of(
    const struct vpcvis_rollup_key_config *key)
{
    const int all = key->kind != VPCVIS_ROLLUP_PREFIX;
    const uint32_t ipv6_len = all ? 128 : key->ipv6_len;
    struct vpcvis_i_rollup_masks masks;

    masks.ipv4 = vpcvis_i_rollup_mask(all ? 32 : key->ipv4_len) >> 32;
    masks.high = vpcvis_i_rollup_mask(ipv6_len < 64 ? ipv6_len : 64);
    masks.low = vpcvis_i_rollup_mask(ipv6_len < 64 ? 0 : ipv6_len - 64);
    return masks;
}

VPCVIS_I_INLINE uint64_t vpcvis_i_rollup_be64(const uint8_t *bytes)
{
    return (uint64_t)vpcvis_i_bytes_be32(bytes) << 32 | vpcvis_i_bytes_be32(bytes + 4);
}

/* Gather a field of all lanes of a source. */
VPCVIS_I void vpcvis_i_rollup_gather(const struct vpcvis_i_rollup_source *source,
                                     uint32_t field, struct vpcvis_i_rollup_lanes *lanes);

/* The number of a text, which is put into the dictionary if it is new; UINT32_MAX: no room. */
VPCVIS_I uint32_t vpcvis_i_rollup_intern(vpcvis_rollup *rollup, const char *text,
                                         uint32_t len);

/* The slot of a group, made if it is new; that of everything else if there is no room. */
VPCVIS_I uint64_t *vpcvis_i_rollup_find(vpcvis_rollup *rollup, const uint64_t *words);

/* Make a slot that nothing was added to. */
VPCVIS_I void vpcvis_i_rollup_empty(const vpcvis_rollup *rollup, uint64_t *slot);

/* Hash the keys of the block's lanes. */
VPCVIS_I void vpcvis_i_rollup_hash(const vpcvis_rollup *rollup, uint32_t count);

/* Ask for the memory that finding a hashed lane begins with. */
VPCVIS_I_INLINE void vpcvis_i_rollup_ask(const vpcvis_rollup *rollup, uint32_t lane)
{
    VPCVIS_I_PREFETCH(rollup->index + (rollup->block->hash[lane] & rollup->mask));
}

/* Find the slots of the block's hashed lanes, or make them. */
VPCVIS_I void vpcvis_i_rollup_find_lanes(vpcvis_rollup *rollup, uint32_t count);

/* Add the block's lanes to their groups. */
VPCVIS_I void vpcvis_i_rollup_count(vpcvis_rollup *rollup, uint32_t count);

/* Add what is known of a group elsewhere: its state, a number a measure, and its sketches. */
struct vpcvis_i_rollup_part {
    uint64_t state;
    uint64_t records;
    uint64_t number[VPCVIS_ROLLUP_MEASURES_MAX];
    const uint8_t *sketch[VPCVIS_ROLLUP_MEASURES_MAX];
};
/* A row of a partial. Of a key what its kind needs is set: number (of a word its code, or 0),
 * addr, or text. */
struct vpcvis_i_rollup_row {
    uint32_t flags; /* VPCVIS_ROLLUP_ROW_... */
    struct vpcvis_value key[VPCVIS_ROLLUP_KEYS_MAX];
    struct vpcvis_i_rollup_part part;
};

/* Add it. Statuses as vpcvis_rollup_add_partial. */
VPCVIS_I vpcvis_status vpcvis_i_rollup_add_row(vpcvis_rollup *rollup,
                                               const struct vpcvis_i_rollup_row *row);

/* VPCVIS_ROLLUP_ROW_... of a group. */
VPCVIS_I_INLINE uint32_t
vpcvis_i_rollup_row_flags(uint32_t group, const struct vpcvis_i_rollup_part *part)
{
    return (group == VPCVIS_ROLLUP_OTHER ? VPCVIS_ROLLUP_ROW_OTHER : 0) |
           (part->state >> VPCVIS_I_ROLLUP_SATURATED != 0 ? VPCVIS_ROLLUP_ROW_SATURATED
                                                          : 0);
}

VPCVIS_I void vpcvis_i_rollup_part_of(const vpcvis_rollup *from, uint64_t *slot,
                                      struct vpcvis_i_rollup_part *part);
VPCVIS_I void vpcvis_i_rollup_join(vpcvis_rollup *rollup, uint64_t *slot,
                                   const struct vpcvis_i_rollup_part *part);

/* Sketches. */
VPCVIS_I void vpcvis_i_rollup_sketch_hash(const vpcvis_rollup *rollup, uint32_t kind,
                                          uint32_t count,
                                          const struct vpcvis_i_rollup_lanes *lanes,
                                          uint64_t *hashes);
VPCVIS_I void vpcvis_i_rollup_sketch_add(uint8_t *sketch, uint32_t bits, uint64_t hash);
VPCVIS_I uint64_t vpcvis_i_rollup_sketch_count(const uint8_t *sketch, uint32_t bits);

#endif

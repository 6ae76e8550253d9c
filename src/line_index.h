/* SPDX-License-Identifier: MIT */
/*
 * Internal: 64 bytes of text as bit masks (bit i is byte i) to the index of a window. Every
 * path makes the masks in its own way and shares the rest.
 */
#ifndef VPCVIS_I_LINE_INDEX_H
#define VPCVIS_I_LINE_INDEX_H

#include "line.h"

/* What 64 bytes of text are. */
struct vpcvis_i_line_masks {
    uint64_t blank; /* 0x20 and below: separators, line ends, controls */
    uint64_t other; /* below 0x20, or above 0x7e */
    uint64_t lf;
    uint64_t cr;
};

/* What a group must know of the one before it. */
struct vpcvis_i_line_carry {
    uint64_t
        blank; /* 1 if the byte before the group is blank; a window begins after an LF */
    uint64_t cr; /* 1 if it is CR */
};

/* Which of the masks' bytes are odd, and which separate tokens (of CR LF the CR alone). */
VPCVIS_I_WRAPS VPCVIS_I_INLINE uint64_t
vpcvis_i_line_separators(const struct vpcvis_i_line_masks *masks,
                         struct vpcvis_i_line_carry *carry, int next_is_lf, uint64_t *odd)
{
    const uint64_t after_cr = masks->lf & (masks->cr << 1 | carry->cr);
    const uint64_t before_lf = masks->cr & (masks->lf >> 1 | (uint64_t)next_is_lf << 63);
    const uint64_t beside = masks->blank & (masks->blank << 1 | carry->blank) & ~after_cr;

    *odd = (masks->other & ~masks->lf & ~before_lf) | beside;
    carry->blank = masks->blank >> 63;
    carry->cr = masks->cr >> 63;
    return masks->blank & ~after_cr;
}

/* Note the lines that end in a group at `at`, whose separators begin at sep[index->seps]. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE void vpcvis_i_line_add_ends(
    struct vpcvis_i_line_index *index, uint32_t at, uint64_t sep, uint64_t lf)
{
    while (lf != 0) {
        const unsigned bit = vpcvis_i_bytes_lowest(lf);
        const uint64_t upto = sep & (((uint64_t)2 << bit) - 1);

        index->end[index->lines] = (uint16_t)(at + bit);
        index->upto[index->lines] = (uint16_t)(index->seps + vpcvis_i_bytes_count(upto));
        index->lines++;
        lf &= lf - 1;
    }
}

/* A scanner that stops when it has the lines of a block drops what it saw of the next. */
VPCVIS_I_INLINE void vpcvis_i_line_end_block(struct vpcvis_i_line_index *index)
{
    if (index->lines > VPCVIS_I_LINE_LANES)
        index->lines = VPCVIS_I_LINE_LANES;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Room filter: matching by tables, step by step, and the steps in plain C; lines of trees are also
 * searched with SSE2 and AVX2.
 */
#include "filter_find.h"

#if defined(VPCVIS_I_X86)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#endif

/* ---- Runs ---- */

/* Keys are sorted, so halving does. */
VPCVIS_I_INLINE uint32_t line_portable(const int32_t *line, int32_t x)
{
    uint32_t at = (uint32_t)(line[7] < x) * 8;

    at += (uint32_t)(line[at + 3] < x) * 4;
    at += (uint32_t)(line[at + 1] < x) * 2;
    return at + (uint32_t)(line[at] < x);
}

/* The root as one line or four: which of them, and where in it. */
VPCVIS_I_INLINE void root_by_lines(const struct vpcvis_i_filter_tree *tree,
                                   const uint32_t *addr, uint32_t lanes, uint32_t *below,
                                   vpcvis_i_filter_line *line)
{
    const int32_t *root = tree->keys[0];
    const int one = tree->root <= VPCVIS_I_FILTER_KEYS;
    uint32_t lane;

    for (lane = 0; one && lane < lanes; lane++)
        below[lane] = line(root, vpcvis_i_filter_key(addr[lane]));
    for (; lane < lanes; lane++) {
        const int32_t x = vpcvis_i_filter_key(addr[lane]);
        const uint32_t from = ((uint32_t)(root[VPCVIS_I_FILTER_KEYS - 1] < x) +
                               (uint32_t)(root[2 * VPCVIS_I_FILTER_KEYS - 1] < x) +
                               (uint32_t)(root[3 * VPCVIS_I_FILTER_KEYS - 1] < x)) *
                              VPCVIS_I_FILTER_KEYS;
        below[lane] = from + line(root + from, x);
    }
}

static void root_portable(const struct vpcvis_i_filter_tree *tree, const uint32_t *addr,
                          uint32_t lanes, uint32_t *below)
{
    root_by_lines(tree, addr, lanes, below, line_portable);
}

static void runs_portable(const struct vpcvis_i_filter_tree *tree, const uint32_t *addr,
                          uint32_t lanes, uint32_t *runs)
{
    vpcvis_i_filter_runs(tree, addr, lanes, runs, root_portable, line_portable);
}

static void classes6(const struct vpcvis_i_filter_tree *tree,
                     const uint32_t (*addr)[VPCVIS_I_FILTER_GROUP], uint32_t lanes,
                     uint32_t *classes)
{
    uint32_t lane;

    for (lane = 0; lane < lanes; lane++)
        classes[lane] = tree->map->values6[vpcvis_i_prefix_find6(
            tree->map, (uint64_t)addr[0][lane] << 32 | addr[1][lane],
            (uint64_t)addr[2][lane] << 32 | addr[3][lane])];
}

#if defined(VPCVIS_I_X86)
/* The keys below x come first: how many is where the mask ends. */
static inline __attribute__((always_inline)) uint32_t line_sse2(const int32_t *line,
                                                                int32_t x)
{
    const __m128i *at = (const __m128i *)line;
    const __m128i key = _mm_set1_epi32(x);
    const __m128i a = _mm_packs_epi32(_mm_cmpgt_epi32(key, _mm_load_si128(at)),
                                      _mm_cmpgt_epi32(key, _mm_load_si128(at + 1)));
    const __m128i b = _mm_packs_epi32(_mm_cmpgt_epi32(key, _mm_load_si128(at + 2)),
                                      _mm_cmpgt_epi32(key, _mm_load_si128(at + 3)));

    return vpcvis_i_bytes_lowest(
        ~(uint64_t)(uint32_t)_mm_movemask_epi8(_mm_packs_epi16(a, b)));
}

static void root_sse2(const struct vpcvis_i_filter_tree *tree, const uint32_t *addr,
                      uint32_t lanes, uint32_t *below)
{
    root_by_lines(tree, addr, lanes, below, line_sse2);
}

static void runs_sse2(const struct vpcvis_i_filter_tree *tree, const uint32_t *addr,
                      uint32_t lanes, uint32_t *runs)
{
    vpcvis_i_filter_runs(tree, addr, lanes, runs, root_sse2, line_sse2);
}

AVX2 static inline __attribute__((always_inline)) uint32_t line_avx2(const int32_t *line,
                                                                     int32_t x)
{
    const __m256i key = _mm256_set1_epi32(x);
    const __m256i a = _mm256_cmpgt_epi32(key, _mm256_load_si256((const __m256i *)line));
    const __m256i b =
        _mm256_cmpgt_epi32(key, _mm256_load_si256((const __m256i *)(line + 8)));

    return (uint32_t)_mm_popcnt_u32(
               (uint32_t)_mm256_movemask_epi8(_mm256_packs_epi32(a, b))) /
           2;
}

AVX2 static void root_avx2(const struct vpcvis_i_filter_tree *tree, const uint32_t *addr,
                           uint32_t lanes, uint32_t *below)
{
    root_by_lines(tree, addr, lanes, below, line_avx2);
}

AVX2 static void runs_avx2(const struct vpcvis_i_filter_tree *tree, const uint32_t *addr,
                           uint32_t lanes, uint32_t *runs)
{
    vpcvis_i_filter_runs(tree, addr, lanes, runs, root_avx2, line_avx2);
}

#endif

/* ---- Cells ---- */

VPCVIS_I_INLINE uint32_t number_at(const void *numbers, size_t i, uint32_t wide)
{
    return wide ? ((const uint32_t *)numbers)[i] : ((const uint16_t *)numbers)[i];
}

/* Where the lists of a part begin, if each run of one side has its own. */
VPCVIS_I_INLINE void cells_by_run(const struct vpcvis_i_filter_part *part,
                                  const uint32_t *runs, uint32_t lanes, uint32_t wide,
                                  uint32_t *at)
{
    uint32_t lane;

    for (lane = 0; lane < lanes; lane++)
        at[lane] = number_at(part->cells, runs[lane], wide);
}

VPCVIS_I_INLINE void cells_in_rows(const struct vpcvis_i_filter_part *part,
                                   const uint32_t *src, const uint32_t *dst,
                                   uint32_t lanes, uint32_t wide, uint32_t *at)
{
    uint32_t lane;

    for (lane = 0; lane < lanes; lane++)
        at[lane] =
            number_at(part->cells,
                      (size_t)number_at(part->row_of, src[lane], wide) * part->row_len +
                          number_at(part->column_of, dst[lane], wide),
                      wide);
}

VPCVIS_I_INLINE void cells_in_pages(const struct vpcvis_i_filter_part *part,
                                    const uint32_t *src, const uint32_t *dst,
                                    uint32_t lanes, uint32_t wide,
                                    const struct vpcvis_i_filter_entry *entries,
                                    uint32_t *at)
{
    uint32_t cell[VPCVIS_I_FILTER_GROUP];
    uint32_t lane;

    for (lane = 0; lane < lanes; lane++) {
        const uint32_t column = number_at(part->column_of, dst[lane], wide);
        const size_t row =
            (size_t)number_at(part->row_of, src[lane], wide) * part->row_len;
        cell[lane] = number_at(part->rows, row + column / VPCVIS_I_FILTER_PAGE, wide) *
                         VPCVIS_I_FILTER_PAGE +
                     column % VPCVIS_I_FILTER_PAGE;
        VPCVIS_I_PREFETCH((const char *)part->cells +
                          (wide ? 4 : 2) * (size_t)cell[lane]);
    }
    for (lane = 0; lane < lanes; lane++) {
        at[lane] = number_at(part->cells, cell[lane], wide);
        VPCVIS_I_PREFETCH(entries + at[lane]);
    }
}

VPCVIS_I_INLINE void cells(const struct vpcvis_i_filter_part *part, const uint32_t *src,
                           const uint32_t *dst, uint32_t lanes, uint32_t wide,
                           const struct vpcvis_i_filter_entry *entries, uint32_t *at)
{
    if (part->kind == VPCVIS_I_FILTER_BY_SRC)
        cells_by_run(part, src, lanes, wide, at);
    else if (part->kind == VPCVIS_I_FILTER_BY_DST)
        cells_by_run(part, dst, lanes, wide, at);
    else if (part->kind == VPCVIS_I_FILTER_IN_ROWS)
        cells_in_rows(part, src, dst, lanes, wide, at);
    else
        cells_in_pages(part, src, dst, lanes, wide, entries, at);
}

/* ---- Lists ---- */

/* Without branches: whether a box matches, or is the last, is as good as random. */
static void look_once(const struct vpcvis_i_filter_entry *entries,
                      const struct vpcvis_i_filter_lanes *lanes,
                      struct vpcvis_i_filter_lists *lists, uint32_t from)
{
    const uint32_t count = lists->count;
    uint32_t left = from, i;

    for (i = from; i < count; i++) {
        const uint32_t at = lists->at[i], lane = lists->lane[i];
        const struct vpcvis_i_filter_entry *entry = &entries[at];
        const uint32_t answer = entry->answer, best = lanes->best[lane];
        const uint32_t differ =
            ((entry->kind ^ lanes->kind[lane]) & (entry->kind >> 16 & 0x3ff)) |
            vpcvis_i_filter_outside(lanes->ports[lane], entry->low, entry->high) >> 31;
        const uint32_t holds = differ == 0, lower = answer < best;
        lanes->best[lane] = (holds & lower) != 0 ? answer : best;
        lists->at[left] = at + 1;
        lists->lane[left] = lane;
        left += ~holds & lower & ~(entry->kind >> 31);
    }
    lists->count = left;
}

/* The lists of all parts together, until each lane has its answer. */
static void look_portable(const struct vpcvis_i_filter_entry *entries,
                          const struct vpcvis_i_filter_lanes *lanes)
{
    struct vpcvis_i_filter_lists lists;
    uint32_t part, lane, n;

    lists.count = 0;
    for (part = 0; part < lanes->parts; part++) {
        const uint32_t *at = lanes->at + (size_t)part * VPCVIS_I_FILTER_GROUP;
        const uint32_t from = lists.count;
        for (n = from, lane = 0; lane < lanes->count; lane++) {
            lists.at[n] = at[lane];
            lists.lane[n] = lane;
            n += at[lane] != 0;
        }
        lists.count = n;
        look_once(entries, lanes, &lists, from);
    }
    while (lists.count > 0)
        look_once(entries, lanes, &lists, 0);
}

/* ---- All steps ---- */

static void find_runs(uint32_t cpu, const struct vpcvis_i_filter_tree *tree,
                      const uint32_t *addr, uint32_t lanes, uint32_t *runs)
{
    switch (cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_SSE2: runs_sse2(tree, addr, lanes, runs); break;
    case VPCVIS_CPU_AVX2: runs_avx2(tree, addr, lanes, runs); break;
    case VPCVIS_CPU_AVX512: vpcvis_i_filter_runs_avx512(tree, addr, lanes, runs); break;
#endif
    default: runs_portable(tree, addr, lanes, runs); break;
    }
}

static void look(uint32_t cpu, const struct vpcvis_i_filter_entry *entries,
                 const struct vpcvis_i_filter_lanes *lanes)
{
#if defined(VPCVIS_I_X86)
    if (cpu == VPCVIS_CPU_AVX512) {
        vpcvis_i_filter_look_avx512(entries, lanes);
        return;
    }
#endif
    (void)cpu;
    look_portable(entries, lanes);
}

/* Where the lists of all parts begin. */
static void find_cells(const struct vpcvis_i_filter_tables *tables, const uint32_t *src,
                       const uint32_t *dst, uint32_t lanes, uint32_t *at)
{
    uint32_t part;

    for (part = 0; part < tables->parts; part++, at += VPCVIS_I_FILTER_GROUP) {
        if (tables->wide)
            cells(&tables->part[part], src, dst, lanes, 1, tables->entries, at);
        else
            cells(&tables->part[part], src, dst, lanes, 0, tables->entries, at);
    }
}

void vpcvis_i_filter_find(const vpcvis_filter *filter, uint32_t set,
                          const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                          uint32_t *answers)
{
    const struct vpcvis_i_filter_tables *tables = &filter->set[set].tables;
    uint32_t src[VPCVIS_I_FILTER_GROUP], dst[VPCVIS_I_FILTER_GROUP],
        at[VPCVIS_I_FILTER_PARTS * VPCVIS_I_FILTER_GROUP];
    struct vpcvis_i_filter_lanes some = {keys->ports,   keys->kind, at,
                                         tables->parts, 0,          answers};
    uint32_t lane;

    if (set % 2 == 0) {
        find_runs(filter->cpu, &tables->src, keys->src[0], lanes, src);
        find_runs(filter->cpu, &tables->dst, keys->dst[0], lanes, dst);
    } else {
        classes6(&tables->src, keys->src, lanes, src);
        classes6(&tables->dst, keys->dst, lanes, dst);
    }
    find_cells(tables, src, dst, lanes, at);
    for (lane = 0; lane < lanes; lane++)
        answers[lane] = UINT32_MAX;
    for (lane = 0; lane < lanes; lane += some.count) {
        some.count =
            lanes - lane < VPCVIS_I_FILTER_LOOK ? lanes - lane : VPCVIS_I_FILTER_LOOK;
        look(filter->cpu, tables->entries, &some);
        some.ports += some.count;
        some.kind += some.count;
        some.at += some.count;
        some.best += some.count;
    }
    for (lane = 0; lane < lanes; lane++)
        answers[lane] = answers[lane] == UINT32_MAX ? 0 : answers[lane];
}

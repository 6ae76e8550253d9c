/* SPDX-License-Identifier: MIT */
/*
 * Room filter: matching by tables, step by step for all lanes, so that the waits overlap.
 */
#include "filter.h"

#if defined(VPCVIS_I_X86)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))
#endif

#define GROUP VPCVIS_I_FILTER_GROUP

/* How many keys of a line are below x. */
typedef uint32_t keys_below(const int32_t *line, int32_t x);

/* The first box of a leaf that holds a packet, a bit each. */
typedef uint32_t match_leaf(const struct vpcvis_i_filter_leaf *leaf, uint32_t ports,
                            uint32_t kind);

/* Keys are sorted, so four steps of halving do. */
VPCVIS_I_INLINE uint32_t below_portable(const int32_t *line, int32_t x)
{
    uint32_t at = (uint32_t)(line[7] < x) * 8;

    at += (uint32_t)(line[at + 3] < x) * 4;
    at += (uint32_t)(line[at + 1] < x) * 2;
    at += (uint32_t)(line[at] < x);
    return at + (uint32_t)(at == VPCVIS_I_FILTER_KEYS - 1 && line[at] < x);
}

/* One after the other: most leaves have few boxes, and answer 0 is past the last. */
VPCVIS_I_INLINE uint32_t leaf_portable(const struct vpcvis_i_filter_leaf *leaf,
                                       uint32_t ports, uint32_t kind)
{
    uint32_t i;

    for (i = 0; i < VPCVIS_I_FILTER_LEAF && leaf->answer[i] != 0; i++) {
        const uint32_t differ =
            ((leaf->kind[i] ^ kind) & (leaf->kind[i] >> 16 & 0x3ff)) |
            vpcvis_i_filter_outside(ports, leaf->low[i], leaf->high[i]) >> 31;
        if (differ == 0)
            return 1u << i;
    }
    return 0;
}

/* Classes of IPv4 addresses. */
VPCVIS_I_INLINE void classes4(const struct vpcvis_i_filter_tree *tree,
                              const uint32_t *addr, uint32_t lanes, uint32_t *classes,
                              keys_below *below)
{
    uint32_t level, lane;

    for (lane = 0; lane < lanes; lane++)
        classes[lane] = 0;
    for (level = 0; level + 1 < tree->levels; level++) {
        const int32_t *keys =
            tree->keys + (size_t)tree->line[level] * VPCVIS_I_FILTER_KEYS;
        for (lane = 0; lane < lanes; lane++) {
            const int32_t x = (int32_t)(addr[lane] ^ 0x80000000u);
            classes[lane] = classes[lane] * (VPCVIS_I_FILTER_KEYS + 1) +
                            below(keys + (size_t)classes[lane] * VPCVIS_I_FILTER_KEYS, x);
        }
    }
    for (lane = 0; lane < lanes; lane++) {
        const size_t from = (size_t)classes[lane] * VPCVIS_I_FILTER_KEYS;
        const int32_t x = (int32_t)(addr[lane] ^ 0x80000000u);
        const uint32_t run =
            (uint32_t)from +
            below(tree->keys + (size_t)tree->line[level] * VPCVIS_I_FILTER_KEYS + from,
                  x);
        classes[lane] = tree->classes[run];
    }
}

VPCVIS_I_INLINE void classes6(const struct vpcvis_i_filter_tree *tree,
                              const uint32_t (*addr)[GROUP], uint32_t lanes,
                              uint32_t *classes)
{
    uint32_t lane;

    for (lane = 0; lane < lanes; lane++)
        classes[lane] = tree->map->values6[vpcvis_i_prefix_find6(
            tree->map, (uint64_t)addr[0][lane] << 32 | addr[1][lane],
            (uint64_t)addr[2][lane] << 32 | addr[3][lane])];
}

/* The answer from a cell on; UINT32_MAX if there is none. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE uint32_t scan(const struct vpcvis_i_filter_leaf *leaf,
                                             uint32_t ports, uint32_t kind,
                                             match_leaf *match)
{
    uint32_t hits = match(leaf, ports, kind);
    uint32_t none = hits == 0;

    while (VPCVIS_I_UNLIKELY((none & leaf->kind[0] >> 31) != 0)) {
        leaf++;
        hits = match(leaf, ports, kind);
        none = hits == 0;
    }
    /* Without a branch: whether there is a match is as good as random. */
    return leaf->answer[vpcvis_i_bytes_lowest(hits | 1u << (VPCVIS_I_FILTER_LEAF - 1))] |
           (0u - none);
}

VPCVIS_I_INLINE void find_part(const struct vpcvis_i_filter_tables *tables,
                               const struct vpcvis_i_filter_part *part,
                               const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                               const uint32_t *src, const uint32_t *dst, uint32_t *best,
                               match_leaf *match)
{
    uint32_t at[GROUP];
    uint32_t lane;

    for (lane = 0; lane < lanes; lane++) {
        const uint32_t column = part->column_of[dst[lane]];
        at[lane] = part->rows[part->row_of[src[lane]] + column / VPCVIS_I_FILTER_PAGE] +
                   column % VPCVIS_I_FILTER_PAGE;
        VPCVIS_I_PREFETCH(part->cells + at[lane]);
    }
    for (lane = 0; lane < lanes; lane++) {
        at[lane] = part->cells[at[lane]];
        VPCVIS_I_PREFETCH(tables->leaves + at[lane]);
    }
    for (lane = 0; lane < lanes; lane++) {
        const uint32_t found =
            scan(tables->leaves + at[lane], keys->ports[lane], keys->kind[lane], match);
        best[lane] = found < best[lane] ? found : best[lane];
    }
}

VPCVIS_I_INLINE void find(const vpcvis_filter *filter, uint32_t set,
                          const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                          uint32_t *answers, keys_below *below, match_leaf *match)
{
    const struct vpcvis_i_filter_tables *tables = &filter->set[set].tables;
    uint32_t src[GROUP], dst[GROUP];
    uint32_t part, lane;

    if (set % 2 == 0) {
        classes4(&tables->src, keys->src[0], lanes, src, below);
        classes4(&tables->dst, keys->dst[0], lanes, dst, below);
    } else {
        classes6(&tables->src, keys->src, lanes, src);
        classes6(&tables->dst, keys->dst, lanes, dst);
    }
    for (lane = 0; lane < lanes; lane++)
        answers[lane] = UINT32_MAX;
    for (part = 0; part < tables->parts; part++)
        find_part(tables, &tables->part[part], keys, lanes, src, dst, answers, match);
    for (lane = 0; lane < lanes; lane++)
        answers[lane] = answers[lane] == UINT32_MAX ? 0 : answers[lane];
}

#if defined(VPCVIS_I_X86)
/* The keys below x come first: how many is where the mask ends. */
static inline __attribute__((always_inline)) uint32_t below_sse2(const int32_t *line,
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

/* Ports and kinds of a packet against four boxes, from the one at `at` on. */
static inline __attribute__((always_inline)) __m128i half_sse2(
    const struct vpcvis_i_filter_leaf *leaf, uint32_t at, __m128i ports, __m128i kind)
{
    const __m128i low = _mm_load_si128((const __m128i *)(leaf->low + at));
    const __m128i high = _mm_load_si128((const __m128i *)(leaf->high + at));
    const __m128i k = _mm_load_si128((const __m128i *)(leaf->kind + at));
    const __m128i mask = _mm_and_si128(_mm_srli_epi32(k, 16), _mm_set1_epi32(0x3ff));
    const __m128i differ = _mm_or_si128(
        _mm_or_si128(_mm_subs_epu16(low, ports), _mm_subs_epu16(ports, high)),
        _mm_and_si128(_mm_xor_si128(k, kind), mask));

    return _mm_cmpeq_epi32(differ, _mm_setzero_si128());
}

static inline __attribute__((always_inline)) uint32_t leaf_sse2(
    const struct vpcvis_i_filter_leaf *leaf, uint32_t ports, uint32_t kind)
{
    const __m128i p = _mm_set1_epi32((int)ports), k = _mm_set1_epi32((int)kind);
    const __m128i hits =
        _mm_packs_epi32(half_sse2(leaf, 0, p, k), half_sse2(leaf, 4, p, k));

    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(hits, _mm_setzero_si128()));
}

static void find_sse2(const vpcvis_filter *filter, uint32_t set,
                      const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                      uint32_t *answers)
{
    find(filter, set, keys, lanes, answers, below_sse2, leaf_sse2);
}

AVX2 static inline __attribute__((always_inline)) uint32_t below_avx2(const int32_t *line,
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

/* Ports and kinds of a packet against eight boxes at once. */
AVX2 static inline __attribute__((always_inline)) uint32_t leaf_avx2(
    const struct vpcvis_i_filter_leaf *leaf, uint32_t ports, uint32_t kind)
{
    const __m256i p = _mm256_set1_epi32((int)ports);
    const __m256i low = _mm256_load_si256((const __m256i *)leaf->low);
    const __m256i high = _mm256_load_si256((const __m256i *)leaf->high);
    const __m256i k = _mm256_load_si256((const __m256i *)leaf->kind);
    const __m256i mask =
        _mm256_and_si256(_mm256_srli_epi32(k, 16), _mm256_set1_epi32(0x3ff));
    const __m256i differ = _mm256_or_si256(
        _mm256_or_si256(_mm256_subs_epu16(low, p), _mm256_subs_epu16(p, high)),
        _mm256_and_si256(_mm256_xor_si256(k, _mm256_set1_epi32((int)kind)), mask));

    return (uint32_t)_mm256_movemask_ps(
        _mm256_castsi256_ps(_mm256_cmpeq_epi32(differ, _mm256_setzero_si256())));
}

AVX2 static void find_avx2(const vpcvis_filter *filter, uint32_t set,
                           const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                           uint32_t *answers)
{
    find(filter, set, keys, lanes, answers, below_avx2, leaf_avx2);
}

AVX512 static inline __attribute__((always_inline)) uint32_t below_avx512(
    const int32_t *line, int32_t x)
{
    const __mmask16 below =
        _mm512_cmplt_epi32_mask(_mm512_load_si512(line), _mm512_set1_epi32(x));

    return (uint32_t)_mm_popcnt_u32(below);
}

AVX512 static void find_avx512(const vpcvis_filter *filter, uint32_t set,
                               const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                               uint32_t *answers)
{
    find(filter, set, keys, lanes, answers, below_avx512, leaf_avx2);
}
#endif

void vpcvis_i_filter_find(const vpcvis_filter *filter, uint32_t set,
                          const struct vpcvis_i_filter_keys *keys, uint32_t lanes,
                          uint32_t *answers)
{
    switch (filter->cpu) {
#if defined(VPCVIS_I_X86)
    case VPCVIS_CPU_SSE2: find_sse2(filter, set, keys, lanes, answers); break;
    case VPCVIS_CPU_AVX2: find_avx2(filter, set, keys, lanes, answers); break;
    case VPCVIS_CPU_AVX512: find_avx512(filter, set, keys, lanes, answers); break;
#endif
    default:
        find(filter, set, keys, lanes, answers, below_portable, leaf_portable);
        break;
    }
}

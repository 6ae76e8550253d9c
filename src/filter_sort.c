/* SPDX-License-Identifier: MIT */
/*
 * Room filter: 64-bit keys into ascending order, by merging runs of doubling length.
 */
#include "filter.h"

static void merge(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count,
                  uint64_t *out)
{
    size_t i = 0, j = 0;

    while (i < a_count || j < b_count) {
        if (j == b_count || (i < a_count && a[i] <= b[j]))
            *out++ = a[i++];
        else
            *out++ = b[j++];
    }
}

void vpcvis_i_filter_sort(uint64_t *keys, size_t count, uint64_t *spare)
{
    uint64_t *from = keys, *to = spare, *other;
    size_t run, at;

    for (run = 1; run < count; run *= 2) {
        for (at = 0; at < count; at += 2 * run) {
            const size_t left = count - at;
            const size_t a = left < run ? left : run;
            const size_t b = left < 2 * run ? left - a : run;
            merge(from + at, a, from + at + a, b, to + at);
        }
        other = from;
        from = to;
        to = other;
    }
    if (from != keys)
        memcpy(keys, from, count * sizeof(*keys));
}

/* SPDX-License-Identifier: MIT */
#include "fill.h"

#include <string.h>

#define INLINED 12u /* bytes that a duckdb_string_t holds itself */

static uint32_t is_set(const uint64_t *valid, idx_t row)
{
    return (uint32_t)(valid[row / 64] >> row % 64 & 1);
}

/* Our bitmaps are DuckDB's; it wants none where all is valid. */
static void fill_validity(duckdb_vector vector, const uint64_t *valid, idx_t rows)
{
    const idx_t words = rows / 64;
    const uint64_t rest = ((uint64_t)1 << rows % 64) - 1;
    idx_t w;

    for (w = 0; w < words && valid[w] == UINT64_MAX; w++)
        ;
    if (w == words && (rest == 0 || (valid[w] & rest) == rest))
        return;
    duckdb_vector_ensure_validity_writable(vector);
    memcpy(duckdb_vector_get_validity(vector), valid,
           (size_t)(rows + 63) / 64 * sizeof(*valid));
}

static void fill_nulls(duckdb_vector vector, idx_t rows)
{
    duckdb_vector_ensure_validity_writable(vector);
    memset(duckdb_vector_get_validity(vector), 0,
           (size_t)(rows + 63) / 64 * sizeof(uint64_t));
}

static uint64_t fill_numbers(int64_t *out, const uint64_t *values, const uint64_t *valid,
                             idx_t rows)
{
    uint64_t clamped = 0;
    idx_t r;

    for (r = 0; r < rows; r++) {
        if (values[r] <= INT64_MAX) {
            out[r] = (int64_t)values[r];
        } else {
            out[r] = INT64_MAX;
            clamped += is_set(valid, r);
        }
    }
    return clamped;
}

static void put_text(duckdb_vector vector, duckdb_string_t *out, idx_t row,
                     const char *text, size_t len)
{
    if (len > INLINED) {
        duckdb_vector_assign_string_element_len(vector, row, text, len);
        return;
    }
    memset(&out[row], 0, sizeof(out[row]));
    out[row].value.inlined.length = (uint32_t)len;
    memcpy(out[row].value.inlined.inlined, text, len);
}

static void fill_addresses(duckdb_vector vector, const struct vpcvis_addr *values,
                           const uint64_t *valid, idx_t rows)
{
    duckdb_string_t *out = duckdb_vector_get_data(vector);
    char text[64];
    size_t len;
    idx_t r, last = rows;

    for (r = 0; r < rows; r++) {
        if (!is_set(valid, r))
            continue;
        if (last < rows && memcmp(&values[last], &values[r], sizeof(*values)) == 0) {
            out[r] = out[last];
            continue;
        }
        if (vpcvis_addr_write(&values[r], text, sizeof(text), &len) != VPCVIS_OK)
            len = 0;
        put_text(vector, out, r, text, len);
        last = r;
    }
}

/* A text that is the one before points to the same copy. */
static void fill_texts(duckdb_vector vector, const struct vpcvis_line_text *values,
                       const uint64_t *valid, idx_t rows, const char *text)
{
    duckdb_string_t *out = duckdb_vector_get_data(vector);
    idx_t r, last = rows;

    for (r = 0; r < rows; r++) {
        const struct vpcvis_line_text *value = &values[r];

        if (!is_set(valid, r))
            continue;
        if (last < rows && value->len > INLINED && value->len == values[last].len &&
            memcmp(text + value->at, text + values[last].at, value->len) == 0)
            out[r] = out[last];
        else
            put_text(vector, out, r, text + value->at, value->len);
        last = r;
    }
}

uint64_t fill_vector(duckdb_vector vector, uint32_t kind, const void *values,
                     const uint64_t *valid, idx_t rows, const char *text)
{
    if (values == NULL) {
        fill_nulls(vector, rows);
        return 0;
    }
    fill_validity(vector, valid, rows);
    if (kind == VPCVIS_KIND_NUMBER64)
        return fill_numbers(duckdb_vector_get_data(vector), values, valid, rows);
    if (kind == VPCVIS_KIND_NUMBER32) /* of 31 bits: the same as int32_t */
        memcpy(duckdb_vector_get_data(vector), values, (size_t)rows * sizeof(uint32_t));
    else if (kind == VPCVIS_KIND_ADDRESS)
        fill_addresses(vector, values, valid, rows);
    else
        fill_texts(vector, values, valid, rows, text);
    return 0;
}

void fill_text(duckdb_vector vector, idx_t rows, const char *text)
{
    duckdb_string_t *out = duckdb_vector_get_data(vector);
    idx_t r;

    duckdb_vector_assign_string_element(vector, 0, text);
    for (r = 1; r < rows; r++)
        out[r] = out[0];
}

/* SPDX-License-Identifier: MIT */
/*
 * Room rollup: what a group is and what was counted, and which groups come first.
 */
#include "rollup.h"

static int has_group(const vpcvis_rollup *rollup, uint32_t group)
{
    return rollup != NULL &&
           (group < rollup->counts.groups || group == VPCVIS_ROLLUP_OTHER);
}

static void get_addr(uint32_t is, uint64_t high, uint64_t low, struct vpcvis_addr *addr)
{
    addr->family = is == VPCVIS_I_ROLLUP_IPV6 ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
    vpcvis_i_rollup_put_addr(is == VPCVIS_I_ROLLUP_IPV6, high, low, addr->bytes);
}

/* A text by its number, or the word of a code. */
static void get_words(const vpcvis_rollup *rollup, uint32_t field, uint64_t word,
                      struct vpcvis_value *value)
{
    if (word < VPCVIS_I_ROLLUP_TEXT) {
        value->number = word;
        value->text = vpcvis_i_record_word(field, word);
        value->text_len = (uint32_t)vpcvis_i_record_word_len(field, word);
    } else {
        const struct vpcvis_i_rollup_entry *entry =
            &rollup->texts.entry[word - VPCVIS_I_ROLLUP_TEXT];
        value->text = rollup->texts.bytes + entry->at;
        value->text_len = entry->len;
    }
}

vpcvis_status vpcvis_rollup_get_key(const vpcvis_rollup *rollup, uint32_t group,
                                    uint32_t key, struct vpcvis_value *value)
{
    const uint64_t *slot;
    uint32_t is, at;

    if (!has_group(rollup, group) || key >= rollup->config.key_count || value == NULL)
        return VPCVIS_E_ARG;
    slot = vpcvis_i_rollup_slot(rollup, group);
    is = vpcvis_i_rollup_is(slot[0], key);
    at = rollup->word_at[key];
    memset(value, 0, sizeof(*value));
    value->kind = vpcvis_i_rollup_kind(&rollup->config.keys[key]);
    value->state = group == VPCVIS_ROLLUP_OTHER ? VPCVIS_STATE_ABSENT : VPCVIS_STATE_DASH;
    if (is == VPCVIS_I_ROLLUP_NONE)
        return VPCVIS_OK;
    value->state = VPCVIS_STATE_VALUE;
    switch (value->kind) {
    case VPCVIS_KIND_ADDRESS: get_addr(is, slot[at], slot[at + 1], &value->addr); break;
    case VPCVIS_KIND_NAME:
    case VPCVIS_KIND_TEXT:
        get_words(rollup, rollup->config.keys[key].field, slot[at], value);
        break;
    default: value->number = slot[at]; break;
    }
    return VPCVIS_OK;
}

static vpcvis_status get_number(const vpcvis_rollup *rollup, uint64_t *slot, uint32_t m,
                                uint64_t *number)
{
    const uint32_t kind = rollup->config.measures[m].kind;
    const int has = (int)(*vpcvis_i_rollup_state(rollup, slot) >> m & 1);

    if (kind == VPCVIS_ROLLUP_DISTINCT)
        *number = vpcvis_i_rollup_sketch_count((uint8_t *)(slot + rollup->sketch_at[m]),
                                               rollup->config.sketch_bits);
    else if (has || kind <= VPCVIS_ROLLUP_COUNT)
        *number = vpcvis_i_rollup_numbers(rollup, slot)[m];
    else
        return VPCVIS_NOMATCH;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_rollup_get(const vpcvis_rollup *rollup, uint32_t group,
                                uint32_t measure, uint64_t *number)
{
    if (!has_group(rollup, group) || measure >= rollup->config.measure_count ||
        number == NULL)
        return VPCVIS_E_ARG;
    return get_number(rollup, vpcvis_i_rollup_slot(rollup, group), measure, number);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_texts(const vpcvis_rollup *rollup, uint64_t a, uint64_t b)
{
    const struct vpcvis_i_rollup_entry *left, *right;
    uint32_t shorter;
    int order;

    if (a < VPCVIS_I_ROLLUP_TEXT || b < VPCVIS_I_ROLLUP_TEXT)
        return compare_numbers(a, b);
    left = &rollup->texts.entry[a - VPCVIS_I_ROLLUP_TEXT];
    right = &rollup->texts.entry[b - VPCVIS_I_ROLLUP_TEXT];
    shorter = left->len < right->len ? left->len : right->len;
    order =
        memcmp(rollup->texts.bytes + left->at, rollup->texts.bytes + right->at, shorter);
    return order != 0 ? order : compare_numbers(left->len, right->len);
}

static int compare_keys(const vpcvis_rollup *rollup, const uint64_t *a, const uint64_t *b)
{
    uint32_t k;

    for (k = 0; k < rollup->config.key_count; k++) {
        const uint32_t kind = vpcvis_i_rollup_kind(&rollup->config.keys[k]);
        const uint32_t at = rollup->word_at[k];
        int order =
            compare_numbers(vpcvis_i_rollup_is(a[0], k), vpcvis_i_rollup_is(b[0], k));

        if (order == 0 && kind >= VPCVIS_KIND_NAME)
            order = compare_texts(rollup, a[at], b[at]);
        else if (order == 0)
            order = compare_numbers(a[at], b[at]);
        if (order == 0 && kind == VPCVIS_KIND_ADDRESS)
            order = compare_numbers(a[at + 1], b[at + 1]);
        if (order != 0)
            return order;
    }
    return 0;
}

/* Whether group a comes before group b in a list by a measure, or by keys. */
static int ranks_before(const vpcvis_rollup *rollup, uint32_t measure, uint32_t a,
                        uint32_t b)
{
    uint64_t *left = vpcvis_i_rollup_slot(rollup, a);
    uint64_t *right = vpcvis_i_rollup_slot(rollup, b);
    uint64_t x = 0, y = 0;
    int has_x = 0, has_y = 0;

    if (measure != VPCVIS_ROLLUP_BY_KEY) {
        has_x = get_number(rollup, left, measure, &x) == VPCVIS_OK;
        has_y = get_number(rollup, right, measure, &y) == VPCVIS_OK;
    }
    if (has_x != has_y)
        return has_x;
    if (x != y)
        return x > y;
    return compare_keys(rollup, left, right) < 0;
}

/* Let the group at `at` sink in a heap whose root ranks last. */
static void sink_group(const vpcvis_rollup *rollup, uint32_t measure, uint32_t *heap,
                       uint32_t at, uint32_t count)
{
    const uint32_t moved = heap[at];

    while (at < count / 2) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < count &&
            ranks_before(rollup, measure, heap[child], heap[child + 1]))
            child++;
        if (!ranks_before(rollup, measure, moved, heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

vpcvis_status vpcvis_rollup_top(const vpcvis_rollup *rollup, uint32_t measure,
                                uint32_t capacity, uint32_t *groups, uint32_t *count)
{
    uint32_t n, i;

    if (rollup == NULL || (groups == NULL && capacity > 0) || count == NULL ||
        (measure >= rollup->config.measure_count && measure != VPCVIS_ROLLUP_BY_KEY))
        return VPCVIS_E_ARG;
    n = capacity < rollup->counts.groups ? capacity : rollup->counts.groups;
    for (i = 0; i < n; i++)
        groups[i] = i;
    for (i = n / 2; i-- > 0;)
        sink_group(rollup, measure, groups, i, n);
    for (i = n; n > 0 && i < rollup->counts.groups; i++) {
        if (!ranks_before(rollup, measure, i, groups[0]))
            continue;
        groups[0] = i;
        sink_group(rollup, measure, groups, 0, n);
    }
    for (i = n; i-- > 1;) {
        const uint32_t last = groups[0];
        groups[0] = groups[i];
        groups[i] = last;
        sink_group(rollup, measure, groups, 0, i);
    }
    *count = n;
    return VPCVIS_OK;
}

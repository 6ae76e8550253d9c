/* SPDX-License-Identifier: MIT */
/*
 * Room filter: plan and build. Both sort the rules and make their boxes in scratch; building
 * then copies what the chosen structure needs.
 *
 *     scratch   | keys | spare for sorting | boxes | arena for tables |
 */
#include "filter.h"

#define FLAGS    (2 * VPCVIS_FILTER_BAD - 1)
#define SERVICES VPCVIS_FILTER_AMAZON_DNS
/* Flags that make a second box of each rule with ports. */
#define PASSING (VPCVIS_FILTER_LATER | VPCVIS_FILTER_CUT | VPCVIS_FILTER_PORTLESS)
/* A box is held against so many of those before it. */
#define LOOK 1024u

#define INDEX_BITS 20 /* VPCVIS_FILTER_RULES_MAX */

struct work {
    const struct vpcvis_rule *rules;
    size_t count;
    const struct vpcvis_filter_config *known;
    uint64_t *keys;
    uint64_t *spare;
    struct vpcvis_i_filter_box *boxes; /* those that are kept, set by set */
    uint32_t kept;
    uint32_t per_set[VPCVIS_I_FILTER_SETS];
    char *arena;
    uint64_t arena_len;
    struct vpcvis_filter_needs needs;
};

/* A filter on its way into memory, or only measured if memory is NULL. */
struct layout {
    char *memory;
    uint64_t len, at;
    uint32_t structure;
    int failed; /* len is too small for tables that there could be */
};

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + VPCVIS_I_ALIGN - 1) & ~(uint64_t)(VPCVIS_I_ALIGN - 1);
}

/* How many boxes a scan of all of them is the fastest for. */
static uint32_t linear_max(const struct vpcvis_filter_config *known, uint32_t set)
{
    const uint32_t ipv4 = known->cpu == VPCVIS_CPU_AVX512 ? 52
                          : known->cpu == VPCVIS_CPU_AVX2 ? 40
                                                          : 24;
    if (known->structure == VPCVIS_FILTER_TABLES)
        return 0;
    if (known->structure == VPCVIS_FILTER_LINEAR)
        return UINT32_MAX;
    return set % 2 == 0 ? ipv4 : ipv4 / 2;
}

static uint64_t arena_bytes(size_t boxes, const struct vpcvis_filter_config *known)
{
    return boxes > linear_max(known, 1) ? vpcvis_i_filter_arena(boxes) : 0;
}

static size_t boxes_max(size_t count, const struct vpcvis_filter_config *known)
{
    return (known->flags & PASSING) != 0 ? 2 * count : count;
}

static uint64_t scratch_bytes(size_t count, const struct vpcvis_filter_config *known)
{
    const size_t boxes = boxes_max(count, known);

    return VPCVIS_I_ALIGN - 1 + 2 * aligned(count * sizeof(uint64_t)) +
           aligned(boxes * sizeof(struct vpcvis_i_filter_box)) +
           arena_bytes(boxes, known);
}

/* The config of a filter, checked, with what follows from it. */
static vpcvis_status read_config(const struct vpcvis_filter_config *config,
                                 struct vpcvis_filter_config *known)
{
    const vpcvis_status status = vpcvis_i_base_config(config, known, sizeof(*known));

    if (status != VPCVIS_OK)
        return status;
    if ((known->flags & ~FLAGS) != 0 || (known->services & ~SERVICES) != 0 ||
        known->cpu > VPCVIS_CPU_NEON || known->structure > VPCVIS_FILTER_TABLES ||
        known->reserved != 0)
        return VPCVIS_E_CONFIG;
    if (known->cpu == VPCVIS_CPU_AUTO)
        known->cpu = vpcvis_base_cpu();
    return vpcvis_base_cpu_find(known->cpu);
}

static vpcvis_status read_scope(const struct vpcvis_filter_config *known,
                                struct vpcvis_scope *scope)
{
    struct vpcvis_packet packet;
    uint32_t entry;

    if (known->scope == NULL)
        return vpcvis_scope_init(scope, VPCVIS_SCOPE_MIRRORING, NULL, NULL);
    memset(&packet, 0, sizeof(packet));
    if (vpcvis_scope_find(known->scope, &packet, &entry) < 0)
        return VPCVIS_E_CONFIG;
    *scope = *known->scope;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_i_filter_config(const struct vpcvis_filter_config *config,
                                     vpcvis_filter *filter,
                                     struct vpcvis_filter_config *known)
{
    vpcvis_status status = read_config(config, known);

    if (status == VPCVIS_OK)
        status = read_scope(known, &filter->scope);
    if (status != VPCVIS_OK)
        return status;
    filter->cpu = known->cpu;
    filter->flags = known->flags;
    filter->services = known->services;
    filter->marks = vpcvis_i_scope_marks_of(&filter->scope);
    filter->odd_flags = VPCVIS_PACKET_HELD | VPCVIS_PACKET_LEFT;
    if ((known->flags & VPCVIS_FILTER_BAD) == 0)
        filter->odd_flags |= VPCVIS_PACKET_BAD;
    return VPCVIS_OK;
}

static uint64_t key_of(const struct vpcvis_rule *rule, size_t index)
{
    const uint64_t egress = rule->direction == VPCVIS_DIRECTION_EGRESS;
    return egress << (32 + INDEX_BITS) | (uint64_t)rule->number << INDEX_BITS | index;
}

static uint32_t index_of(uint64_t key)
{
    return (uint32_t)(key & ((1u << INDEX_BITS) - 1));
}

static vpcvis_status sort_rules(struct work *work, struct vpcvis_error *error)
{
    size_t i;

    for (i = 0; i < work->count; i++)
        work->keys[i] = key_of(&work->rules[i], i);
    vpcvis_i_filter_sort(work->keys, work->count, work->spare);
    for (i = 1; i < work->count; i++) {
        if (work->keys[i] >> INDEX_BITS == work->keys[i - 1] >> INDEX_BITS)
            return vpcvis_i_filter_fail(error, VPCVIS_E_DUPLICATE,
                                        (size_t)index_of(work->keys[i]) + 1,
                                        VPCVIS_FILTER_PART_NUMBER);
    }
    return VPCVIS_OK;
}

/* Keep the box at the end of a set's unless an earlier one covers it. */
static uint32_t keep_box(struct work *work, uint32_t set)
{
    const struct vpcvis_i_filter_box *box = &work->boxes[work->kept];
    const struct vpcvis_i_filter_box *earlier = box - work->per_set[set];
    const uint32_t look = work->per_set[set] < LOOK ? work->per_set[set] : LOOK;
    uint32_t i;

    for (i = 0; i < look; i++) {
        if (vpcvis_i_filter_covers(&earlier[i], box))
            return 0;
    }
    work->per_set[set]++;
    work->kept++;
    return 1;
}

static void add_rule(struct work *work, uint32_t index, uint32_t set)
{
    const struct vpcvis_rule *rule = &work->rules[index];
    struct vpcvis_i_filter_box *box = &work->boxes[work->kept];
    uint32_t kept;

    if (vpcvis_i_filter_set(rule->direction, rule->src.addr.family) != set)
        return;
    vpcvis_i_filter_box(rule, index, work->known->flags, box);
    if ((box->kind & VPCVIS_I_FILTER_KNOWN) == 0 || (work->known->flags & PASSING) == 0) {
        work->needs.covered += 1 - keep_box(work, set);
        return;
    }
    kept = keep_box(work, set);
    box = &work->boxes[work->kept];
    vpcvis_i_filter_box(rule, index, work->known->flags, box);
    box->kind ^= VPCVIS_I_FILTER_KNOWN | VPCVIS_I_FILTER_PASSED;
    box->srcport[0] = box->dstport[0] = 0;
    box->srcport[1] = box->dstport[1] = UINT16_MAX;
    kept += keep_box(work, set);
    work->needs.covered += kept == 0;
}

static void make_boxes(struct work *work)
{
    uint32_t set;
    size_t i;

    for (set = 0; set < VPCVIS_I_FILTER_SETS; set++) {
        for (i = 0; i < work->count; i++)
            add_rule(work, index_of(work->keys[i]), set);
    }
}

static size_t box_bytes(uint32_t set)
{
    return set % 2 == 0 ? sizeof(struct vpcvis_i_filter_box4)
                        : sizeof(struct vpcvis_i_filter_box6);
}

static void copy4(const struct vpcvis_i_filter_box *box, uint32_t count,
                  struct vpcvis_i_filter_box4 *out)
{
    uint32_t i;

    for (i = 0; i < count; i++, box++, out++) {
        out->src = box->src[0];
        out->src_mask = box->src_mask[0];
        out->dst = box->dst[0];
        out->dst_mask = box->dst_mask[0];
        out->low = (uint32_t)box->srcport[0] << 16 | box->dstport[0];
        out->high = (uint32_t)box->srcport[1] << 16 | box->dstport[1];
        out->kind = box->kind;
        out->kind_mask = box->kind_mask;
    }
}

static void copy6(const struct vpcvis_i_filter_box *box, uint32_t count,
                  struct vpcvis_i_filter_box6 *out)
{
    uint32_t i;

    for (i = 0; i < count; i++, box++, out++) {
        memcpy(out->src, box->src, sizeof(out->src));
        memcpy(out->src_mask, box->src_mask, sizeof(out->src_mask));
        memcpy(out->dst, box->dst, sizeof(out->dst));
        memcpy(out->dst_mask, box->dst_mask, sizeof(out->dst_mask));
        out->low = (uint32_t)box->srcport[0] << 16 | box->dstport[0];
        out->high = (uint32_t)box->srcport[1] << 16 | box->dstport[1];
        out->kind = box->kind;
        out->kind_mask = box->kind_mask;
    }
}

/* Answer 0 is that of no rule, then each box's. */
static void make_answers(const struct work *work, struct vpcvis_filter_answer *answers)
{
    uint32_t i;

    memset(answers, 0, ((size_t)work->kept + 1) * sizeof(*answers));
    answers[0].rule = VPCVIS_FILTER_NONE;
    for (i = 0; i < work->kept; i++) {
        const struct vpcvis_rule *rule = &work->rules[work->boxes[i].rule];
        answers[i + 1].rule = work->boxes[i].rule;
        answers[i + 1].number = rule->number;
        answers[i + 1].action = rule->action;
        answers[i + 1].why = VPCVIS_FILTER_WHY_RULE;
    }
}

/* The rule of the lowest number in a direction that fits any packet of its family. */
static void find_non_ip(const struct work *work, vpcvis_filter *filter)
{
    uint32_t i;

    for (i = 0; i < work->kept; i++) {
        const struct vpcvis_i_filter_box *box = &work->boxes[i];
        uint32_t *found = &filter->non_ip[box->set / 2];
        if (box->src_len == 0 && box->dst_len == 0 && box->kind_mask == 0 &&
            (*found == 0 ||
             filter->answers[i + 1].number < filter->answers[*found].number))
            *found = i + 1;
    }
}

/* A set as a list of boxes. Returns its bytes. */
static uint64_t lay_list(const struct work *work, uint32_t set, uint32_t first,
                         const struct layout *layout, struct vpcvis_i_filter_set *made)
{
    const uint64_t bytes = aligned(work->per_set[set] * box_bytes(set));
    char *at;

    made->structure = VPCVIS_FILTER_LINEAR;
    if (layout->memory == NULL || layout->at + bytes > layout->len)
        return bytes;
    at = layout->memory + layout->at;
    if (set % 2 == 0) {
        made->box4 = (struct vpcvis_i_filter_box4 *)(void *)at;
        copy4(work->boxes + first, made->count,
              (struct vpcvis_i_filter_box4 *)(void *)at);
    } else {
        made->box6 = (struct vpcvis_i_filter_box6 *)(void *)at;
        copy6(work->boxes + first, made->count,
              (struct vpcvis_i_filter_box6 *)(void *)at);
    }
    return bytes;
}

/* As tables, if it is large enough and has tables of a reasonable size. */
static uint64_t lay_set(const struct work *work, uint32_t set, uint32_t first,
                        struct layout *layout, struct vpcvis_i_filter_set *made)
{
    uint64_t bytes = 0;
    int done;

    made->count = work->per_set[set];
    made->first = first + 1;
    if (made->count == 0 || made->count <= linear_max(work->known, set) ||
        layout->structure == VPCVIS_FILTER_LINEAR || layout->at > layout->len)
        return lay_list(work, set, first, layout, made);
    done = vpcvis_i_filter_tables(work->boxes + first, made->count, made->first,
                                  work->known->cpu, work->arena, (size_t)work->arena_len,
                                  layout->memory ? layout->memory + layout->at : NULL,
                                  layout->len - layout->at, &made->tables, &bytes);
    if (done == 0)
        return lay_list(work, set, first, layout, made);
    made->structure = VPCVIS_FILTER_TABLES;
    layout->failed |= done < 0;
    return bytes;
}

static void lay_out(const struct work *work, struct layout *layout, vpcvis_filter *filter)
{
    const uint64_t bytes = aligned((work->kept + 1) * sizeof(*filter->answers));
    uint32_t first = 0, set;

    layout->at = aligned(sizeof(*filter));
    if (layout->memory && layout->at + bytes <= layout->len) {
        filter->answers =
            (struct vpcvis_filter_answer *)(void *)(layout->memory + layout->at);
        make_answers(work, filter->answers);
    }
    layout->at += bytes;
    for (set = 0; set < VPCVIS_I_FILTER_SETS; set++) {
        layout->at += lay_set(work, set, first, layout, &filter->set[set]);
        first += work->per_set[set];
    }
    layout->failed |= layout->at > layout->len;
}

static uint32_t structure_of(const vpcvis_filter *filter)
{
    uint32_t structure = VPCVIS_FILTER_LINEAR, set;

    for (set = 0; set < VPCVIS_I_FILTER_SETS; set++) {
        if (filter->set[set].structure > structure)
            structure = filter->set[set].structure;
    }
    return structure;
}

/* Whether a set is a list although it would rather be tables. */
static int is_fallback(const struct work *work, const vpcvis_filter *filter)
{
    uint32_t set;

    for (set = 0; set < VPCVIS_I_FILTER_SETS; set++) {
        if (filter->set[set].structure == VPCVIS_FILTER_LINEAR &&
            work->per_set[set] > linear_max(work->known, set))
            return 1;
    }
    return 0;
}

static void measure(struct work *work)
{
    const uint64_t slack = VPCVIS_I_ALIGN - 1, most = work->known->max_bytes;
    struct vpcvis_filter_needs *needs = &work->needs;
    struct layout layout = {NULL, UINT64_MAX, 0, VPCVIS_FILTER_TABLES, 0};
    vpcvis_filter filter;
    size_t i;

    memset(&filter, 0, sizeof(filter));
    lay_out(work, &layout, &filter);
    if (most != 0 && layout.at + slack > most) {
        layout.structure = VPCVIS_FILTER_LINEAR;
        lay_out(work, &layout, &filter);
    }
    needs->bytes = layout.at + slack;
    needs->structure = structure_of(&filter);
    if (is_fallback(work, &filter))
        needs->flags |= VPCVIS_FILTER_FALLBACK;
    if (most != 0 && needs->bytes > most)
        needs->flags |= VPCVIS_FILTER_OVER;
    for (i = 0; i < work->count; i++)
        needs->egress += work->rules[i].direction == VPCVIS_DIRECTION_EGRESS;
    needs->ingress = (uint32_t)work->count - needs->egress;
}

/* Into memory whose aligned part has len bytes. */
static vpcvis_status place(struct work *work, char *memory, uint64_t len,
                           vpcvis_filter *filter)
{
    const uint64_t slack = VPCVIS_I_ALIGN - 1, most = work->known->max_bytes;
    struct layout layout = {memory, len, 0, VPCVIS_FILTER_TABLES, 0};

    if (most != 0 && most - slack < len)
        layout.len = most > slack ? most - slack : 0;
    lay_out(work, &layout, filter);
    if (layout.failed) {
        /* Either there is too little memory, or the plan is another. */
        measure(work);
        if (work->needs.bytes - slack > len)
            return VPCVIS_E_SPACE;
        layout.len = len;
        layout.structure = work->needs.structure;
        layout.failed = 0;
        lay_out(work, &layout, filter);
    }
    filter->structure = structure_of(filter);
    if ((filter->flags & VPCVIS_FILTER_NON_IP) != 0)
        find_non_ip(work, filter);
    return VPCVIS_OK;
}

/* All that plan and build have in common; the scratch is known to be enough. */
static vpcvis_status prepare(struct work *work, void *scratch, struct vpcvis_error *error)
{
    char *at = vpcvis_i_bytes_align(scratch);
    vpcvis_status status =
        vpcvis_i_filter_check_all(work->rules, work->count, work->known->flags, error);

    if (status != VPCVIS_OK)
        return status;
    work->keys = (uint64_t *)(void *)at;
    at += aligned(work->count * sizeof(uint64_t));
    work->spare = (uint64_t *)(void *)at;
    at += aligned(work->count * sizeof(uint64_t));
    work->boxes = (struct vpcvis_i_filter_box *)(void *)at;
    work->arena =
        at + aligned(boxes_max(work->count, work->known) * sizeof(*work->boxes));
    work->arena_len = arena_bytes(boxes_max(work->count, work->known), work->known);
    status = sort_rules(work, error);
    if (status == VPCVIS_OK)
        make_boxes(work);
    return status;
}

static void start(struct work *work, const struct vpcvis_rule *rules, size_t count,
                  const struct vpcvis_filter_config *known)
{
    memset(work, 0, sizeof(*work));
    work->rules = rules;
    work->count = count;
    work->known = known;
    work->needs.scratch = scratch_bytes(count, known);
}

vpcvis_status vpcvis_filter_plan(const struct vpcvis_rule *rules, size_t count,
                                 const struct vpcvis_filter_config *config, void *scratch,
                                 size_t scratch_len, struct vpcvis_filter_needs *needs,
                                 struct vpcvis_error *error)
{
    struct vpcvis_filter_config known;
    vpcvis_filter filter;
    struct work work;
    vpcvis_status status;

    if (needs == NULL || (scratch == NULL && scratch_len > 0))
        return vpcvis_i_filter_fail(error, VPCVIS_E_ARG, 0, 0);
    status = vpcvis_i_filter_config(config, &filter, &known);
    if (status != VPCVIS_OK)
        return vpcvis_i_filter_fail(error, status, 0, 0);
    if (count > VPCVIS_FILTER_RULES_MAX)
        return vpcvis_i_filter_check_all(rules, count, known.flags, error);
    start(&work, rules, count, &known);
    if (scratch_len < work.needs.scratch) {
        needs->scratch = work.needs.scratch;
        return vpcvis_i_filter_fail(error, VPCVIS_E_SPACE, 0, 0);
    }
    status = prepare(&work, scratch, error);
    if (status != VPCVIS_OK)
        return status;
    measure(&work);
    *needs = work.needs;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_filter_build(const struct vpcvis_rule *rules, size_t count,
                                  const struct vpcvis_filter_config *config, void *memory,
                                  size_t len, void *scratch, size_t scratch_len,
                                  vpcvis_filter **filter, struct vpcvis_error *error)
{
    struct vpcvis_filter_config known;
    vpcvis_filter made, *machine;
    struct work work;
    vpcvis_status status;

    if (memory == NULL || scratch == NULL || filter == NULL)
        return vpcvis_i_filter_fail(error, VPCVIS_E_ARG, 0, 0);
    memset(&made, 0, sizeof(made));
    status = vpcvis_i_filter_config(config, &made, &known);
    if (status != VPCVIS_OK)
        return vpcvis_i_filter_fail(error, status, 0, 0);
    if (count > VPCVIS_FILTER_RULES_MAX)
        return vpcvis_i_filter_check_all(rules, count, known.flags, error);
    start(&work, rules, count, &known);
    if (scratch_len < work.needs.scratch)
        return vpcvis_i_filter_fail(error, VPCVIS_E_SPACE, 0, 0);
    status = prepare(&work, scratch, error);
    if (status != VPCVIS_OK)
        return status;
    if (len < sizeof(*machine) + VPCVIS_I_ALIGN - 1)
        return vpcvis_i_filter_fail(error, VPCVIS_E_SPACE, 0, 0);
    machine = vpcvis_i_bytes_align(memory);
    status = place(&work, (char *)machine, len - (VPCVIS_I_ALIGN - 1), &made);
    if (status != VPCVIS_OK)
        return vpcvis_i_filter_fail(error, status, 0, 0);
    *machine = made;
    *filter = machine;
    return VPCVIS_OK;
}

/* Planned and built in scratch of the length that plan asks for. */
static vpcvis_status make(const struct vpcvis_rule *rules, size_t count,
                          const struct vpcvis_filter_config *config,
                          const struct vpcvis_allocator *allocator, void *scratch,
                          size_t scratch_len, vpcvis_filter **filter,
                          struct vpcvis_error *error)
{
    struct vpcvis_filter_needs needs;
    void *memory;
    vpcvis_status status =
        vpcvis_filter_plan(rules, count, config, scratch, scratch_len, &needs, error);

    if (status != VPCVIS_OK)
        return status;
    memory = needs.bytes < SIZE_MAX / 2
                 ? vpcvis_i_base_new(allocator, (size_t)needs.bytes)
                 : NULL;
    if (memory == NULL)
        return vpcvis_i_filter_fail(error, VPCVIS_E_MEMORY, 0, 0);
    status = vpcvis_filter_build(rules, count, config, memory, (size_t)needs.bytes,
                                 scratch, scratch_len, filter, error);
    if (status != VPCVIS_OK)
        vpcvis_i_base_delete(allocator, memory);
    return status;
}

vpcvis_status vpcvis_filter_new(const struct vpcvis_rule *rules, size_t count,
                                const struct vpcvis_filter_config *config,
                                const struct vpcvis_allocator *allocator,
                                vpcvis_filter **filter, struct vpcvis_error *error)
{
    struct vpcvis_filter_needs needs;
    void *scratch;
    vpcvis_status status;

    if (filter == NULL)
        return vpcvis_i_filter_fail(error, VPCVIS_E_ARG, 0, 0);
    status = vpcvis_filter_plan(rules, count, config, NULL, 0, &needs, error);
    if (status != VPCVIS_E_SPACE)
        return status;
    scratch = needs.scratch < SIZE_MAX / 2
                  ? vpcvis_i_base_new(allocator, (size_t)needs.scratch)
                  : NULL;
    if (scratch == NULL)
        return vpcvis_i_filter_fail(error, VPCVIS_E_MEMORY, 0, 0);
    status = make(rules, count, config, allocator, scratch, (size_t)needs.scratch, filter,
                  error);
    vpcvis_i_base_delete(allocator, scratch);
    return status;
}

void vpcvis_filter_free(vpcvis_filter *filter, const struct vpcvis_allocator *allocator)
{
    vpcvis_i_base_delete(allocator, filter);
}

size_t vpcvis_filter_rule_bytes(void)
{
    return sizeof(struct vpcvis_rule);
}

size_t vpcvis_filter_answer_bytes(void)
{
    return sizeof(struct vpcvis_filter_answer);
}

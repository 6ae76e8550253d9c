/* SPDX-License-Identifier: MIT */
/*
 * Room flow: one block of memory for a machine, its windows, its counts.
 */
#include "flow.h"

#define SECOND        UINT64_C(1000000000)
#define FLAGS         (VPCVIS_FLOW_ORDER | VPCVIS_FLOW_UNKEYED)
#define NAMES_MAX     16384u /* bytes of all service names */
#define PAGE_MAX      65536u /* what 16 bits reach */
#define INTERFACE_MAX 32768u

static int is_zero(const uint8_t *bytes, size_t n)
{
    uint8_t any = 0;
    size_t i;

    for (i = 0; i < n; i++)
        any = (uint8_t)(any | bytes[i]);
    return any == 0;
}

/* The length of a service name; 0 if it cannot be a text of a flow log. */
static size_t name_len(const char *name)
{
    size_t n = 0;

    while (name != NULL && n <= 255 && name[n] > 0x20 && name[n] < 0x7f)
        n++;
    return name != NULL && n <= 255 && name[n] == '\0' ? n : 0;
}

static vpcvis_status check_services(const struct vpcvis_flow_config *config,
                                    uint32_t *names_len)
{
    size_t total = 0, len;
    uint32_t i;

    if (config->service_count > 0 && config->service_names == NULL)
        return VPCVIS_E_ARG;
    for (i = 0; i < config->service_count; i++) {
        len = name_len(config->service_names[i]);
        total += len;
        if (len == 0 || total > NAMES_MAX)
            return VPCVIS_E_CONFIG;
    }
    *names_len = (uint32_t)(total + 7) / 8 * 8;
    return VPCVIS_OK;
}

static void set_defaults(struct vpcvis_flow_config *config)
{
    if (config->capacity == 0)
        config->capacity = 65536;
    if (config->capacity_ipv6 == 0)
        config->capacity_ipv6 = config->capacity < 4 ? 1 : config->capacity / 4;
    if (config->interfaces == 0)
        config->interfaces = 1;
    if (config->interface_bytes == 0)
        config->interface_bytes = 384;
    config->interface_bytes = (config->interface_bytes + 7) / 8 * 8;
    if (config->interval_s == 0)
        config->interval_s = 600;
    if (config->version == 0)
        config->version = 5;
}

/* The caller's config with its defaults, or why it cannot be. */
static vpcvis_status read_config(const struct vpcvis_flow_config *config,
                                 struct vpcvis_flow_config *known, uint32_t *names_len)
{
    vpcvis_status status = vpcvis_i_base_config(config, known, sizeof(*known));

    if (status != VPCVIS_OK)
        return status;
    if (known->capacity > VPCVIS_FLOW_CAPACITY_MAX ||
        known->capacity_ipv6 > VPCVIS_FLOW_CAPACITY_MAX ||
        known->interfaces > VPCVIS_FLOW_INTERFACES_MAX ||
        known->interface_bytes > INTERFACE_MAX || known->interval_s > UINT32_MAX ||
        known->tcp_mask > 0xff || known->version > INT32_MAX)
        return VPCVIS_E_CONFIG;
    set_defaults(known);
    if ((known->flags & ~FLAGS) != 0 || known->phase_s >= known->interval_s)
        return VPCVIS_E_CONFIG;
    if ((known->flags & VPCVIS_FLOW_UNKEYED) == 0 &&
        is_zero(known->hash_key, sizeof(known->hash_key)))
        return VPCVIS_E_CONFIG;
    return check_services(known, names_len);
}

/* The next `bytes` of a block that begins at `base`, aligned; NULL while it is only measured. */
static void *carve(char *base, uint64_t *at, uint64_t bytes)
{
    void *piece = base != NULL ? base + (size_t)*at : NULL;

    *at += (bytes + VPCVIS_I_ALIGN - 1) / VPCVIS_I_ALIGN * VPCVIS_I_ALIGN;
    return piece;
}

static void carve_table(struct vpcvis_i_flow_table *table, char *base, uint64_t *at)
{
    table->bucket = carve(base, at, (uint64_t)table->buckets * sizeof(*table->bucket));
    table->slots = carve(base, at, (uint64_t)table->capacity * table->slot_bytes);
}

static void shape_table(struct vpcvis_i_flow_table *table, uint32_t capacity,
                        uint32_t family)
{
    const int ipv4 = family == VPCVIS_I_FLOW_IPV4;

    table->capacity = capacity;
    table->buckets = capacity / VPCVIS_I_FLOW_FILL + 1;
    table->words = ipv4 ? 2 : 5;
    table->addr_bytes = ipv4 ? 4 : 16;
    table->slot_bytes = ipv4 ? (uint32_t)sizeof(struct vpcvis_i_flow_slot4)
                             : (uint32_t)sizeof(struct vpcvis_i_flow_slot6);
}

/* Lay a machine of this config out from `base`, or, if that is NULL, only measure it. */
static uint64_t lay_out(vpcvis_flow *flow, char *base)
{
    const struct vpcvis_flow_config *config = &flow->config;
    const uint64_t pages =
        (config->interfaces + (uint64_t)flow->per_page - 1) / flow->per_page;
    const uint64_t page_bytes =
        flow->names_len + (uint64_t)flow->per_page * config->interface_bytes;
    uint64_t at = 0, flows = (uint64_t)config->capacity + config->capacity_ipv6;
    uint32_t h, f;

    (void)carve(base, &at, sizeof(*flow));
    flow->group = carve(base, &at, 2 * sizeof(*flow->group));
    flow->row = carve(base, &at, VPCVIS_I_FLOW_BATCH * sizeof(*flow->row));
    for (h = 0; h < 2; h++) {
        struct vpcvis_i_flow_half *half = &flow->half[h];
        for (f = 0; f < 2; f++) {
            shape_table(&half->table[f], f ? config->capacity_ipv6 : config->capacity, f);
            carve_table(&half->table[f], base, &at);
        }
        half->seen = carve(base, &at, config->interfaces * sizeof(*half->seen));
    }
    if ((config->flags & VPCVIS_FLOW_ORDER) == 0)
        flows = 0;
    flow->item = carve(base, &at, flows * sizeof(*flow->item));
    flow->interfaces = carve(base, &at, config->interfaces * sizeof(*flow->interfaces));
    flow->names = carve(base, &at, config->service_count * sizeof(*flow->names));
    flow->pages = carve(base, &at, pages * page_bytes);
    return at + VPCVIS_I_ALIGN;
}

/* Read a config into *flow and say how much memory that machine takes. */
static vpcvis_status measure(const struct vpcvis_flow_config *config, vpcvis_flow *flow,
                             uint64_t *bytes)
{
    vpcvis_status status;

    memset(flow, 0, sizeof(*flow));
    status = read_config(config, &flow->config, &flow->names_len);
    if (status != VPCVIS_OK)
        return status;
    flow->per_page = (PAGE_MAX - flow->names_len) / flow->config.interface_bytes;
    *bytes = lay_out(flow, NULL);
    return *bytes > SIZE_MAX / 2 ? VPCVIS_E_CONFIG : VPCVIS_OK;
}

size_t vpcvis_flow_bytes(const struct vpcvis_flow_config *config)
{
    vpcvis_flow flow;
    uint64_t bytes;

    return measure(config, &flow, &bytes) == VPCVIS_OK ? (size_t)bytes : 0;
}

/* Every page begins with the service names, so that records of any interface reach them. */
static void copy_names(vpcvis_flow *flow)
{
    const struct vpcvis_flow_config *config = &flow->config;
    const size_t page_bytes =
        flow->names_len + (size_t)flow->per_page * config->interface_bytes;
    const uint32_t pages = (config->interfaces - 1) / flow->per_page + 1;
    uint32_t i;
    uint16_t at = 0;

    for (i = 0; i < config->service_count; i++) {
        const uint16_t len = (uint16_t)name_len(config->service_names[i]);
        flow->names[i].at = at;
        flow->names[i].len = len;
        memcpy(flow->pages + at, config->service_names[i], len);
        at = (uint16_t)(at + len);
    }
    for (i = 1; i < pages; i++)
        memcpy(flow->pages + i * page_bytes, flow->pages, at);
}

static void clear_half(const vpcvis_flow *flow, struct vpcvis_i_flow_half *half)
{
    uint32_t f;

    for (f = 0; f < 2; f++) {
        struct vpcvis_i_flow_table *table = &half->table[f];
        memset(table->bucket, 0, (size_t)table->buckets * sizeof(*table->bucket));
        table->used = 0;
    }
    memset(half->seen, 0, flow->config.interfaces * sizeof(*half->seen));
}

static uint32_t path_of(uint32_t cpu)
{
    return cpu == VPCVIS_CPU_AUTO ? vpcvis_base_cpu() : cpu;
}

static void start(vpcvis_flow *flow)
{
    const struct vpcvis_flow_config *config = &flow->config;
    uint32_t i;

    for (i = 0; i < 2; i++) {
        flow->key[i] = vpcvis_i_bytes_le64((const char *)config->hash_key + 8 * i);
        memset(&flow->group[i], 0, sizeof(flow->group[i]));
        flow->group[i].table = i;
        clear_half(flow, &flow->half[i]);
    }
    memset(flow->interfaces, 0, config->interfaces * sizeof(*flow->interfaces));
    flow->cpu = path_of(config->cpu);
    copy_names(flow);
}

vpcvis_status vpcvis_flow_init(void *memory, size_t len,
                               const struct vpcvis_flow_config *config, vpcvis_flow **out)
{
    vpcvis_flow *flow, measured;
    uint64_t bytes;
    vpcvis_status status;

    if (memory == NULL || out == NULL)
        return VPCVIS_E_ARG;
    status = measure(config, &measured, &bytes);
    if (status == VPCVIS_OK && vpcvis_base_cpu_find(measured.config.cpu) != VPCVIS_OK)
        status = measured.config.cpu > VPCVIS_CPU_NEON ? VPCVIS_E_CONFIG : VPCVIS_E_CPU;
    if (status != VPCVIS_OK)
        return status;
    if (len < bytes)
        return VPCVIS_E_SPACE;
    flow = vpcvis_i_bytes_align(memory);
    *flow = measured;
    (void)lay_out(flow, (char *)flow);
    start(flow);
    *out = flow;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_flow_new(const struct vpcvis_flow_config *config,
                              const struct vpcvis_allocator *allocator, vpcvis_flow **out)
{
    vpcvis_flow measured;
    uint64_t bytes;
    void *memory;
    vpcvis_status status;

    if (out == NULL)
        return VPCVIS_E_ARG;
    status = measure(config, &measured, &bytes);
    if (status != VPCVIS_OK)
        return status;
    memory = vpcvis_i_base_new(allocator, (size_t)bytes);
    if (memory == NULL)
        return VPCVIS_E_MEMORY;
    status = vpcvis_flow_init(memory, (size_t)bytes, config, out);
    if (status != VPCVIS_OK)
        vpcvis_i_base_delete(allocator, memory);
    return status;
}

void vpcvis_flow_free(vpcvis_flow *flow, const struct vpcvis_allocator *allocator)
{
    vpcvis_i_base_delete(allocator, flow);
}

void vpcvis_i_flow_open(vpcvis_flow *flow, uint64_t now_ns)
{
    struct vpcvis_i_flow_half *half = &flow->half[flow->open];
    const uint64_t interval = flow->config.interval_s;
    const uint64_t phase = flow->config.phase_s;
    const uint64_t now_s = now_ns / SECOND;

    if (now_s < phase) {
        half->start_s = 0;
        half->end_s = phase;
    } else {
        half->start_s = now_s - (now_s - phase) % interval;
        half->end_s = half->start_s + interval;
    }
    flow->start_ns = half->start_s * SECOND;
    flow->end_ns = half->end_s <= UINT64_MAX / SECOND ? half->end_s * SECOND : UINT64_MAX;
}

/* Close the open window: its half is drained from now on, the other one filled. */
static void close_window(vpcvis_flow *flow)
{
    flow->open ^= 1;
    flow->closed = 1;
    flow->end_ns = 0;
    flow->next_item = 0;
    flow->next_table = 0;
    flow->next_interface = 0;
    flow->counts.windows++;
    if ((flow->config.flags & VPCVIS_FLOW_ORDER) != 0)
        vpcvis_i_flow_sort(flow);
}

void vpcvis_i_flow_finish(vpcvis_flow *flow)
{
    clear_half(flow, &flow->half[flow->open ^ 1]);
    flow->closed = 0;
}

vpcvis_status vpcvis_flow_tick(vpcvis_flow *flow, uint64_t now_ns)
{
    if (flow == NULL)
        return VPCVIS_E_ARG;
    if (flow->end_ns != 0) {
        if (now_ns < flow->end_ns)
            return VPCVIS_NOMATCH;
        if (flow->closed)
            return VPCVIS_MORE;
        close_window(flow);
    }
    flow->ticks++;
    if (now_ns != UINT64_MAX)
        vpcvis_i_flow_open(flow, now_ns);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_flow_get(const vpcvis_flow *flow, struct vpcvis_flow_counts *counts)
{
    const struct vpcvis_i_flow_half *half;

    if (flow == NULL || counts == NULL)
        return VPCVIS_E_ARG;
    half = &flow->half[flow->open];
    *counts = flow->counts;
    counts->open_from_s = flow->end_ns != 0 ? half->start_s : 0;
    counts->open_to_s = flow->end_ns != 0 ? half->end_s : 0;
    counts->flows_ipv4 = half->table[VPCVIS_I_FLOW_IPV4].used;
    counts->flows_ipv6 = half->table[VPCVIS_I_FLOW_IPV6].used;
    return VPCVIS_OK;
}

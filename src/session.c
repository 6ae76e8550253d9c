/* SPDX-License-Identifier: MIT */
/*
 * Room session: the sessions of one source, and which of them gets a packet.
 *
 *     header | session 1 | session 2 | ...      by number; `index` is the place in the caller's array
 */
#include "session.h"

#define GROUP 16 /* packets judged together: their answers are on the stack */

#define OVERHEAD_IPV4 36 /* outer IPv4, UDP and VXLAN headers */
#define OVERHEAD_IPV6 56
#define TEXT_MAX      255

struct session {
    const vpcvis_filter *filter;
    uint32_t number;
    uint32_t index;
    uint32_t vni;
    uint32_t packet_length; /* UINT32_MAX: none */
    uint32_t mtu_length;    /* what the MTU leaves of a frame; UINT32_MAX: no MTU */
};

struct vpcvis_session {
    uint32_t flags;
    uint32_t count;
    struct session session[];
};

size_t vpcvis_session_bytes(size_t count)
{
    if (count > VPCVIS_SESSION_COUNT_MAX)
        return 0;
    return sizeof(struct vpcvis_session) + count * sizeof(struct session) +
           VPCVIS_I_ALIGN;
}

/* What an MTU leaves of a frame; 0 if nothing. */
static uint32_t mtu_length(const struct vpcvis_session_entry *entry)
{
    const uint32_t overhead =
        entry->address.family == VPCVIS_ADDR_IPV4 ? OVERHEAD_IPV4 : OVERHEAD_IPV6;

    return entry->mtu > overhead ? entry->mtu - overhead : 0;
}

static vpcvis_status check_target(const struct vpcvis_session_entry *entry,
                                  uint32_t *part)
{
    *part = VPCVIS_SESSION_PART_TARGET;
    if (entry->target < VPCVIS_SESSION_INTERFACE ||
        entry->target > VPCVIS_SESSION_GATEWAY_BALANCER)
        return VPCVIS_E_ARG;
    *part = VPCVIS_SESSION_PART_ADDRESS;
    if (entry->address.family != VPCVIS_ADDR_IPV4 &&
        entry->address.family != VPCVIS_ADDR_IPV6)
        return VPCVIS_E_ARG;
    return VPCVIS_OK;
}

static vpcvis_status check_limits(const struct vpcvis_session_entry *entry,
                                  uint32_t *part)
{
    *part = VPCVIS_SESSION_PART_NUMBER;
    if (entry->number < 1 || entry->number > VPCVIS_SESSION_NUMBER_MAX)
        return VPCVIS_E_RANGE;
    *part = VPCVIS_SESSION_PART_VNI;
    if (entry->vni > VPCVIS_SESSION_VNI_MAX)
        return VPCVIS_E_RANGE;
    *part = VPCVIS_SESSION_PART_LENGTH;
    if ((entry->valid & VPCVIS_SESSION_LENGTH) != 0 &&
        (entry->packet_length < 1 || entry->packet_length > VPCVIS_SESSION_LENGTH_MAX))
        return VPCVIS_E_RANGE;
    *part = VPCVIS_SESSION_PART_MTU;
    if ((entry->valid & VPCVIS_SESSION_MTU) != 0 && entry->mtu > UINT16_MAX)
        return VPCVIS_E_RANGE;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_i_session_check(const struct vpcvis_session_entry *entry,
                                     uint32_t *part)
{
    vpcvis_status status;

    *part = VPCVIS_SESSION_PART_NONE;
    if ((entry->valid & ~(VPCVIS_SESSION_LENGTH | VPCVIS_SESSION_MTU)) != 0 ||
        entry->reserved[0] != 0 || entry->reserved[1] != 0 || entry->reserved[2] != 0 ||
        (entry->text == NULL && entry->text_len > 0))
        return VPCVIS_E_ARG;
    status = check_target(entry, part);
    return status == VPCVIS_OK ? check_limits(entry, part) : status;
}

static vpcvis_status read_config(const struct vpcvis_session_config *config,
                                 struct vpcvis_session_config *known)
{
    const vpcvis_status status = vpcvis_i_base_config(config, known, sizeof(*known));

    if (status != VPCVIS_OK)
        return status;
    if ((known->flags & ~(VPCVIS_SESSION_STOP | VPCVIS_SESSION_STRICT)) != 0)
        return VPCVIS_E_CONFIG;
    return VPCVIS_OK;
}

static vpcvis_status fail(struct vpcvis_error *error, vpcvis_status status, size_t index,
                          uint32_t part)
{
    (void)vpcvis_i_base_fail(error, status, UINT32_MAX, part, 0);
    if (error != NULL)
        error->line = (uint64_t)index + 1;
    return status;
}

static void fill(struct session *session, const struct vpcvis_session_entry *entry,
                 uint32_t index)
{
    session->filter = entry->filter;
    session->number = entry->number;
    session->index = index;
    session->vni = entry->vni;
    session->packet_length = UINT32_MAX;
    if ((entry->valid & VPCVIS_SESSION_LENGTH) != 0)
        session->packet_length = entry->packet_length;
    else if (entry->target == VPCVIS_SESSION_NETWORK_BALANCER)
        session->packet_length = VPCVIS_SESSION_LENGTH_MAX;
    session->mtu_length =
        (entry->valid & VPCVIS_SESSION_MTU) != 0 ? mtu_length(entry) : UINT32_MAX;
}

/* Put a session in its place by number, which is found by halving; 0 if it is taken. */
static int insert(vpcvis_session *sessions, const struct vpcvis_session_entry *entry,
                  uint32_t index)
{
    uint32_t low = 0, high = sessions->count;

    while (low < high) {
        const uint32_t middle = (low + high) / 2;

        if (sessions->session[middle].number < entry->number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < sessions->count && sessions->session[low].number == entry->number)
        return 0;
    memmove(&sessions->session[low + 1], &sessions->session[low],
            (sessions->count - low) * sizeof(sessions->session[0]));
    fill(&sessions->session[low], entry, index);
    sessions->count++;
    return 1;
}

static vpcvis_status add_entry(vpcvis_session *sessions,
                               const struct vpcvis_session_entry *entries, uint32_t index,
                               struct vpcvis_error *error)
{
    const struct vpcvis_session_entry *entry = &entries[index];
    uint32_t part;
    const vpcvis_status status = vpcvis_i_session_check(entry, &part);

    if (status != VPCVIS_OK)
        return fail(error, status, index, part);
    if ((sessions->flags & VPCVIS_SESSION_STRICT) != 0 && entry->text_len > TEXT_MAX)
        return fail(error, VPCVIS_E_LONG, index, VPCVIS_SESSION_PART_TEXT);
    if ((entry->valid & VPCVIS_SESSION_MTU) != 0 && mtu_length(entry) == 0)
        return fail(error, VPCVIS_E_RANGE, index, VPCVIS_SESSION_PART_MTU);
    if (!insert(sessions, entry, index))
        return fail(error, VPCVIS_E_DUPLICATE, index, VPCVIS_SESSION_PART_NUMBER);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_session_build(const struct vpcvis_session_entry *entries,
                                   size_t count,
                                   const struct vpcvis_session_config *config,
                                   void *memory, size_t len, vpcvis_session **out,
                                   struct vpcvis_error *error)
{
    struct vpcvis_session_config known;
    vpcvis_session *sessions;
    vpcvis_status status;
    uint32_t i, most;

    if ((entries == NULL && count > 0) || memory == NULL || out == NULL)
        return VPCVIS_E_ARG;
    status = read_config(config, &known);
    if (status != VPCVIS_OK)
        return status;
    most = (known.flags & VPCVIS_SESSION_STRICT) != 0 ? 3 : VPCVIS_SESSION_COUNT_MAX;
    if (count > most)
        return fail(error, VPCVIS_E_LIMIT, most, VPCVIS_SESSION_PART_NONE);
    if (len < vpcvis_session_bytes(count))
        return VPCVIS_E_SPACE;
    sessions = vpcvis_i_bytes_align(memory);
    sessions->flags = known.flags;
    sessions->count = 0;
    for (i = 0; i < count; i++) {
        status = add_entry(sessions, entries, i, error);
        if (status != VPCVIS_OK)
            return status;
    }
    *out = sessions;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_session_new(const struct vpcvis_session_entry *entries, size_t count,
                                 const struct vpcvis_session_config *config,
                                 const struct vpcvis_allocator *allocator,
                                 vpcvis_session **out, struct vpcvis_error *error)
{
    size_t bytes = vpcvis_session_bytes(count);
    vpcvis_status status;
    void *memory;

    if (bytes == 0)
        bytes = vpcvis_session_bytes(0); /* enough to be told why */
    memory = vpcvis_i_base_new(allocator, bytes);
    if (memory == NULL)
        return VPCVIS_E_MEMORY;
    status = vpcvis_session_build(entries, count, config, memory, bytes, out, error);
    if (status != VPCVIS_OK)
        vpcvis_i_base_delete(allocator, memory);
    return status;
}

void vpcvis_session_free(vpcvis_session *sessions,
                         const struct vpcvis_allocator *allocator)
{
    vpcvis_i_base_delete(allocator, sessions);
}

static const struct vpcvis_packet *packet_at(const struct vpcvis_packet *packets,
                                             size_t stride, size_t i)
{
    return (const struct vpcvis_packet *)(const void *)((const char *)packets +
                                                        i * stride);
}

/* How much of a frame is copied, and which bound that is. */
static void cut(const struct session *session, const struct vpcvis_packet *packet,
                struct vpcvis_mirror *mirror)
{
    mirror->length = packet->wire_len;
    mirror->bound = VPCVIS_SESSION_BOUND_FRAME;
    if (packet->cap_len < mirror->length) {
        mirror->length = packet->cap_len;
        mirror->bound = VPCVIS_SESSION_BOUND_CAPTURED;
    }
    if (session->packet_length < mirror->length) {
        mirror->length = session->packet_length;
        mirror->bound = VPCVIS_SESSION_BOUND_LENGTH;
    }
    if (session->mtu_length < mirror->length) {
        mirror->length = session->mtu_length;
        mirror->bound = VPCVIS_SESSION_BOUND_MTU;
    }
}

/* One answer of a session's filter. 1 if the packet is decided. */
static int take_answer(const vpcvis_session *sessions, const struct session *session,
                       const struct vpcvis_packet *packet,
                       const struct vpcvis_filter_answer *answer,
                       struct vpcvis_mirror *mirror)
{
    if (answer->action == 0 && answer->why == VPCVIS_FILTER_WHY_NONE)
        return 0;
    mirror->rule = answer->rule;
    mirror->rule_number = answer->number;
    mirror->why = answer->why;
    if (answer->action != VPCVIS_FILTER_ACCEPT)
        return (sessions->flags & VPCVIS_SESSION_STOP) != 0 &&
               answer->action == VPCVIS_FILTER_REJECT;
    mirror->session = session->index;
    mirror->number = session->number;
    mirror->vni = session->vni;
    cut(session, packet, mirror);
    return 1;
}

/* Up to GROUP packets, session after session until all of them are decided. */
static void pick_group(const vpcvis_session *sessions,
                       const struct vpcvis_packet *packets, size_t stride, size_t count,
                       uint32_t direction, struct vpcvis_mirror *mirrors)
{
    struct vpcvis_filter_answer answers[GROUP];
    uint32_t decided = 0, s;
    size_t i;

    memset(mirrors, 0, count * sizeof(*mirrors));
    for (i = 0; i < count; i++) {
        mirrors[i].session = VPCVIS_SESSION_NONE;
        mirrors[i].rule = VPCVIS_FILTER_NONE;
    }
    for (s = 0; s < sessions->count && decided != (1u << count) - 1; s++) {
        const struct session *session = &sessions->session[s];

        if (session->filter == NULL)
            continue;
        (void)vpcvis_filter_match(session->filter, packets, stride, count, direction,
                                  answers);
        for (i = 0; i < count; i++)
            if ((decided >> i & 1) == 0 &&
                take_answer(sessions, session, packet_at(packets, stride, i), &answers[i],
                            &mirrors[i]))
                decided |= 1u << i;
    }
}

static int is_batch(const struct vpcvis_packet *packets, size_t stride, size_t count,
                    uint32_t direction, const struct vpcvis_mirror *mirrors)
{
    return (count == 0 || (packets != NULL && mirrors != NULL)) &&
           stride >= sizeof(*packets) && stride % 8 == 0 &&
           direction <= VPCVIS_DIRECTION_EGRESS;
}

vpcvis_status vpcvis_session_pick(const vpcvis_session *sessions,
                                  const struct vpcvis_packet *packets, size_t stride,
                                  size_t count, uint32_t direction,
                                  struct vpcvis_mirror *mirrors)
{
    size_t i;

    if (sessions == NULL || !is_batch(packets, stride, count, direction, mirrors))
        return VPCVIS_E_ARG;
    for (i = 0; i < count; i += GROUP)
        pick_group(sessions, packet_at(packets, stride, i), stride,
                   count - i < GROUP ? count - i : GROUP, direction, mirrors + i);
    return VPCVIS_OK;
}

static void add(uint64_t *sum, uint64_t value)
{
    *sum = value > UINT64_MAX - *sum ? UINT64_MAX : *sum + value;
}

static void add_one(struct vpcvis_session_counts *counts,
                    const struct vpcvis_packet *packet, uint32_t direction,
                    const struct vpcvis_mirror *mirror, uint32_t skipped)
{
    const int out = direction == VPCVIS_DIRECTION_EGRESS;

    if (mirror->session == VPCVIS_SESSION_NONE) {
        add(&counts->packets_not_mirrored, 1);
        return;
    }
    if (skipped != 0) {
        add(out ? &counts->skip_mirror_out : &counts->skip_mirror_in, mirror->length);
        add(out ? &counts->packets_skip_mirror_out : &counts->packets_skip_mirror_in, 1);
        return;
    }
    add(out ? &counts->mirror_out : &counts->mirror_in, mirror->length);
    add(out ? &counts->packets_mirror_out : &counts->packets_mirror_in, 1);
    if (mirror->length < packet->wire_len)
        add(&counts->packets_cut, 1);
}

vpcvis_status vpcvis_session_add(struct vpcvis_session_counts *counts,
                                 const struct vpcvis_packet *packets, size_t stride,
                                 size_t count, uint32_t direction,
                                 const struct vpcvis_mirror *mirrors, uint32_t skipped)
{
    size_t i;

    if (counts == NULL || !is_batch(packets, stride, count, direction, mirrors))
        return VPCVIS_E_ARG;
    for (i = 0; i < count; i++) {
        const struct vpcvis_packet *packet = packet_at(packets, stride, i);

        add_one(counts, packet, direction != 0 ? direction : packet->direction,
                &mirrors[i], skipped);
    }
    return VPCVIS_OK;
}

size_t vpcvis_session_entry_bytes(void)
{
    return sizeof(struct vpcvis_session_entry);
}

size_t vpcvis_session_mirror_bytes(void)
{
    return sizeof(struct vpcvis_mirror);
}

size_t vpcvis_session_counts_bytes(void)
{
    return sizeof(struct vpcvis_session_counts);
}

/* SPDX-License-Identifier: MIT */
/*
 * Room flow: what is registered of interfaces. Their texts lie in pages of at most 64 KiB,
 * so that 16-bit places reach them and the service names from the start of the page.
 *
 *     page    service names | about, texts[], bytes | about, texts[], bytes | ...
 */
#include "flow.h"

char *vpcvis_i_flow_page(const vpcvis_flow *flow, uint32_t interface)
{
    const size_t page_bytes =
        flow->names_len + (size_t)flow->per_page * flow->config.interface_bytes;
    return flow->pages + interface / flow->per_page * page_bytes;
}

struct vpcvis_i_flow_about *vpcvis_i_flow_about(const vpcvis_flow *flow,
                                                uint32_t interface)
{
    return (void *)(vpcvis_i_flow_page(flow, interface) + flow->names_len +
                    (size_t)(interface % flow->per_page) * flow->config.interface_bytes);
}

/* A field that describes the interface, as a text: 0 if the record has none. */
static int get_text(const struct vpcvis_record *record, uint32_t field,
                    struct vpcvis_value *value)
{
    const struct vpcvis_i_record_field *row = vpcvis_i_record_field(field);

    if (row->about != VPCVIS_ABOUT_INTERFACE || row->kind < VPCVIS_KIND_NAME)
        return 0;
    (void)vpcvis_record_get(record, field, value);
    return value->state == VPCVIS_STATE_VALUE && value->text != NULL;
}

static size_t bytes_of(const struct vpcvis_record *record)
{
    size_t bytes = sizeof(struct vpcvis_i_flow_about);
    struct vpcvis_value value;
    uint32_t field;

    for (field = 0; field < VPCVIS_FIELD_COUNT; field++) {
        if (get_text(record, field, &value))
            bytes += sizeof(struct vpcvis_i_flow_text) + value.text_len;
    }
    return bytes;
}

static void copy_about(vpcvis_flow *flow, uint32_t interface,
                       const struct vpcvis_record *record)
{
    const char *page = vpcvis_i_flow_page(flow, interface);
    struct vpcvis_i_flow_about *about = vpcvis_i_flow_about(flow, interface);
    struct vpcvis_i_flow_text *texts = (void *)(about + 1);
    struct vpcvis_value value;
    uint32_t field;
    char *bytes;

    memset(about, 0, sizeof(*about));
    for (field = 0; field < VPCVIS_FIELD_COUNT; field++)
        about->count += get_text(record, field, &value) ? 1 : 0;
    bytes = (char *)(texts + about->count);
    for (field = 0; field < VPCVIS_FIELD_COUNT; field++) {
        if (!get_text(record, field, &value))
            continue;
        about->value[field / 64] |= (uint64_t)1 << field % 64;
        texts->field = (uint8_t)field;
        texts->code = (uint8_t)value.number;
        texts->at = (uint16_t)(bytes - page);
        texts->len = (uint16_t)value.text_len;
        texts->reserved = 0;
        memcpy(bytes, value.text, value.text_len);
        bytes += value.text_len;
        texts++;
    }
}

vpcvis_status vpcvis_flow_add_interface(vpcvis_flow *flow, uint32_t interface,
                                        const struct vpcvis_record *about, size_t *needed)
{
    struct vpcvis_i_flow_interface *slot;
    size_t bytes;

    if (flow == NULL || about == NULL || interface >= flow->config.interfaces)
        return VPCVIS_E_ARG;
    slot = &flow->interfaces[interface];
    if (slot->state == VPCVIS_I_FLOW_LIVE)
        return VPCVIS_E_ARG;
    if (slot->state == VPCVIS_I_FLOW_REMOVED && flow->ticks - slot->removed < 2)
        return VPCVIS_MORE;
    bytes = bytes_of(about);
    if (needed != NULL)
        *needed = bytes;
    if (bytes > flow->config.interface_bytes)
        return VPCVIS_E_SPACE;
    copy_about(flow, interface, about);
    slot->state = VPCVIS_I_FLOW_LIVE;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_flow_remove_interface(vpcvis_flow *flow, uint32_t interface)
{
    if (flow == NULL || !vpcvis_i_flow_is_live(flow, interface))
        return VPCVIS_E_ARG;
    flow->interfaces[interface].state = VPCVIS_I_FLOW_REMOVED;
    flow->interfaces[interface].removed = flow->ticks;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_flow_get_interface(const vpcvis_flow *flow, uint32_t interface,
                                        struct vpcvis_flow_interface *about)
{
    const struct vpcvis_i_flow_seen *open, *closed;

    if (flow == NULL || about == NULL || !vpcvis_i_flow_is_live(flow, interface))
        return VPCVIS_E_ARG;
    open = &flow->half[flow->open].seen[interface];
    closed = &flow->half[flow->open ^ 1].seen[interface];
    about->packets = open->packets;
    about->skipped = open->skipped;
    about->skipped_bytes = open->skipped_bytes;
    about->closed_packets = closed->packets;
    about->closed_skipped = closed->skipped;
    about->closed_skipped_bytes = closed->skipped_bytes;
    return VPCVIS_OK;
}

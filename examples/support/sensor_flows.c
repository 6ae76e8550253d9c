/* SPDX-License-Identifier: MIT */
#include "sensor_flows.h"

#include <string.h>

static void count_packets(void *context, struct vpcvis_packet *packets, size_t count)
{
    struct sensor_flows *flows = context;
    size_t taken;

    (void)vpcvis_flow_add(flows->log.flow, packets, count, NULL, &taken);
}

int sensor_flows_open(struct sensor_flows *flows, const char *program)
{
    struct flowlog_options options = {0};

    options.layout = "v5";
    options.interval_s = 60;
    options.flows = 262144;
    options.interfaces = SENSOR_SOURCES;
    flows->log.program = program;
    flows->log.count = count_packets;
    flows->log.context = flows;
    return flowlog_open(&flows->log, &options);
}

/* The interface that a copy comes from; SENSOR_SOURCES: one too many. */
static uint32_t find_source(struct sensor_flows *flows,
                            const struct vpcvis_vxlan_layer *layer)
{
    struct vpcvis_value value = {0};
    char text[VPCVIS_ADDR_TEXT_MAX];
    struct vpcvis_record about;
    struct vpcvis_addr *addr;
    size_t len = 0;
    uint32_t i;

    for (i = 0; i < flows->count; i++)
        if (flows->source[i].address.family == layer->family &&
            memcmp(flows->source[i].address.bytes, layer->src, 16) == 0)
            return i;
    if (i == SENSOR_SOURCES)
        return i;
    addr = &flows->source[flows->count++].address;
    memcpy(addr->bytes, layer->src, 16);
    addr->family = layer->family;
    (void)vpcvis_addr_write(addr, text, sizeof(text), &len);
    vpcvis_record_init(&about, text);
    value.state = VPCVIS_STATE_VALUE;
    value.text = text;
    value.text_len = (uint32_t)len;
    (void)vpcvis_record_set(&about, VPCVIS_FIELD_INTERFACE_ID, &value);
    (void)vpcvis_flow_add_interface(flows->log.flow, i, &about, NULL);
    return i;
}

/* The direction, and from it the source's MAC address, which tells it for IPv6 and ARP. */
static void direct(struct sensor_flows *flows, struct vpcvis_vxlan_source *source,
                   struct vpcvis_vxlan_copy *copy)
{
    struct vpcvis_packet *inner = &copy->inner;

    if (vpcvis_vxlan_match(source, copy) != VPCVIS_OK) {
        flows->no_direction++;
        return;
    }
    inner->verdict = VPCVIS_VERDICT_ACCEPT; /* what is refused is never mirrored */
    memcpy(source->mac,
           inner->direction == VPCVIS_DIRECTION_EGRESS ? inner->src_mac : inner->dst_mac,
           sizeof(source->mac));
}

void sensor_flows_take(struct sensor_flows *flows, struct vpcvis_vxlan_copy *copy)
{
    const uint32_t number = find_source(flows, &copy->last);

    if (number == SENSOR_SOURCES) {
        flows->no_room++;
        return;
    }
    copy->inner.interface = number;
    direct(flows, &flows->source[number], copy);
    flowlog_take(&flows->log, &copy->inner, 1);
}

void sensor_flows_free(struct sensor_flows *flows)
{
    flowlog_free(&flows->log);
}

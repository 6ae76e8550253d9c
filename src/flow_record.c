/* SPDX-License-Identifier: MIT */
/*
 * Room flow: a flow as a record. Fields of the flow from the slot, fields of the interface
 * from what was registered, `-` for the rest.
 */
#include "flow.h"

#define BIT(field) ((uint64_t)1 << (field))

/* What every flow has. All of it lies in the first word of the bitmap. */
#define FLOW_FIELDS                                                                      \
    (BIT(VPCVIS_FIELD_SRCADDR) | BIT(VPCVIS_FIELD_DSTADDR) | BIT(VPCVIS_FIELD_SRCPORT) | \
     BIT(VPCVIS_FIELD_DSTPORT) | BIT(VPCVIS_FIELD_PROTOCOL) |                            \
     BIT(VPCVIS_FIELD_PACKETS) | BIT(VPCVIS_FIELD_BYTES) | BIT(VPCVIS_FIELD_TCP_FLAGS) | \
     BIT(VPCVIS_FIELD_TYPE) | BIT(VPCVIS_FIELD_PKT_SRCADDR) |                            \
     BIT(VPCVIS_FIELD_PKT_DSTADDR))
/* What every record has. */
#define LOG_FIELDS                                                                 \
    (BIT(VPCVIS_FIELD_VERSION) | BIT(VPCVIS_FIELD_START) | BIT(VPCVIS_FIELD_END) | \
     BIT(VPCVIS_FIELD_LOG_STATUS))
/* Fields of VPC flow logs; those of transit gateways are absent. */
#define VPC_FIELDS (BIT(VPCVIS_FIELD_RESOURCE_TYPE) - 1)

static void put_about(const vpcvis_flow *flow, uint32_t interface,
                      struct vpcvis_record *record)
{
    const struct vpcvis_i_flow_about *about = vpcvis_i_flow_about(flow, interface);
    const struct vpcvis_i_flow_text *text = (const void *)(about + 1);
    uint32_t i;

    vpcvis_record_init(record, vpcvis_i_flow_page(flow, interface));
    record->value[0] = about->value[0] | LOG_FIELDS;
    record->value[1] = about->value[1];
    for (i = 0; i < about->count; i++, text++) {
        record->text[text->field].at = text->at;
        record->text[text->field].len = text->len;
        if (vpcvis_i_record_field(text->field)->kind != VPCVIS_KIND_NAME)
            continue;
        vpcvis_i_record_put(record, vpcvis_i_record_field(text->field), text->code);
        if (text->code == 0)
            record->flags |= VPCVIS_RECORD_UNKNOWN;
    }
    record->version = flow->config.version;
}

static void put_addresses(const struct vpcvis_i_flow_out *out,
                          struct vpcvis_record *record)
{
    const int ipv4 = out->table == VPCVIS_I_FLOW_IPV4;
    const uint32_t bytes = ipv4 ? 4 : 16;

    record->srcaddr.family = ipv4 ? VPCVIS_ADDR_IPV4 : VPCVIS_ADDR_IPV6;
    record->dstaddr.family = record->srcaddr.family;
    memcpy(record->srcaddr.bytes, out->key, bytes);
    memcpy(record->dstaddr.bytes, (const char *)out->key + bytes, bytes);
    record->pkt_srcaddr = record->srcaddr;
    record->pkt_dstaddr = record->dstaddr;
    if (out->values.hinted) {
        memcpy(record->pkt_srcaddr.bytes, out->pkt, bytes);
        memcpy(record->pkt_dstaddr.bytes, out->pkt + bytes, bytes);
    }
}

static void put_rest(uint64_t rest, struct vpcvis_record *record)
{
    record->srcport = (uint16_t)(rest >> 48);
    record->dstport = (uint16_t)(rest >> 32 & 0xffff);
    record->protocol = (uint8_t)(rest >> 4 & 0xff);
    record->action = (uint8_t)(rest >> 2 & 3);
    record->flow_direction = (uint8_t)(rest & 3);
    if (record->action != 0)
        record->value[0] |= BIT(VPCVIS_FIELD_ACTION);
    if (record->flow_direction != 0)
        record->value[0] |= BIT(VPCVIS_FIELD_FLOW_DIRECTION);
}

static void put_service(const vpcvis_flow *flow, const struct vpcvis_addr *addr,
                        uint32_t field, struct vpcvis_record *record)
{
    uint32_t service;

    if (vpcvis_prefix_match(flow->config.services, addr, &service, NULL) != VPCVIS_OK ||
        service >= flow->config.service_count)
        return;
    record->text[field] = flow->names[service];
    record->value[0] |= BIT(field);
}

void vpcvis_i_flow_write(const vpcvis_flow *flow, uint64_t start_s,
                         const struct vpcvis_i_flow_out *out,
                         struct vpcvis_record *record)
{
    const uint64_t rest = out->key[out->table == VPCVIS_I_FLOW_IPV4 ? 1 : 4];

    put_about(flow, vpcvis_i_flow_interface_of(rest), record);
    record->value[0] |= FLOW_FIELDS;
    put_addresses(out, record);
    put_rest(rest, record);
    record->packets = out->values.packets;
    record->bytes = out->values.bytes;
    record->start_s = start_s + out->values.first_s;
    record->end_s = start_s + out->values.last_s;
    record->tcp_flags = out->values.tcp_flags;
    record->flags |= out->values.flags;
    record->log_status = VPCVIS_LOG_STATUS_OK;
    record->type = out->table == VPCVIS_I_FLOW_IPV4 ? VPCVIS_TYPE_IPV4 : VPCVIS_TYPE_IPV6;
    if (out->values.hinted && out->values.traffic_path != 0) {
        record->traffic_path = out->values.traffic_path;
        record->value[0] |= BIT(VPCVIS_FIELD_TRAFFIC_PATH);
    }
    if (flow->config.services != NULL) {
        put_service(flow, &record->pkt_srcaddr, VPCVIS_FIELD_PKT_SRC_AWS_SERVICE, record);
        put_service(flow, &record->pkt_dstaddr, VPCVIS_FIELD_PKT_DST_AWS_SERVICE, record);
    }
    record->dash[0] = VPC_FIELDS & ~record->value[0];
}

void vpcvis_i_flow_write_status(const vpcvis_flow *flow, uint32_t interface,
                                uint8_t log_status, uint64_t start_s, uint64_t end_s,
                                struct vpcvis_record *record)
{
    put_about(flow, interface, record);
    record->start_s = start_s;
    record->end_s = end_s - 1;
    record->log_status = log_status;
    record->dash[0] = VPC_FIELDS & ~record->value[0];
}

/* SPDX-License-Identifier: MIT */
/*
 * A byte of choices, then a frame: unwrapped with every policy, what is found lies within it and
 * agrees with a plain reading; then it is wrapped itself, and comes out of that as it was, with
 * a checksum that a plain sum confirms.
 */
#include "oracle.h"

/* RFC 1071 as it is written: 16-bit words, one after the other. */
static uint32_t plain_sum(const uint8_t *bytes, size_t len, uint32_t sum)
{
    size_t i;

    for (i = 0; i + 1 < len; i += 2) {
        sum += bytes[i] * 256u + bytes[i + 1];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    if (i < len) {
        sum += bytes[i] * 256u;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

static void require_layer(const struct vpcvis_vxlan_layer *layer, const uint8_t *bytes,
                          size_t len)
{
    const uint8_t *header = bytes + layer->at;

    REQUIRE(layer->at + 8 <= len && layer->inner_at >= layer->at + 8);
    REQUIRE(layer->inner_at + (size_t)layer->cap_len <= len);
    REQUIRE(layer->cap_len <= layer->len);
    REQUIRE(memcmp(header, layer->header.raw, 8) == 0);
    REQUIRE(layer->header.vni == header[4] * 65536u + header[5] * 256u + header[6]);
    REQUIRE(layer->dstport == header[-6] * 256u + header[-5]);
    if (layer->kind == VPCVIS_VXLAN_KIND_VXLAN)
        REQUIRE(layer->inner_at == layer->at + 8 && (header[0] & 8) != 0);
    else
        REQUIRE(layer->inner_at == layer->at + 8 + (header[0] & 63u) * 4);
}

static void require_unwrap(const struct vpcvis_frame *frame, uint32_t policy,
                           uint32_t depth)
{
    struct vpcvis_vxlan_layer layers[VPCVIS_VXLAN_DEPTH_MAX];
    struct vpcvis_vxlan_config config;
    struct vpcvis_vxlan_copy copy;
    vpcvis_status status;
    uint32_t i;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.policy = policy;
    config.depth = depth;
    config.flags = policy == VPCVIS_VXLAN_STRICT ? VPCVIS_VXLAN_VERIFY : 0;
    status = vpcvis_vxlan_unwrap(&config, frame, layers, &copy);
    REQUIRE(status == copy.status);
    REQUIRE(copy.layers <= (depth != 0 ? depth : 4));
    for (i = 0; i < copy.layers; i++)
        require_layer(&layers[i], frame->data, frame->cap_len);
    if (status != VPCVIS_OK)
        return;
    REQUIRE(copy.layers > 0);
    REQUIRE(memcmp(&copy.outer, &layers[0], sizeof(copy.outer)) == 0);
    REQUIRE(memcmp(&copy.last, &layers[copy.layers - 1], sizeof(copy.last)) == 0);
    REQUIRE(copy.inner_at == copy.last.inner_at);
    REQUIRE(copy.inner.cap_len == copy.last.cap_len);
    REQUIRE(copy.inner.wire_len >= copy.inner.cap_len);
}

/* Wrap a frame, and unwrap it again. */
static void require_wrap(const struct vpcvis_frame *frame, uint32_t choice)
{
    struct vpcvis_vxlan_config config;
    struct vpcvis_vxlan_outer outer;
    struct vpcvis_vxlan_copy copy;
    struct vpcvis_packet packet;
    struct vpcvis_frame wrapped;
    uint32_t len = frame->cap_len;
    uint8_t *bytes;
    size_t room;

    memset(&outer, 0, sizeof(outer));
    outer.size = sizeof(outer);
    outer.flags = VPCVIS_VXLAN_CHECKSUM | (choice & 1 ? VPCVIS_VXLAN_ETHERNET : 0) |
                  VPCVIS_VXLAN_CUT;
    outer.entropy = choice >> 1 & 3;
    outer.src.family = outer.dst.family =
        choice & 8 ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
    outer.src.bytes[0] = 10;
    outer.mtu = choice & 16 ? 200 : 0;
    room = vpcvis_vxlan_headroom(&outer);
    bytes = oracle_memory(room + len);
    memcpy(bytes + room, frame->data, len);
    (void)vpcvis_packet_read(frame, &packet);
    REQUIRE(vpcvis_vxlan_wrap(&outer, choice * 7919, &packet, bytes + room, &len,
                              bytes) == VPCVIS_OK);
    REQUIRE(len <= frame->cap_len && (len == frame->cap_len || choice & 16));
    memset(&wrapped, 0, sizeof(wrapped));
    wrapped.data = bytes;
    wrapped.cap_len = (uint32_t)room + len;
    wrapped.start = choice & 1 ? VPCVIS_START_ETHERNET : VPCVIS_START_IP;
    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.depth = 1;
    config.flags = VPCVIS_VXLAN_VERIFY;
    config.policy = VPCVIS_VXLAN_STRICT;
    REQUIRE(vpcvis_vxlan_unwrap(&config, &wrapped, NULL, &copy) == VPCVIS_OK);
    REQUIRE((copy.flags & VPCVIS_VXLAN_VERIFIED) != 0);
    REQUIRE(copy.inner_at == room && copy.inner.cap_len == len);
    REQUIRE(copy.last.header.vni == choice * 7919);
    REQUIRE(copy.last.srcport == vpcvis_vxlan_srcport(&outer, &packet));
    REQUIRE(memcmp(bytes + room, frame->data, len) == 0);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    const uint32_t choice = input_choice(&in);
    struct vpcvis_frame frame;
    uint8_t *bytes = oracle_memory(in.left);
    uint32_t policy;

    if (in.left > 0)
        memcpy(bytes, in.at, in.left);
    memset(&frame, 0, sizeof(frame));
    frame.data = bytes;
    frame.cap_len = (uint32_t)in.left;
    frame.start = choice & 32 ? VPCVIS_START_IP : VPCVIS_START_ETHERNET;
    for (policy = VPCVIS_VXLAN_IGNORE; policy <= VPCVIS_VXLAN_EXTENSIONS; policy++)
        require_unwrap(&frame, policy, choice & 15);
    if (in.left <= 9000)
        require_wrap(&frame, choice);
    REQUIRE((plain_sum(bytes, in.left, 0) ^ vpcvis_vxlan_checksum(bytes, in.left)) ==
                0xffff ||
            (plain_sum(bytes, in.left, 0) == 0 && in.left == 0));
    free(bytes);
    return 0;
}

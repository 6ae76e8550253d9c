/* SPDX-License-Identifier: MIT */
/*
 * Room vxlan: tunnels inwards, one after the other.
 *
 *     frame   | Ethernet IP UDP | GENEVE options | IP UDP | VXLAN | Ethernet IP ...
 *     walk    at ->              tunnel           at ->     tunnel   at: the inner frame
 *
 * Room packet reads what is at `at`; if that is UDP to a tunnel's port, the tunnel's header is
 * read and the walk goes on behind it. at + cap_len never passes the frame's end.
 */
#include "vxlan.h"

#define DEPTH            4
#define AHEAD            8 /* frames whose bytes are asked for while one is read */
#define AWS_CLASS        0x0108
#define CRITICAL         0x80
#define GENEVE_CRITICAL  0x40
#define ETHERTYPE_IPV4   0x0800
#define ETHERTYPE_IPV6   0x86dd
#define ETHERTYPE_BRIDGE 0x6558

/* Where unwrapping is: cap_len bytes at hand from `at`, len by the layers outside. */
struct inward {
    const struct vpcvis_vxlan_config *config;
    const uint8_t *bytes;
    struct vpcvis_frame frame; /* what is read next */
    uint32_t at;
    uint32_t unverified;
    struct vpcvis_vxlan_copy *copy;
};

static vpcvis_status read_config(const struct vpcvis_vxlan_config *config,
                                 struct vpcvis_vxlan_config *known)
{
    const vpcvis_status status = vpcvis_i_base_config(config, known, sizeof(*known));

    if (status != VPCVIS_OK)
        return status;
    if ((known->flags & ~(VPCVIS_VXLAN_VERIFY | VPCVIS_VXLAN_NO_GENEVE)) != 0 ||
        known->policy > VPCVIS_VXLAN_EXTENSIONS || known->depth > VPCVIS_VXLAN_DEPTH_MAX)
        return VPCVIS_E_CONFIG;
    if (known->depth == 0)
        known->depth = DEPTH;
    if ((known->ports[0] | known->ports[1] | known->ports[2] | known->ports[3]) == 0) {
        known->ports[0] = VPCVIS_VXLAN_PORT;
        if (known->policy == VPCVIS_VXLAN_EXTENSIONS)
            known->ports[1] = VPCVIS_VXLAN_GPE_PORT;
    }
    if ((known->geneve_ports[0] | known->geneve_ports[1] | known->geneve_ports[2] |
         known->geneve_ports[3]) == 0)
        known->geneve_ports[0] = VPCVIS_VXLAN_GENEVE;
    return VPCVIS_OK;
}

static int is_port(const uint16_t ports[VPCVIS_VXLAN_PORTS], uint16_t port)
{
    uint32_t i;

    for (i = 0; i < VPCVIS_VXLAN_PORTS; i++)
        if (ports[i] == port && port != 0)
            return 1;
    return 0;
}

/* Which tunnel a packet is; 0: none. */
static uint8_t kind_of(const struct vpcvis_vxlan_config *config,
                       const struct vpcvis_packet *packet)
{
    if (packet->protocol != VPCVIS_I_VXLAN_UDP ||
        (packet->flags & VPCVIS_PACKET_PORTS) == 0)
        return 0;
    if (is_port(config->ports, packet->dstport))
        return VPCVIS_VXLAN_KIND_VXLAN;
    if ((config->flags & VPCVIS_VXLAN_NO_GENEVE) == 0 &&
        is_port(config->geneve_ports, packet->dstport))
        return VPCVIS_VXLAN_KIND_GENEVE;
    return 0;
}

/* Read the frame that the walk is at. */
static void read_frame(struct inward *walk, struct vpcvis_packet *packet)
{
    walk->frame.data = walk->bytes + walk->at;
    (void)vpcvis_packet_read(&walk->frame, packet);
}

/* The addresses and lengths of a tunnel's outer packet. */
static void describe(const struct inward *walk, const struct vpcvis_packet *packet,
                     struct vpcvis_vxlan_layer *layer)
{
    const uint8_t *udp = walk->bytes + walk->at + packet->l4_at;
    const uint32_t udp_len = vpcvis_i_bytes_be16(udp + 4);
    const uint32_t before = packet->l4_at - packet->ip_at;
    const uint32_t left = packet->ip_len > before ? packet->ip_len - before : 0;
    const uint32_t len = udp_len != 0 ? udp_len : left;
    const uint32_t have = packet->cap_len - packet->payload_at;

    memset(layer, 0, sizeof(*layer));
    memcpy(layer->src, packet->src, sizeof(layer->src));
    memcpy(layer->dst, packet->dst, sizeof(layer->dst));
    layer->srcport = packet->srcport;
    layer->dstport = packet->dstport;
    layer->family = packet->family;
    layer->tos = packet->tos;
    layer->ttl = packet->ttl;
    layer->checksum = vpcvis_i_bytes_be16(udp + 6);
    layer->at = walk->at + packet->payload_at;
    layer->len = len > 8 ? len - 8 : 0;
    layer->cap_len = have < layer->len ? have : layer->len;
}

/* VERIFY: all of a datagram, if it is at hand and has a checksum. */
static vpcvis_status verify(struct inward *walk, const struct vpcvis_vxlan_layer *layer)
{
    uint64_t sum;

    if (layer->checksum == 0 || layer->cap_len < layer->len) {
        walk->unverified = 1;
        return VPCVIS_OK;
    }
    sum = vpcvis_i_vxlan_pseudo(layer->src, layer->dst, layer->family, layer->len + 8) +
          vpcvis_i_vxlan_sum(walk->bytes + layer->at - 8, layer->len + 8);
    return vpcvis_i_vxlan_fold(sum) == 0 ? VPCVIS_OK : VPCVIS_E_CHECKSUM;
}

/* What follows a tunnel header of so many bytes. */
static void enter(struct vpcvis_vxlan_layer *layer, uint32_t header)
{
    layer->inner_at = layer->at + header;
    layer->cap_len -= header;
    layer->len -= header;
}

/* 0 if what a header announces is no frame nor IP packet: *start is not known. */
static int start_of(uint16_t protocol, uint8_t *start)
{
    *start = protocol == ETHERTYPE_BRIDGE ? VPCVIS_START_ETHERNET : VPCVIS_START_IP;
    return protocol == ETHERTYPE_BRIDGE || protocol == ETHERTYPE_IPV4 ||
           protocol == ETHERTYPE_IPV6;
}

static vpcvis_status read_vxlan(const struct inward *walk,
                                struct vpcvis_vxlan_layer *layer, uint8_t *start)
{
    const vpcvis_status status = vpcvis_vxlan_read(
        walk->bytes + layer->at, layer->cap_len, walk->config->policy, &layer->header);

    if (status != VPCVIS_OK)
        return status;
    *start = VPCVIS_START_ETHERNET;
    if ((layer->header.flags & VPCVIS_VXLAN_NEXT) != 0) {
        if (layer->header.next_protocol == 1 || layer->header.next_protocol == 2)
            *start = VPCVIS_START_IP;
        else if (layer->header.next_protocol != 3)
            return VPCVIS_E_TUNNEL;
    }
    enter(layer, VPCVIS_VXLAN_BYTES);
    return VPCVIS_OK;
}

static uint64_t value_of(const uint8_t *bytes, uint32_t len)
{
    uint64_t value = 0;
    uint32_t i;

    for (i = 0; i < len; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* An option of AWS's; 0: not one that is known. */
static int read_option(struct vpcvis_vxlan_layer *layer, uint32_t type,
                       const uint8_t *value, uint32_t len)
{
    if (type == 1 && len == 8) {
        layer->endpoint = value_of(value, len);
        layer->valid |= VPCVIS_VXLAN_ENDPOINT;
    } else if (type == 2 && len == 8) {
        layer->attachment = value_of(value, len);
        layer->valid |= VPCVIS_VXLAN_ATTACHMENT;
    } else if (type == 3 && len == 4) {
        layer->cookie = (uint32_t)value_of(value, len);
        layer->valid |= VPCVIS_VXLAN_COOKIE;
    } else {
        return 0;
    }
    return 1;
}

/* Options have to fill their length; one that is critical has to be known. */
static vpcvis_status read_options(const uint8_t *options, uint32_t len,
                                  struct vpcvis_vxlan_layer *layer)
{
    uint32_t at = 0;

    while (at < len) {
        uint32_t left, size;

        /*@ split at; */ /* for the analyser of tests/proofs: a case for each */
        left = len - at;
        if (left < 4)
            return VPCVIS_E_TUNNEL;
        size = (options[at + 3] & 0x1fu) * 4;
        if (size > left - 4)
            return VPCVIS_E_TUNNEL;
        if ((vpcvis_i_bytes_be16(options + at) != AWS_CLASS ||
             !read_option(layer, options[at + 2], options + at + 4, size)) &&
            (options[at + 2] & CRITICAL) != 0)
            return VPCVIS_E_TUNNEL;
        at += 4 + size;
    }
    return VPCVIS_OK;
}

static vpcvis_status read_geneve(const struct inward *walk,
                                 struct vpcvis_vxlan_layer *layer, uint8_t *start)
{
    const uint8_t *bytes = walk->bytes + layer->at;
    vpcvis_status status;

    if (layer->cap_len < VPCVIS_VXLAN_BYTES)
        return VPCVIS_E_LENGTH;
    memcpy(layer->header.raw, bytes, VPCVIS_VXLAN_BYTES);
    layer->header.vni = vpcvis_i_vxlan_get24(layer->header.raw + 4);
    layer->header.flags = VPCVIS_VXLAN_VNI;
    layer->protocol = vpcvis_i_bytes_be16(layer->header.raw + 2);
    layer->options_len = (layer->header.raw[0] & 0x3fu) * 4;
    if ((layer->header.raw[0] & 0xc0) != 0)
        return VPCVIS_E_TUNNEL;
    if (layer->cap_len - VPCVIS_VXLAN_BYTES < layer->options_len)
        return VPCVIS_E_LENGTH;
    status = read_options(bytes + VPCVIS_VXLAN_BYTES, layer->options_len, layer);
    if (status != VPCVIS_OK)
        return status;
    if (!start_of(layer->protocol, start))
        return VPCVIS_E_TUNNEL;
    enter(layer, VPCVIS_VXLAN_BYTES + layer->options_len);
    return VPCVIS_OK;
}

/* A tunnel whose outer packet has been read; the walk goes into it. */
static vpcvis_status read_tunnel(struct inward *walk, const struct vpcvis_packet *packet,
                                 uint8_t kind, struct vpcvis_vxlan_layer *layer)
{
    vpcvis_status status = VPCVIS_OK;
    uint8_t start = VPCVIS_START_ETHERNET;

    if ((packet->flags & VPCVIS_PACKET_FRAGMENT) != 0)
        return VPCVIS_E_FRAGMENT;
    if (packet->payload_at == 0)
        return VPCVIS_E_LENGTH;
    describe(walk, packet, layer);
    layer->kind = kind;
    if ((walk->config->flags & VPCVIS_VXLAN_VERIFY) != 0)
        status = verify(walk, layer);
    if (status == VPCVIS_OK)
        status = kind == VPCVIS_VXLAN_KIND_VXLAN ? read_vxlan(walk, layer, &start)
                                                 : read_geneve(walk, layer, &start);
    if (status != VPCVIS_OK)
        return status;
    walk->at = layer->inner_at;
    walk->frame.cap_len = layer->cap_len;
    walk->frame.wire_len = layer->len;
    walk->frame.valid = VPCVIS_FRAME_WIRE_LEN;
    walk->frame.start = start;
    walk->frame.direction = VPCVIS_DIRECTION_UNKNOWN;
    return VPCVIS_OK;
}

/* The innermost frame: its length is what its IP header says, if that is more than came. */
static void finish(struct inward *walk)
{
    struct vpcvis_vxlan_copy *copy = walk->copy;
    const struct vpcvis_packet *packet = &copy->inner;

    copy->inner_at = walk->at;
    copy->inner_start = walk->frame.start;
    if (copy->layers == 1)
        copy->outer = copy->last;
    if (walk->frame.cap_len == 0)
        copy->flags |= VPCVIS_VXLAN_EMPTY;
    if ((walk->config->flags & VPCVIS_VXLAN_VERIFY) != 0 && !walk->unverified)
        copy->flags |= VPCVIS_VXLAN_VERIFIED;
    if (packet->family != 0 && (packet->flags & VPCVIS_PACKET_BAD) == 0 &&
        (uint32_t)packet->ip_at + packet->ip_len > packet->wire_len)
        copy->inner.wire_len = packet->ip_at + packet->ip_len;
    if (copy->inner.wire_len > copy->inner.cap_len)
        copy->flags |= VPCVIS_VXLAN_TRUNCATED;
}

/* An empty or unreadable inner frame has a summary all the same. */
static void read_inner(struct inward *walk, struct vpcvis_packet *packet)
{
    if (walk->frame.cap_len > 0) {
        read_frame(walk, packet);
        return;
    }
    memset(packet, 0, sizeof(*packet));
    packet->seen_ns = walk->frame.seen_ns;
    packet->interface = walk->frame.interface;
    packet->verdict = walk->frame.verdict;
    packet->wire_len = walk->frame.wire_len;
    packet->flags = walk->frame.wire_len > 0 ? VPCVIS_PACKET_CUT : 0;
}

/* One tunnel more. The first is read where it stays, and copied to `outer` by finish: by then
 * its parts have reached memory. */
static vpcvis_status go_in(struct inward *walk, uint8_t kind,
                           struct vpcvis_vxlan_layer *layers)
{
    struct vpcvis_vxlan_copy *copy = walk->copy;
    struct vpcvis_vxlan_layer deeper;
    struct vpcvis_vxlan_layer *layer = copy->layers == 0 ? &copy->last : &deeper;
    const vpcvis_status status = read_tunnel(walk, &copy->inner, kind, layer);

    if (status != VPCVIS_OK)
        return status;
    if (layers != NULL)
        layers[copy->layers] = *layer;
    if (copy->layers == 1)
        copy->outer = copy->last;
    if (copy->layers++ > 0)
        copy->last = deeper;
    read_inner(walk, &copy->inner);
    return VPCVIS_OK;
}

static vpcvis_status unwrap(struct inward *walk, struct vpcvis_vxlan_layer *layers)
{
    struct vpcvis_vxlan_copy *copy = walk->copy;
    const struct vpcvis_packet *packet = &copy->inner;
    vpcvis_status status;
    uint8_t kind;

    read_frame(walk, &copy->inner);
    if (packet->status != VPCVIS_OK && packet->status != VPCVIS_E_LENGTH)
        return packet->status;
    kind = kind_of(walk->config, packet);
    if (kind == 0)
        return packet->status != VPCVIS_OK ? packet->status : VPCVIS_NOMATCH;
    while (kind != 0 && copy->layers < walk->config->depth) {
        status = packet->status;
        if (status == VPCVIS_OK)
            status = go_in(walk, kind, layers);
        if (status != VPCVIS_OK)
            return status;
        kind = kind_of(walk->config, packet);
    }
    if (kind != 0)
        copy->flags |= VPCVIS_VXLAN_DEEPER;
    finish(walk);
    return VPCVIS_OK;
}

/* What is set of a frame that could not be unwrapped: its status, and tunnels that were. */
static vpcvis_status give_up(struct vpcvis_vxlan_copy *copy, vpcvis_status status)
{
    copy->status = status;
    memset(&copy->inner, 0, sizeof(copy->inner));
    if (copy->layers == 1)
        copy->outer = copy->last;
    if (copy->layers > 0)
        return status;
    memset(&copy->outer, 0, sizeof(copy->outer));
    memset(&copy->last, 0, sizeof(copy->last));
    return status;
}

static vpcvis_status unwrap_frame(const struct vpcvis_vxlan_config *known,
                                  const struct vpcvis_frame *frame,
                                  struct vpcvis_vxlan_layer *layers,
                                  struct vpcvis_vxlan_copy *copy)
{
    struct inward walk;
    vpcvis_status status;

    copy->status = VPCVIS_OK;
    copy->layers = 0;
    copy->flags = 0;
    copy->inner_at = 0;
    copy->inner_start = 0;
    memset(copy->reserved, 0, sizeof(copy->reserved));
    if ((frame->valid & VPCVIS_FRAME_PARTS) != 0 || frame->data == NULL)
        return give_up(copy, VPCVIS_E_ARG);
    walk.config = known;
    walk.bytes = frame->data;
    walk.frame = *frame;
    walk.at = 0;
    walk.unverified = 0;
    walk.copy = copy;
    status = unwrap(&walk, layers);
    return status == VPCVIS_OK ? VPCVIS_OK : give_up(copy, status);
}

vpcvis_status vpcvis_vxlan_unwrap(const struct vpcvis_vxlan_config *config,
                                  const struct vpcvis_frame *frame,
                                  struct vpcvis_vxlan_layer *layers,
                                  struct vpcvis_vxlan_copy *copy)
{
    struct vpcvis_vxlan_config known;
    vpcvis_status status;

    if (frame == NULL || copy == NULL)
        return VPCVIS_E_ARG;
    status = read_config(config, &known);
    return status == VPCVIS_OK ? unwrap_frame(&known, frame, layers, copy) : status;
}

static const struct vpcvis_frame *frame_at(const struct vpcvis_frame *frames,
                                           size_t stride, size_t i)
{
    return (const void *)((const char *)frames + i * stride);
}

vpcvis_status vpcvis_vxlan_unwrap_batch(const struct vpcvis_vxlan_config *config,
                                        const struct vpcvis_frame *frames, size_t stride,
                                        size_t count, struct vpcvis_vxlan_copy *copies,
                                        size_t *found)
{
    struct vpcvis_vxlan_config known;
    vpcvis_status status;
    size_t i, good = 0;

    if ((count > 0 && (frames == NULL || copies == NULL)) || stride < sizeof(*frames) ||
        stride % 8 != 0)
        return VPCVIS_E_ARG;
    status = read_config(config, &known);
    if (status != VPCVIS_OK)
        return status;
    for (i = 0; i < count; i++) {
        const struct vpcvis_frame *frame = frame_at(frames, stride, i);
        if (count - i > AHEAD) {
            const char *ahead = frame_at(frames, stride, i + AHEAD)->data;
            VPCVIS_I_PREFETCH(ahead);
            VPCVIS_I_PREFETCH((const char *)((uintptr_t)ahead + 64));
        }
        good += unwrap_frame(&known, frame, NULL, &copies[i]) == VPCVIS_OK;
    }
    if (found != NULL)
        *found = good;
    return VPCVIS_OK;
}

static int is_mac(const uint8_t mac[6])
{
    return (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]) != 0;
}

vpcvis_status vpcvis_vxlan_match(const struct vpcvis_vxlan_source *source,
                                 struct vpcvis_vxlan_copy *copy)
{
    struct vpcvis_packet *inner;

    if (source == NULL || copy == NULL)
        return VPCVIS_E_ARG;
    inner = &copy->inner;
    if (is_mac(source->mac) && memcmp(source->mac, inner->src_mac, 6) == 0)
        inner->direction = VPCVIS_DIRECTION_EGRESS;
    else if (is_mac(source->mac) && memcmp(source->mac, inner->dst_mac, 6) == 0)
        inner->direction = VPCVIS_DIRECTION_INGRESS;
    else if (inner->family == 0 || inner->family != source->address.family)
        return VPCVIS_NOMATCH;
    else if (memcmp(source->address.bytes, inner->src, 16) == 0)
        inner->direction = VPCVIS_DIRECTION_EGRESS;
    else if (memcmp(source->address.bytes, inner->dst, 16) == 0)
        inner->direction = VPCVIS_DIRECTION_INGRESS;
    else
        return VPCVIS_NOMATCH;
    return VPCVIS_OK;
}

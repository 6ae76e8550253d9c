/* SPDX-License-Identifier: MIT */
/*
 * Room vxlan: what goes before a frame.
 *
 *     [Ethernet 14] | IPv4 20 or IPv6 40 | UDP 8 | VXLAN 8 | frame
 */
#include "vxlan.h"

#define ETHERNET   14
#define IPV4       20
#define IPV6       40
#define UDP        8
#define LENGTH_MAX 65535u
#define TTL        255

#define FLAGS                                                             \
    (VPCVIS_VXLAN_SYMMETRIC | VPCVIS_VXLAN_CHECKSUM | VPCVIS_VXLAN_ZERO | \
     VPCVIS_VXLAN_DF | VPCVIS_VXLAN_CUT | VPCVIS_VXLAN_ETHERNET)

static vpcvis_status read_config(const struct vpcvis_vxlan_outer *how,
                                 struct vpcvis_vxlan_outer *known)
{
    const vpcvis_status status = vpcvis_i_base_config(how, known, sizeof(*known));

    if (status != VPCVIS_OK)
        return status;
    if ((known->flags & ~FLAGS) != 0 || known->entropy > VPCVIS_VXLAN_ENTROPY_FIXED ||
        known->src.family != known->dst.family ||
        (known->src.family != VPCVIS_ADDR_IPV4 && known->src.family != VPCVIS_ADDR_IPV6))
        return VPCVIS_E_CONFIG;
    if (known->mtu == 0 || known->mtu > LENGTH_MAX)
        known->mtu = LENGTH_MAX;
    if (known->dstport == 0)
        known->dstport = VPCVIS_VXLAN_PORT;
    if (known->ttl == 0)
        known->ttl = TTL;
    if (known->entropy == VPCVIS_VXLAN_ENTROPY_AWS)
        known->flags |= VPCVIS_VXLAN_SYMMETRIC;
    return VPCVIS_OK;
}

static uint32_t ip_bytes(const struct vpcvis_vxlan_outer *known)
{
    return known->src.family == VPCVIS_ADDR_IPV4 ? IPV4 : IPV6;
}

size_t vpcvis_vxlan_headroom(const struct vpcvis_vxlan_outer *how)
{
    struct vpcvis_vxlan_outer known;

    if (how == NULL || read_config(how, &known) != VPCVIS_OK)
        return 0;
    return ((known.flags & VPCVIS_VXLAN_ETHERNET) != 0 ? ETHERNET : 0) +
           ip_bytes(&known) + UDP + VPCVIS_VXLAN_BYTES;
}

/* One end of a conversation in a word: address and port. */
VPCVIS_I_WRAPS static uint64_t end_hash(const uint8_t *addr, uint16_t port)
{
    const uint64_t high = vpcvis_i_bytes_le64((const char *)addr);
    const uint64_t low = vpcvis_i_bytes_le64((const char *)addr + 8);
    uint64_t hash = (high ^ low * 0x9e3779b97f4a7c15u) + port * 0xd6e8feb86659fd93u;

    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    return hash ^ hash >> 32;
}

/* The inner packet's 5-tuple, its 3-tuple where it has no ports. */
VPCVIS_I_WRAPS static uint32_t flow_hash(const struct vpcvis_packet *packet,
                                         int symmetric)
{
    const int ports = (packet->flags & VPCVIS_PACKET_PORTS) != 0;
    const uint64_t src = end_hash(packet->src, ports ? packet->srcport : 0);
    const uint64_t dst = end_hash(packet->dst, ports ? packet->dstport : 0);
    uint64_t hash = symmetric ? src + dst : src * 3 + dst;

    hash ^= packet->protocol;
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 32);
}

static uint16_t source_port(const struct vpcvis_vxlan_outer *known,
                            const struct vpcvis_packet *packet)
{
    const uint32_t hash = flow_hash(packet, (known->flags & VPCVIS_VXLAN_SYMMETRIC) != 0);

    switch (known->entropy) {
    case VPCVIS_VXLAN_ENTROPY_RFC: return (uint16_t)(49152 + hash % 16384);
    case VPCVIS_VXLAN_ENTROPY_AWS: return (uint16_t)(65408 + hash % 128);
    case VPCVIS_VXLAN_ENTROPY_LINUX: return (uint16_t)(32768 + hash % 28232);
    default: return known->srcport;
    }
}

uint16_t vpcvis_vxlan_srcport(const struct vpcvis_vxlan_outer *how,
                              const struct vpcvis_packet *packet)
{
    struct vpcvis_vxlan_outer known;

    if (how == NULL || packet == NULL || read_config(how, &known) != VPCVIS_OK)
        return 0;
    return source_port(&known, packet);
}

static uint8_t *put_ethernet(const struct vpcvis_vxlan_outer *known, uint8_t *out)
{
    memcpy(out, known->dst_mac, 6);
    memcpy(out + 6, known->src_mac, 6);
    vpcvis_i_vxlan_put16(out + 12,
                         known->src.family == VPCVIS_ADDR_IPV4 ? 0x0800 : 0x86dd);
    return out + ETHERNET;
}

static uint8_t *put_ipv4(const struct vpcvis_vxlan_outer *known, uint32_t udp_len,
                         uint8_t *out)
{
    memset(out, 0, IPV4);
    out[0] = 0x45;
    out[1] = known->tos;
    vpcvis_i_vxlan_put16(out + 2, IPV4 + udp_len);
    vpcvis_i_vxlan_put16(out + 4, known->ip_id);
    out[6] = (known->flags & VPCVIS_VXLAN_DF) != 0 ? 0x40 : 0;
    out[8] = known->ttl;
    out[9] = VPCVIS_I_VXLAN_UDP;
    memcpy(out + 12, known->src.bytes, 4);
    memcpy(out + 16, known->dst.bytes, 4);
    vpcvis_i_vxlan_put16(out + 10, vpcvis_i_vxlan_fold(vpcvis_i_vxlan_sum(out, IPV4)));
    return out + IPV4;
}

static uint8_t *put_ipv6(const struct vpcvis_vxlan_outer *known, uint32_t udp_len,
                         uint8_t *out)
{
    memset(out, 0, 8);
    out[0] = (uint8_t)(0x60 | known->tos >> 4);
    out[1] = (uint8_t)(known->tos << 4 & 0xf0);
    vpcvis_i_vxlan_put16(out + 4, udp_len);
    out[6] = VPCVIS_I_VXLAN_UDP;
    out[7] = known->ttl;
    memcpy(out + 8, known->src.bytes, 16);
    memcpy(out + 24, known->dst.bytes, 16);
    return out + IPV6;
}

static int wants_checksum(const struct vpcvis_vxlan_outer *known)
{
    return (known->flags & VPCVIS_VXLAN_CHECKSUM) != 0 ||
           (known->src.family == VPCVIS_ADDR_IPV6 &&
            (known->flags & VPCVIS_VXLAN_ZERO) == 0);
}

/* A sum that makes 0 is sent as 0xffff, since 0 means none (RFC 768). */
static void put_checksum(const struct vpcvis_vxlan_outer *known, uint8_t *udp,
                         const uint8_t *frame, uint32_t len)
{
    const uint32_t udp_len = UDP + VPCVIS_VXLAN_BYTES + len;
    const uint16_t checksum =
        vpcvis_i_vxlan_fold(vpcvis_i_vxlan_pseudo(known->src.bytes, known->dst.bytes,
                                                  known->src.family, udp_len) +
                            vpcvis_i_vxlan_sum(udp, UDP + VPCVIS_VXLAN_BYTES) +
                            vpcvis_i_vxlan_sum(frame, len));

    vpcvis_i_vxlan_put16(udp + 6, checksum != 0 ? checksum : 0xffff);
}

/* What of a frame is sent: VPCVIS_OK, or it is too long. */
static vpcvis_status fit(const struct vpcvis_vxlan_outer *known, uint32_t *len)
{
    const uint32_t before = ip_bytes(known) + UDP + VPCVIS_VXLAN_BYTES;
    const uint32_t most = known->mtu > before ? known->mtu - before : 0;

    if (*len <= most)
        return VPCVIS_OK;
    if ((known->flags & VPCVIS_VXLAN_CUT) == 0 || most == 0)
        return VPCVIS_E_LIMIT;
    *len = most;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_vxlan_wrap(const struct vpcvis_vxlan_outer *how, uint32_t vni,
                                const struct vpcvis_packet *packet, const void *frame,
                                uint32_t *len, uint8_t *out)
{
    struct vpcvis_vxlan_outer known;
    vpcvis_status status;
    uint32_t copied, udp_len;

    if (how == NULL || packet == NULL || len == NULL || out == NULL)
        return VPCVIS_E_ARG;
    status = read_config(how, &known);
    if (status != VPCVIS_OK)
        return status;
    if (vni > VPCVIS_VXLAN_VNI_MAX)
        return VPCVIS_E_RANGE;
    copied = *len;
    status = fit(&known, &copied);
    if (status != VPCVIS_OK)
        return status;
    if (wants_checksum(&known) && frame == NULL && copied > 0)
        return VPCVIS_E_ARG;
    udp_len = UDP + VPCVIS_VXLAN_BYTES + copied;
    if ((known.flags & VPCVIS_VXLAN_ETHERNET) != 0)
        out = put_ethernet(&known, out);
    out = known.src.family == VPCVIS_ADDR_IPV4 ? put_ipv4(&known, udp_len, out)
                                               : put_ipv6(&known, udp_len, out);
    vpcvis_i_vxlan_put16(out, source_port(&known, packet));
    vpcvis_i_vxlan_put16(out + 2, known.dstport);
    vpcvis_i_vxlan_put16(out + 4, udp_len);
    vpcvis_i_vxlan_put16(out + 6, 0);
    memset(out + UDP, 0, VPCVIS_VXLAN_BYTES);
    out[UDP] = 0x08;
    vpcvis_i_vxlan_put24(out + UDP + 4, vni);
    if (wants_checksum(&known))
        put_checksum(&known, out, frame, copied);
    *len = copied;
    return VPCVIS_OK;
}

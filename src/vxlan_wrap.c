/* SPDX-License-Identifier: MIT */
/*
 * Room vxlan: what goes before a frame.
 *
 *     [Ethernet 14] | IPv4 20 or IPv6 40 | UDP 8 | VXLAN 8 | frame
 *
 * put_fixed writes what one config makes the same in every datagram, put_varying the rest: the
 * source port, lengths, checksums and VNI.
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
    vpcvis_status status = VPCVIS_OK;

    if (how->size == sizeof(*known)) /* a call a frame: the usual case without calls */
        *known = *how;
    else
        status = vpcvis_i_base_config(how, known, sizeof(*known));
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

/* What a config makes of the headers. */
struct plan {
    uint32_t size;   /* of all of them */
    uint32_t udp_at; /* byte of the UDP header */
    uint32_t sum;    /* of IPv4's without its length and checksum */
    uint32_t most;   /* longest frame that fits */
    int is_ipv4;
    int has_checksum; /* of UDP */
};

/* The words of an IPv4 header that put_fixed writes. */
static uint32_t sum_of_fixed(const struct vpcvis_vxlan_outer *known)
{
    const uint8_t *src = known->src.bytes, *dst = known->dst.bytes;
    const uint32_t df = (known->flags & VPCVIS_VXLAN_DF) != 0 ? 0x4000 : 0;

    return 0x4500u + known->tos + known->ip_id + df + known->ttl * 256u +
           VPCVIS_I_VXLAN_UDP + vpcvis_i_bytes_be16(src) + vpcvis_i_bytes_be16(src + 2) +
           vpcvis_i_bytes_be16(dst) + vpcvis_i_bytes_be16(dst + 2);
}

static struct plan make_plan(const struct vpcvis_vxlan_outer *known)
{
    const uint32_t ip = ip_bytes(known);
    const uint32_t before = ip + UDP + VPCVIS_VXLAN_BYTES;
    struct plan plan;

    plan.udp_at = ((known->flags & VPCVIS_VXLAN_ETHERNET) != 0 ? ETHERNET : 0) + ip;
    plan.size = plan.udp_at + UDP + VPCVIS_VXLAN_BYTES;
    plan.sum = sum_of_fixed(known);
    plan.most = known->mtu > before ? known->mtu - before : 0;
    plan.is_ipv4 = ip == IPV4;
    plan.has_checksum = (known->flags & VPCVIS_VXLAN_CHECKSUM) != 0 ||
                        (ip == IPV6 && (known->flags & VPCVIS_VXLAN_ZERO) == 0);
    return plan;
}

static uint8_t *put_ethernet(const struct vpcvis_vxlan_outer *known, uint8_t *out)
{
    memcpy(out, known->dst_mac, 6);
    memcpy(out + 6, known->src_mac, 6);
    vpcvis_i_vxlan_put16(out + 12,
                         known->src.family == VPCVIS_ADDR_IPV4 ? 0x0800 : 0x86dd);
    return out + ETHERNET;
}

static uint8_t *put_ipv4(const struct vpcvis_vxlan_outer *known, uint8_t *out)
{
    memset(out, 0, 12);
    out[0] = 0x45;
    out[1] = known->tos;
    vpcvis_i_vxlan_put16(out + 4, known->ip_id);
    out[6] = (known->flags & VPCVIS_VXLAN_DF) != 0 ? 0x40 : 0;
    out[8] = known->ttl;
    out[9] = VPCVIS_I_VXLAN_UDP;
    memcpy(out + 12, known->src.bytes, 4);
    memcpy(out + 16, known->dst.bytes, 4);
    return out + IPV4;
}

static uint8_t *put_ipv6(const struct vpcvis_vxlan_outer *known, uint8_t *out)
{
    memset(out, 0, 8);
    out[0] = (uint8_t)(0x60 | known->tos >> 4);
    out[1] = (uint8_t)(known->tos << 4 & 0xf0);
    out[6] = VPCVIS_I_VXLAN_UDP;
    out[7] = known->ttl;
    memcpy(out + 8, known->src.bytes, 16);
    memcpy(out + 24, known->dst.bytes, 16);
    return out + IPV6;
}

static void put_fixed(const struct vpcvis_vxlan_outer *known, uint8_t *out)
{
    if ((known->flags & VPCVIS_VXLAN_ETHERNET) != 0)
        out = put_ethernet(known, out);
    out = known->src.family == VPCVIS_ADDR_IPV4 ? put_ipv4(known, out)
                                                : put_ipv6(known, out);
    memset(out, 0, UDP + VPCVIS_VXLAN_BYTES);
    vpcvis_i_vxlan_put16(out + 2, known->dstport);
    out[UDP] = 0x08;
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

VPCVIS_I_INLINE void put_varying(const struct vpcvis_vxlan_outer *known,
                                 const struct plan *plan, uint32_t vni, uint16_t srcport,
                                 const void *frame, uint32_t len, uint8_t *out)
{
    const uint32_t udp_len = UDP + VPCVIS_VXLAN_BYTES + len;
    uint8_t *udp = out + plan->udp_at;

    if (plan->is_ipv4) {
        const uint16_t sum = vpcvis_i_vxlan_fold(plan->sum + IPV4 + udp_len);
        vpcvis_i_vxlan_put16(udp - IPV4 + 2, IPV4 + udp_len);
        vpcvis_i_vxlan_put16(udp - IPV4 + 10, sum);
    } else {
        vpcvis_i_vxlan_put16(udp - IPV6 + 4, udp_len);
    }
    vpcvis_i_vxlan_put16(udp, srcport);
    vpcvis_i_vxlan_put16(udp + 4, udp_len);
    vpcvis_i_vxlan_put24(udp + UDP + 4, vni);
    if (plan->has_checksum)
        put_checksum(known, udp, frame, len);
}

/* What of a frame is sent: VPCVIS_OK, or why it is not. */
VPCVIS_I_INLINE vpcvis_status fit(const struct vpcvis_vxlan_outer *known,
                                  const struct plan *plan, uint32_t vni,
                                  const void *frame, uint32_t *len)
{
    if (vni > VPCVIS_VXLAN_VNI_MAX)
        return VPCVIS_E_RANGE;
    if (*len > plan->most) {
        if ((known->flags & VPCVIS_VXLAN_CUT) == 0 || plan->most == 0)
            return VPCVIS_E_LIMIT;
        *len = plan->most;
    }
    return plan->has_checksum && frame == NULL && *len > 0 ? VPCVIS_E_ARG : VPCVIS_OK;
}

vpcvis_status vpcvis_vxlan_wrap(const struct vpcvis_vxlan_outer *how, uint32_t vni,
                                const struct vpcvis_packet *packet, const void *frame,
                                uint32_t *len, uint8_t *out)
{
    struct vpcvis_vxlan_outer known;
    struct plan plan;
    vpcvis_status status;
    uint32_t copied;

    if (how == NULL || packet == NULL || len == NULL || out == NULL)
        return VPCVIS_E_ARG;
    status = read_config(how, &known);
    if (status != VPCVIS_OK)
        return status;
    plan = make_plan(&known);
    copied = *len;
    status = fit(&known, &plan, vni, frame, &copied);
    if (status != VPCVIS_OK)
        return status;
    put_fixed(&known, out);
    put_varying(&known, &plan, vni, source_port(&known, packet), frame, copied, out);
    *len = copied;
    return VPCVIS_OK;
}

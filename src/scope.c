/* SPDX-License-Identifier: MIT */
/*
 * Room scope: which packets are of a kind that is left out.
 */
#include "scope.h"

#define UDP 17
#define TCP 6

/* Addresses that AWS serves at: 169.254.169.x, and fd00:ec2::y with the digits of x. */
struct service {
    uint8_t v4;
    uint8_t v6[2];
};

static const struct service metadata_at = {254, {0x02, 0x54}};
static const struct service time_at = {123, {0x01, 0x23}};
static const struct service resolver_at = {253, {0x02, 0x53}};
static const struct service windows_at = {250, {0x02, 0x50}};

/* One side of a packet. */
struct side {
    const uint8_t *bytes;
    uint16_t port;
    uint8_t family;
};

static struct side source_of(const struct vpcvis_packet *packet)
{
    struct side side;

    side.bytes = packet->src;
    side.port = packet->srcport;
    side.family = packet->family;
    return side;
}

static struct side destination_of(const struct vpcvis_packet *packet)
{
    struct side side;

    side.bytes = packet->dst;
    side.port = packet->dstport;
    side.family = packet->family;
    return side;
}

static int is_link_local(const struct side *side, uint8_t last)
{
    return side->bytes[0] == 169 && side->bytes[1] == 254 && side->bytes[2] == 169 &&
           side->bytes[3] == last;
}

static int is_service(const struct side *side, const struct service *service)
{
    static const uint8_t prefix[14] = {0xfd, 0x00, 0x0e, 0xc2};

    if (side->family == VPCVIS_ADDR_IPV4)
        return is_link_local(side, service->v4);
    return side->family == VPCVIS_ADDR_IPV6 &&
           memcmp(side->bytes, prefix, sizeof(prefix)) == 0 &&
           memcmp(side->bytes + sizeof(prefix), service->v6, 2) == 0;
}

static int is_addr(const struct side *side, const struct vpcvis_addr *addr)
{
    const size_t len = addr->family == VPCVIS_ADDR_IPV4 ? 4 : 16;

    return addr->family != 0 && side->family == addr->family &&
           memcmp(side->bytes, addr->bytes, len) == 0;
}

static int is_windows(const struct side *side)
{
    return side->port == 1688 &&
           (is_service(side, &windows_at) ||
            (side->family == VPCVIS_ADDR_IPV4 && is_link_local(side, 251)));
}

static int is_resolver(const struct side *side, const struct vpcvis_scope *scope)
{
    return side->port == 53 &&
           (is_service(side, &resolver_at) || is_addr(side, &scope->resolver));
}

/* Whether a packet's ports are known and those of a protocol; else they match nothing. */
static int has_ports(const struct vpcvis_packet *packet, uint8_t protocol)
{
    return (packet->flags & VPCVIS_PACKET_PORTS) != 0 && packet->protocol == protocol;
}

static int is_pair(const struct vpcvis_packet *packet, uint16_t client, uint16_t server)
{
    const uint16_t src = packet->srcport, dst = packet->dstport;

    return (src == server && (dst == client || dst == server)) ||
           (src == client && dst == server);
}

static int is_dhcp(const struct vpcvis_packet *packet)
{
    if (!has_ports(packet, UDP))
        return 0;
    return packet->family == VPCVIS_ADDR_IPV6 ? is_pair(packet, 546, 547)
                                              : is_pair(packet, 68, 67);
}

static int is_copy(const struct vpcvis_packet *packet, const struct vpcvis_cidr *targets)
{
    struct vpcvis_addr dst;

    if (targets->addr.family == 0 || packet->direction != VPCVIS_DIRECTION_EGRESS ||
        !has_ports(packet, UDP) || packet->dstport != 4789)
        return 0;
    memset(&dst, 0, sizeof(dst));
    memcpy(dst.bytes, packet->dst, sizeof(dst.bytes));
    dst.family = packet->family;
    return vpcvis_addr_match(targets, &dst) == VPCVIS_OK;
}

static int is_either(const struct side sides[2], const struct service *service)
{
    return is_service(&sides[0], service) || is_service(&sides[1], service);
}

/* Whether an IP packet falls under one entry. */
static int falls_under(const struct vpcvis_scope *scope,
                       const struct vpcvis_packet *packet, const struct side sides[2],
                       uint32_t entry)
{
    switch (entry) {
    case VPCVIS_SCOPE_DHCP: return is_dhcp(packet);
    case VPCVIS_SCOPE_METADATA: return is_either(sides, &metadata_at);
    case VPCVIS_SCOPE_TIME: return is_either(sides, &time_at);
    case VPCVIS_SCOPE_WINDOWS:
        return has_ports(packet, TCP) && (is_windows(&sides[0]) || is_windows(&sides[1]));
    case VPCVIS_SCOPE_RESOLVER:
        return (has_ports(packet, UDP) || has_ports(packet, TCP)) &&
               (is_resolver(&sides[0], scope) || is_resolver(&sides[1], scope));
    case VPCVIS_SCOPE_ROUTER:
        return is_addr(&sides[0], &scope->router) || is_addr(&sides[1], &scope->router);
    case VPCVIS_SCOPE_MIRROR: return is_copy(packet, &scope->targets);
    default: return 0;
    }
}

/* The lowest entry of a packet, or 0. */
static uint32_t find_entry(const struct vpcvis_scope *scope,
                           const struct vpcvis_packet *packet)
{
    struct side sides[2];
    uint32_t entry;

    if (packet->family == 0)
        return packet->ethertype == 0x0806 &&
                       (scope->entries & VPCVIS_SCOPE_BIT(VPCVIS_SCOPE_ARP)) != 0
                   ? VPCVIS_SCOPE_ARP
                   : 0;
    sides[0] = source_of(packet);
    sides[1] = destination_of(packet);
    for (entry = VPCVIS_SCOPE_DHCP; entry < VPCVIS_SCOPE_COUNT; entry++) {
        if ((scope->entries & VPCVIS_SCOPE_BIT(entry)) != 0 &&
            falls_under(scope, packet, sides, entry))
            return entry;
    }
    return 0;
}

static int is_family(uint8_t family)
{
    return family == 0 || family == VPCVIS_ADDR_IPV4 || family == VPCVIS_ADDR_IPV6;
}

static int is_sound(const struct vpcvis_scope *scope)
{
    const struct vpcvis_cidr *targets = &scope->targets;
    const uint8_t most = targets->addr.family == VPCVIS_ADDR_IPV4 ? 32 : 128;

    return (scope->entries & ~VPCVIS_SCOPE_FLOW_LOGS) == 0 &&
           is_family(scope->resolver.family) && is_family(scope->router.family) &&
           is_family(targets->addr.family) && targets->prefix_len <= most;
}

vpcvis_status vpcvis_scope_find(const struct vpcvis_scope *scope,
                                const struct vpcvis_packet *packet, uint32_t *entry)
{
    uint32_t found;

    if (scope == NULL || packet == NULL || entry == NULL || !is_sound(scope))
        return VPCVIS_E_ARG;
    found = find_entry(scope, packet);
    if (found == 0)
        return VPCVIS_NOMATCH;
    *entry = found;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_scope_match(const struct vpcvis_scope *scope,
                                 struct vpcvis_packet *packets, size_t count,
                                 size_t *left_out)
{
    size_t i, marked = 0;
    struct vpcvis_i_scope_marks marks;

    if (scope == NULL || (packets == NULL && count > 0) || !is_sound(scope))
        return VPCVIS_E_ARG;
    marks = vpcvis_i_scope_marks_of(scope);
    for (i = 0; i < count; i++) {
        struct vpcvis_packet *packet = &packets[i];
        const uint32_t flags = packet->flags & ~VPCVIS_PACKET_LEFT;
        uint32_t entry = 0;
        if ((flags & VPCVIS_PACKET_HELD) != 0)
            continue;
        if (!vpcvis_i_scope_is_ordinary(&marks, packet))
            entry = find_entry(scope, packet);
        marked += entry != 0;
        /* No write to what stays as it is. */
        if (packet->left != entry || (packet->flags != flags) != (entry != 0)) {
            packet->left = (uint8_t)entry;
            packet->flags = entry != 0 ? flags | VPCVIS_PACKET_LEFT : flags;
        }
    }
    if (left_out)
        *left_out = marked;
    return VPCVIS_OK;
}

/* The address that is step (1 or 2) above the base of an IPv4 block of 4 or more. */
static vpcvis_status reserved_addr(const struct vpcvis_cidr *cidr, uint8_t step,
                                   struct vpcvis_addr *addr)
{
    vpcvis_status status;

    memset(addr, 0, sizeof(*addr));
    if (cidr == NULL)
        return VPCVIS_OK;
    *addr = cidr->addr;
    memset(addr->reserved, 0, sizeof(addr->reserved));
    status = vpcvis_addr_mask(addr, cidr->prefix_len, NULL);
    if (status != VPCVIS_OK)
        return status;
    if (addr->family == VPCVIS_ADDR_IPV6 || cidr->prefix_len > 30)
        memset(addr, 0, sizeof(*addr));
    else
        addr->bytes[3] = (uint8_t)(addr->bytes[3] + step);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_scope_init(struct vpcvis_scope *scope, uint32_t entries,
                                const struct vpcvis_cidr *vpc,
                                const struct vpcvis_cidr *subnet)
{
    struct vpcvis_scope made;
    vpcvis_status status;

    if (scope == NULL || (entries & ~VPCVIS_SCOPE_FLOW_LOGS) != 0)
        return VPCVIS_E_ARG;
    memset(&made, 0, sizeof(made));
    made.entries = entries;
    status = reserved_addr(vpc, 2, &made.resolver);
    if (status == VPCVIS_OK)
        status = reserved_addr(subnet, 1, &made.router);
    if (status == VPCVIS_OK)
        *scope = made;
    return status;
}

const char *vpcvis_scope_name(uint32_t entry)
{
    static const char names[VPCVIS_SCOPE_COUNT][9] = {
        "", "arp", "dhcp", "metadata", "time", "windows", "resolver", "router", "mirror"};
    return entry > 0 && entry < VPCVIS_SCOPE_COUNT ? names[entry] : NULL;
}

size_t vpcvis_scope_bytes(void)
{
    return sizeof(struct vpcvis_scope);
}

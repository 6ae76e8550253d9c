/* SPDX-License-Identifier: MIT */
#include "support_packet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = memchr(digits, c, 16);

    if (at == NULL)
        abort();
    return (int)(at - digits);
}

size_t frame_hex(const char *hex, unsigned char *out)
{
    size_t n = 0;

    for (; *hex != '\0'; hex++) {
        if (*hex == ' ')
            continue;
        if (n == FRAME_MAX)
            abort();
        out[n] = (unsigned char)(digit(hex[0]) * 16 + digit(hex[1]));
        n++;
        hex++;
    }
    return n;
}

struct vpcvis_frame frame_of(const void *bytes, size_t len)
{
    struct vpcvis_frame frame;

    memset(&frame, 0, sizeof(frame));
    frame.data = bytes;
    frame.cap_len = (uint32_t)len;
    return frame;
}

static char text[1024];

static void add(const char *format, ...)
{
    const size_t len = strlen(text);
    va_list args;

    va_start(args, format);
    vsnprintf(text + len, sizeof(text) - len, format, args);
    va_end(args);
}

static void add_endpoint(const struct vpcvis_packet *packet, const uint8_t *bytes,
                         unsigned port)
{
    struct vpcvis_addr addr;
    char out[VPCVIS_ADDR_TEXT_MAX + 1];
    size_t len;

    memset(&addr, 0, sizeof(addr));
    memcpy(addr.bytes, bytes, 16);
    addr.family = packet->family;
    if (vpcvis_addr_write(&addr, out, sizeof(out) - 1, &len) != VPCVIS_OK)
        len = 0;
    out[len] = '\0';
    add("%s", out);
    if (packet->flags & VPCVIS_PACKET_PORTS)
        add(":%u", port);
}

static void add_ip(const struct vpcvis_packet *packet)
{
    add("v%u ", packet->family);
    add_endpoint(packet, packet->src, packet->srcport);
    add(" > ");
    add_endpoint(packet, packet->dst, packet->dstport);
    add(" proto %u len %u at %u %u %u", packet->protocol, packet->ip_len, packet->ip_at,
        packet->l4_at, packet->payload_at);
    if (packet->flags & VPCVIS_PACKET_TCP)
        add(" tcp %02x", packet->tcp_flags);
    if (packet->flags & VPCVIS_PACKET_ICMP)
        add(" icmp %u.%u", packet->icmp_type, packet->icmp_code);
    if (packet->fragment_id != 0)
        add(" id %x offset %u", packet->fragment_id, packet->fragment_at);
    if (packet->next_header != packet->protocol)
        add(" next %u", packet->next_header);
}

static void add_flags(uint32_t flags)
{
    static const char *const names[] = {"PORTS",   "TCP",   "ICMP",  "CUT",  "CUT_IP",
                                        "CUT_L4",  "FRAG",  "LATER", "LAST", "ATOMIC",
                                        "OPTIONS", "JUMBO", "NO_LEN"};
    unsigned i;

    /* The first three show in what they stand for. */
    for (i = 3; i < 32; i++) {
        if (flags >> i & 1)
            add(" %s", i < sizeof(names) / sizeof(names[0]) ? names[i] : "?");
    }
}

const char *packet_text(const struct vpcvis_packet *packet)
{
    static const char *const layers[] = {"?", "link", "vlan", "ip", "chain", "l4"};
    uint32_t flags;

    text[0] = '\0';
    if (packet->status != VPCVIS_OK)
        add("%s %s@%u | ", vpcvis_base_status_name(packet->status),
            layers[packet->layer < 6 ? packet->layer : 0], packet->at);
    if (packet->family != 0)
        add_ip(packet);
    else
        add("no ip");
    add(" type %x", packet->ethertype);
    if (packet->vlan_count > 0)
        add(" vlans %u: %u %u", packet->vlan_count, packet->vlan[0], packet->vlan[1]);
    flags = packet->flags & ~VPCVIS_PACKET_BAD; /* which status says */
    if (flags >> 3 != 0)
        add(" |");
    add_flags(flags);
    return text;
}

/* SPDX-License-Identifier: MIT */
/*
 * Lines of sessions: what is read can be written, and reads as the same again. Those that
 * build are asked about packets: the one that a plain search finds is the one that is picked.
 */
#include "oracle.h"

#define SESSIONS 16

struct source {
    struct vpcvis_session_entry entry[SESSIONS];
    size_t count;
};

static void require_round_trip(const struct vpcvis_session_entry *entry)
{
    struct vpcvis_session_entry again;
    size_t need = 0, len = 0;
    char *out;

    REQUIRE(vpcvis_session_write(entry, NULL, 0, &need) == VPCVIS_E_SPACE);
    out = oracle_memory(need);
    REQUIRE(vpcvis_session_write(entry, out, need, &len) == VPCVIS_OK && len == need);
    REQUIRE(vpcvis_session_read(out, len, &again, NULL) == VPCVIS_OK);
    REQUIRE(again.number == entry->number && again.valid == entry->valid);
    REQUIRE(again.vni == entry->vni && again.target == entry->target);
    REQUIRE(again.packet_length == entry->packet_length && again.mtu == entry->mtu);
    REQUIRE(memcmp(&again.address, &entry->address, sizeof(again.address)) == 0);
    REQUIRE(again.name_len == entry->name_len &&
            memcmp(again.name, entry->name, again.name_len) == 0);
    REQUIRE(
        again.text_len == entry->text_len &&
        (again.text_len == 0 || memcmp(again.text, entry->text, again.text_len) == 0));
    free(out);
}

static void read_line(struct source *source, const char *text, size_t len)
{
    struct vpcvis_session_entry entry;
    struct vpcvis_error error;
    const vpcvis_status status = vpcvis_session_read(text, len, &entry, &error);

    if (status == VPCVIS_NOMATCH)
        return;
    if (status != VPCVIS_OK) {
        REQUIRE(error.status == status && error.offset <= len);
        return;
    }
    require_round_trip(&entry);
    if (source->count < SESSIONS)
        source->entry[source->count++] = entry;
}

/* A filter for a session: its name's length says which ports of TCP it accepts. */
static vpcvis_filter *make_filter(uint32_t name_len)
{
    struct vpcvis_rule rule;
    vpcvis_filter *filter = NULL;

    memset(&rule, 0, sizeof(rule));
    rule.number = 1;
    rule.valid = VPCVIS_RULE_PROTOCOL | VPCVIS_RULE_DSTPORT;
    rule.direction = VPCVIS_DIRECTION_INGRESS;
    rule.action = VPCVIS_FILTER_ACCEPT;
    rule.protocol = 6;
    rule.dstport[0] = 0;
    rule.dstport[1] = (uint16_t)name_len;
    rule.src.addr.family = rule.dst.addr.family = VPCVIS_ADDR_IPV4;
    REQUIRE(vpcvis_filter_new(&rule, 1, NULL, NULL, &filter, NULL) == VPCVIS_OK);
    return filter;
}

static uint32_t length_of(const struct vpcvis_session_entry *entry, uint32_t frame)
{
    const uint32_t overhead = entry->address.family == VPCVIS_ADDR_IPV4 ? 36 : 56;
    uint32_t length = frame;

    if ((entry->valid & VPCVIS_SESSION_LENGTH) != 0 && entry->packet_length < length)
        length = entry->packet_length;
    if ((entry->valid & VPCVIS_SESSION_LENGTH) == 0 &&
        entry->target == VPCVIS_SESSION_NETWORK_BALANCER && length > 8500)
        length = 8500;
    if ((entry->valid & VPCVIS_SESSION_MTU) != 0 && entry->mtu - overhead < length)
        length = entry->mtu - overhead;
    return length;
}

static void require_pick(const struct source *source, const vpcvis_session *sessions,
                         uint16_t port)
{
    const struct vpcvis_session_entry *first = NULL;
    struct vpcvis_packet packet;
    struct vpcvis_mirror mirror;
    size_t i;

    memset(&packet, 0, sizeof(packet));
    packet.family = VPCVIS_ADDR_IPV4;
    packet.protocol = packet.next_header = 6;
    packet.direction = VPCVIS_DIRECTION_INGRESS;
    packet.flags = VPCVIS_PACKET_PORTS;
    packet.dstport = port;
    packet.wire_len = packet.cap_len = 60 + port * 997u;
    for (i = 0; i < source->count; i++)
        if (port <= source->entry[i].name_len &&
            (first == NULL || source->entry[i].number < first->number))
            first = &source->entry[i];
    REQUIRE(vpcvis_session_pick(sessions, &packet, sizeof(packet), 1, 0, &mirror) ==
            VPCVIS_OK);
    if (first == NULL) {
        REQUIRE(mirror.session == VPCVIS_SESSION_NONE && mirror.length == 0);
        return;
    }
    REQUIRE(mirror.session == (uint32_t)(first - source->entry));
    REQUIRE(mirror.number == first->number && mirror.vni == first->vni);
    REQUIRE(mirror.length == length_of(first, packet.wire_len));
}

static void ask(struct source *source)
{
    vpcvis_filter *filters[SESSIONS];
    vpcvis_session *sessions = NULL;
    struct vpcvis_error error;
    vpcvis_status status;
    uint16_t port;
    size_t i;

    for (i = 0; i < source->count; i++) {
        filters[i] = make_filter(source->entry[i].name_len);
        source->entry[i].filter = filters[i];
    }
    status =
        vpcvis_session_new(source->entry, source->count, NULL, NULL, &sessions, &error);
    REQUIRE(status == VPCVIS_OK || status == VPCVIS_E_DUPLICATE ||
            status == VPCVIS_E_RANGE);
    if (status == VPCVIS_OK)
        for (port = 0; port < 12; port++)
            require_pick(source, sessions, port);
    else
        REQUIRE(error.line >= 1 && error.line <= source->count);
    vpcvis_session_free(sessions, NULL);
    for (i = 0; i < source->count; i++)
        vpcvis_filter_free(filters[i], NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = oracle_memory(size);
    struct source source;
    size_t at = 0, n;

    source.count = 0;
    if (size > 0)
        memcpy(text, data, size);
    while (at < size) {
        for (n = 0; at + n < size && text[at + n] != '\n'; n++)
            ;
        read_line(&source, text + at, n);
        at += n + 1;
    }
    ask(&source);
    free(text);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Room scope: which packets are never logged and never mirrored.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define P  VPCVIS_PACKET_PORTS
#define IN VPCVIS_DIRECTION_INGRESS
#define EG VPCVIS_DIRECTION_EGRESS

struct row {
    const char *src, *dst;
    uint16_t srcport, dstport;
    uint8_t protocol;
    uint8_t direction;
    uint32_t flags;
    uint32_t entry; /* that it falls under with all entries on; 0: none */
    const char *why;
};

/* In VPC 10.1.0.0/16, subnet 10.1.7.0/24, a mirror source with targets in 10.9.0.0/16. */
/* clang-format off */
static const struct row rows[] = {
    /* [scope.flow-logs] [scope.mirror] The list, each kind in both directions. */
    {"0.0.0.0", "255.255.255.255", 68, 67, 17, EG, P, VPCVIS_SCOPE_DHCP, "a client asks"},
    {"10.1.7.1", "10.1.7.20", 67, 68, 17, IN, P, VPCVIS_SCOPE_DHCP, "the server answers, the router or not"},
    {"10.1.7.9", "10.2.0.9", 67, 67, 17, EG, P, VPCVIS_SCOPE_DHCP, "a relay"},
    {"fe80::1", "ff02::1:2", 546, 547, 17, EG, P, VPCVIS_SCOPE_DHCP, "a DHCPv6 client asks"},
    {"fe80::2", "fe80::1", 547, 546, 17, IN, P, VPCVIS_SCOPE_DHCP, "a DHCPv6 server answers"},
    {"10.1.7.20", "169.254.169.254", 40000, 80, 6, EG, P, VPCVIS_SCOPE_METADATA, "nasty 49: instance metadata"},
    {"169.254.169.254", "10.1.7.20", 80, 40000, 6, IN, P, VPCVIS_SCOPE_METADATA, "and its answer"},
    {"10.1.7.20", "169.254.169.254", 0, 0, 1, EG, 0, VPCVIS_SCOPE_METADATA, "the address alone counts: ICMP"},
    {"2001:db8::1", "fd00:ec2::254", 40000, 80, 6, EG, P, VPCVIS_SCOPE_METADATA, "metadata over IPv6"},
    {"10.1.7.20", "169.254.169.123", 123, 123, 17, EG, P, VPCVIS_SCOPE_TIME, "Amazon Time Sync"},
    {"fd00:ec2::123", "2001:db8::1", 123, 123, 17, IN, P, VPCVIS_SCOPE_TIME, "and over IPv6"},
    {"10.1.7.20", "169.254.169.250", 50000, 1688, 6, EG, P, VPCVIS_SCOPE_WINDOWS, "licence activation"},
    {"169.254.169.251", "10.1.7.20", 1688, 50000, 6, IN, P, VPCVIS_SCOPE_WINDOWS, "its second server answers"},
    {"2001:db8::1", "fd00:ec2::250", 50000, 1688, 6, EG, P, VPCVIS_SCOPE_WINDOWS, "its IPv6 server"},
    {"10.1.7.20", "169.254.169.253", 40000, 53, 17, EG, P, VPCVIS_SCOPE_RESOLVER, "nasty 49: the Amazon DNS server"},
    {"10.1.7.20", "10.1.0.2", 40000, 53, 6, EG, P, VPCVIS_SCOPE_RESOLVER, "at the VPC's base + 2, TCP"},
    {"10.1.0.2", "10.1.7.20", 53, 40000, 17, IN, P, VPCVIS_SCOPE_RESOLVER, "its answer"},
    {"2001:db8::1", "fd00:ec2::253", 40000, 53, 17, EG, P, VPCVIS_SCOPE_RESOLVER, "and over IPv6"},
    {"10.1.7.20", "10.1.7.1", 0, 0, 1, EG, 0, VPCVIS_SCOPE_ROUTER, "the subnet's router"},
    {"10.1.7.1", "10.1.7.20", 0, 0, 1, IN, 0, VPCVIS_SCOPE_ROUTER, "both ways"},
    {"10.1.7.20", "10.9.3.4", 65408, 4789, 17, EG, P, VPCVIS_SCOPE_MIRROR, "a mirrored copy leaves"},
    /* What is near the list and not on it. */
    {"10.1.7.20", "10.1.7.30", 68, 40000, 17, EG, P, 0, "a client's DHCP port alone hides nothing"},
    {"10.1.7.20", "10.1.7.30", 40000, 67, 17, EG, P, 0, "nor the server's"},
    {"10.1.7.20", "10.1.7.30", 68, 68, 17, EG, P, 0, "nor two clients"},
    {"10.1.7.20", "10.1.7.30", 68, 67, 6, EG, P, 0, "DHCP is UDP"},
    {"10.1.7.20", "10.1.7.30", 68, 67, 17, EG, 0, 0, "ports that are not known"},
    {"fe80::1", "fe80::2", 68, 67, 17, EG, P, 0, "DHCPv4 ports over IPv6"},
    {"10.1.7.20", "10.1.7.30", 546, 547, 17, EG, P, 0, "DHCPv6 ports over IPv4"},
    {"10.1.7.20", "169.254.169.255", 40000, 80, 6, EG, P, 0, "a neighbour of the metadata"},
    {"10.1.7.20", "169.254.170.2", 40000, 80, 6, EG, P, 0, "task metadata is not on AWS's list"},
    {"2001:db8::1", "fd00:ec2::fe", 40000, 80, 6, EG, P, 0, "::254 is hexadecimal digits"},
    {"2001:db8::1", "::ffff:169.254.169.254", 40000, 80, 6, EG, P, 0, "a mapped address is IPv6"},
    {"10.1.7.20", "192.0.2.123", 123, 123, 17, EG, P, 0, "NTP elsewhere is ordinary"},
    {"10.1.7.20", "169.254.169.250", 50000, 80, 6, EG, P, 0, "another port of the licence server"},
    {"10.1.7.20", "169.254.169.250", 1688, 80, 6, EG, P, 0, "the port on the other side"},
    {"10.1.7.20", "169.254.169.250", 50000, 1688, 17, EG, P, 0, "activation is TCP"},
    {"10.1.7.20", "192.0.2.250", 50000, 1688, 6, EG, P, 0, "another licence server"},
    {"2001:db8::1", "fd00:ec2::251", 50000, 1688, 6, EG, P, 0, "IPv6 has one server"},
    {"10.1.7.20", "192.0.2.53", 40000, 53, 17, EG, P, 0, "an own DNS server is logged"},
    {"10.1.7.20", "10.1.0.2", 40000, 853, 6, EG, P, 0, "the resolver's other ports"},
    {"10.1.7.20", "10.1.0.2", 53, 40000, 17, EG, P, 0, "the port on the other side"},
    {"10.1.7.20", "10.1.0.2", 40000, 53, 132, EG, P, 0, "DNS is UDP and TCP"},
    {"10.1.0.2", "10.1.7.20", 0, 0, 17, IN, VPCVIS_PACKET_FRAGMENT | VPCVIS_PACKET_LATER, 0, "a later fragment without ports"},
    {"10.1.0.2", "10.1.7.20", 53, 9, 17, IN, P | VPCVIS_PACKET_LATER | VPCVIS_PACKET_LENT, VPCVIS_SCOPE_RESOLVER, "and with lent ones"},
    {"10.1.7.2", "10.1.7.20", 53, 9, 17, IN, P, 0, "the subnet's base + 2 is no resolver"},
    {"10.1.0.1", "10.1.7.20", 1, 9, 17, IN, P, 0, "the VPC's base + 1 is another subnet's router"},
    {"10.1.7.20", "10.9.3.4", 65408, 4789, 17, IN, P, 0, "copies that arrive are logged"},
    {"10.1.7.20", "10.9.3.4", 65408, 4789, 17, 0, P, 0, "a direction that is not known"},
    {"10.1.7.20", "10.8.3.4", 65408, 4789, 17, EG, P, 0, "VXLAN that is no copy"},
    {"10.1.7.20", "10.9.3.4", 4789, 65408, 17, EG, P, 0, "the source port says nothing"},
    {"10.1.7.20", "10.9.3.4", 65408, 4789, 6, EG, P, 0, "VXLAN is UDP"},
    {"10.1.7.20", "10.1.7.30", 1, 2, 17, EG, P, 0, "ordinary traffic"},
    /* Of several the lowest. */
    {"169.254.169.254", "10.1.7.20", 67, 68, 17, IN, P, VPCVIS_SCOPE_DHCP, "DHCP from the metadata's address"},
    {"169.254.169.254", "169.254.169.123", 1, 2, 17, IN, P, VPCVIS_SCOPE_METADATA, "metadata before time"},
};
/* clang-format on */

static struct vpcvis_addr read_addr(const char *text)
{
    struct vpcvis_addr addr;

    ck_assert_int_eq(vpcvis_addr_read(text, strlen(text), &addr, NULL), VPCVIS_OK);
    return addr;
}

static struct vpcvis_cidr read_cidr(const char *text)
{
    struct vpcvis_cidr cidr;

    ck_assert_int_eq(vpcvis_addr_read_cidr(text, strlen(text), &cidr, NULL), VPCVIS_OK);
    return cidr;
}

static struct vpcvis_packet make_packet(const struct row *row)
{
    const struct vpcvis_addr src = read_addr(row->src), dst = read_addr(row->dst);
    struct vpcvis_packet packet;

    memset(&packet, 0, sizeof packet);
    memcpy(packet.src, src.bytes, 16);
    memcpy(packet.dst, dst.bytes, 16);
    packet.family = dst.family;
    packet.ethertype = dst.family == VPCVIS_ADDR_IPV4 ? 0x0800 : 0x86dd;
    packet.srcport = row->srcport;
    packet.dstport = row->dstport;
    packet.protocol = row->protocol;
    packet.direction = row->direction;
    packet.flags = row->flags;
    return packet;
}

static struct vpcvis_scope make_scope(uint32_t entries)
{
    const struct vpcvis_cidr vpc = read_cidr("10.1.0.0/16"),
                             subnet = read_cidr("10.1.7.0/24");
    struct vpcvis_scope scope;

    ck_assert_int_eq(vpcvis_scope_init(&scope, entries, &vpc, &subnet), VPCVIS_OK);
    scope.targets = read_cidr("10.9.0.0/16");
    return scope;
}

START_TEST(the_list)
{
    const struct row *row = &rows[_i];
    const struct vpcvis_packet packet = make_packet(row);
    const struct vpcvis_scope scope = make_scope(VPCVIS_SCOPE_FLOW_LOGS);
    uint32_t entry = 77;
    vpcvis_status status = vpcvis_scope_find(&scope, &packet, &entry);

    ck_assert_msg(status == (row->entry ? VPCVIS_OK : VPCVIS_NOMATCH), "%s: status %d",
                  row->why, (int)status);
    ck_assert_msg(entry == (row->entry ? row->entry : 77), "%s: entry %u", row->why,
                  (unsigned)entry);
}
END_TEST

/* With its switch off an entry leaves nothing out, and no other entry changes. */
START_TEST(switches)
{
    const struct vpcvis_packet packet = make_packet(&rows[_i]);
    uint32_t off;

    for (off = VPCVIS_SCOPE_ARP; off < VPCVIS_SCOPE_COUNT; off++) {
        const struct vpcvis_scope scope =
            make_scope(VPCVIS_SCOPE_FLOW_LOGS & ~VPCVIS_SCOPE_BIT(off));
        uint32_t entry = 0;
        vpcvis_status status = vpcvis_scope_find(&scope, &packet, &entry);
        if (off != rows[_i].entry)
            ck_assert_uint_eq(entry, rows[_i].entry);
        else
            ck_assert(status == VPCVIS_NOMATCH || entry > off);
    }
}
END_TEST

/* [scope.mirror]: the router and copies of copies are mirrored, the resolver by switch. */
START_TEST(defaults_of_mirroring)
{
    const struct vpcvis_packet packet = make_packet(&rows[_i]);
    const struct vpcvis_scope scope = make_scope(VPCVIS_SCOPE_MIRRORING);
    const uint32_t expected =
        rows[_i].entry <= VPCVIS_SCOPE_RESOLVER ? rows[_i].entry : 0;
    uint32_t entry = 0;

    vpcvis_scope_find(&scope, &packet, &entry);
    ck_assert_uint_eq(entry, expected);
}
END_TEST

START_TEST(arp)
{
    struct vpcvis_scope scope = make_scope(VPCVIS_SCOPE_FLOW_LOGS);
    struct vpcvis_packet packet;
    uint32_t entry = 0;

    memset(&packet, 0, sizeof packet);
    packet.ethertype = 0x0806;
    ck_assert_int_eq(vpcvis_scope_find(&scope, &packet, &entry), VPCVIS_OK);
    ck_assert_uint_eq(entry, VPCVIS_SCOPE_ARP);
    packet.ethertype = 0x8035; /* RARP */
    ck_assert_int_eq(vpcvis_scope_find(&scope, &packet, &entry), VPCVIS_NOMATCH);
    packet.ethertype = 0x0806;
    scope.entries &= ~VPCVIS_SCOPE_BIT(VPCVIS_SCOPE_ARP);
    ck_assert_int_eq(vpcvis_scope_find(&scope, &packet, &entry), VPCVIS_NOMATCH);
    /* An IPv4 header that was cut off has zero addresses, and family 0. */
    memset(&scope, 0, sizeof scope);
    scope.entries = VPCVIS_SCOPE_FLOW_LOGS;
    packet.ethertype = 0x0800;
    ck_assert_int_eq(vpcvis_scope_find(&scope, &packet, &entry), VPCVIS_NOMATCH);
}
END_TEST

/* No mirror target: the interface's own VXLAN (a container network's) is logged. */
START_TEST(no_mirror_source)
{
    const struct row row = {"10.1.7.20", "10.9.3.4", 65408, 4789, 17, EG, P, 0, ""};
    const struct vpcvis_packet packet = make_packet(&row);
    struct vpcvis_scope scope = make_scope(VPCVIS_SCOPE_FLOW_LOGS);
    uint32_t entry;

    memset(&scope.targets, 0, sizeof scope.targets);
    ck_assert_int_eq(vpcvis_scope_find(&scope, &packet, &entry), VPCVIS_NOMATCH);
    scope.targets = read_cidr("0.0.0.0/0");
    ck_assert_int_eq(vpcvis_scope_find(&scope, &packet, &entry), VPCVIS_OK);
}
END_TEST

struct network {
    const char *cidr;
    const char *resolver, *router; /* NULL: none */
};

static const struct network networks[] = {
    {"10.1.0.0/16", "10.1.0.2", "10.1.0.1"},
    {"10.1.2.77/24", "10.1.2.2", "10.1.2.1"}, /* host bits do not count */
    {"0.0.0.0/0", "0.0.0.2", "0.0.0.1"},
    {"255.255.255.252/30", "255.255.255.254", "255.255.255.253"},
    {"10.1.2.2/31", NULL, NULL},
    {"255.255.255.255/32", NULL, NULL},
    {"2001:db8::/56", NULL, NULL},
};

static void check_addr(const struct vpcvis_addr *addr, const char *expected)
{
    struct vpcvis_addr zero;

    memset(&zero, 0, sizeof zero);
    if (expected != NULL)
        zero = read_addr(expected);
    ck_assert_int_eq(memcmp(addr, &zero, sizeof zero), 0);
}

START_TEST(addresses_of_a_network)
{
    const struct vpcvis_cidr cidr = read_cidr(networks[_i].cidr);
    struct vpcvis_scope scope;

    ck_assert_int_eq(vpcvis_scope_init(&scope, VPCVIS_SCOPE_FLOW_LOGS, &cidr, &cidr),
                     VPCVIS_OK);
    check_addr(&scope.resolver, networks[_i].resolver);
    check_addr(&scope.router, networks[_i].router);
    ck_assert_int_eq(vpcvis_scope_init(&scope, 0, NULL, NULL), VPCVIS_OK);
    check_addr(&scope.resolver, NULL);
    check_addr(&scope.router, NULL);
}
END_TEST

START_TEST(arguments)
{
    struct vpcvis_scope scope = make_scope(VPCVIS_SCOPE_FLOW_LOGS), was = scope;
    struct vpcvis_cidr cidr = read_cidr("10.0.0.0/8");
    struct vpcvis_packet packet = make_packet(&rows[0]), before = packet;
    uint32_t entry = 77;

    ck_assert_int_eq(vpcvis_scope_init(NULL, 0, NULL, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_scope_init(&scope, 1, NULL, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_scope_init(&scope, 0x200, NULL, NULL), VPCVIS_E_ARG);
    cidr.prefix_len = 33;
    ck_assert_int_eq(vpcvis_scope_init(&scope, 2, &cidr, NULL), VPCVIS_E_PREFIX);
    ck_assert_int_eq(vpcvis_scope_init(&scope, 2, NULL, &cidr), VPCVIS_E_PREFIX);
    cidr.addr.family = 5;
    ck_assert_int_eq(vpcvis_scope_init(&scope, 2, &cidr, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(memcmp(&scope, &was, sizeof scope), 0);

    ck_assert_int_eq(vpcvis_scope_find(NULL, &packet, &entry), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_scope_find(&scope, NULL, &entry), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_scope_find(&scope, &packet, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_scope_match(NULL, &packet, 1, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_scope_match(&scope, NULL, 1, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_scope_match(&scope, NULL, 0, NULL), VPCVIS_OK);
    scope.targets.prefix_len = 33;
    ck_assert_int_eq(vpcvis_scope_match(&scope, &packet, 1, NULL), VPCVIS_E_ARG);
    scope = was;
    scope.entries = UINT32_MAX;
    ck_assert_int_eq(vpcvis_scope_find(&scope, &packet, &entry), VPCVIS_E_ARG);
    scope = was;
    scope.router.family = 1;
    ck_assert_int_eq(vpcvis_scope_find(&scope, &packet, &entry), VPCVIS_E_ARG);
    ck_assert_uint_eq(entry, 77);
    ck_assert_int_eq(memcmp(&packet, &before, sizeof packet), 0);
    ck_assert_uint_eq(vpcvis_scope_bytes(), sizeof scope);
    ck_assert_uint_eq(sizeof scope % 8, 0);
}
END_TEST

/* A batch marks what the single form finds, takes old marks away and skips held packets. */
START_TEST(batch)
{
    const struct vpcvis_scope scope = make_scope(VPCVIS_SCOPE_FLOW_LOGS), nothing = {0};
    struct vpcvis_packet made[COUNT(rows)], *packets;
    size_t marked = 77, expected = 0;
    int i;

    for (i = 0; i < COUNT(rows); i++) {
        made[i] = make_packet(&rows[i]);
        if (i == 3)
            made[i].flags |= VPCVIS_PACKET_HELD;
    }
    packets = (struct vpcvis_packet *)guard_copy(made, sizeof made);
    ck_assert_int_eq(vpcvis_scope_match(&scope, packets, COUNT(rows), &marked),
                     VPCVIS_OK);
    for (i = 0; i < COUNT(rows); i++) {
        const uint32_t entry = i == 3 ? 0 : rows[i].entry;
        made[i].left = (uint8_t)entry;
        made[i].flags |= entry ? VPCVIS_PACKET_LEFT : 0;
        expected += entry != 0;
        ck_assert_int_eq(memcmp(&packets[i], &made[i], sizeof made[i]), 0);
    }
    ck_assert_uint_eq(marked, expected);
    ck_assert_int_eq(vpcvis_scope_match(&nothing, packets, COUNT(rows), &marked),
                     VPCVIS_OK);
    ck_assert_uint_eq(marked, 0);
    for (i = 0; i < COUNT(rows); i++)
        ck_assert(packets[i].left == 0 && (packets[i].flags & VPCVIS_PACKET_LEFT) == 0);
}
END_TEST

static const char *const corners[] = {
    "10.1.0.2",        "10.1.7.1",        "10.9.0.1",        "10.1.0.3",
    "169.254.169.123", "169.254.169.250", "169.254.169.251", "169.254.169.253",
    "169.254.169.254", "169.254.168.254", "fd00:ec2::123",   "fd00:ec2::250",
    "fd00:ec2::253",   "fd00:ec2::254",   "fd00:ec3::254",   "2001:db8::2"};
static const uint16_t corner_ports[] = {53, 67, 68, 123, 546, 547, 1688, 4789, 40000};

/* The batch, which passes ordinary packets quickly, against the single form, for all pairs of
 * what entries are made of. */
START_TEST(batch_is_single)
{
    struct vpcvis_scope scope = make_scope(VPCVIS_SCOPE_FLOW_LOGS);
    struct row row = {corners[_i], NULL, 0, 0, 0, EG, P, 0, ""};
    size_t k, marked;

    for (k = 0; k < 16u * 9 * 9 * 6; k++) {
        static const uint8_t protocols[] = {6, 17, 1};
        struct vpcvis_packet packet, twin;
        uint32_t entry = 0;
        row.dst = corners[k % 16];
        row.srcport = corner_ports[k / 16 % 9];
        row.dstport = corner_ports[k / 144 % 9];
        row.protocol = protocols[k / 1296 % 3];
        if ((_i < 10) != (k % 16 < 10))
            continue;
        if (k / 3888 == 1) {
            scope.resolver = read_addr("2001:db8::2");
            scope.router = read_addr("fd00:ec3::254");
        }
        packet = twin = make_packet(&row);
        vpcvis_scope_find(&scope, &packet, &entry);
        twin.left = (uint8_t)entry;
        twin.flags |= entry ? VPCVIS_PACKET_LEFT : 0;
        packet.left = (uint8_t)(k % 3); /* an old mark */
        if (vpcvis_scope_match(&scope, &packet, 1, &marked) != VPCVIS_OK ||
            marked != (entry != 0) || memcmp(&packet, &twin, sizeof packet) != 0)
            ck_abort_msg("%s:%u to %s:%u: %u, not %u", row.src, row.srcport, row.dst,
                         row.dstport, packet.left, (unsigned)entry);
    }
}
END_TEST

START_TEST(names)
{
    static const char *const expected[] = {NULL,       "arp",    "dhcp",
                                           "metadata", "time",   "windows",
                                           "resolver", "router", "mirror"};
    uint32_t entry;

    for (entry = VPCVIS_SCOPE_ARP; entry < VPCVIS_SCOPE_COUNT; entry++)
        ck_assert_str_eq(vpcvis_scope_name(entry), expected[entry]);
    ck_assert_ptr_null(vpcvis_scope_name(0));
    ck_assert_ptr_null(vpcvis_scope_name(VPCVIS_SCOPE_COUNT));
    ck_assert_ptr_null(vpcvis_scope_name(UINT32_MAX));
    ck_assert_int_eq(COUNT(expected), VPCVIS_SCOPE_COUNT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scope");
    TCase *tcase = tcase_create("scope");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, the_list, 0, COUNT(rows));
    tcase_add_loop_test(tcase, switches, 0, COUNT(rows));
    tcase_add_loop_test(tcase, defaults_of_mirroring, 0, COUNT(rows));
    tcase_add_test(tcase, arp);
    tcase_add_test(tcase, no_mirror_source);
    tcase_add_loop_test(tcase, addresses_of_a_network, 0, COUNT(networks));
    tcase_add_test(tcase, arguments);
    tcase_add_test(tcase, batch);
    tcase_add_loop_test(tcase, batch_is_single, 0, COUNT(corners));
    tcase_add_test(tcase, names);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

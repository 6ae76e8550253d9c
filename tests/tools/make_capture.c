/* SPDX-License-Identifier: MIT */
/*
 * Writes capture files (pcap, nanoseconds) to standard output, always the same for the same
 * arguments:
 *
 *     make_capture demo                   a few minutes of one host: examples/samples/host.pcap
 *     make_capture random PACKETS SEED    traffic of many kinds, for comparing programs
 *     make_capture plain PACKETS FLOWS    TCP and UDP of many flows, for measuring programs
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T0 UINT64_C(1781082000) /* 2026-06-10 09:00:00 UTC */

#define FIN 1
#define SYN 2
#define RST 4
#define PSH 8
#define ACK 16

static uint64_t state = 88172645463325252u;
static uint64_t now_ns = T0 * 1000000000u;
static unsigned char frame[65600];
static size_t len;

static uint64_t below(uint64_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % n;
}

static void put(const void *bytes, size_t n)
{
    memcpy(frame + len, bytes, n);
    len += n;
}

static void put8(unsigned v)
{
    frame[len++] = (unsigned char)v;
}

static void put16(unsigned v)
{
    put8(v >> 8 & 255);
    put8(v & 255);
}

static void put32(uint32_t v)
{
    put16(v >> 16);
    put16(v & 0xffff);
}

static void wait_ms(uint64_t ms)
{
    now_ns += ms * 1000000u + below(1000000);
}

static void write_record(size_t captured)
{
    const uint32_t header[4] = {(uint32_t)(now_ns / 1000000000u),
                                (uint32_t)(now_ns % 1000000000u), (uint32_t)captured,
                                (uint32_t)len};

    if (fwrite(header, 16, 1, stdout) != 1 || fwrite(frame, captured, 1, stdout) != 1)
        exit(EXIT_FAILURE);
    now_ns += 20000 + below(200000);
}

static void write_frame(void)
{
    while (len < 60)
        put8(0);
    write_record(len);
}

static void begin(int to_host, unsigned vlan, unsigned type)
{
    static const unsigned char host[] = {0x02, 0, 0, 0, 0x01, 0x14};
    static const unsigned char router[] = {0x02, 0, 0, 0, 0x01, 0x01};

    len = 0;
    put(to_host ? host : router, 6);
    put(to_host ? router : host, 6);
    if (vlan != 0) {
        put16(0x8100);
        put16(vlan);
    }
    put16(type);
}

static unsigned sum_of(const unsigned char *bytes, size_t n)
{
    uint32_t sum = 0;
    size_t i;

    for (i = 0; i + 1 < n; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

/* An IPv4 header with `rest` bytes behind it; fragment: flags and offset field. */
static void put_ipv4(uint32_t src, uint32_t dst, unsigned protocol, size_t rest,
                     unsigned id, unsigned fragment)
{
    const size_t at = len;
    unsigned sum;

    put16(0x4500);
    put16((unsigned)(20 + rest));
    put16(id);
    put16(fragment);
    put8(64);
    put8(protocol);
    put16(0);
    put32(src);
    put32(dst);
    sum = sum_of(frame + at, 20);
    frame[at + 10] = (unsigned char)(sum >> 8);
    frame[at + 11] = (unsigned char)sum;
}

static void put_ipv6(const char *src, const char *dst, unsigned next, size_t rest)
{
    put32(0x60000000u);
    put16((unsigned)rest);
    put8(next);
    put8(64);
    put(src, 16);
    put(dst, 16);
}

static void put_tcp(unsigned sport, unsigned dport, unsigned flags, size_t data)
{
    put16(sport);
    put16(dport);
    put32(1000);
    put32(flags & ACK ? 2000 : 0);
    put8(0x50);
    put8(flags);
    put16(64240);
    put32(0);
    memset(frame + len, 'x', data);
    len += data;
}

static void put_udp(unsigned sport, unsigned dport, size_t data)
{
    put16(sport);
    put16(dport);
    put16((unsigned)(8 + data));
    put16(0);
    memset(frame + len, 'u', data);
    len += data;
}

static int is_host(uint32_t addr)
{
    return addr == 0x0a000114; /* 10.0.1.20 */
}

static void tcp(uint32_t src, uint32_t dst, unsigned sport, unsigned dport,
                unsigned flags, size_t data)
{
    begin(is_host(dst), 0, 0x0800);
    put_ipv4(src, dst, 6, 20 + data, 0, 0x4000);
    put_tcp(sport, dport, flags, data);
    write_frame();
}

static void udp(uint32_t src, uint32_t dst, unsigned sport, unsigned dport, size_t data)
{
    begin(is_host(dst), 0, 0x0800);
    put_ipv4(src, dst, 17, 8 + data, 0, 0x4000);
    put_udp(sport, dport, data);
    write_frame();
}

static void icmp(uint32_t src, uint32_t dst, unsigned type)
{
    begin(is_host(dst), 0, 0x0800);
    put_ipv4(src, dst, 1, 64, 0, 0);
    put8(type);
    put8(0);
    put16(0);
    memset(frame + len, 0, 60);
    len += 60;
    write_frame();
}

/* A whole conversation: both handshakes, `pieces` of data back. */
static void session(uint32_t client, uint32_t server, unsigned port, unsigned service,
                    int pieces)
{
    int i;

    tcp(client, server, port, service, SYN, 0);
    tcp(server, client, service, port, SYN | ACK, 0);
    tcp(client, server, port, service, ACK, 0);
    tcp(client, server, port, service, PSH | ACK, 320);
    for (i = 0; i < pieces; i++) {
        wait_ms(3);
        tcp(server, client, service, port, ACK, 1200);
        tcp(client, server, port, service, ACK, 0);
    }
    tcp(client, server, port, service, FIN | ACK, 0);
    tcp(server, client, service, port, FIN | ACK, 0);
    tcp(client, server, port, service, ACK, 0);
}

static void tcp6(int to_host, unsigned flags, size_t data)
{
    static const char host[] = "\x20\x01\x0d\xb8\0\x01\0\0\0\0\0\0\0\0\0\x20";
    static const char peer[] = "\x20\x01\x0d\xb8\xff\0\0\0\0\0\0\0\0\0\0\x07";

    begin(to_host, 0, 0x86dd);
    put_ipv6(to_host ? peer : host, to_host ? host : peer, 6, 20 + data);
    put_tcp(to_host ? 443 : 50123, to_host ? 50123 : 443, flags, data);
    write_frame();
}

static void fragment(uint32_t src, uint32_t dst, unsigned id, unsigned field, size_t data,
                     int first)
{
    begin(is_host(dst), 0, 0x0800);
    put_ipv4(src, dst, 17, data, id, field);
    if (first)
        put_udp(5000, 6000, data - 8);
    else
        memset(frame + len, 'f', data), len += data;
    write_frame();
}

static void arp(void)
{
    begin(0, 0, 0x0806);
    put32(0x00010800);
    put32(0x06040001);
    memset(frame + len, 0, 20);
    len += 20;
    write_frame();
}

#define HOST     0x0a000114u /* 10.0.1.20 */
#define RESOLVER 0x0a000002u /* 10.0.0.2 */
#define DATABASE 0x0a000237u /* 10.0.2.55 */
#define SCANNER  0xcb007142u /* 203.0.113.66 */
#define WEB      0xc6336407u /* 198.51.100.7 */
#define METADATA 0xa9fea9feu /* 169.254.169.254 */
#define CLOCK    0xa9fea97bu /* 169.254.169.123 */

static void demo_minute(unsigned minute)
{
    static const unsigned ports[] = {22, 23, 3389, 5900, 8080};
    unsigned i;

    now_ns = (T0 + 60 * minute) * 1000000000u + 500000000u;
    arp();
    udp(HOST, RESOLVER, 40000 + minute, 53, 40);
    udp(RESOLVER, HOST, 53, 40000 + minute, 90);
    udp(HOST, CLOCK, 123, 123, 48);
    udp(CLOCK, HOST, 123, 123, 48);
    session(HOST, METADATA, 41000 + minute, 80, 1);
    udp(HOST, 0x08080808, 42000 + minute, 53, 40);
    udp(0x08080808, HOST, 53, 42000 + minute, 120);
    session(HOST, WEB, 50000 + minute, 443, 6);
    wait_ms(900);
    for (i = 0; i < 4; i++)
        session(0xcb007120 + i, HOST, 60000 + i, 80, 2);
    session(HOST, DATABASE, 51000, 5432, 3);
    for (i = 0; i < 5; i++) {
        wait_ms(250);
        tcp(SCANNER, HOST, 44000 + i, ports[i], SYN, 0);
    }
    icmp(0xcb007109, HOST, 8);
    icmp(HOST, 0xcb007109, 0);
    tcp6(0, SYN, 0);
    tcp6(1, SYN | ACK, 0);
    tcp6(0, ACK, 0);
    tcp6(0, PSH | ACK, 200);
    tcp6(1, PSH | ACK, 1100);
    wait_ms(1500);
    fragment(DATABASE, HOST, 77, 185, 500, 0); /* the last one comes first */
    fragment(DATABASE, HOST, 77, 0x2000, 1480, 1);
    begin(0, 7, 0x0800); /* a tag */
    put_ipv4(HOST, WEB, 17, 108, 0, 0);
    put_udp(33000, 4500, 100);
    write_frame();
}

/* The scanner tries one port after the other; a closed one says so, others keep silent. */
static void demo_scan(void)
{
    static const unsigned ports[] = {21,   22,   23,   25,   53,   80,   110,  111,
                                     135,  139,  143,  389,  443,  445,  993,  1433,
                                     1521, 3306, 3389, 5432, 5900, 6379, 8080, 9200};
    size_t i;

    for (i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        wait_ms(300);
        tcp(SCANNER, HOST, 61000, ports[i], SYN, 0);
        if (i % 6 == 5)
            tcp(HOST, SCANNER, ports[i], 61000, RST | ACK, 0);
    }
}

static void make_demo(void)
{
    demo_minute(0);
    demo_minute(2); /* nobody speaks for a minute */
    wait_ms(20000);
    session(HOST, WEB, 50007, 443, 20);
    demo_scan();
}

static void one_random(void)
{
    const uint32_t src = below(2) ? HOST : 0xc0000200u + (uint32_t)below(9);
    const uint32_t dst =
        src == HOST && below(9) ? 0xc6336400u + (uint32_t)below(9) : HOST;
    const unsigned port = 1024 + (unsigned)below(20), service = 80 + (unsigned)below(4);
    const size_t data = below(4) ? below(1400) : 0;

    switch (below(12)) {
    case 0: udp(src, dst, port, service, data); break;
    case 1: icmp(src, dst, below(2) ? 8 : 0); break;
    case 2: tcp6((int)below(2), (unsigned)below(32), data); break;
    case 3: arp(); break;
    case 4:
        begin(is_host(dst), 1 + (unsigned)below(4000), 0x0800);
        put_ipv4(src, dst, 6, 20 + data, 0, 0);
        put_tcp(port, service, ACK, data);
        write_frame();
        break;
    case 5: /* longer than what is captured of it */
        begin(is_host(dst), 0, 0x0800);
        put_ipv4(src, dst, 6, 20 + 1000, 0, 0);
        put_tcp(port, service, ACK, 1000);
        write_record(96);
        break;
    default: tcp(src, dst, port, service, (unsigned)below(64), data); break;
    }
    if (below(50) == 0)
        wait_ms(below(4000));
}

static void one_plain(uint64_t flows)
{
    const uint64_t flow = below(flows), mixed = flow * 0x9e3779b97f4a7c15u;
    const uint32_t peer = (uint32_t)(mixed >> 40) | 0x40000000u;
    const unsigned port = 1024 + (unsigned)(mixed & 0x7fff);
    const size_t data = below(3) ? 1000 : 0;

    if (flow % 4 == 0)
        udp(HOST, peer, port, 53, 60);
    else if (flow % 2)
        tcp(HOST, peer, port, 443, ACK, data / 8);
    else
        tcp(peer, HOST, 443, port, ACK, data);
}

int main(int argc, char **argv)
{
    static const uint32_t header[6] = {0xa1b23c4du, 0x00040002u, 0, 0, 65535, 1};
    const char *kind = argc > 1 ? argv[1] : "";
    const uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    const uint64_t second = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    uint64_t i;

    if (fwrite(header, sizeof(header), 1, stdout) != 1)
        return EXIT_FAILURE;
    if (strcmp(kind, "demo") == 0 && argc == 2) {
        make_demo();
    } else if (strcmp(kind, "random") == 0 && argc == 4) {
        for (state += second * 2, i = 0; i < first; i++)
            one_random();
    } else if (strcmp(kind, "plain") == 0 && argc == 4 && second > 0) {
        for (i = 0; i < first; i++)
            one_plain(second);
    } else {
        fprintf(stderr,
                "usage: make_capture demo | random PACKETS SEED | plain PACKETS "
                "FLOWS\n");
        return 2;
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

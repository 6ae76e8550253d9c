/* SPDX-License-Identifier: MIT */
/*
 * Generates the logs of generate.h. A flow is drawn first and then written column by column,
 * so that kinds differ in what they mean to differ in and in nothing else.
 */
#include "generate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN   0u
#define CRLF    1u
#define BAD     2u
#define HEADERS 4u
#define NODATA  8u
#define IPV6    16u
#define DIGITS  32u

static const struct kind {
    char name[8];
    uint32_t standard;
    uint32_t traits;
} kinds[] = {
    {"v2", 2, PLAIN},      {"v5", 5, PLAIN},  {"v11", 11, PLAIN},
    {"crlf", 2, CRLF},     {"bad", 2, BAD},   {"headers", 2, HEADERS},
    {"nodata", 2, NODATA}, {"ipv6", 2, IPV6}, {"digits", 2, DIGITS},
    {"short", 0, PLAIN},
};

static const char header[] =
    "version account-id interface-id srcaddr dstaddr srcport dstport "
    "protocol packets bytes start end action log-status";

#define FIELD_SRCADDR 3
#define FIELD_DSTADDR 4
#define FIELD_BYTES   9

/* One flow, before it is written. */
struct flow {
    uint32_t version;
    uint32_t eni;
    uint32_t nodata;
    uint32_t reject;
    uint32_t egress;
    uint32_t srcport;
    uint32_t dstport;
    uint32_t protocol;
    uint32_t ipv6;
    uint64_t packets;
    uint64_t bytes;
    uint64_t start_s;
    uint64_t end_s;
    char src[48];
    char dst[48];
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

/* splitmix64 */
static uint64_t scramble(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t draw(struct generate *g)
{
    g->random += 0x9e3779b97f4a7c15u;
    return scramble(g->random);
}

static uint32_t below(struct generate *g, uint32_t n)
{
    return (uint32_t)((draw(g) >> 32) * n >> 32);
}

/* Numbers of all magnitudes up to 2^bits, as counters are. */
static uint64_t counter(struct generate *g, uint32_t bits)
{
    uint64_t top = (uint64_t)1 << below(g, bits);
    return top + (draw(g) & (top - 1));
}

static void draw_ipv4(struct generate *g, int inside, char out[48])
{
    uint32_t a = below(g, 223) + 1;
    uint32_t b = below(g, 256);
    uint32_t c = below(g, 256);
    uint32_t d = below(g, 254) + 1;

    if (inside)
        snprintf(out, 48, "172.31.%" PRIu32 ".%" PRIu32, c & 63, d);
    else
        snprintf(out, 48, "%" PRIu32 ".%" PRIu32 ".%" PRIu32 ".%" PRIu32, a, b, c, d);
}

/* Half are written out in full, half have a run of zeros; none can be written shorter. */
static void draw_ipv6(struct generate *g, int inside, char out[48])
{
    unsigned w[6];

    for (int i = 0; i < 6; i++)
        w[i] = below(g, 0xffff) + 1;
    if (below(g, 2) == 0)
        snprintf(out, 48, "2600:1f18:%x:%x::%x", w[0], w[1], w[2]);
    else
        snprintf(out, 48, "%s:%x:%x:%x:%x:%x:%x", inside ? "2600:1f18" : "2001:db8", w[0],
                 w[1], w[2], w[3], w[4], w[5]);
}

static uint32_t draw_service_port(struct generate *g)
{
    static const uint16_t ports[] = {443, 443, 443, 443, 80,   80,   22,   53,
                                     53,  123, 25,  389, 3306, 5432, 6379, 8080};
    return ports[below(g, 16)];
}

static void draw_ports(struct generate *g, struct flow *f)
{
    uint32_t roll = below(g, 100);

    f->protocol = roll < 83 ? 6 : roll < 97 ? 17 : 1;
    f->srcport = 32768 + below(g, 28232);
    f->dstport = draw_service_port(g);
    if (f->protocol == 1) {
        f->srcport = 0;
        f->dstport = 0;
    } else if (!f->egress) {
        uint32_t port = f->srcport;
        f->srcport = f->dstport;
        f->dstport = port;
    }
}

static uint64_t long_counter(struct generate *g)
{
    static const uint64_t ten_to_16 = 10000000000000000u;
    uint64_t n = draw(g) >> below(g, 8);
    return n < ten_to_16 ? n + ten_to_16 : n;
}

/* Draws the same random numbers whatever the traits, but for addresses and counters. */
static void draw_flow(struct generate *g, const struct kind *kind, struct flow *f)
{
    uint32_t idle = kind->traits & NODATA ? 75 : 1;

    f->version = kind->standard;
    f->eni = below(g, 48);
    f->nodata = below(g, 100) < idle;
    f->reject = below(g, 100) < 8;
    f->egress = below(g, 2);
    f->ipv6 = (kind->traits & IPV6) && below(g, 10) != 0;
    draw_ports(g, f);
    (f->ipv6 ? draw_ipv6 : draw_ipv4)(g, f->egress != 0, f->src);
    (f->ipv6 ? draw_ipv6 : draw_ipv4)(g, f->egress == 0, f->dst);
    f->packets = counter(g, 16);
    f->bytes = f->packets * (40 + below(g, 1400));
    if (kind->traits & DIGITS) {
        f->packets = long_counter(g);
        f->bytes = long_counter(g);
    }
    g->time_s += below(g, 64) == 0;
    f->start_s = g->time_s + below(g, 30);
    f->end_s = f->start_s + 20 + below(g, 41);
}

static char *put_text(char *at, const char *text)
{
    size_t n = strlen(text);
    memcpy(at, text, n);
    return at + n;
}

static char *put_number(char *at, uint64_t n)
{
    char digits[20];
    size_t k = sizeof digits;

    do {
        digits[--k] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    memcpy(at, digits + k, sizeof digits - k);
    return at + (sizeof digits - k);
}

/* An AWS resource id: the prefix and 17 hex digits made from a number. */
static char *put_id(char *at, const char *prefix, uint64_t n)
{
    uint64_t bits = scramble(n + 1);

    at = put_text(at, prefix);
    *at++ = '0';
    for (int i = 0; i < 16; i++) {
        *at++ = "0123456789abcdef"[bits & 15];
        bits >>= 4;
    }
    return at;
}

/* version to log-status */
static char *put_v2_field(char *at, const struct flow *f, uint32_t field)
{
    if (f->nodata && field >= 3 && field != 10 && field != 11 && field != 13)
        return put_text(at, "-");
    switch (field) {
    case 0: return put_number(at, f->version);
    case 1: return put_number(at, 123456789010u + f->eni % 4);
    case 2: return put_id(at, "eni-", f->eni);
    case 3: return put_text(at, f->src);
    case 4: return put_text(at, f->dst);
    case 5: return put_number(at, f->srcport);
    case 6: return put_number(at, f->dstport);
    case 7: return put_number(at, f->protocol);
    case 8: return put_number(at, f->packets);
    case 9: return put_number(at, f->bytes);
    case 10: return put_number(at, f->start_s);
    case 11: return put_number(at, f->end_s);
    case 12: return put_text(at, f->reject ? "REJECT" : "ACCEPT");
    default: return put_text(at, f->nodata ? "NODATA" : "OK");
    }
}

static char *put_service(char *at, uint32_t n)
{
    static const char services[8][16] = {"-",      "-",  "-",   "-",
                                         "AMAZON", "S3", "EC2", "DYNAMODB"};
    return put_text(at, services[n % 8]);
}

/* vpc-id to traffic-path */
static char *put_v5_field(char *at, const struct flow *f, uint32_t field)
{
    int idle = f->nodata && field != 14 && field != 15 && field != 16 && field != 21 &&
               field != 22;

    if (idle)
        return put_text(at, "-");
    switch (field) {
    case 14: return put_id(at, "vpc-", f->eni % 4 + 100);
    case 15: return put_id(at, "subnet-", f->eni % 12 + 200);
    case 16: return f->eni % 8 ? put_id(at, "i-", f->eni + 300) : put_text(at, "-");
    case 17: return put_number(at, f->protocol != 6 ? 0 : f->end_s % 3 ? 19 : 3);
    case 18: return put_text(at, f->ipv6 ? "IPv6" : "IPv4");
    case 19: return put_text(at, f->src);
    case 20: return put_text(at, f->dst);
    case 21: return put_text(at, "us-east-1");
    case 22: return put_text(at, f->eni % 2 ? "use1-az4" : "use1-az6");
    case 25: return put_service(at, f->egress ? 0 : f->srcport);
    case 26: return put_service(at, f->egress ? f->dstport : 0);
    case 27: return put_text(at, f->egress ? "egress" : "ingress");
    case 28: return f->egress ? put_number(at, f->end_s % 8 + 1) : put_text(at, "-");
    default: return put_text(at, "-");
    }
}

/* ecs-cluster-arn to next-hop-interface-type; every third interface is an ECS task's */
static char *put_v11_field(char *at, const struct flow *f, uint32_t field)
{
    static const char arn[] = "arn:aws:ecs:us-east-1:123456789010:";
    int task = f->eni % 3 == 0 && !f->nodata;

    if (field < 39 && !task)
        return put_text(at, "-");
    switch (field) {
    case 29: return put_text(put_text(at, arn), "cluster/web-front");
    case 30: return put_text(at, "web-front");
    case 33: return put_id(at, "5d1d4cc7-", f->eni + 400);
    case 35: return put_text(at, "checkout-service");
    case 36: return put_text(put_text(at, arn), "task-definition/checkout:17");
    case 37: return put_id(put_text(at, arn), "task/web-front/", f->eni + 500);
    case 38: return put_id(at, "", f->eni + 500);
    case 41: return f->nodata ? put_text(at, "-") : put_number(at, f->end_s % 4);
    case 42: return put_text(at, "web%20front%2Fblue");
    case 44: return put_text(at, "production");
    case 48: return put_text(at, f->eni % 16 ? "-" : "nat_gateway");
    case 49: return f->nodata ? put_text(at, "-") : put_id(at, "eni-", f->eni + 600);
    case 50:
        return f->nodata ? put_text(at, "-") : put_id(at, "subnet-", f->eni % 12 + 700);
    case 51: return f->nodata ? put_text(at, "-") : put_text(at, "use1-az2");
    case 52: return f->nodata ? put_text(at, "-") : put_id(at, "vpc-", f->eni % 4 + 100);
    default: return put_text(at, "-");
    }
}

static char *put_record(char *at, const struct flow *f)
{
    static const uint8_t short_fields[] = {FIELD_SRCADDR, FIELD_DSTADDR, FIELD_BYTES};
    uint32_t v = f->version;
    uint32_t columns = v == 11 ? 54 : v == 5 ? 29 : v == 2 ? 14 : 3;

    for (uint32_t i = 0; i < columns; i++) {
        uint32_t field = v == 0 ? short_fields[i] : i;
        if (i > 0)
            *at++ = ' ';
        if (field < 14)
            at = put_v2_field(at, f, field);
        else if (field < 29)
            at = put_v5_field(at, f, field);
        else
            at = put_v11_field(at, f, field);
    }
    return at;
}

static char *column_start(char *line, uint32_t column)
{
    for (; column > 0; column--)
        line = strchr(line, ' ') + 1;
    return line;
}

/* Make a v2 line bad in one of five ways; returns its new end. */
static char *spoil(char *line, char *end, uint64_t how)
{
    *end = '\0';
    switch (how % 5) {
    case 0: *column_start(line, 3) = 'x'; return end;
    case 1: *column_start(line, 5) = 'x'; return end;
    case 2: *column_start(line, 1) = '\x7f'; return end;
    case 3: return column_start(line, 13) - 1;
    default: return put_text(end, " OK");
    }
}

int generate_begin(struct generate *g, const char *kind)
{
    memset(g, 0, sizeof *g);
    g->kind = kind;
    g->random = 20150610; /* flow logs were announced on that day */
    g->time_s = 1766448000;
    g->records_left = UINT64_MAX;
    return find_kind(kind) != NULL;
}

size_t generate_lines(struct generate *g, char *out, size_t capacity)
{
    const struct kind *kind = find_kind(g->kind);
    char *at = out;
    struct flow f;

    while (capacity - (size_t)(at - out) >= 2 * GENERATE_LINE_MAX &&
           g->records_left > 0) {
        char *line;
        g->records_left--;
        if ((kind->traits & HEADERS) && g->records % 1000 == 0) {
            at = put_text(put_text(at, header), "\n");
            g->headers++;
            g->lines++;
        }
        line = at;
        draw_flow(g, kind, &f);
        at = put_record(at, &f);
        if ((kind->traits & BAD) && g->records % 100 == 50)
            at = spoil(line, at, g->records / 100);
        at = put_text(at, kind->traits & CRLF ? "\r\n" : "\n");
        g->records++;
        g->lines++;
    }
    return (size_t)(at - out);
}

int generate_log_records(const char *kind, uint64_t records, size_t bytes,
                         struct generate_log *log)
{
    struct generate g;
    const struct kind *k = find_kind(kind);
    size_t capacity = bytes + 2 * GENERATE_LINE_MAX;

    memset(log, 0, sizeof *log);
    if (k == NULL || !generate_begin(&g, kind))
        return 0;
    log->text = malloc(capacity);
    if (log->text == NULL)
        return 0;
    if (records > 0)
        g.records_left = records;
    log->len = generate_lines(&g, log->text, capacity);
    log->lines = g.lines;
    log->headers = g.headers;
    log->standard = k->standard;
    log->format = k->standard == 0 ? "srcaddr dstaddr bytes" : NULL;
    return records == 0 || g.records == records;
}

int generate_log(const char *kind, size_t bytes, struct generate_log *log)
{
    return generate_log_records(kind, 0, bytes, log);
}

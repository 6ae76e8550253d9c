/* SPDX-License-Identifier: MIT */
/*
 * Room filter: rules as lines of words, read and written.
 *
 *     ingress 100 accept tcp from 10.0.0.0/8 port 1024-65535 to 0.0.0.0/0 port 443 # text
 *     service amazon-dns
 */
#include "filter.h"
#include "text.h"

#define NO_FIELD UINT32_MAX /* room record's VPCVIS_FIELD_NONE */
#define RULE_TEXT_MAX \
    (7 + 1 + 10 + 1 + 6 + 1 + 7 + 2 * (6 + VPCVIS_CIDR_TEXT_MAX + 6 + 11) + 3)

struct name {
    char text[15];
    uint8_t number;
};

static const struct name protocols[] = {
    {"icmp", 1},  {"igmp", 2},   {"ipip", 4},    {"tcp", 6},
    {"udp", 17},  {"dccp", 33},  {"ipv6", 41},   {"gre", 47},
    {"esp", 50},  {"ah", 51},    {"icmpv6", 58}, {"ospf", 89},
    {"pim", 103}, {"vrrp", 112}, {"sctp", 132},  {"udplite", 136}};

#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

/* A line that is being read, word by word. */
struct line {
    const char *text;
    size_t len, at;
    const char *word; /* the word at hand: 0 bytes at the end or before # */
    size_t word_len;
    vpcvis_status status;
    uint32_t part;
    size_t bad; /* byte at fault, once status is not VPCVIS_OK */
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void next_word(struct line *line)
{
    while (line->at < line->len && is_blank(line->text[line->at]))
        line->at++;
    line->word = line->text + line->at;
    line->word_len = 0;
    if (line->at < line->len && line->text[line->at] == '#')
        return;
    while (line->at < line->len && !is_blank(line->text[line->at]))
        line->at++;
    line->word_len = (size_t)(line->text + line->at - line->word);
}

static void fault(struct line *line, vpcvis_status status, uint32_t part, size_t in_word)
{
    if (line->status != VPCVIS_OK)
        return;
    line->status = status;
    line->part = part;
    line->bad = (size_t)(line->word - line->text) + in_word;
}

static int is_word(const struct line *line, const char *name)
{
    size_t i = 0;

    while (i < line->word_len && name[i] != 0 && line->word[i] == name[i])
        i++;
    return i == line->word_len && name[i] == 0;
}

/* The word at hand has to be this one. */
static void skip_word(struct line *line, const char *name, uint32_t part)
{
    if (!is_word(line, name))
        fault(line, VPCVIS_E_WORD, part, 0);
    else
        next_word(line);
}

/* The word at hand is one of two: 1 or 2. */
static uint8_t read_choice(struct line *line, const char *first, const char *second,
                           uint32_t part)
{
    const uint8_t choice = is_word(line, first) ? 1 : is_word(line, second) ? 2 : 0;

    if (choice == 0)
        fault(line, VPCVIS_E_WORD, part, 0);
    else
        next_word(line);
    return choice;
}

/* Digits of the word at hand from a byte to another. */
static uint32_t read_number(struct line *line, size_t from, size_t to, uint32_t max,
                            uint32_t part)
{
    uint64_t value = 0;
    size_t bad;
    vpcvis_status status;

    if (line->word_len == 0) {
        fault(line, VPCVIS_E_WORD, part, 0);
        return 0;
    }
    status = vpcvis_i_text_read_u64(line->word + from, to - from, max, &value, &bad);
    if (status != VPCVIS_OK)
        fault(line, status, part, from + bad);
    return (uint32_t)value;
}

static void read_protocol(struct line *line, struct vpcvis_rule *rule)
{
    size_t i;

    if (is_word(line, "all") || is_word(line, "-1")) {
        next_word(line);
        return;
    }
    rule->valid |= VPCVIS_RULE_PROTOCOL;
    for (i = 0; i < PROTOCOLS && !is_word(line, protocols[i].text); i++)
        ;
    if (i < PROTOCOLS)
        rule->protocol = protocols[i].number;
    else if (line->word_len > 0 && line->word[0] >= 'a' && line->word[0] <= 'z')
        fault(line, VPCVIS_E_WORD, VPCVIS_FILTER_PART_PROTOCOL, 0);
    else
        rule->protocol = (uint8_t)read_number(line, 0, line->word_len, UINT8_MAX,
                                              VPCVIS_FILTER_PART_PROTOCOL);
    next_word(line);
}

static void read_cidr(struct line *line, struct vpcvis_cidr *cidr, uint32_t part)
{
    struct vpcvis_error error;
    vpcvis_status status;

    if (line->word_len == 0) {
        fault(line, VPCVIS_E_WORD, part, 0);
        return;
    }
    status = vpcvis_addr_read_cidr(line->word, line->word_len, cidr, &error);
    if (status != VPCVIS_OK)
        fault(line, status, part, error.offset);
    next_word(line);
}

/* `port FIRST-LAST` or `port ONE`, if it is there. */
static void read_ports(struct line *line, struct vpcvis_rule *rule, uint32_t valid,
                       uint16_t *range, uint32_t part)
{
    size_t dash = 0;

    if (!is_word(line, "port"))
        return;
    next_word(line);
    while (dash < line->word_len && line->word[dash] != '-')
        dash++;
    range[0] = (uint16_t)read_number(line, 0, dash, UINT16_MAX, part);
    range[1] = range[0];
    if (dash < line->word_len) {
        range[1] =
            (uint16_t)read_number(line, dash + 1, line->word_len, UINT16_MAX, part);
        if (range[1] < range[0])
            fault(line, VPCVIS_E_RANGE, part, dash + 1);
    }
    rule->valid |= valid;
    next_word(line);
}

/* Where a description holds a control character; its length if nowhere. */
static size_t find_control(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && (unsigned char)text[i] >= 0x20 && text[i] != 0x7f)
        i++;
    return i;
}

/* The end of a line: nothing, or # and anything. */
static void read_end(struct line *line, const char **text, size_t *text_len)
{
    size_t bad;

    *text = NULL;
    *text_len = 0;
    if (line->word_len > 0)
        fault(line, VPCVIS_E_WORD, VPCVIS_FILTER_PART_NONE, 0);
    if (line->status != VPCVIS_OK || line->at == line->len)
        return;
    line->at++;
    if (line->at < line->len && line->text[line->at] == ' ')
        line->at++;
    line->word = line->text + line->at;
    *text_len = line->len - line->at;
    bad = find_control(line->word, *text_len);
    if (bad < *text_len)
        fault(line, VPCVIS_E_BYTE, VPCVIS_FILTER_PART_TEXT, bad);
    if (*text_len > UINT32_MAX)
        fault(line, VPCVIS_E_LONG, VPCVIS_FILTER_PART_TEXT, UINT32_MAX);
    *text = *text_len > 0 ? line->word : NULL;
}

static void read_rule(struct line *line, struct vpcvis_rule *rule)
{
    size_t text_len;

    rule->direction =
        read_choice(line, "ingress", "egress", VPCVIS_FILTER_PART_DIRECTION);
    rule->number =
        read_number(line, 0, line->word_len, UINT32_MAX, VPCVIS_FILTER_PART_NUMBER);
    next_word(line);
    rule->action = read_choice(line, "accept", "reject", VPCVIS_FILTER_PART_ACTION);
    read_protocol(line, rule);
    skip_word(line, "from", VPCVIS_FILTER_PART_SRC);
    read_cidr(line, &rule->src, VPCVIS_FILTER_PART_SRC);
    read_ports(line, rule, VPCVIS_RULE_SRCPORT, rule->srcport,
               VPCVIS_FILTER_PART_SRCPORT);
    skip_word(line, "to", VPCVIS_FILTER_PART_DST);
    read_cidr(line, &rule->dst, VPCVIS_FILTER_PART_DST);
    read_ports(line, rule, VPCVIS_RULE_DSTPORT, rule->dstport,
               VPCVIS_FILTER_PART_DSTPORT);
    read_end(line, &rule->text, &text_len);
    rule->text_len = (uint32_t)text_len;
}

static void read_service(struct line *line, uint32_t *service)
{
    const char *text;
    size_t text_len;

    next_word(line);
    *service = VPCVIS_FILTER_AMAZON_DNS;
    skip_word(line, "amazon-dns", VPCVIS_FILTER_PART_SERVICE);
    read_end(line, &text, &text_len);
}

vpcvis_status vpcvis_filter_read(const char *text, size_t text_len, uint32_t *kind,
                                 struct vpcvis_rule *rule, uint32_t *service,
                                 struct vpcvis_error *error)
{
    struct line line = {text, text_len, 0, text, 0, VPCVIS_OK, 0, 0};
    struct vpcvis_rule made;
    uint32_t services = 0;

    if (kind == NULL || rule == NULL || service == NULL || (text == NULL && text_len > 0))
        return vpcvis_i_base_fail(error, VPCVIS_E_ARG, NO_FIELD, 0, 0);
    if (line.len > 0 && text[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        return VPCVIS_NOMATCH;
    next_word(&line);
    if (line.word_len == 0)
        return VPCVIS_NOMATCH;
    memset(&made, 0, sizeof(made));
    if (is_word(&line, "service"))
        read_service(&line, &services);
    else
        read_rule(&line, &made);
    if (line.status != VPCVIS_OK)
        return vpcvis_i_base_fail(error, line.status, NO_FIELD, line.part, line.bad);
    if (services != 0) {
        *kind = VPCVIS_FILTER_LINE_SERVICE;
        *service = services;
        return VPCVIS_OK;
    }
    *kind = VPCVIS_FILTER_LINE_RULE;
    *rule = made;
    return VPCVIS_OK;
}

/* Bytes before the next newline, or all. */
static size_t line_len(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && text[i] != '\n')
        i++;
    return i;
}

vpcvis_status vpcvis_filter_read_lines(const char *text, size_t text_len,
                                       struct vpcvis_rule *rules, size_t capacity,
                                       size_t *count, uint32_t *services,
                                       struct vpcvis_error *error)
{
    size_t at = 0, found = 0, len;
    uint32_t all = 0, kind, service;
    uint64_t number;

    if ((text == NULL && text_len > 0) || (rules == NULL && capacity > 0) ||
        count == NULL || services == NULL)
        return vpcvis_i_base_fail(error, VPCVIS_E_ARG, NO_FIELD, 0, 0);
    for (number = 1; at < text_len; number++, at += len + 1) {
        struct vpcvis_rule rule;
        vpcvis_status status;
        len = line_len(text + at, text_len - at);
        status = vpcvis_filter_read(text + at, len, &kind, &rule, &service, error);
        if (status < 0 && error) {
            error->line = number;
            error->line_at = at;
        }
        if (status < 0)
            return status;
        if (status == VPCVIS_OK && kind == VPCVIS_FILTER_LINE_SERVICE)
            all |= service;
        else if (status == VPCVIS_OK && found++ < capacity)
            rules[found - 1] = rule;
    }
    *count = found;
    if (found > capacity)
        return vpcvis_i_base_fail(error, VPCVIS_E_SPACE, NO_FIELD, 0, 0);
    *services = all;
    return VPCVIS_OK;
}

static char *put(char *out, const char *text)
{
    while (*text != 0)
        *out++ = *text++;
    return out;
}

static char *put_protocol(char *out, const struct vpcvis_rule *rule)
{
    size_t i;

    if ((rule->valid & VPCVIS_RULE_PROTOCOL) == 0)
        return put(out, "all");
    for (i = 0; i < PROTOCOLS; i++) {
        if (protocols[i].number == rule->protocol)
            return put(out, protocols[i].text);
    }
    return vpcvis_i_text_write_u64(out, rule->protocol);
}

static char *put_side(char *out, const struct vpcvis_cidr *cidr, int has_ports,
                      const uint16_t *range)
{
    size_t len = 0;

    vpcvis_addr_write_cidr(cidr, out, VPCVIS_CIDR_TEXT_MAX, &len);
    out += len;
    if (!has_ports)
        return out;
    out = vpcvis_i_text_write_u64(put(out, " port "), range[0]);
    if (range[1] != range[0])
        out = vpcvis_i_text_write_u64(put(out, "-"), range[1]);
    return out;
}

/* What reading may make: so much of a check needs no config. */
static vpcvis_status check(const struct vpcvis_rule *rule)
{
    struct vpcvis_rule bare = *rule;
    uint32_t part;

    if (rule->text == NULL && rule->text_len > 0)
        return VPCVIS_E_ARG;
    if (find_control(rule->text, rule->text_len) < rule->text_len)
        return VPCVIS_E_BYTE;
    /* Ranges are read whatever the protocol, and blocks whatever the other's family. */
    bare.protocol = 6;
    bare.valid |= VPCVIS_RULE_PROTOCOL;
    bare.dst = bare.src;
    if (vpcvis_i_filter_check(&bare, 0, &part) != VPCVIS_OK)
        return VPCVIS_E_ARG;
    bare.src = bare.dst = rule->dst;
    return vpcvis_i_filter_check(&bare, 0, &part) != VPCVIS_OK ? VPCVIS_E_ARG : VPCVIS_OK;
}

vpcvis_status vpcvis_filter_write(const struct vpcvis_rule *rule, char *out,
                                  size_t capacity, size_t *out_len)
{
    char line[RULE_TEXT_MAX + VPCVIS_I_TEXT_ROOM];
    char *end = line;
    vpcvis_status status;
    size_t len;

    if (rule == NULL || out_len == NULL || (out == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    status = check(rule);
    if (status != VPCVIS_OK)
        return status;
    end = put(end, rule->direction == VPCVIS_DIRECTION_INGRESS ? "ingress " : "egress ");
    end = vpcvis_i_text_write_u64(end, rule->number);
    end = put(end, rule->action == VPCVIS_FILTER_ACCEPT ? " accept " : " reject ");
    end = put(put_protocol(end, rule), " from ");
    end = put_side(end, &rule->src, rule->valid & VPCVIS_RULE_SRCPORT ? 1 : 0,
                   rule->srcport);
    end = put_side(put(end, " to "), &rule->dst,
                   rule->valid & VPCVIS_RULE_DSTPORT ? 1 : 0, rule->dstport);
    if (rule->text_len > 0)
        end = put(end, " # ");
    len = (size_t)(end - line);
    *out_len = len + rule->text_len;
    if (*out_len > capacity)
        return VPCVIS_E_SPACE;
    memcpy(out, line, len);
    if (rule->text_len > 0)
        memcpy(out + len, rule->text, rule->text_len);
    return VPCVIS_OK;
}

const char *vpcvis_filter_service_name(uint32_t service)
{
    return service == VPCVIS_FILTER_AMAZON_DNS ? "amazon-dns" : NULL;
}

const char *vpcvis_filter_part_name(uint32_t part)
{
    static const char names[VPCVIS_FILTER_PART_COUNT][10] = {
        "",    "direction", "number", "action",  "family", "protocol",
        "src", "srcport",   "dst",    "dstport", "text",   "service"};
    return part > 0 && part < VPCVIS_FILTER_PART_COUNT ? names[part] : NULL;
}

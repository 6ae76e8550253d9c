/* SPDX-License-Identifier: MIT */
/*
 * Two choices of flags and a kind, then rules: as lines of text, or ten choices each. Lines that are
 * read are written and read again. Every structure on every path must say what explain says, of
 * packets at the edges of rules, and what one of them refuses all refuse.
 */
#include "oracle.h"

#define RULES_MAX   96
#define PACKETS_MAX 128

static const uint8_t protocols[8] = {6, 17, 1, 58, 0, 47, 132, 255};

static void make_block(struct input *in, uint32_t family, struct vpcvis_cidr *cidr)
{
    const uint32_t length = input_choice(in) * 2, place = input_choice(in);
    uint32_t i;

    memset(cidr, 0, sizeof(*cidr));
    cidr->addr.family = (uint8_t)family;
    for (i = 0; i < (family == VPCVIS_ADDR_IPV4 ? 4u : 16u); i++)
        cidr->addr.bytes[i] = place >> i % 6 & 1 ? 255 : (uint8_t)(place >> 4 << i % 3);
    cidr->prefix_len =
        (uint8_t)(family == VPCVIS_ADDR_IPV4 ? length % 33 : length % 129 + (length & 1));
}

static size_t make_rules(struct input *in, struct vpcvis_rule *rules)
{
    size_t n;

    for (n = 0; n < RULES_MAX && in->left >= 10; n++) {
        struct vpcvis_rule *rule = &rules[n];
        const uint32_t choice = input_choice(in);
        const uint32_t family = choice & 1 ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
        memset(rule, 0, sizeof(*rule));
        rule->direction = (uint8_t)(choice & 2 ? 2 : 1);
        rule->action = (uint8_t)(choice & 4 ? 2 : 1);
        rule->valid = choice >> 3 & 7;
        rule->number = input_choice(in) * 64 + (uint32_t)n % 64;
        rule->protocol = protocols[input_choice(in) & 7];
        make_block(in, family, &rule->src);
        make_block(in, family, &rule->dst);
        rule->srcport[0] = (uint16_t)(input_choice(in) * 1040);
        rule->srcport[1] = (uint16_t)(rule->srcport[0] + 15);
        rule->dstport[0] = (uint16_t)input_choice(in);
        rule->dstport[1] = (uint16_t)(rule->dstport[0] + (input_choice(in) & 3));
    }
    return n;
}

/* A line that is read, written and read again. */
static void require_trip(const struct vpcvis_rule *rule)
{
    struct vpcvis_rule again;
    uint32_t kind, service;
    size_t len, written;
    char *text;

    REQUIRE(vpcvis_filter_write(rule, NULL, 0, &len) == VPCVIS_E_SPACE);
    text = oracle_memory(len);
    REQUIRE(vpcvis_filter_write(rule, text, len, &written) == VPCVIS_OK);
    REQUIRE(written == len);
    REQUIRE(vpcvis_filter_read(text, len, &kind, &again, &service, NULL) == VPCVIS_OK);
    REQUIRE(again.text_len == rule->text_len);
    REQUIRE(rule->text_len == 0 || memcmp(again.text, rule->text, rule->text_len) == 0);
    again.text = rule->text;
    REQUIRE(memcmp(&again, rule, sizeof(again)) == 0);
    free(text);
}

static size_t read_rules(const struct input *in, struct vpcvis_rule *rules, char **text,
                         uint32_t *services)
{
    struct vpcvis_error error;
    size_t count = 0, i;
    vpcvis_status status;

    *text = oracle_copy(in->at, in->left);
    status = vpcvis_filter_read_lines(*text, in->left, rules, RULES_MAX, &count, services,
                                      &error);
    if (status != VPCVIS_OK) {
        REQUIRE(error.status == status);
        REQUIRE(status == VPCVIS_E_SPACE ||
                (error.line >= 1 && error.line_at + error.offset <= in->left));
        return 0;
    }
    for (i = 0; i < count; i++)
        require_trip(&rules[i]);
    return count;
}

/* The packet at one of the four corners of a rule, or a step beyond. */
static void make_packet(const struct vpcvis_rule *rule, const struct vpcvis_rule *other,
                        uint32_t corner, struct vpcvis_packet *packet)
{
    const uint32_t bytes = rule->src.addr.family == VPCVIS_ADDR_IPV4 ? 4 : 16;
    uint32_t bit;

    memset(packet, 0, sizeof(*packet));
    packet->family = rule->src.addr.family;
    packet->direction = corner & 64 ? (uint8_t)(corner % 3) : rule->direction;
    packet->protocol =
        rule->valid & VPCVIS_RULE_PROTOCOL ? rule->protocol : protocols[corner % 8];
    packet->next_header = corner & 128 ? 0 : packet->protocol;
    memcpy(packet->src, rule->src.addr.bytes, 16);
    memcpy(packet->dst, other->dst.addr.bytes, 16);
    for (bit = rule->src.prefix_len; corner & 1 && bit < bytes * 8; bit++)
        packet->src[bit / 8] |= (uint8_t)(128u >> bit % 8);
    for (bit = other->dst.prefix_len; corner & 2 && bit < bytes * 8; bit++)
        packet->dst[bit / 8] |= (uint8_t)(128u >> bit % 8);
    if (corner & 4)
        packet->src[bytes - 1]++;
    if (packet->protocol == 6 || packet->protocol == 17 || packet->protocol == 132) {
        packet->flags = corner & 8 ? VPCVIS_PACKET_PORTS : 0;
        packet->flags |= corner % 5 == 0 ? VPCVIS_PACKET_LATER : 0;
        packet->srcport = (uint16_t)(rule->srcport[corner >> 4 & 1] + (corner % 7 == 0));
        packet->dstport = rule->dstport[corner >> 5 & 1];
    }
    if (corner % 31 == 0)
        packet->flags |= VPCVIS_PACKET_LEFT;
    packet->left = (uint8_t)(corner % 10);
    if (corner % 53 == 0)
        packet->family = 0;
}

static size_t make_packets(const struct vpcvis_rule *rules, size_t count, uint32_t seed,
                           struct vpcvis_packet *packets)
{
    size_t i;

    for (i = 0; count > 0 && i < PACKETS_MAX; i++) {
        const struct vpcvis_rule *rule = &rules[i % count];
        const struct vpcvis_rule *other = &rules[(i * 7 + seed) % count];
        if (other->src.addr.family != rule->src.addr.family)
            other = rule;
        make_packet(rule, other, (uint32_t)(i * 37 + seed) & 255, &packets[i]);
    }
    return i;
}

static void require_same(const vpcvis_filter *filter, const struct vpcvis_packet *packets,
                         size_t count, const struct vpcvis_filter_answer *wanted)
{
    struct vpcvis_filter_answer *answers = oracle_memory(count * sizeof(*answers));
    struct vpcvis_packet *copy = (void *)oracle_copy(packets, count * sizeof(*packets));

    REQUIRE(vpcvis_filter_match(filter, copy, sizeof(*copy), count, 0, answers) ==
            VPCVIS_OK);
    REQUIRE(count == 0 || memcmp(answers, wanted, count * sizeof(*answers)) == 0);
    free(answers);
    free(copy);
}

static void require_all(const struct vpcvis_rule *rules, size_t count,
                        struct vpcvis_filter_config *config, uint32_t seed)
{
    struct vpcvis_packet packets[PACKETS_MAX];
    struct vpcvis_filter_answer wanted[PACKETS_MAX];
    const size_t n = make_packets(rules, count, seed, packets);
    vpcvis_status explained = VPCVIS_OK, status;
    vpcvis_filter *filter;
    size_t i;

    for (i = 0; i < n; i++)
        explained = vpcvis_filter_explain(rules, count, config, &packets[i], 0, NULL,
                                          &wanted[i], NULL);
    for (config->cpu = VPCVIS_CPU_PORTABLE; config->cpu <= VPCVIS_CPU_NEON;
         config->cpu++) {
        for (config->structure = 0; config->structure <= VPCVIS_FILTER_TABLES;
             config->structure++) {
            filter = NULL;
            status = vpcvis_filter_new(rules, count, config, NULL, &filter, NULL);
            if (status == VPCVIS_E_CPU)
                continue;
            REQUIRE(n == 0 || status == explained || status == VPCVIS_E_DUPLICATE);
            if (status == VPCVIS_OK)
                require_same(filter, packets, n, wanted);
            vpcvis_filter_free(filter, NULL);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vpcvis_rule rules[RULES_MAX];
    struct vpcvis_filter_config config;
    struct input in = {data, size};
    uint32_t kind;
    char *text = NULL;
    size_t count;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = input_choice(&in);
    config.flags |= input_choice(&in) << 6 & (2 * VPCVIS_FILTER_BAD - 1);
    kind = input_choice(&in);
    if (kind & 1)
        count = make_rules(&in, rules);
    else
        count = read_rules(&in, rules, &text, &config.services);
    require_all(rules, count, &config, kind);
    free(text);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * mirror_rules from-flows: the conversations of flow logs, or of findings, as mirror rules.
 */
#include "input.h"
#include "lists.h"
#include "mirror_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(HAVE_JANSSON)
#include <jansson.h>
#endif

#define CHUNK  ((size_t)64 << 10)
#define ROWS   256
#define ERRORS 16

struct flows {
    struct mirror_rules *m;
    vpcvis_prefix *own;
    struct vpcvis_suspect *suspects;
    size_t count, capacity;
    uint64_t unfit; /* records and findings that no rule could be made of */
    int failed;
    struct input input;
    struct vpcvis_record record[ROWS];
    struct vpcvis_error errors[ERRORS];
    char chunk[CHUNK];
};

static void add(struct flows *flows, const struct vpcvis_suspect *suspect)
{
    if (flows->count == flows->capacity) {
        const size_t more = flows->capacity * 2 + 256;
        struct vpcvis_suspect *grown = realloc(flows->suspects, more * sizeof(*grown));

        if (grown == NULL) {
            flows->failed = 1;
            return;
        }
        flows->suspects = grown;
        flows->capacity = more;
    }
    flows->suspects[flows->count++] = *suspect;
}

static int is_own(const struct flows *flows, const struct vpcvis_addr *addr)
{
    uint32_t value;

    return flows->own != NULL &&
           vpcvis_prefix_match(flows->own, addr, &value, NULL) == VPCVIS_OK;
}

static void add_record(struct flows *flows, const struct vpcvis_record *record)
{
    struct vpcvis_suspect pair[2];
    uint32_t direction = 0;
    vpcvis_status status;

    if (is_own(flows, &record->dstaddr))
        direction = VPCVIS_DIRECTION_INGRESS;
    else if (is_own(flows, &record->srcaddr))
        direction = VPCVIS_DIRECTION_EGRESS;
    status = vpcvis_suspect_read(record, direction, pair);
    if (status == VPCVIS_OK) {
        add(flows, &pair[0]);
        add(flows, &pair[1]);
    } else {
        flows->unfit += status != VPCVIS_NOMATCH || record->log_status <= 1;
    }
}

static void drain(struct flows *flows, vpcvis_reader *reader)
{
    struct vpcvis_reader_batch batch;
    uint64_t i;

    while (vpcvis_reader_next(reader, flows->record, sizeof(flows->record[0]), ROWS,
                              flows->errors, ERRORS, &batch) == VPCVIS_OK) {
        flows->unfit += batch.errors;
        for (i = 0; i < batch.records; i++)
            add_record(flows, &flows->record[i]);
    }
}

#if defined(HAVE_JANSSON)

static int read_block(json_t *json, const char *name, uint8_t family,
                      struct vpcvis_cidr *cidr)
{
    const char *text = json_string_value(json_object_get(json, name));

    memset(cidr, 0, sizeof(*cidr));
    cidr->addr.family = family;
    if (text == NULL)
        return 0;
    cidr->prefix_len = strchr(text, ':') ? 128 : 32;
    return vpcvis_addr_read(text, strlen(text), &cidr->addr, NULL) == VPCVIS_OK ? 0 : -1;
}

/* A finding's source and destination; what it does not say is anything. */
static int read_finding(json_t *json, struct vpcvis_rule *rule)
{
    json_t *protocol = json_object_get(json, "protocol"),
           *port = json_object_get(json, "port");

    memset(rule, 0, sizeof(*rule));
    rule->action = VPCVIS_FILTER_ACCEPT;
    if (read_block(json, "source", VPCVIS_ADDR_IPV4, &rule->src) != 0 ||
        read_block(json, "destination", rule->src.addr.family, &rule->dst) != 0 ||
        rule->src.addr.family != rule->dst.addr.family ||
        rule->src.prefix_len + rule->dst.prefix_len == 0)
        return -1;
    if (json_is_integer(protocol)) {
        rule->valid |= VPCVIS_RULE_PROTOCOL;
        rule->protocol = (uint8_t)json_integer_value(protocol);
        if (json_is_integer(port) && (rule->protocol == 6 || rule->protocol == 17)) {
            rule->valid |= VPCVIS_RULE_DSTPORT;
            rule->dstport[0] = rule->dstport[1] = (uint16_t)json_integer_value(port);
        }
    }
    return 0;
}

/* Both directions of a finding's traffic, as the source interface sees them. */
static void add_finding(struct flows *flows, const char *line, size_t len)
{
    json_t *json = json_loadb(line, len, 0, NULL);
    struct vpcvis_suspect pair[2] = {{{0}, 0, 0}, {{0}, 0, 0}};
    struct vpcvis_rule *own = &pair[0].rule, *back = &pair[1].rule;

    if (json == NULL || read_finding(json, own) != 0) {
        flows->unfit++;
    } else {
        const int out = own->dst.prefix_len == 0 ? is_own(flows, &own->src.addr)
                                                 : !is_own(flows, &own->dst.addr);

        own->direction = out ? VPCVIS_DIRECTION_EGRESS : VPCVIS_DIRECTION_INGRESS;
        *back = *own;
        back->direction = out ? VPCVIS_DIRECTION_INGRESS : VPCVIS_DIRECTION_EGRESS;
        back->src = own->dst;
        back->dst = own->src;
        memcpy(back->srcport, own->dstport, sizeof(back->srcport));
        memset(back->dstport, 0, sizeof(back->dstport));
        if ((own->valid & VPCVIS_RULE_DSTPORT) != 0)
            back->valid = VPCVIS_RULE_PROTOCOL | VPCVIS_RULE_SRCPORT;
        pair[0].conversations = pair[1].conversations = 1;
        add(flows, &pair[0]);
        add(flows, &pair[1]);
    }
    json_decref(json);
}

#else

static void add_finding(struct flows *flows, const char *line, size_t len)
{
    (void)line;
    (void)len;
    flows->unfit++;
}

#endif

/* Lines of flowtop --findings --to json; a path of - is standard input. */
static int read_findings(struct flows *flows, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    static char line[8192];

    if (file == NULL)
        return mirror_rules_fail(path, strerror(errno));
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strspn(line, " \t\r\n") != strlen(line))
            add_finding(flows, line, strlen(line));
    }
    if (file != stdin)
        fclose(file);
    return 0;
}

static int read_log(struct flows *flows, const char *path)
{
    vpcvis_reader *reader = NULL;
    ptrdiff_t n = 1;
    int status = 0;

    if (input_open(&flows->input, path) != 0)
        return mirror_rules_fail(path, flows->input.problem);
    if (vpcvis_reader_new(NULL, NULL, &reader) != VPCVIS_OK) {
        input_close(&flows->input);
        return mirror_rules_fail(path, "out of memory");
    }
    while (n > 0 && status == 0) {
        n = input_read(&flows->input, flows->chunk, CHUNK);
        if (n < 0) {
            status = mirror_rules_fail(path, flows->input.problem);
        } else {
            if (n > 0)
                vpcvis_reader_add(reader, flows->chunk, (size_t)n);
            else
                vpcvis_reader_end(reader);
            drain(flows, reader);
        }
    }
    vpcvis_reader_free(reader, NULL);
    input_close(&flows->input);
    return status;
}

static void print_suspect(const struct flows *flows, const struct vpcvis_suspect *suspect)
{
    static char line[RULESET_LINE];
    const uint32_t whole = suspect->wide / 16, part = suspect->wide % 16 * 100 / 16;

    ruleset_line(&suspect->rule, line);
    if (!flows->m->json) {
        printf("%s # of %u %s, matches 2^%u.%02u\n", line, suspect->conversations,
               suspect->conversations == 1 ? "conversation" : "conversations", whole,
               part);
        return;
    }
    fputs("{\"rule\":", stdout);
    mirror_rules_json_text(line, strlen(line));
    printf(",\"conversations\":%u,\"matches-log2\":%u.%02u}\n", suspect->conversations,
           whole, part);
}

static int print_rules(struct flows *flows)
{
    const vpcvis_status status =
        vpcvis_suspect_merge(flows->suspects, &flows->count, (size_t)flows->m->limit);
    size_t i;

    for (i = 0; i < flows->count; i++)
        print_suspect(flows, &flows->suspects[i]);
    if (status == VPCVIS_E_LIMIT)
        fprintf(stderr, "mirror_rules: directions and families alone take %zu rules\n",
                flows->count);
    if (flows->unfit > 0)
        fprintf(stderr,
                "mirror_rules: %llu records or findings cannot be mirrored: bad, or "
                "without direction (--address), addresses or protocol\n",
                (unsigned long long)flows->unfit);
    return status != VPCVIS_OK || flows->unfit > 0;
}

int mirror_rules_from_flows(struct mirror_rules *m)
{
    struct flows *flows = calloc(1, sizeof(*flows));
    char problem[LISTS_PROBLEM];
    int status = 0;
    size_t i;

    if (flows == NULL)
        return mirror_rules_fail("from-flows", "out of memory");
    flows->m = m;
    if (m->address && (flows->own = lists_addresses(m->address, problem)) == NULL)
        status = mirror_rules_fail("--address", problem);
    if (status == 0 && m->findings && flows->own == NULL)
        status = mirror_rules_fail("--findings",
                                   "--address is needed: whose interface is mirrored?");
    if (status == 0 && m->findings)
        status = read_findings(flows, m->findings);
    if (status == 0 && m->file_count == 0 && !m->findings)
        status = read_log(flows, "-");
    for (i = 0; i < m->file_count && status == 0; i++)
        status = read_log(flows, m->files[i]);
    if (status == 0 && flows->failed)
        status = mirror_rules_fail("from-flows", "out of memory");
    if (status == 0)
        status = print_rules(flows);
    vpcvis_prefix_free(flows->own, NULL);
    free(flows->suspects);
    free(flows);
    return status;
}

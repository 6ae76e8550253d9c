/* SPDX-License-Identifier: MIT */
/*
 * mirror_rules - traffic-mirroring rules: checked, explained, linted, exported, converted, made.
 *
 *     rules --ruleset--> vpcvis_rule[] --> vpcvis_filter_plan, _explain, _lint, _match
 *     flow logs, findings --> vpcvis_suspect_read, _merge --> rules
 */
#define _POSIX_C_SOURCE 200809L

#include "support/arguments.h"
#include "support/mirror_rules.h"
#include "support/rules_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: mirror_rules check|lint --rules FILE [--strict] [--json]\n"
    "       mirror_rules explain --rules FILE --packet 'DIRECTION PROTOCOL SRC DST' [--json]\n"
    "       mirror_rules explain --rules FILE --pcap FILE --address IP,... [--summary] [--json]\n"
    "       mirror_rules export --rules FILE --to tc|nft --device DEV --out DEV\n"
    "       mirror_rules export --rules FILE --to pcap-filter --direction ingress|egress\n"
    "       mirror_rules convert --rules FILE --to text|json\n"
    "       mirror_rules from-flows [--address CIDR,...] [--findings FILE] [--limit N] [--json]\n"
    "                    [FILE...]\n";

static const char help[] =
    "\n"
    "Rules are a file of lines (- is standard input)\n"
    "    ingress 100 accept tcp from 10.0.0.0/8 port 1024-65535 to 0.0.0.0/0 port 443 # web\n"
    "    service amazon-dns\n"
    "or, with jansson, JSON: aws ec2 describe-traffic-mirror-filters, a CloudFormation template,\n"
    "or terraform show -json of a plan. --filter ID chooses one of several filters.\n"
    "\n"
    "  check       whether a filter can be made of them, and what it takes; with --strict\n"
    "              AWS's own limits hold\n"
    "  lint        rules that never match because of earlier ones, twins, accept-alls\n"
    "  explain     what becomes of a packet, and why: `accept 100`, `reject 10` or `none` comes\n"
    "              first. A packet is `ingress tcp 10.0.0.1:1234 10.0.0.2:443`; IPv6 as\n"
    "              [2001:db8::1]:443; without ports for what has none. Of a capture, a line\n"
    "              each, or with --summary what each rule would copy: bytes are those of the\n"
    "              frames, copied those with 50 or 70 bytes of outer headers. --address says\n"
    "              which addresses are the source's, --vpc CIDR where its resolver is\n"
    "  export      the same for tc (flower, mirred), nftables (netdev, dup) or libpcap\n"
    "  convert     between text and the JSON of describe-traffic-mirror-filters\n"
    "  from-flows  rules that mirror the conversations of flow logs, and those of --findings,\n"
    "              which are lines of flowtop --findings --to json; both directions, at most\n"
    "              --limit rules (10), widened as little as possible, which is told.\n"
    "              --address says which addresses are the source's: needed for findings, and\n"
    "              for logs without flow-direction\n"
    "\n"
    "Exit status: 0; 1 if rules cannot be, lint has found something, or from-flows could not\n"
    "use some records; 2 for usage, or for what could not be read.\n";

static int fail_usage(const char *reason, const char *what)
{
    fprintf(stderr, "mirror_rules: %s%s\n%s", reason, what, usage);
    return 2;
}

static int take_text(struct mirror_rules *m, char **argv, int *i)
{
    return take_value("--rules", argv, i, &m->rules) ||
           take_value("--filter", argv, i, &m->filter) ||
           take_value("--packet", argv, i, &m->packet) ||
           take_value("--pcap", argv, i, &m->pcap) ||
           take_value("--address", argv, i, &m->address) ||
           take_value("--vpc", argv, i, &m->vpc) || take_value("--to", argv, i, &m->to) ||
           take_value("--device", argv, i, &m->device) ||
           take_value("--out", argv, i, &m->out) ||
           take_value("--findings", argv, i, &m->findings) ||
           take_value("--direction", argv, i, &m->direction);
}

static int take_switch(struct mirror_rules *m, const char *argument)
{
    if (strcmp(argument, "--strict") == 0)
        m->strict = 1;
    else if (strcmp(argument, "--json") == 0)
        m->json = 1;
    else if (strcmp(argument, "--summary") == 0)
        m->summary = 1;
    else
        return 0;
    return 1;
}

/* Options after the command; -1, or an exit status. */
static int read_options(struct mirror_rules *m, char **argv, int i)
{
    const char *limit = "10";
    char *end;

    for (; argv[i] && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        if (!take_switch(m, argv[i]) && !take_text(m, argv, &i) &&
            !take_value("--limit", argv, &i, &limit))
            return fail_usage("unknown option, or one without its value: ", argv[i]);
    }
    m->limit = strtoul(limit, &end, 10);
    if (limit[0] < '1' || limit[0] > '9' || *end != '\0' || m->limit > 1000000)
        return fail_usage("--limit takes 1 to 1000000, not ", limit);
    m->files = argv + i;
    while (argv[i])
        i++;
    m->file_count = (size_t)(argv + i - m->files);
    return -1;
}

/* Read the rules, and what a filter of them has to know. 0, or an exit status. */
static int load(struct mirror_rules *m)
{
    struct vpcvis_cidr vpc;

    if (m->rules == NULL)
        return fail_usage("--rules is needed", "");
    if (ruleset_read(&m->set, m->rules, m->filter) != 0) {
        fprintf(stderr, "mirror_rules: %s\n", m->set.problem);
        return 2;
    }
    ruleset_sort(&m->set);
    if (m->vpc && vpcvis_addr_read_cidr(m->vpc, strlen(m->vpc), &vpc, NULL) != VPCVIS_OK)
        return fail_usage("--vpc takes a CIDR block, not ", m->vpc);
    (void)vpcvis_scope_init(&m->scope, VPCVIS_SCOPE_MIRRORING, m->vpc ? &vpc : NULL,
                            NULL);
    m->config.size = sizeof(m->config);
    m->config.flags = m->strict ? VPCVIS_FILTER_STRICT : 0;
    m->config.services = m->set.services;
    m->config.scope = &m->scope;
    return 0;
}

/* Why rules cannot be, with the rule. */
static int print_problem(const struct mirror_rules *m, vpcvis_status status,
                         const struct vpcvis_error *error)
{
    const char *part = vpcvis_filter_part_name(error->column);
    char line[RULESET_LINE];

    if (error->line >= 1 && error->line <= m->set.count) {
        const struct vpcvis_rule *rule = &m->set.rules[error->line - 1];

        ruleset_line(rule, line);
        fprintf(stderr, "mirror_rules: %s rule %u: %s%s%s\n    %s\n",
                rule->direction == VPCVIS_DIRECTION_EGRESS ? "egress" : "ingress",
                rule->number, part ? part : "", part ? ": " : "",
                vpcvis_base_status_text(status), line);
    } else {
        fprintf(stderr, "mirror_rules: %s\n", vpcvis_base_status_text(status));
    }
    return 1;
}

static int plan(struct mirror_rules *m, struct vpcvis_filter_needs *needs)
{
    struct vpcvis_error error;
    vpcvis_status status;
    void *scratch = NULL;

    memset(&error, 0, sizeof(error));
    memset(needs, 0, sizeof(*needs));
    status = vpcvis_filter_plan(m->set.rules, m->set.count, &m->config, NULL, 0, needs,
                                &error);
    if (status == VPCVIS_E_SPACE || status == VPCVIS_E_ARG) {
        scratch = malloc((size_t)needs->scratch + 64);
        if (scratch == NULL)
            return mirror_rules_fail("check", "out of memory");
        status = vpcvis_filter_plan(m->set.rules, m->set.count, &m->config, scratch,
                                    (size_t)needs->scratch + 64, needs, &error);
        free(scratch);
    }
    return status == VPCVIS_OK ? 0 : print_problem(m, status, &error);
}

static int check(struct mirror_rules *m)
{
    struct vpcvis_filter_needs needs;
    const int status = plan(m, &needs);

    if (status != 0)
        return status;
    if (m->json)
        printf(
            "{\"ingress\":%u,\"egress\":%u,\"amazon-dns\":%s,\"covered\":%u,"
            "\"bytes\":%llu}\n",
            needs.ingress, needs.egress, m->set.services != 0 ? "true" : "false",
            needs.covered, (unsigned long long)needs.bytes);
    else
        printf(
            "%u ingress and %u egress rules%s; %u of them never match; %llu bytes as "
            "%s\n",
            needs.ingress, needs.egress,
            m->set.services != 0 ? ", service amazon-dns" : "", needs.covered,
            (unsigned long long)needs.bytes,
            needs.structure == VPCVIS_FILTER_LINEAR ? "a list" : "tables");
    return 0;
}

static const char *lint_text(uint32_t kind)
{
    switch (kind) {
    case VPCVIS_FILTER_SAME: return "fits just the packets of";
    case VPCVIS_FILTER_COVERED: return "never matches, because of";
    case VPCVIS_FILTER_ACCEPT_ALL: return "accepts everything of its family";
    case VPCVIS_FILTER_JOINED_ALL:
        return "accepts everything of its family, together with";
    default: return "rejects what nothing later accepts";
    }
}

static void print_lint(const struct mirror_rules *m,
                       const struct vpcvis_filter_finding *finding)
{
    const struct vpcvis_rule *rule = &m->set.rules[finding->rule];
    const int has_by = finding->by != VPCVIS_FILTER_NONE;
    const uint32_t by = has_by ? m->set.rules[finding->by].number : 0;
    const char *direction =
        rule->direction == VPCVIS_DIRECTION_EGRESS ? "egress" : "ingress";

    if (m->json) {
        printf("{\"direction\":\"%s\",\"rule\":%u,\"finding\":\"%s\",\"by\":", direction,
               rule->number, lint_text(finding->kind));
        if (has_by)
            printf("%u}\n", by);
        else
            puts("null}");
        return;
    }
    printf("%s %u %s", direction, rule->number, lint_text(finding->kind));
    if (has_by)
        printf(" %u", by);
    putchar('\n');
}

static int lint(struct mirror_rules *m)
{
    struct vpcvis_filter_finding *findings = NULL;
    struct vpcvis_error error;
    vpcvis_status status;
    size_t found = 0, i;

    memset(&error, 0, sizeof(error));
    status = vpcvis_filter_lint(m->set.rules, m->set.count, &m->config, NULL, 0, &found,
                                &error);
    if (status == VPCVIS_E_SPACE) {
        findings = calloc(found, sizeof(*findings));
        if (findings == NULL)
            return mirror_rules_fail("lint", "out of memory");
        status = vpcvis_filter_lint(m->set.rules, m->set.count, &m->config, findings,
                                    found, &found, &error);
    }
    if (status != VPCVIS_OK) {
        free(findings);
        return print_problem(m, status, &error);
    }
    for (i = 0; i < found; i++)
        print_lint(m, &findings[i]);
    free(findings);
    return found > 0;
}

static int export_rules(struct mirror_rules *m)
{
    const struct rules_export how = {m->device, m->out};
    struct vpcvis_filter_needs needs;
    const int status = plan(m, &needs);
    const int pcap = m->to != NULL && strcmp(m->to, "pcap-filter") == 0;

    if (status != 0)
        return status;
    if (pcap) {
        if (m->direction == NULL ||
            (strcmp(m->direction, "ingress") != 0 && strcmp(m->direction, "egress") != 0))
            return fail_usage("--direction takes ingress or egress", "");
        return rules_export_pcap(stdout, &m->set,
                                 m->direction[0] == 'i' ? VPCVIS_DIRECTION_INGRESS
                                                        : VPCVIS_DIRECTION_EGRESS) != 0;
    }
    if (m->to == NULL || (strcmp(m->to, "tc") != 0 && strcmp(m->to, "nft") != 0))
        return fail_usage("--to takes tc, nft or pcap-filter", "");
    if (m->device == NULL || m->out == NULL)
        return fail_usage("--device and --out are needed", "");
    return (m->to[0] == 't' ? rules_export_tc : rules_export_nft)(stdout, &m->set,
                                                                  &how) != 0;
}

static void print_json_rule(const struct vpcvis_rule *rule, int first)
{
    char text[VPCVIS_CIDR_TEXT_MAX + 1];
    size_t len;

    printf(
        "%s\n      {\"TrafficDirection\":\"%s\",\"RuleNumber\":%u,\"RuleAction\":\"%s\"",
        first ? "" : ",",
        rule->direction == VPCVIS_DIRECTION_EGRESS ? "egress" : "ingress", rule->number,
        rule->action == VPCVIS_FILTER_ACCEPT ? "accept" : "reject");
    if ((rule->valid & VPCVIS_RULE_PROTOCOL) != 0)
        printf(",\"Protocol\":%u", rule->protocol);
    if ((rule->valid & VPCVIS_RULE_SRCPORT) != 0)
        printf(",\"SourcePortRange\":{\"FromPort\":%u,\"ToPort\":%u}", rule->srcport[0],
               rule->srcport[1]);
    if ((rule->valid & VPCVIS_RULE_DSTPORT) != 0)
        printf(",\"DestinationPortRange\":{\"FromPort\":%u,\"ToPort\":%u}",
               rule->dstport[0], rule->dstport[1]);
    (void)vpcvis_addr_write_cidr(&rule->src, text, VPCVIS_CIDR_TEXT_MAX, &len);
    printf(",\"SourceCidrBlock\":\"%.*s\"", (int)len, text);
    (void)vpcvis_addr_write_cidr(&rule->dst, text, VPCVIS_CIDR_TEXT_MAX, &len);
    printf(",\"DestinationCidrBlock\":\"%.*s\"", (int)len, text);
    if (rule->text_len > 0) {
        printf(",\"Description\":");
        mirror_rules_json_text(rule->text, rule->text_len);
    }
    putchar('}');
}

static void print_json_rules(const struct ruleset *set, const char *name,
                             uint8_t direction)
{
    size_t i;
    int first = 1;

    printf("    \"%s\": [", name);
    for (i = 0; i < set->count; i++) {
        if (set->rules[i].direction != direction)
            continue;
        print_json_rule(&set->rules[i], first);
        first = 0;
    }
    fputs("],\n", stdout);
}

static int convert(struct mirror_rules *m)
{
    char line[RULESET_LINE];
    size_t i;

    if (m->to == NULL || (strcmp(m->to, "text") != 0 && strcmp(m->to, "json") != 0))
        return fail_usage("--to takes text or json", "");
    if (m->to[0] == 'j') {
        puts("{\"TrafficMirrorFilters\": [{");
        print_json_rules(&m->set, "IngressFilterRules", VPCVIS_DIRECTION_INGRESS);
        print_json_rules(&m->set, "EgressFilterRules", VPCVIS_DIRECTION_EGRESS);
        printf("    \"NetworkServices\": [%s]}]}\n",
               m->set.services != 0 ? "\"amazon-dns\"" : "");
        return 0;
    }
    for (i = 0; i < m->set.count; i++) {
        ruleset_line(&m->set.rules[i], line);
        puts(line);
    }
    if (m->set.services != 0)
        puts("service amazon-dns");
    return 0;
}

static int explain(struct mirror_rules *m)
{
    struct vpcvis_filter_needs needs;
    const int status = plan(m, &needs);

    if (status != 0)
        return status;
    if ((m->packet == NULL) == (m->pcap == NULL))
        return fail_usage("explain takes --packet or --pcap", "");
    if (m->pcap && m->address == NULL)
        return fail_usage("--pcap needs --address: whose packets are they?", "");
    return mirror_rules_explain(m);
}

static const struct {
    char name[12];
    int (*run)(struct mirror_rules *);
} commands[] = {{"check", check},
                {"lint", lint},
                {"explain", explain},
                {"export", export_rules},
                {"convert", convert}};

static int run(struct mirror_rules *m, char **argv)
{
    size_t i;
    int status;

    if (argv[1] == NULL)
        return fail_usage("a command is needed", "");
    if (strcmp(argv[1], "--help") == 0) {
        printf("%s%s", usage, help);
        return 0;
    }
    status = read_options(m, argv, 2);
    if (status >= 0)
        return status;
    if (strcmp(argv[1], "from-flows") == 0)
        return mirror_rules_from_flows(m);
    for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        if (m->file_count > 0)
            return fail_usage("not an option: ", m->files[0]);
        status = load(m);
        return status == 0 ? commands[i].run(m) : status;
    }
    return fail_usage("unknown command: ", argv[1]);
}

int main(int argc, char **argv)
{
    struct mirror_rules *m = calloc(1, sizeof(*m));
    int status;

    (void)argc;
    if (m == NULL)
        return mirror_rules_fail("start", "out of memory");
    status = run(m, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && status < 2)
        status = mirror_rules_fail("standard output", "cannot be written");
    ruleset_free(&m->set);
    free(m);
    return status;
}

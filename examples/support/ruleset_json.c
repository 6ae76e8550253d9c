/* SPDX-License-Identifier: MIT */
/*
 * Mirror filters as JSON. Three shapes are known, told apart by what they have at the top:
 *
 *     TrafficMirrorFilters   aws ec2 describe-traffic-mirror-filters
 *     Resources              a CloudFormation template, values written out
 *     planned_values         terraform show -json, of a plan or a state (values)
 *
 * Each is turned into filters of rules under the EC2 API's names; keys may come in any order
 * and optional ones may be missing or null.
 */
#include "ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(HAVE_JANSSON)

#include <jansson.h>

int ruleset_has_json(void)
{
    return 1;
}

/* Names of a rule's members in the EC2 API and CloudFormation, and in Terraform. */
enum {
    NUMBER,
    ACTION,
    DIRECTION,
    PROTOCOL,
    SRC,
    DST,
    SRC_PORTS,
    DST_PORTS,
    TEXT,
    FILTER
};
static const char *const members[][2] = {
    {"RuleNumber", "rule_number"},
    {"RuleAction", "rule_action"},
    {"TrafficDirection", "traffic_direction"},
    {"Protocol", "protocol"},
    {"SourceCidrBlock", "source_cidr_block"},
    {"DestinationCidrBlock", "destination_cidr_block"},
    {"SourcePortRange", "source_port_range"},
    {"DestinationPortRange", "destination_port_range"},
    {"Description", "description"},
    {"TrafficMirrorFilterId", "traffic_mirror_filter_id"}};

/* What is being read: problems say which rule. */
struct reading {
    struct ruleset *set;
    const char *path, *filter; /* the one to take, or NULL */
    int terraform;
    size_t filters, rules; /* seen */
};

static int fail(struct reading *r, const char *what, const char *value)
{
    snprintf(r->set->problem, sizeof(r->set->problem), "%s: rule %zu: %s%s%s", r->path,
             r->rules, what, value ? ": " : "", value ? value : "");
    return -1;
}

static json_t *member(const struct reading *r, json_t *rule, int which)
{
    json_t *value = json_object_get(rule, members[which][r->terraform]);

    return json_is_null(value) ? NULL : value;
}

/* An integer, also as a text, as CloudFormation writes some. */
static int read_number(struct reading *r, json_t *value, const char *name, uint32_t max,
                       uint32_t *number)
{
    const char *text = json_string_value(value);
    char *end = NULL;
    json_int_t n = json_integer_value(value);

    if (text != NULL)
        n = strtoll(text, &end, 10);
    if ((text == NULL && !json_is_integer(value)) || (end != NULL && *end != '\0') ||
        n < 0 || (uint64_t)n > max)
        return fail(r, "not a number that can be", name);
    *number = (uint32_t)n;
    return 0;
}

static int read_block(struct reading *r, json_t *rule, int which,
                      struct vpcvis_cidr *cidr)
{
    const char *text = json_string_value(member(r, rule, which));

    if (text == NULL ||
        vpcvis_addr_read_cidr(text, strlen(text), cidr, NULL) != VPCVIS_OK)
        return fail(r, members[which][r->terraform], text ? text : "missing");
    return 0;
}

/* {"FromPort": 1, "ToPort": 2}; Terraform has a list of at most one {from_port, to_port}. */
static int read_ports(struct reading *r, json_t *rule, int which, uint32_t bit,
                      uint16_t ports[2], uint32_t *valid)
{
    json_t *range = member(r, rule, which);
    uint32_t from, to;

    if (json_is_array(range))
        range = json_array_get(range, 0);
    if (range == NULL)
        return 0;
    if (read_number(r, json_object_get(range, r->terraform ? "from_port" : "FromPort"),
                    members[which][r->terraform], 65535, &from) != 0 ||
        read_number(r, json_object_get(range, r->terraform ? "to_port" : "ToPort"),
                    members[which][r->terraform], 65535, &to) != 0)
        return -1;
    ports[0] = (uint16_t)from;
    ports[1] = (uint16_t)to;
    *valid |= bit;
    return 0;
}

static int read_protocol(struct reading *r, json_t *rule, struct vpcvis_rule *out)
{
    json_t *value = member(r, rule, PROTOCOL);
    const char *text = json_string_value(value);
    uint32_t number;

    if (value == NULL || json_integer_value(value) == -1 ||
        (text != NULL && strcmp(text, "-1") == 0))
        return 0;
    /* A plan has 0 where nothing is said. */
    if (r->terraform && json_is_integer(value) && json_integer_value(value) == 0)
        return 0;
    if (read_number(r, value, "protocol", 255, &number) != 0)
        return -1;
    out->protocol = (uint8_t)number;
    out->valid |= VPCVIS_RULE_PROTOCOL;
    return 0;
}

static int read_word(struct reading *r, const char *text, const char *one,
                     const char *two, uint8_t *which, const char *name)
{
    if (text != NULL && strcmp(text, one) == 0)
        *which = 1;
    else if (text != NULL && strcmp(text, two) == 0)
        *which = 2;
    else
        return fail(r, name, text ? text : "missing");
    return 0;
}

static int read_rule(struct reading *r, json_t *json, const char *direction)
{
    struct vpcvis_rule rule = {0};
    const char *text = json_string_value(member(r, json, TEXT));

    r->rules++;
    if (direction == NULL)
        direction = json_string_value(member(r, json, DIRECTION));
    if (read_word(r, direction, "ingress", "egress", &rule.direction, "direction") != 0 ||
        read_word(r, json_string_value(member(r, json, ACTION)), "accept", "reject",
                  &rule.action, "action") != 0 ||
        read_number(r, member(r, json, NUMBER), "number", UINT32_MAX, &rule.number) !=
            0 ||
        read_protocol(r, json, &rule) != 0 || read_block(r, json, SRC, &rule.src) != 0 ||
        read_block(r, json, DST, &rule.dst) != 0 ||
        read_ports(r, json, SRC_PORTS, VPCVIS_RULE_SRCPORT, rule.srcport, &rule.valid) !=
            0 ||
        read_ports(r, json, DST_PORTS, VPCVIS_RULE_DSTPORT, rule.dstport, &rule.valid) !=
            0)
        return -1;
    rule.text = text;
    rule.text_len = text ? (uint32_t)strlen(text) : 0;
    return ruleset_add(r->set, &rule);
}

static void read_services(struct ruleset *set, json_t *services)
{
    json_t *service;
    size_t i;

    json_array_foreach(services, i, service)
    {
        if (json_is_string(service) &&
            strcmp(json_string_value(service), "amazon-dns") == 0)
            set->services |= VPCVIS_FILTER_AMAZON_DNS;
    }
}

/* Whether a filter is the one to take; several without a choice are a problem. */
static int is_chosen(struct reading *r, const char *id)
{
    r->filters++;
    return r->filter == NULL || (id != NULL && strcmp(r->filter, id) == 0);
}

static int read_rules(struct reading *r, json_t *rules, const char *direction)
{
    json_t *rule;
    size_t i;

    json_array_foreach(rules, i, rule)
    {
        if (read_rule(r, rule, direction) != 0)
            return -1;
    }
    return 0;
}

static int read_describe(struct reading *r, json_t *filters)
{
    json_t *filter;
    size_t i;

    json_array_foreach(filters, i, filter)
    {
        if (!is_chosen(
                r, json_string_value(json_object_get(filter, "TrafficMirrorFilterId"))))
            continue;
        if (read_rules(r, json_object_get(filter, "IngressFilterRules"), "ingress") !=
                0 ||
            read_rules(r, json_object_get(filter, "EgressFilterRules"), "egress") != 0)
            return -1;
        read_services(r->set, json_object_get(filter, "NetworkServices"));
    }
    return 0;
}

/* Which filter a rule names: a text, or {"Ref": "Name"}, or {"Fn::GetAtt": ["Name", ...]}. */
static const char *filter_of(const struct reading *r, json_t *rule)
{
    json_t *id = member(r, rule, FILTER);
    const char *text = json_string_value(id);

    if (text == NULL)
        text = json_string_value(json_object_get(id, "Ref"));
    if (text == NULL)
        text = json_string_value(json_array_get(json_object_get(id, "Fn::GetAtt"), 0));
    return text;
}

static int read_cloudformation(struct reading *r, json_t *resources)
{
    const char *name, *of;
    json_t *resource;

    json_object_foreach(resources, name, resource)
    {
        const char *type = json_string_value(json_object_get(resource, "Type"));
        json_t *properties = json_object_get(resource, "Properties");

        if (type == NULL)
            continue;
        if (strcmp(type, "AWS::EC2::TrafficMirrorFilter") == 0 && is_chosen(r, name)) {
            read_services(r->set, json_object_get(properties, "NetworkServices"));
        } else if (strcmp(type, "AWS::EC2::TrafficMirrorFilterRule") == 0) {
            of = filter_of(r, properties);
            if (r->filter != NULL && (of == NULL || strcmp(of, r->filter) != 0))
                continue;
            if (read_rule(r, properties, NULL) != 0)
                return -1;
        }
    }
    return 0;
}

/* One module of a plan, and those in it, which wait in a list. */
static int read_module(struct reading *r, json_t *module, json_t *waiting)
{
    json_t *resource, *child;
    size_t i;

    json_array_foreach(json_object_get(module, "resources"), i, resource)
    {
        const char *type = json_string_value(json_object_get(resource, "type"));
        json_t *values = json_object_get(resource, "values");
        const char *id = json_string_value(json_object_get(values, "id"));

        if (type == NULL)
            continue;
        if (strcmp(type, "aws_ec2_traffic_mirror_filter") == 0 && is_chosen(r, id)) {
            read_services(r->set, json_object_get(values, "network_services"));
        } else if (strcmp(type, "aws_ec2_traffic_mirror_filter_rule") == 0) {
            const char *of = filter_of(r, values);

            if (r->filter != NULL && (of == NULL || strcmp(of, r->filter) != 0))
                continue;
            if (read_rule(r, values, NULL) != 0)
                return -1;
        }
    }
    json_array_foreach(json_object_get(module, "child_modules"), i, child)
        json_array_append(waiting, child);
    return 0;
}

static int read_terraform(struct reading *r, json_t *values)
{
    json_t *waiting = json_array();
    int result = 0;
    size_t i;

    json_array_append(waiting, json_object_get(values, "root_module"));
    for (i = 0; i < json_array_size(waiting) && result == 0; i++)
        result = read_module(r, json_array_get(waiting, i), waiting);
    json_decref(waiting);
    return result;
}

int ruleset_read_json(struct ruleset *set, size_t len, const char *path,
                      const char *filter)
{
    struct reading r = {set, path, filter, 0, 0, 0};
    json_error_t error;
    json_t *json = json_loadb(set->text, len, JSON_REJECT_DUPLICATES, &error);
    json_t *part;
    int result;

    set->json = json;
    if (json == NULL) {
        snprintf(set->problem, sizeof(set->problem), "%s:%d:%d: %s", path, error.line,
                 error.column, error.text);
        return -1;
    }
    if ((part = json_object_get(json, "TrafficMirrorFilters")) != NULL) {
        result = read_describe(&r, part);
    } else if ((part = json_object_get(json, "Resources")) != NULL) {
        result = read_cloudformation(&r, part);
    } else if ((part = json_object_get(json, "planned_values")) != NULL ||
               (part = json_object_get(json, "values")) != NULL) {
        r.terraform = 1;
        result = read_terraform(&r, part);
    } else {
        snprintf(set->problem, sizeof(set->problem),
                 "%s: JSON without TrafficMirrorFilters, Resources or planned_values",
                 path);
        return -1;
    }
    if (result == 0 && r.filter == NULL && r.filters > 1) {
        snprintf(set->problem, sizeof(set->problem),
                 "%s: %zu filters: choose one with --filter", path, r.filters);
        return -1;
    }
    return result;
}

static void free_json(void *json)
{
    json_decref(json);
}

#else

int ruleset_has_json(void)
{
    return 0;
}

int ruleset_read_json(struct ruleset *set, size_t len, const char *path,
                      const char *filter)
{
    (void)len;
    (void)filter;
    snprintf(set->problem, sizeof(set->problem),
             "%s: JSON, which this program was built to do without (jansson)", path);
    return -1;
}

static void free_json(void *json)
{
    (void)json;
}

#endif

void ruleset_free(struct ruleset *set)
{
    free(set->rules);
    free(set->text);
    free_json(set->json);
}

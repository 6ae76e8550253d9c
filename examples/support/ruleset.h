/* SPDX-License-Identifier: MIT */
/*
 * Mirror rules from a file: text, or JSON (with jansson) as `aws ec2
 * describe-traffic-mirror-filters` prints it, a CloudFormation template, a Terraform plan
 * (`terraform show -json`). JSON may have several filters: one is chosen by its id or name.
 */
#ifndef EXAMPLES_RULESET_H
#define EXAMPLES_RULESET_H

#include <vpcvis/filter.h>

#include <stddef.h>

#define RULESET_PROBLEM 300

struct ruleset {
    struct vpcvis_rule *rules;
    size_t count, capacity;
    uint32_t services; /* VPCVIS_FILTER_AMAZON_DNS */
    char *text;        /* the file; descriptions point into it, or into json */
    void *json;
    char problem[RULESET_PROBLEM];
};

/*
 * Read a file ("-" is standard input). filter is NULL, or the one to take of several. 0, or -1:
 * see problem, which says where.
 */
int ruleset_read(struct ruleset *set, const char *path, const char *filter);

/* Add a rule, whose text lives as long as the set. 0, or -1 if there is no memory. */
int ruleset_add(struct ruleset *set, const struct vpcvis_rule *rule);

/* Order rules as they are tried: ingress first, then by number. */
void ruleset_sort(struct ruleset *set);

void ruleset_free(struct ruleset *set);

/* Whether JSON can be read. */
int ruleset_has_json(void);

/* For ruleset.c: read what set->text holds, len bytes of JSON. */
int ruleset_read_json(struct ruleset *set, size_t len, const char *path,
                      const char *filter);

/* A rule as its line of text, NUL-terminated. */
#define RULESET_LINE 70000
void ruleset_line(const struct vpcvis_rule *rule, char out[RULESET_LINE]);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Mirror rules and packets as lines of text, answers as a few words, and one packet judged by
 * everything that judges: explain, and a filter of every structure on every path.
 */
#ifndef VPCVIS_TESTS_SUPPORT_FILTER_H
#define VPCVIS_TESTS_SUPPORT_FILTER_H

#include <stddef.h>

#include "vpcvis/filter.h"

/* Lines separated by `; `. Aborts on a bad one. Returns how many rules there are. */
size_t filter_rules(const char *text, struct vpcvis_rule *rules, size_t capacity,
                    uint32_t *services);

/*
 * `in tcp 10.0.0.1 1234 10.0.0.2 443 [later cut left:N held bad next:N ports:0]`: direction (in,
 * out or any), protocol (tcp, udp, icmp, a number, or arp and lldp, which are no IP), then
 * addresses and, for protocols that have them, ports.
 */
struct vpcvis_packet filter_packet(const char *text);

/* `accept 100`, `reject 10`, `none`, `service`, `scope`, `held` or `bad`. */
const char *filter_words(const struct vpcvis_filter_answer *answer);

/* What all say; a difference between them is reported on stderr and gives `differs`. */
const char *filter_judge(const struct vpcvis_rule *rules, size_t count,
                         const struct vpcvis_filter_config *config,
                         const struct vpcvis_packet *packet, uint32_t direction);

#endif

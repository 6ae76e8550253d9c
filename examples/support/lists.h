/* SPDX-License-Identifier: MIT */
/* Lists that users write: addresses, ports that are rejected, prefixes with names. */
#ifndef EXAMPLES_LISTS_H
#define EXAMPLES_LISTS_H

#include <vpcvis/packet.h>
#include <vpcvis/prefix.h>

#include <stddef.h>

#define LISTS_PROBLEM 200

/* "10.0.0.1,2001:db8::/64": addresses or CIDR blocks. NULL: see problem. */
vpcvis_prefix *lists_addresses(const char *text, char problem[LISTS_PROBLEM]);

/* "tcp:22,udp:1000-2000,icmp": protocol by name or number, destination ports. */
struct lists_port {
    uint32_t protocol;
    uint32_t from, to;
    int any; /* whatever its ports */
};

struct lists_ports {
    struct lists_port *ports;
    size_t count;
};

/* 0, or -1: see problem. */
int lists_ports(const char *text, struct lists_ports *list, char problem[LISTS_PROBLEM]);
int lists_ports_match(const struct lists_ports *list, const struct vpcvis_packet *packet);
void lists_ports_free(struct lists_ports *list);

/* A file of lines "CIDR NAME"; # begins a comment. The map's values are indices of names. */
struct lists_names {
    vpcvis_prefix *map;
    const char **names;
    uint32_t count;
    char *text; /* the file, where the names are */
};

int lists_names(const char *path, struct lists_names *list, char problem[LISTS_PROBLEM]);
void lists_names_free(struct lists_names *list);

#endif

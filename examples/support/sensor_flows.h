/* SPDX-License-Identifier: MIT */
/*
 * The flow logs of mirrored interfaces, put together from their copies: an interface is the
 * address that copies come from, directions are told by it.
 */
#ifndef EXAMPLES_SENSOR_FLOWS_H
#define EXAMPLES_SENSOR_FLOWS_H

#include <vpcvis/vxlan.h>

#include "flowlog.h"

#define SENSOR_SOURCES 256

struct sensor_flows {
    struct flowlog log;
    /* Interfaces by number, with their MAC address once an IPv4 packet has shown it. */
    struct vpcvis_vxlan_source source[SENSOR_SOURCES];
    uint32_t count;
    uint64_t no_direction; /* packets that neither end says it of */
    uint64_t no_room;      /* of more interfaces than there is room for */
};

/* 0, or an exit status: it has been said. */
int sensor_flows_open(struct sensor_flows *flows, const char *program);

/* Count an unwrapped packet; its direction and interface are set. */
void sensor_flows_take(struct sensor_flows *flows, struct vpcvis_vxlan_copy *copy);

void sensor_flows_free(struct sensor_flows *flows);

#endif

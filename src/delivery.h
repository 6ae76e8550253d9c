/* SPDX-License-Identifier: MIT */
/*
 * Internal: dates, as names of files have them.
 */
#ifndef VPCVIS_I_DELIVERY_H
#define VPCVIS_I_DELIVERY_H

#include "bytes.h"
#include "vpcvis/delivery.h"

struct vpcvis_i_delivery_date {
    uint32_t year, month, day, hour, minute;
};

/* The minute of a time up to VPCVIS_DELIVERY_TIME_MAX. */
VPCVIS_I void vpcvis_i_delivery_read_date(uint64_t time_s,
                                          struct vpcvis_i_delivery_date *date);

/* Whether there is such a minute, 1970 or later. */
VPCVIS_I int vpcvis_i_delivery_is_date(const struct vpcvis_i_delivery_date *date);

/* Its first second. */
VPCVIS_I uint64_t vpcvis_i_delivery_time(const struct vpcvis_i_delivery_date *date);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * libvpcvis - cloud-style network visibility in pure C99, to be embedded.
 *
 * Include this, or the room you need; each header is the manual of its room and opens with
 * what the room is for. The rooms, ground floor first:
 *
 * base     status codes, where an error is, the allocator, the version, code paths
 * addr     IPv4 and IPv6 addresses and CIDR blocks: text to value and back
 * prefix   which of many CIDR blocks an address lies in: longest-prefix match
 * packet   captured bytes to one summary: addresses, ports, lengths, flags, where headers are
 * record   one flow-log record, and the catalogue of its 72 fields
 * fragment ports for IP fragments that carry none, in a cache of fixed size
 * scope    traffic that is never logged and never mirrored, one list with switches
 * vxlan    mirrored packets on the wire: VXLAN and GENEVE unwrapped, VXLAN wrapped
 * layout   which fields a line has, in which order: default, format string, header line
 * line     text lines to records or columns, and back, one or thousands at a time
 * flow     packets, or finer records, to flow-log records: interfaces, windows, capacity
 * delivery where records go: what a flow log covers, object keys, when a file ends
 * filter   mirror rules: which packets are copied; explained, linted, as text
 * reader   a stream in pieces of any size to records: headers, prefixes, errors, counts
 * session  mirror sessions: which one gets a packet, cut to what length
 * suspect  from flows to mirror rules: conversations merged to few rules
 * rollup   many records to few answers: grouped totals, top lists, partials that merge
 * columns  logs and totals as Arrow columns and streams, for data engines; and back
 *
 * What holds everywhere (ownership, threads, statuses, configs) is said once, at the top of
 * vpcvis/base.h. The shortest useful program:
 *
 *     struct vpcvis_record record;
 *     struct vpcvis_error error;
 *     vpcvis_layout *layout;
 *     vpcvis_layout_new(NULL, NULL, &layout, NULL);
 *     if (vpcvis_line_read(layout, 0, line, strlen(line), &record, &error) == VPCVIS_OK)
 *         printf("%llu bytes\n", (unsigned long long)record.bytes);
 */
#ifndef VPCVIS_H
#define VPCVIS_H

#include "vpcvis/base.h"
#include "vpcvis/addr.h"
#include "vpcvis/prefix.h"
#include "vpcvis/packet.h"
#include "vpcvis/record.h"
#include "vpcvis/fragment.h"
#include "vpcvis/scope.h"
#include "vpcvis/vxlan.h"
#include "vpcvis/layout.h"
#include "vpcvis/line.h"
#include "vpcvis/flow.h"
#include "vpcvis/delivery.h"
#include "vpcvis/filter.h"
#include "vpcvis/reader.h"
#include "vpcvis/rollup.h"
#include "vpcvis/session.h"
#include "vpcvis/suspect.h"
#include "vpcvis/columns.h"

#endif

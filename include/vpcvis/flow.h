/* SPDX-License-Identifier: MIT */
/*
 * vpcvis/flow.h - the aggregator: packets, or finer records, to flow-log records.
 *
 * A flow is what one interface saw of one 5-tuple with one verdict in one direction within one
 * window of time. Packets with their tuple reversed are another flow, as are those of another
 * interface; a VLAN is no part of the key. [flow.key] For each flow packets, bytes (IP length), the
 * seconds of its first and last packet and its TCP flags are kept. [flow.values]
 *
 * Windows are [phase + k * interval, phase + (k+1) * interval) from the Unix epoch.
 * [flow.windows] Time moves by packets and ticks only, so a replay gives the records that live
 * traffic gave:
 *
 *     vpcvis_flow_add    packets into the open window; MORE: one is past its end
 *     vpcvis_flow_tick   close the window and open the one that holds a time
 *     vpcvis_flow_next   the records of the closed window, while the open one fills
 *
 * A packet older than the open window counts in it, at its first second, and marks its flow
 * VPCVIS_RECORD_LATE. [flow.late] After a jump of the clock no empty windows are made up.
 *
 * Capacity is fixed. When a table is full, the flows in it stay exact; packets of new flows
 * are counted as skipped, and their interface gets one SKIPDATA record for the window.
 * [flow.skipdata] An interface without any packet gets NODATA. [flow.nodata] Until a packet is
 * skipped, the set of records does not depend on the order of packets, on the hash key or on
 * how packets were spread over several machines (vpcvis_flow_merge).
 *
 * Looking up a packet costs at most 32 key comparisons, whoever chose the addresses: the hash
 * is SipHash-1-3 under the caller's key. [flow.flooding]
 *
 * This room knows no clock, no thread and no file; captured bytes are read by
 * vpcvis/packet.h, lines are written by vpcvis/line.h.
 */
#ifndef VPCVIS_FLOW_H
#define VPCVIS_FLOW_H

#include "vpcvis/packet.h"
#include "vpcvis/prefix.h"
#include "vpcvis/record.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vpcvis_flow vpcvis_flow;

#define VPCVIS_FLOW_INTERFACES_MAX 0x00100000u /* interfaces are numbered below this */
#define VPCVIS_FLOW_CAPACITY_MAX   0x40000000u
#define VPCVIS_FLOW_COMPARES_MAX   32u /* key comparisons to find a packet's flow */

/* vpcvis_flow_config.flags */
#define VPCVIS_FLOW_ORDER   1u /* records come sorted; needed by vpcvis_flow_merge */
#define VPCVIS_FLOW_UNKEYED 2u /* run without hash_key: only where nobody sends at will */

/* vpcvis_flow_config.tcp_mask: 0 is the rule of flow logs, per packet FIN, SYN and RST, and ACK
 * only beside SYN; else any of VPCVIS_TCP_... is taken as it is. [flow.tcp-flags] */

struct vpcvis_flow_config {
    uint32_t size; /* sizeof(struct vpcvis_flow_config) */
    uint32_t flags;
    uint32_t capacity;      /* IPv4 flows of a window; 0: 65,536 */
    uint32_t capacity_ipv6; /* IPv6 flows; 0: a quarter of capacity, at least 1 */
    uint32_t interfaces;    /* interface numbers are below this; 0: 1 */
    uint32_t
        interface_bytes;  /* room for what is registered of one; 0: 384; at most 32,768 */
    uint64_t interval_s;  /* 0: 600; at most 2^32 - 1 */
    uint64_t phase_s;     /* below interval_s */
    uint8_t hash_key[16]; /* random; all zero is VPCVIS_E_CONFIG without UNKEYED */
    uint32_t tcp_mask;
    uint32_t cpu; /* VPCVIS_CPU_... */
    /* Names for pkt-src-aws-service, pkt-dst-aws-service: the map's number for an address is
     * an index of service_names, NUL-terminated words of printable ASCII. The map and names
     * stay the caller's and live as long as the machine. NULL: both fields are `-`. */
    const vpcvis_prefix *services;
    VPCVIS_POINTER_PAD(services_pad)
    const char *const *service_names;
    VPCVIS_POINTER_PAD(service_names_pad)
    uint32_t service_count;
    uint32_t version; /* for the field version; 0: 5 */
};

/*
 * Memory that vpcvis_flow_init needs for this config, exactly; 0: a bad config, or more than
 * memory can hold. Roughly 170 bytes for an IPv4 flow of capacity, 330 for an IPv6 one.
 */
VPCVIS_API size_t vpcvis_flow_bytes(const struct vpcvis_flow_config *config);

/*
 * Make an aggregator in memory of len bytes, which stays until its last use. One thread at a
 * time: workers have one each, and merge. No window is open until the first packet or tick.
 * VPCVIS_E_SPACE, VPCVIS_E_CONFIG (no key and not UNKEYED; a value beyond its bound),
 * VPCVIS_E_CPU, VPCVIS_E_ARG.
 */
VPCVIS_API vpcvis_status vpcvis_flow_init(void *memory, size_t len,
                                          const struct vpcvis_flow_config *config,
                                          vpcvis_flow **flow);

/* The same in memory from allocator (NULL: malloc); also VPCVIS_E_MEMORY. */
VPCVIS_API vpcvis_status vpcvis_flow_new(const struct vpcvis_flow_config *config,
                                         const struct vpcvis_allocator *allocator,
                                         vpcvis_flow **flow);

/* Free what vpcvis_flow_new made, with the same allocator; undelivered records go with it.
 * NULL is fine. */
VPCVIS_API void vpcvis_flow_free(vpcvis_flow *flow,
                                 const struct vpcvis_allocator *allocator);

/*
 * Register an interface. about is a record with what is known of it: any fields of kind TEXT
 * or NAME that describe the interface (interface-id, account-id, vpc-id, subnet-id,
 * instance-id, region, az-id, sublocation...); they are copied. Fields it lacks are `-` in
 * records, and fields about flows or packets are not read. Windows that close from now on have
 * the interface, the open one included.
 *
 * VPCVIS_E_SPACE: interface_bytes is too small; *needed, unless NULL, is what it takes.
 * VPCVIS_E_ARG: NULL, no such number, or registered already. VPCVIS_MORE: records of the one
 * that had this number before may still be read; tick and try again.
 */
VPCVIS_API vpcvis_status vpcvis_flow_add_interface(vpcvis_flow *flow, uint32_t interface,
                                                   const struct vpcvis_record *about,
                                                   size_t *needed);

/*
 * Take an interface away: packets that name it are counted as unregistered from now on; the
 * flows it has come out with their window; it gets no NODATA. Its number is free again after
 * the second tick from now. VPCVIS_E_ARG: NULL, or not registered.
 */
VPCVIS_API vpcvis_status vpcvis_flow_remove_interface(vpcvis_flow *flow,
                                                      uint32_t interface);

/*
 * What the packet header says where it differs from what the interface sees: behind a NAT
 * gateway, a load balancer, a container network. Of the hints for one flow the one with the
 * smallest (time, pkt_srcaddr, pkt_dstaddr, traffic_path) is kept. [flow.hints]
 */
struct vpcvis_flow_hint {
    struct vpcvis_addr
        pkt_srcaddr; /* family 0: as the packet; else the packet's family */
    struct vpcvis_addr pkt_dstaddr;
    uint8_t traffic_path; /* 1..8; 0: not known */
    uint8_t reserved[7];
};

/*
 * Count packets. hints is NULL or has one item for each packet; *taken is how many are dealt
 * with. VPCVIS_OK: all. VPCVIS_MORE: packets[*taken] is at or past the end of the open window:
 * call vpcvis_flow_tick with its time and go on from there. VPCVIS_E_ARG: NULL.
 *
 * Packets that do not count (see struct vpcvis_flow_counts) never stop a batch nor open a
 * window.
 */
VPCVIS_API vpcvis_status vpcvis_flow_add(vpcvis_flow *flow,
                                         const struct vpcvis_packet *packets,
                                         size_t count,
                                         const struct vpcvis_flow_hint *hints,
                                         size_t *taken);

/*
 * Count records of finer intervals as if their packets had come: 60 s records into 600 s ones.
 * interfaces[i] is the number of record i's interface. A record belongs to the window that
 * holds its start; its end may lie beyond. NODATA records count for nothing; after a SKIPDATA
 * record the interface's window has a SKIPDATA record too. A record without addresses,
 * protocol, packets, bytes, start or end that is neither is counted as malformed.
 * Statuses as vpcvis_flow_add; stride as vpcvis_line_read_rows. [flow.records]
 */
VPCVIS_API vpcvis_status vpcvis_flow_add_records(vpcvis_flow *flow,
                                                 const struct vpcvis_record *records,
                                                 size_t stride, size_t count,
                                                 const uint32_t *interfaces,
                                                 size_t *taken);

/*
 * Close the open window and open the one that holds now_ns. VPCVIS_OK: records may be drained
 * (none if no window was open). VPCVIS_NOMATCH: now_ns is before the open window's end, so it
 * stays open. VPCVIS_MORE: the window closed before is not drained: drain it first.
 * vpcvis_flow_tick(flow, UINT64_MAX) closes the last window; none is open then.
 * VPCVIS_E_ARG: NULL. With VPCVIS_FLOW_ORDER this call sorts the flows.
 */
VPCVIS_API vpcvis_status vpcvis_flow_tick(vpcvis_flow *flow, uint64_t now_ns);

/*
 * The next record of the closed window: its flows, then a SKIPDATA or NODATA record for each
 * interface that wants one. *record is wholly set, its texts live until the next tick that
 * closes a window. VPCVIS_OK; VPCVIS_DONE: drained; VPCVIS_E_ARG: NULL. Sorted (VPCVIS_FLOW_ORDER)
 * is by interface, family, source, destination, ports, protocol, verdict, direction.
 *
 * Fields: version, interface-id and all else that was registered; srcaddr, dstaddr, srcport,
 * dstport, protocol, packets, bytes, start, end, action, log-status, tcp-flags, type,
 * pkt-srcaddr, pkt-dstaddr, pkt-src-aws-service, pkt-dst-aws-service, flow-direction,
 * traffic-path. record->flags: VPCVIS_RECORD_LATE, _SATURATED, _FRAGMENT. An unknown verdict or
 * direction is `-`. NODATA and SKIPDATA have the window's first and last second.
 */
VPCVIS_API vpcvis_status vpcvis_flow_next(vpcvis_flow *flow,
                                          struct vpcvis_record *record);

/* Up to capacity records at a stride (at least 192, a multiple of 8), *count of them stored.
 * VPCVIS_OK: capacity reached; VPCVIS_DONE: these were the last; VPCVIS_E_ARG. */
VPCVIS_API vpcvis_status vpcvis_flow_next_rows(vpcvis_flow *flow,
                                               struct vpcvis_record *records,
                                               size_t stride, size_t capacity,
                                               size_t *count);

/*
 * The next record of count machines together, as if one had counted everything: for workers
 * that share the traffic. All have VPCVIS_FLOW_ORDER, the same interval, version, services and
 * registered interfaces, and have closed the same window (or had none open). Nothing is stored,
 * so no table needs to be big enough for all. Records and statuses as vpcvis_flow_next, sorted;
 * VPCVIS_E_CONFIG: they do not fit together. Drain with this or with vpcvis_flow_next, not both.
 */
VPCVIS_API vpcvis_status vpcvis_flow_merge(vpcvis_flow *const *flows, size_t count,
                                           struct vpcvis_record *record);

/*
 * What became of everything that was fed, since the machine was made. fed = counted + skipped +
 * unregistered + left_out + held + not_ip + cut + malformed. [flow.conservation]
 */
struct vpcvis_flow_counts {
    uint64_t fed;          /* packets, and packets of records */
    uint64_t counted;      /* in flows */
    uint64_t skipped;      /* for want of room */
    uint64_t unregistered; /* of an interface nobody registered */
    uint64_t left_out;     /* marked by room scope */
    uint64_t held;         /* marked by room fragment: they come again */
    uint64_t not_ip;       /* ARP and the like */
    uint64_t cut;          /* too short for an IP header */
    uint64_t malformed;    /* VPCVIS_PACKET_BAD; records that lack a field: one each */
    uint64_t late;         /* of counted: older than the window they count in */
    uint64_t hints_unfit;  /* hints of another family than their packet: not used */
    uint64_t windows;      /* closed */
    uint64_t open_from_s;  /* first second of the open window; 0 if none is */
    uint64_t open_to_s;    /* and the first one past it */
    uint64_t flows_ipv4;   /* in the open window */
    uint64_t flows_ipv6;
    uint64_t compares;     /* of keys, in all lookups */
    uint64_t compares_max; /* in one lookup: never over VPCVIS_FLOW_COMPARES_MAX */
};

/* VPCVIS_E_ARG: NULL. */
VPCVIS_API vpcvis_status vpcvis_flow_get(const vpcvis_flow *flow,
                                         struct vpcvis_flow_counts *counts);

/* One interface, in the open window and in the closed one (zero once that is drained). */
struct vpcvis_flow_interface {
    uint64_t packets; /* counted */
    uint64_t skipped; /* packets */
    uint64_t skipped_bytes;
    uint64_t closed_packets;
    uint64_t closed_skipped;
    uint64_t closed_skipped_bytes;
};

/* VPCVIS_E_ARG: NULL, no such number, or not registered. */
VPCVIS_API vpcvis_status vpcvis_flow_get_interface(const vpcvis_flow *flow,
                                                   uint32_t interface,
                                                   struct vpcvis_flow_interface *about);

#ifdef __cplusplus
}
#endif

#endif

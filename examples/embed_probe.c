/* SPDX-License-Identifier: MIT */
/*
 * embed_probe - the smallest probe: frames in, flow-log lines out, static memory only.
 *
 *     frame --vpcvis_packet_read--> packet --vpcvis_flow_add--> flow table
 *                                                vpcvis_flow_tick | once a minute
 *     line <--vpcvis_line_write-- record <--vpcvis_flow_next------+
 *
 * Introduces vpcvis_flow_init, vpcvis_flow_add_interface, vpcvis_flow_add, vpcvis_flow_tick
 * and vpcvis_flow_next. A real probe gets its frames from a device or a ring, its hash key from
 * the system's random numbers, and ticks also when nothing comes.
 */
#include <vpcvis.h>

#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

static unsigned char flow_memory[400000], layout_memory[VPCVIS_LAYOUT_BYTES_MAX];

/* Ethernet, IPv4, TCP: 10.0.0.1:50000 to 198.51.100.7:443, SYN. */
static unsigned char frame_bytes[54] =
    "\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0"
    "\x45\0\0\x28\0\0\x40\0\x40\x06\0\0\x0a\0\0\x01\xc6\x33\x64\x07"
    "\xc3\x50\x01\xbb\0\0\0\0\0\0\0\0\x50\x02\xfa\xf0\0\0\0";

/* Print all records of the window that was closed. */
static void drain(vpcvis_flow *flow, const vpcvis_layout *layout)
{
    struct vpcvis_record record;
    char line[512];
    size_t len;

    while (vpcvis_flow_next(flow, &record) == VPCVIS_OK) {
        if (vpcvis_line_write(layout, &record, line, sizeof(line), &len) == VPCVIS_OK)
            printf("%.*s\n", (int)len, line);
    }
}

/* Count one frame; a window that is over is closed and printed first. */
static void take(vpcvis_flow *flow, const vpcvis_layout *layout,
                 const struct vpcvis_frame *frame)
{
    struct vpcvis_packet packet;
    size_t taken;

    (void)vpcvis_packet_read(frame, &packet); /* bad ones are counted as such */
    while (vpcvis_flow_add(flow, &packet, 1, NULL, &taken) == VPCVIS_MORE) {
        vpcvis_flow_tick(flow, packet.seen_ns);
        drain(flow, layout);
    }
}

int main(void)
{
    static const char names[] = "eni-0123456789abcdef0";
    struct vpcvis_flow_config config = {0};
    struct vpcvis_frame frame = {0};
    struct vpcvis_record about;
    struct vpcvis_value id = {0};
    vpcvis_layout *layout;
    vpcvis_flow *flow;
    int i;

    config.size = sizeof(config);
    config.capacity = 1024;
    config.interval_s = 60;
    memcpy(config.hash_key, "not very secret", 16);
    id.state = VPCVIS_STATE_VALUE;
    id.text = names;
    id.text_len = sizeof(names) - 1;
    vpcvis_record_init(&about, names);
    if (vpcvis_layout_init(layout_memory, sizeof(layout_memory), NULL, &layout, NULL) ||
        vpcvis_flow_init(flow_memory, sizeof(flow_memory), &config, &flow) ||
        vpcvis_record_set(&about, VPCVIS_FIELD_INTERFACE_ID, &id) ||
        vpcvis_flow_add_interface(flow, 0, &about, NULL))
        return 1;

    frame.data = frame_bytes;
    frame.cap_len = sizeof(frame_bytes);
    frame.direction = VPCVIS_DIRECTION_EGRESS;
    for (i = 0; i < 10;
         i++) { /* a frame every 13 seconds; port 443 is let through only */
        frame.seen_ns = (1781082000 + 13 * (uint64_t)i) * SECOND;
        frame_bytes[37] = i % 3 ? 443 & 255 : 444 & 255;
        frame.verdict = i % 3 ? VPCVIS_VERDICT_ACCEPT : VPCVIS_VERDICT_REJECT;
        take(flow, layout, &frame);
    }
    vpcvis_flow_tick(flow, UINT64_MAX);
    drain(flow, layout);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Room packet: every length, every way a frame may start, every byte. */
#include "eva.h"
#include "vpcvis/packet.h"

int main(void)
{
    struct vpcvis_frame frame = {0};
    struct vpcvis_packet packet;
    int len, start;

    Frama_C_make_unknown((char *)memory, MAX);
    len = any(0, MAX);
    start = any(VPCVIS_START_ETHERNET, VPCVIS_START_ETHERTYPE);
    /*@ split len; */
    /*@ split start; */
    frame.data = memory + (MAX - len);
    frame.cap_len = (unsigned)len;
    frame.start = (unsigned char)start;
    frame.ethertype = (unsigned short)any(0, 65535);
    frame.valid = VPCVIS_FRAME_WIRE_LEN;
    frame.wire_len = (unsigned)any(len, 9018);
    (void)vpcvis_packet_read(&frame, &packet);
    return 0;
}

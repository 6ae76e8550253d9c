/* SPDX-License-Identifier: MIT */
/* Room packet: IP and what follows it, from where the link layer has led; every byte. */
#include "eva.h"
#include "packet.h"

int main(void)
{
    vpcvis_i_walk walk = {0};
    struct vpcvis_packet packet = {0};
    int len, family;

    Frama_C_make_unknown((char *)memory, MAX);
    len = any(0, MAX);
    family = any(0, 1);
    /*@ split len; */
    /*@ split family; */
    walk.bytes = memory + (MAX - len);
    walk.packet = &packet;
    walk.end = (unsigned)len;
    packet.cap_len = (unsigned)len;
    packet.wire_len = (unsigned)any(len, 9018);
    vpcvis_i_packet_ip(&walk, family ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4);
    /*@ assert walk.at <= walk.end; */
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Room vxlan: what goes before a frame, with every choice there is. */
#include "eva.h"
#include "vpcvis/vxlan.h"

static void wraps(const unsigned char *bytes, int len)
{
    struct vpcvis_vxlan_outer how = {0};
    struct vpcvis_packet packet;
    unsigned char out[70];
    unsigned sent = (unsigned)len;
    int ethernet, family;
    size_t room;

    Frama_C_make_unknown((char *)&packet, sizeof(packet));
    Frama_C_make_unknown((char *)how.src.bytes, 16);
    Frama_C_make_unknown((char *)how.dst.bytes, 16);
    ethernet = any(0, 1);
    family = any(0, 1);
    /*@ split ethernet; */
    /*@ split family; */
    how.size = sizeof(how);
    how.flags = (unsigned)any(0, 31);
    if (ethernet)
        how.flags |= VPCVIS_VXLAN_ETHERNET;
    how.src.family = how.dst.family = family ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
    how.entropy = (unsigned)any(0, 4);
    how.mtu = (unsigned)any(0, 300);
    how.tos = (unsigned char)any(0, 255);
    how.ip_id = (unsigned short)any(0, 65535);
    room = vpcvis_vxlan_headroom(&how);
    if (room == 0)
        return;
    if (vpcvis_vxlan_wrap(&how, (unsigned)any(0, 0x1000000), &packet, bytes, &sent,
                          out + (70 - room)) == VPCVIS_OK) {
        /*@ assert sent <= len; */
    }
}

int main(void)
{
    int len;

    Frama_C_make_unknown((char *)memory, MAX);
    len = any(0, MAX);
    /*@ split len; */
    wraps(memory + (MAX - len), len);
    return 0;
}

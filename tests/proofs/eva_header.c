/* SPDX-License-Identifier: MIT */
/* Room vxlan: headers read and written, checksums. */
#include "eva.h"
#include "vpcvis/vxlan.h"

static void headers(const unsigned char *bytes, int len)
{
    struct vpcvis_vxlan_header header = {0};
    unsigned char out[VPCVIS_VXLAN_BYTES];
    const int policy = any(VPCVIS_VXLAN_IGNORE, VPCVIS_VXLAN_EXTENSIONS);

    if (vpcvis_vxlan_read(bytes, (size_t)len, (unsigned)policy, &header) == VPCVIS_OK) {
        /*@ assert header.vni <= 0xffffff; */
        (void)vpcvis_vxlan_write(&header, out);
    }
}

static void geneve(void)
{
    struct vpcvis_vxlan_layer layer = {0};
    unsigned char out[40];
    size_t out_len;
    int capacity = any(0, 40);

    layer.valid = (unsigned)any(0, 7);
    layer.header.vni = (unsigned)any(0, 0x1000000);
    /*@ split capacity; */
    (void)vpcvis_vxlan_write_geneve(&layer, out + (40 - capacity), (size_t)capacity,
                                    &out_len);
}

int main(void)
{
    int len;

    geneve();
    Frama_C_make_unknown((char *)memory, MAX);
    len = any(0, MAX);
    /*@ split len; */
    headers(memory + (MAX - len), len);
    (void)vpcvis_vxlan_checksum(memory + (MAX - len), (size_t)len);
    return 0;
}

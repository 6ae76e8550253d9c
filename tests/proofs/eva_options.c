/* SPDX-License-Identifier: MIT */
/* Room vxlan: the options of GENEVE, of which a header has at most 252 bytes. */
#include "eva.h"
#include "vxlan_unwrap.c"

int main(void)
{
    struct vpcvis_vxlan_layer layer = {0};
    int len;

    Frama_C_make_unknown((char *)memory, MAX);
    len = any(0, MAX);
    /*@ split len; */
    (void)read_options(memory + (MAX - len), (unsigned)len, &layer);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Room vxlan: the options of GENEVE, of which a header has up to 63 words. */
#include "eva.h"
#include "vxlan_unwrap.c"

int main(void)
{
    struct vpcvis_vxlan_layer layer = {0};
    int words;

    Frama_C_make_unknown((char *)memory, MAX);
    words = any(0, (MAX - 4) / 4);
    /*@ split words; */
    (void)read_options(memory + (MAX - 4 * words), (unsigned)(4 * words), &layer);
    return 0;
}

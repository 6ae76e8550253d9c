/* SPDX-License-Identifier: MIT */
#include "line_index.h"
#if defined(VPCVIS_I_X86)
void vpcvis_i_line_index_sse2(const char *text, uint32_t len,
                              struct vpcvis_i_line_index *index)
{
    vpcvis_i_line_index_portable(text, len, index);
}
uint64_t vpcvis_i_line_number32_sse2(const struct vpcvis_i_line_lanes *l, uint32_t t,
                                     uint32_t m, uint32_t *o, uint64_t *v)
{
    return vpcvis_i_line_number32_portable(l, t, m, o, v);
}
uint64_t vpcvis_i_line_number64_sse2(const struct vpcvis_i_line_lanes *l, uint32_t t,
                                     uint64_t m, uint64_t *o, uint64_t *v)
{
    return vpcvis_i_line_number64_portable(l, t, m, o, v);
}
uint64_t vpcvis_i_line_address_sse2(const struct vpcvis_i_line_lanes *l, uint32_t t,
                                    struct vpcvis_addr *o, uint64_t *v)
{
    return vpcvis_i_line_address_portable(l, t, o, v);
}
uint64_t vpcvis_i_line_name_sse2(const struct vpcvis_i_line_lanes *l, uint32_t t,
                                 const struct vpcvis_i_line_words *w,
                                 struct vpcvis_line_text *o, uint64_t *v)
{
    return vpcvis_i_line_name_portable(l, t, w, o, v);
}
uint64_t vpcvis_i_line_text_sse2(const struct vpcvis_i_line_lanes *l, uint32_t t,
                                 struct vpcvis_line_text *o, uint64_t *v)
{
    return vpcvis_i_line_text_portable(l, t, o, v);
}
#endif

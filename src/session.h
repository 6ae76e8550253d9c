/* SPDX-License-Identifier: MIT */
/*
 * Internal: what building a set of sessions and writing one as text both look at.
 */
#ifndef VPCVIS_I_SESSION_H
#define VPCVIS_I_SESSION_H

#include "bytes.h"
#include "vpcvis/session.h"

/* Whether a session can be; else *part is the one at fault. */
VPCVIS_I vpcvis_status vpcvis_i_session_check(const struct vpcvis_session_entry *entry,
                                              uint32_t *part);

#endif

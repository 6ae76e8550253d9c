/* SPDX-License-Identifier: MIT */
/*
 * What the tests share: copies of input whose neighbours are unreadable pages, so that one
 * byte too many is a crash and not luck.
 */
#ifndef VPCVIS_TESTS_SUPPORT_H
#define VPCVIS_TESTS_SUPPORT_H

#include <stddef.h>

/* A copy lives until the eighth call after the one that made it. */
#define GUARD_COPIES 8

/* A writable copy that ends where an unreadable page begins; zeros if bytes is NULL. */
char *guard_copy(const void *bytes, size_t len);

/* A writable copy that begins where an unreadable page ends. */
char *guard_copy_front(const void *bytes, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/* A layout as users write it on a command line. */
#ifndef EXAMPLES_LAYOUT_OPTION_H
#define EXAMPLES_LAYOUT_OPTION_H

#include <vpcvis/layout.h>

/*
 * Make a layout of an option's text: a format string, names, or a word: default, v2, v3, v4,
 * v5, v7, v8, v9, v10, v11, tgw. flags: of vpcvis_layout_config. 0; or 2, and what is wrong is
 * printed as "PROGRAM: OPTION: byte N: reason" with a line that points there.
 */
int layout_option(const char *program, const char *option, const char *text,
                  uint32_t flags, vpcvis_layout **layout);

#endif

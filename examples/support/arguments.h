/* SPDX-License-Identifier: MIT */
/* Options with a value on a command line: `--name value` or `--name=value`. */
#ifndef EXAMPLES_ARGUMENTS_H
#define EXAMPLES_ARGUMENTS_H

/* Step to the value of option `name` if it is argument *i. 1 if it is there. */
int take_value(const char *name, char **argv, int *i, const char **value);

#endif

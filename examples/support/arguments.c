/* SPDX-License-Identifier: MIT */
#include "arguments.h"

#include <string.h>

int take_value(const char *name, char **argv, int *i, const char **value)
{
    const size_t len = strlen(name);

    if (strncmp(argv[*i], name, len) != 0)
        return 0;
    if (argv[*i][len] == '=') {
        *value = argv[*i] + len + 1;
        return 1;
    }
    if (argv[*i][len] != '\0' || argv[*i + 1] == NULL)
        return 0;
    *value = argv[++*i];
    return 1;
}

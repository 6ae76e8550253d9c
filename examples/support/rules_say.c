/* SPDX-License-Identifier: MIT */
/* What the commands of mirror_rules say in the same words. */
#define _POSIX_C_SOURCE 200809L

#include "mirror_rules.h"

#include <stdio.h>

int mirror_rules_fail(const char *what, const char *why)
{
    fprintf(stderr, "mirror_rules: %s: %s\n", what, why);
    return 2;
}

void mirror_rules_json_text(const char *text, size_t len)
{
    size_t i;

    putchar('"');
    for (i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

/* SPDX-License-Identifier: MIT */
#include "layout_option.h"

#include <stdio.h>
#include <string.h>

/* The number of a standard layout by its word, or -1. */
static int find_standard(const char *word)
{
    static const struct {
        char word[8];
        int standard;
    } words[] = {{"default", VPCVIS_LAYOUT_DEFAULT},
                 {"v2", VPCVIS_LAYOUT_DEFAULT},
                 {"v3", 3},
                 {"v4", 4},
                 {"v5", 5},
                 {"v7", 7},
                 {"v8", 8},
                 {"v9", 9},
                 {"v10", 10},
                 {"v11", 11},
                 {"tgw", VPCVIS_LAYOUT_TRANSIT_GATEWAY}};
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i].word) == 0)
            return words[i].standard;
    }
    return -1;
}

int layout_option(const char *program, const char *option, const char *text,
                  uint32_t flags, vpcvis_layout **layout)
{
    struct vpcvis_layout_config config = {0};
    struct vpcvis_error error = {0};
    const int standard = find_standard(text);
    vpcvis_status status;

    config.size = sizeof(config);
    config.flags = flags;
    config.text = standard < 0 ? text : NULL;
    config.text_len = standard < 0 ? strlen(text) : 0;
    config.standard = standard < 0 ? 0 : (uint32_t)standard;
    status = vpcvis_layout_new(&config, NULL, layout, &error);
    if (status == VPCVIS_OK)
        return 0;
    fprintf(stderr, "%s: %s: byte %u: %s\n    %s\n", program, option, error.offset + 1,
            vpcvis_base_status_text(status), text);
    if (error.offset <= strlen(text))
        fprintf(stderr, "    %*s\n", (int)error.offset + 1, "^");
    return 2;
}

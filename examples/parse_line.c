/* SPDX-License-Identifier: MIT */
/*
 * parse_line - one line of a flow log to a record, and every field of it printed.
 *
 *     build/examples/parse_line                 parse a line of the default format
 *     build/examples/parse_line 'LINE'          parse yours
 *
 * Introduces vpcvis_layout_new, vpcvis_line_read, vpcvis_record_get, vpcvis_record_name,
 * vpcvis_addr_write, and how an error says where it is.
 */
#include <vpcvis.h>

#include <stdio.h>
#include <string.h>

static void print_value(uint32_t field, const struct vpcvis_value *value)
{
    char addr[VPCVIS_ADDR_TEXT_MAX];
    const char *name = NULL;
    size_t len = 0;

    if (value->state == VPCVIS_STATE_DASH) {
        printf("(not applicable)\n");
        return;
    }
    switch (value->kind) {
    case VPCVIS_KIND_NUMBER32:
    case VPCVIS_KIND_NUMBER64:
        printf("%llu", (unsigned long long)value->number);
        name = vpcvis_record_name(field, value->number);
        break;
    case VPCVIS_KIND_ADDRESS:
        vpcvis_addr_write(&value->addr, addr, sizeof(addr), &len);
        printf("%.*s", (int)len, addr);
        break;
    default: printf("%.*s", (int)value->text_len, value->text); break;
    }
    if (name)
        printf(" (%s)", name); /* such as TCP for 6 */
    printf("\n");
}

static void print_record(const vpcvis_layout *layout, const struct vpcvis_record *record)
{
    uint32_t column;

    for (column = 0; column < vpcvis_layout_columns(layout); column++) {
        const uint32_t field = vpcvis_layout_field(layout, column);
        struct vpcvis_value value;

        if (vpcvis_record_get(record, field, &value) != VPCVIS_OK)
            continue;
        printf("%-14s", vpcvis_layout_name(layout, column));
        print_value(field, &value);
    }
}

int main(int argc, char **argv)
{
    const char *line = argc > 1 ? argv[1]
                                : "2 123456789010 eni-1235b8ca123456789 172.31.16.139 "
                                  "172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 "
                                  "ACCEPT OK";
    struct vpcvis_record record; /* its texts point into `line` */
    struct vpcvis_error error;
    vpcvis_layout *layout;
    vpcvis_status status;

    if (vpcvis_layout_new(NULL, NULL, &layout, NULL) != VPCVIS_OK)
        return 2;
    status = vpcvis_line_read(layout, 0, line, strlen(line), &record, &error);
    if (status == VPCVIS_OK) {
        print_record(layout, &record);
        /* Members can be used directly, once the field's bit in `value` has been seen. */
        if (record.value[0] >> VPCVIS_FIELD_PACKETS & 1 && record.packets > 0)
            printf("\n%.1f bytes a packet\n",
                   (double)record.bytes / (double)record.packets);
    } else {
        const char *name = vpcvis_layout_name(layout, error.column);

        printf("%s\n%*s\n%s: %s\n", line, (int)error.offset + 1, "^",
               name ? name : "line", vpcvis_base_status_text(status));
    }
    vpcvis_layout_free(layout, NULL);
    return status == VPCVIS_OK ? 0 : 1;
}

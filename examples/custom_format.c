/* SPDX-License-Identifier: MIT */
/*
 * custom_format - a log with a format of its own: read many lines at once, skip the bad one,
 * write the records in another format.
 *
 * Introduces vpcvis_layout_config (format strings), vpcvis_layout_write, vpcvis_layout_version,
 * vpcvis_line_new, vpcvis_line_read_rows, vpcvis_line_write_rows, and that names from the
 * future are kept.
 */
#include <vpcvis.h>

#include <stdio.h>
#include <string.h>

static const char format[] =
    "${flow-direction} ${srcaddr} ${dstaddr} ${dstport} ${bytes} ${tcp-flags} "
    "${some-later-field} ${log-status}";

static const char log_text[] =
    "ingress 203.0.113.12 10.0.0.62 443 4811 19 blue OK\n"
    "egress 10.0.0.62 2001:DB8:0:0::0007 53 128 0 - OK\n"
    "egress 10.0.0.62 198.51.100.7 99999 60 2 green OK\n"
    "- - - - - - - NODATA\n";

#define ROWS 16

static vpcvis_layout *make_layout(const char *text)
{
    struct vpcvis_layout_config config = {0};
    struct vpcvis_error error;
    vpcvis_layout *layout = NULL;

    config.size =
        sizeof(config); /* every config begins with its size; 0 is the default */
    config.text = text;
    config.text_len = strlen(text);
    if (vpcvis_layout_new(&config, NULL, &layout, &error) != VPCVIS_OK)
        fprintf(stderr, "format: byte %u: %s\n", error.offset,
                vpcvis_base_status_text(error.status));
    return layout;
}

static void print_layout(const char *title, const vpcvis_layout *layout)
{
    char text[512];
    size_t len;

    if (vpcvis_layout_write(layout, VPCVIS_LAYOUT_HEADER, text, sizeof(text), &len) ==
        VPCVIS_OK)
        printf("%s (version %u):\n%.*s\n", title, vpcvis_layout_version(layout), (int)len,
               text);
}

/* All lines to records; a bad line is reported and costs nothing but itself. */
static size_t read_rows(const vpcvis_layout *layout, struct vpcvis_record records[ROWS])
{
    struct vpcvis_line_result result = {0};
    struct vpcvis_error errors[ROWS];
    vpcvis_line *lines;
    uint64_t i;

    if (vpcvis_line_new(layout, NULL, NULL, &lines) != VPCVIS_OK)
        return 0;
    vpcvis_line_read_rows(lines, log_text, strlen(log_text), records, sizeof(*records),
                          ROWS, errors, ROWS, &result);
    for (i = 0; i < result.errors; i++)
        printf("line %u, byte %u: %s: %s\n", (unsigned)errors[i].line, errors[i].offset,
               vpcvis_layout_name(layout, errors[i].column),
               vpcvis_base_status_text(errors[i].status));
    vpcvis_line_free(lines, NULL);
    return (size_t)result.records; /* texts in records point into log_text: they stay */
}

int main(void)
{
    vpcvis_layout *in = make_layout(format);
    vpcvis_layout *out =
        make_layout("log-status srcaddr dstaddr bytes tcp_flags some-later-field");
    struct vpcvis_record records[ROWS];
    char text[2048];
    size_t count, len, written;

    if (in && out) {
        print_layout("from", in);
        count = read_rows(in, records);
        print_layout("to", out);
        if (vpcvis_line_write_rows(out, records, sizeof(*records), count, text,
                                   sizeof(text), &len, &written) == VPCVIS_OK)
            printf("%.*s", (int)len, text);
    }
    vpcvis_layout_free(in, NULL);
    vpcvis_layout_free(out, NULL);
    return in && out ? 0 : 2;
}

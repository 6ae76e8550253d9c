/* SPDX-License-Identifier: MIT */
/*
 * The records that AWS documents: every field must have the value that the guide says.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws_examples.h"
#include "support.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static char layout_memory[VPCVIS_LAYOUT_BYTES_MAX];

static vpcvis_layout *make_layout(const char *text)
{
    struct vpcvis_layout_config config;
    vpcvis_layout *layout = NULL;

    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.text = text;
    config.text_len = strlen(text);
    ck_assert_int_eq(
        vpcvis_layout_init(layout_memory, sizeof layout_memory, &config, &layout, NULL),
        VPCVIS_OK);
    return layout;
}

/* A field's value as text, whatever its kind. */
static void show(const struct vpcvis_record *record, uint32_t field, char *out)
{
    struct vpcvis_value value;
    size_t len = 0;

    ck_assert_int_eq(vpcvis_record_get(record, field, &value), VPCVIS_OK);
    ck_assert_uint_ne(value.state, VPCVIS_STATE_ABSENT);
    if (value.state == VPCVIS_STATE_DASH) {
        strcpy(out, "-");
        return;
    }
    switch (value.kind) {
    case VPCVIS_KIND_NUMBER32:
    case VPCVIS_KIND_NUMBER64:
        len = (size_t)sprintf(out, "%" PRIu64, value.number);
        break;
    case VPCVIS_KIND_ADDRESS:
        ck_assert_int_eq(vpcvis_addr_write(&value.addr, out, 64, &len), VPCVIS_OK);
        break;
    default:
        len = value.text_len;
        memcpy(out, value.text, len);
        break;
    }
    out[len] = '\0';
}

/* [record.nodata]: NODATA and SKIPDATA are records, with `-` for what describes a flow. */
START_TEST(documented_values)
{
    const struct aws_example *example = &aws_examples[_i];
    const vpcvis_layout *layout = make_layout(example->format);
    const char *line = guard_copy(example->line, strlen(example->line));
    char expected[1024], shown[128];
    struct vpcvis_record record;
    struct vpcvis_error error;
    vpcvis_status status;
    char *word, *rest = NULL;
    uint32_t column = 0;

    status = vpcvis_line_read(layout, 0, line, strlen(example->line), &record, &error);
    if (example->expected == NULL) {
        ck_assert_int_eq(status, VPCVIS_E_MANY);
        return;
    }
    ck_assert_int_eq(status, VPCVIS_OK);
    ck_assert_uint_eq(record.flags, 0);
    strcpy(expected, example->expected);
    for (word = strtok_r(expected, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        show(&record, vpcvis_layout_field(layout, column++), shown);
        ck_assert_str_eq(shown, word);
    }
    ck_assert_uint_eq(column, vpcvis_layout_columns(layout));
}
END_TEST

/* One of them is printed with two spaces; it is written with one. */
START_TEST(documented_lines_are_written_back)
{
    const struct aws_example *example = &aws_examples[_i];
    const vpcvis_layout *layout = make_layout(example->format);
    struct vpcvis_record record;
    char out[1024];
    size_t len = 0;

    if (example->expected == NULL)
        return;
    ck_assert_int_eq(
        vpcvis_line_read(layout, 0, example->line, strlen(example->line), &record, NULL),
        VPCVIS_OK);
    ck_assert_int_eq(vpcvis_line_write(layout, &record, out, sizeof out - 1, &len),
                     VPCVIS_OK);
    out[len] = '\0';
    ck_assert_str_eq(out, example->expected);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("docs");
    TCase *tcase = tcase_create("docs");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, documented_values, 0, COUNT(aws_examples));
    tcase_add_loop_test(tcase, documented_lines_are_written_back, 0, COUNT(aws_examples));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

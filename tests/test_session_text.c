/* SPDX-License-Identifier: MIT */
/*
 * Room session: sessions as text.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vpcvis.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* [session.text] Lines that are read, and how they are written. */
static const char *const lines[][2] = {
    {"session 1 filter web target network-interface 10.9.0.4 vni 7", NULL},
    {"session 32766 filter all target network-load-balancer 10.9.0.9 vni 16777215 "
     "packet-length 8500 mtu 65535 # to the IDS",
     NULL},
    {"session 2 filter tmf-1 target gateway-load-balancer-endpoint 2001:db8::9 vni 0 mtu 1",
     NULL},
    {" session\t3  mtu 1500 vni 9 packet-length 100 target network-interface 2001:DB8::4 "
     "filter f #note",
     "session 3 filter f target network-interface 2001:db8::4 vni 9 packet-length 100 mtu "
     "1500 # note"},
    {"session 4 filter f target network-interface 10.0.0.1 vni 9 #  two blanks \r",
     "session 4 filter f target network-interface 10.0.0.1 vni 9 #  two blanks "},
    {"session 5 filter f target network-interface 10.0.0.1 vni 9 # ",
     "session 5 filter f target network-interface 10.0.0.1 vni 9"},
};

START_TEST(text_is_read_and_written)
{
    const char *text = lines[_i][0], *expected = lines[_i][1] ? lines[_i][1] : text;
    struct vpcvis_session_entry entry;
    size_t len = 0;
    char *out = guard_copy(NULL, strlen(expected));

    ck_assert_int_eq(
        vpcvis_session_read(guard_copy(text, strlen(text)), strlen(text), &entry, NULL),
        VPCVIS_OK);
    ck_assert_int_eq(vpcvis_session_write(&entry, out, strlen(expected) - 1, &len),
                     VPCVIS_E_SPACE);
    ck_assert_uint_eq(len, strlen(expected));
    ck_assert_int_eq(vpcvis_session_write(&entry, out, len, &len), VPCVIS_OK);
    ck_assert_mem_eq(out, expected, len);
}
END_TEST

struct bad_row {
    const char *text;
    vpcvis_status status;
    uint32_t offset, part;
};

/* clang-format off */
static const struct bad_row bad[] = {
    {"", VPCVIS_NOMATCH, 0, 0},
    {"# session 1", VPCVIS_NOMATCH, 0, 0},
    {"ingress 100 accept tcp from 10.0.0.0/8 to 0.0.0.0/0", VPCVIS_NOMATCH, 0, 0},
    {"session", VPCVIS_E_WORD, 7, VPCVIS_SESSION_PART_NUMBER},
    {"session 0", VPCVIS_E_RANGE, 8, VPCVIS_SESSION_PART_NUMBER},
    {"session 32767", VPCVIS_E_RANGE, 8, VPCVIS_SESSION_PART_NUMBER},
    {"session +1", VPCVIS_E_NUMBER, 8, VPCVIS_SESSION_PART_NUMBER},
    {"session 1e3", VPCVIS_E_NUMBER, 9, VPCVIS_SESSION_PART_NUMBER},
    {"session 1", VPCVIS_E_WORD, 9, VPCVIS_SESSION_PART_FILTER},
    {"session 1 filter f", VPCVIS_E_WORD, 18, VPCVIS_SESSION_PART_TARGET},
    {"session 1 filter", VPCVIS_E_WORD, 16, VPCVIS_SESSION_PART_FILTER},
    {"session 1 filter # f", VPCVIS_E_WORD, 17, VPCVIS_SESSION_PART_FILTER},
    {"session 1 filter f\x7f", VPCVIS_E_BYTE, 18, VPCVIS_SESSION_PART_FILTER},
    {"session 1 filter f filter g", VPCVIS_E_DUPLICATE, 19, VPCVIS_SESSION_PART_FILTER},
    {"session 1 target eni 10.0.0.1", VPCVIS_E_WORD, 17, VPCVIS_SESSION_PART_TARGET},
    {"session 1 target network-interface", VPCVIS_E_WORD, 34, VPCVIS_SESSION_PART_ADDRESS},
    {"session 1 target network-interface 10.0.0.256", VPCVIS_E_ADDRESS, 44, VPCVIS_SESSION_PART_ADDRESS},
    {"session 1 filter f target network-interface 10.0.0.1", VPCVIS_E_WORD, 52, VPCVIS_SESSION_PART_VNI},
    {"session 1 vni 16777216", VPCVIS_E_RANGE, 14, VPCVIS_SESSION_PART_VNI},
    {"session 1 vni", VPCVIS_E_WORD, 13, VPCVIS_SESSION_PART_VNI},
    {"session 1 packet-length 0", VPCVIS_E_RANGE, 24, VPCVIS_SESSION_PART_LENGTH},
    {"session 1 packet-length 8501", VPCVIS_E_RANGE, 24, VPCVIS_SESSION_PART_LENGTH},
    {"session 1 mtu 65536", VPCVIS_E_RANGE, 14, VPCVIS_SESSION_PART_MTU},
    {"session 1 ttl 3", VPCVIS_E_WORD, 10, VPCVIS_SESSION_PART_NONE},
    {"session 1 filter f target network-interface 10.0.0.1 vni 1 # a\tb", VPCVIS_E_BYTE, 62, VPCVIS_SESSION_PART_TEXT},
};
/* clang-format on */

START_TEST(bad_text_is_located)
{
    const struct bad_row *row = &bad[_i];
    struct vpcvis_session_entry entry, before;
    struct vpcvis_error error;

    memset(&entry, 0x5a, sizeof(entry));
    before = entry;
    memset(&error, 0, sizeof(error));
    ck_assert_msg(vpcvis_session_read(guard_copy(row->text, strlen(row->text)),
                                      strlen(row->text), &entry, &error) == row->status,
                  "%s: %d", row->text, error.status);
    ck_assert_msg(error.offset == row->offset, "%s: %u", row->text, error.offset);
    ck_assert_uint_eq(error.column, row->part);
    ck_assert_mem_eq(&entry, &before, sizeof(entry));
}
END_TEST

START_TEST(text_that_cannot_be_written)
{
    struct vpcvis_session_entry entry = {0};
    size_t len = 0;

    entry.number = 1;
    entry.target = VPCVIS_SESSION_INTERFACE;
    entry.address.family = VPCVIS_ADDR_IPV4;
    ck_assert_int_eq(vpcvis_session_write(&entry, NULL, 0, &len), VPCVIS_E_ARG);
    entry.name = "f";
    entry.name_len = 1;
    ck_assert_int_eq(vpcvis_session_write(&entry, NULL, 0, &len), VPCVIS_E_SPACE);
    entry.name = "#";
    ck_assert_int_eq(vpcvis_session_write(&entry, NULL, 0, &len), VPCVIS_E_BYTE);
    entry.name = "a b";
    entry.name_len = 3;
    ck_assert_int_eq(vpcvis_session_write(&entry, NULL, 0, &len), VPCVIS_E_BYTE);
    entry.name_len = 1;
    entry.text = "a\nb";
    entry.text_len = 3;
    ck_assert_int_eq(vpcvis_session_write(&entry, NULL, 0, &len), VPCVIS_E_BYTE);
    entry.text_len = 1;
    entry.number = 0;
    ck_assert_int_eq(vpcvis_session_write(&entry, NULL, 0, &len), VPCVIS_E_ARG);
    entry.number = 1;
    ck_assert_int_eq(vpcvis_session_write(&entry, NULL, 1, &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_session_write(NULL, NULL, 0, &len), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_session_read(NULL, 1, &entry, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_session_read("", 0, NULL, NULL), VPCVIS_E_ARG);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("session_text");
    Suite *suite = suite_create("session_text");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tc, text_is_read_and_written, 0, COUNT(lines));
    tcase_add_loop_test(tc, bad_text_is_located, 0, COUNT(bad));
    tcase_add_test(tc, text_that_cannot_be_written);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

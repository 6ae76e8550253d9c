/* SPDX-License-Identifier: MIT */
/*
 * Room rollup: grouped totals, everything else, top lists, merging, partials.
 */
#include <check.h>
#include <stdlib.h>

#include "rollup_random.h"
#include "support.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* srcaddr dstaddr dstport bytes action log-status flow-direction tcp-flags vpc-id */
static const char format[] =
    "srcaddr dstaddr dstport bytes action log-status flow-direction tcp-flags vpc-id";

struct fixture {
    vpcvis_layout *layout;
    struct vpcvis_record record[300];
    size_t count;
    struct vpcvis_rollup_config config;
    vpcvis_rollup *rollup;
};

static void fixture_init(struct fixture *f)
{
    struct vpcvis_layout_config layout;

    memset(f, 0, sizeof(*f));
    memset(&layout, 0, sizeof(layout));
    layout.size = sizeof(layout);
    layout.text = format;
    layout.text_len = strlen(format);
    ck_assert_int_eq(vpcvis_layout_new(&layout, NULL, &f->layout, NULL), VPCVIS_OK);
    f->config.size = sizeof(f->config);
    f->config.flags = VPCVIS_ROLLUP_UNKEYED;
}

static void by(struct fixture *f, uint32_t kind, uint32_t field)
{
    struct vpcvis_rollup_key_config *key = &f->config.keys[f->config.key_count++];

    key->kind = kind;
    key->field = field;
}

static void say(struct fixture *f, uint32_t kind, uint32_t field)
{
    struct vpcvis_rollup_measure_config *m =
        &f->config.measures[f->config.measure_count++];

    m->kind = kind;
    m->field = field;
}

static void make(struct fixture *f)
{
    ck_assert_int_eq(vpcvis_rollup_new(&f->config, NULL, &f->rollup), VPCVIS_OK);
}

static void add_to(struct fixture *f, vpcvis_rollup *rollup, const char *line)
{
    struct vpcvis_record record;

    ck_assert_int_eq(vpcvis_line_read(f->layout, 0, line, strlen(line), &record, NULL),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_rollup_add(rollup, &record, sizeof(record), 1), VPCVIS_OK);
}

static void add(struct fixture *f, const char *line)
{
    add_to(f, f->rollup, line);
}

static void fixture_end(struct fixture *f)
{
    vpcvis_rollup_free(f->rollup, NULL);
    vpcvis_layout_free(f->layout, NULL);
}

/* A group as "KEY KEY ...: NUMBER NUMBER ..."; no number is `-`. */
static const char *row_of(const vpcvis_rollup *rollup, const struct fixture *f,
                          uint32_t group)
{
    static char out[500];
    uint64_t number;
    uint32_t m;

    model_name(rollup, group, f->config.key_count, out);
    strcat(out, ":");
    for (m = 0; m < f->config.measure_count; m++) {
        if (vpcvis_rollup_get(rollup, group, m, &number) == VPCVIS_OK)
            sprintf(out + strlen(out), " %llu", (unsigned long long)number);
        else
            strcat(out, " -");
    }
    return out;
}

static struct vpcvis_rollup_counts counts_of(const vpcvis_rollup *rollup)
{
    struct vpcvis_rollup_counts counts;

    ck_assert_int_eq(vpcvis_rollup_count(rollup, &counts), VPCVIS_OK);
    return counts;
}

/* [rollup.no-value] `-` is a group of its own, and no part of a measure. */
START_TEST(dash_is_a_group_and_no_number)
{
    struct fixture f;

    fixture_init(&f);
    by(&f, VPCVIS_ROLLUP_FIELD, VPCVIS_FIELD_DSTPORT);
    say(&f, VPCVIS_ROLLUP_RECORDS, 0);
    say(&f, VPCVIS_ROLLUP_COUNT, VPCVIS_FIELD_BYTES);
    say(&f, VPCVIS_ROLLUP_SUM, VPCVIS_FIELD_BYTES);
    say(&f, VPCVIS_ROLLUP_MIN, VPCVIS_FIELD_BYTES);
    say(&f, VPCVIS_ROLLUP_MAX, VPCVIS_FIELD_BYTES);
    say(&f, VPCVIS_ROLLUP_OR, VPCVIS_FIELD_TCP_FLAGS);
    say(&f, VPCVIS_ROLLUP_DISTINCT, VPCVIS_FIELD_SRCADDR);
    make(&f);
    add(&f, "10.0.0.1 10.0.0.2 443 100 ACCEPT OK egress 2 -");
    add(&f, "10.0.0.1 10.0.0.2 443 - ACCEPT OK egress 17 -");
    add(&f, "10.0.0.3 10.0.0.2 443 50 ACCEPT OK egress - -");
    add(&f, "- 10.0.0.2 0 0 ACCEPT OK egress 0 -");
    add(&f, "10.0.0.1 10.0.0.2 - - ACCEPT OK egress - -");
    ck_assert_uint_eq(counts_of(f.rollup).groups, 3);
    ck_assert_str_eq(row_of(f.rollup, &f, 0), "443 : 3 2 150 50 100 19 2");
    ck_assert_str_eq(row_of(f.rollup, &f, 1), "0 : 1 1 0 0 0 0 0");
    ck_assert_str_eq(row_of(f.rollup, &f, 2), "- : 1 0 - - - - 1");
    ck_assert_str_eq(row_of(f.rollup, &f, VPCVIS_ROLLUP_OTHER), "- : 0 0 - - - - 0");
    fixture_end(&f);
}
END_TEST

/* Names are known by code, unknown words by their text; texts and `-` stay apart. */
START_TEST(names_and_texts)
{
    struct fixture f;

    fixture_init(&f);
    by(&f, VPCVIS_ROLLUP_FIELD, VPCVIS_FIELD_ACTION);
    by(&f, VPCVIS_ROLLUP_FIELD, VPCVIS_FIELD_VPC_ID);
    say(&f, VPCVIS_ROLLUP_RECORDS, 0);
    make(&f);
    add(&f, "10.0.0.1 10.0.0.2 1 1 ACCEPT OK egress 0 vpc-1");
    add(&f, "10.0.0.1 10.0.0.2 1 1 ACCEPTED OK egress 0 vpc-1");
    add(&f, "10.0.0.1 10.0.0.2 1 1 ACCEPT OK egress 0 vpc-10");
    add(&f, "10.0.0.1 10.0.0.2 1 1 ACCEPT OK egress 0 -");
    add(&f, "10.0.0.1 10.0.0.2 1 1 ACCEPTED OK egress 0 vpc-1");
    ck_assert_str_eq(row_of(f.rollup, &f, 0), "ACCEPT vpc-1 : 1");
    ck_assert_str_eq(row_of(f.rollup, &f, 1), "ACCEPTED vpc-1 : 2");
    ck_assert_str_eq(row_of(f.rollup, &f, 2), "ACCEPT vpc-10 : 1");
    ck_assert_str_eq(row_of(f.rollup, &f, 3), "ACCEPT - : 1");
    ck_assert_uint_eq(counts_of(f.rollup).texts, 3);
    fixture_end(&f);
}
END_TEST

/* [rollup.idle] NODATA and SKIPDATA are counted apart, or grouped if asked for. */
START_TEST(idle_records)
{
    static const char *const lines[] = {
        "- - - - - NODATA - - -", "- - - - - NODATA - - -", "- - - - - SKIPDATA - - -",
        "10.0.0.1 10.0.0.2 1 1 ACCEPT OK egress 0 -"};
    struct fixture f;
    int i;

    fixture_init(&f);
    by(&f, VPCVIS_ROLLUP_FIELD, VPCVIS_FIELD_LOG_STATUS);
    say(&f, VPCVIS_ROLLUP_RECORDS, 0);
    f.config.flags |= _i ? VPCVIS_ROLLUP_IDLE : 0;
    make(&f);
    for (i = 0; i < COUNT(lines); i++)
        add(&f, lines[i]);
    ck_assert_uint_eq(counts_of(f.rollup).records, 4);
    ck_assert_uint_eq(counts_of(f.rollup).nodata, _i ? 0 : 2);
    ck_assert_uint_eq(counts_of(f.rollup).skipdata, _i ? 0 : 1);
    ck_assert_uint_eq(counts_of(f.rollup).groups, _i ? 3 : 1);
    ck_assert_str_eq(row_of(f.rollup, &f, 0), _i ? "NODATA : 2" : "OK : 1");
    fixture_end(&f);
}
END_TEST

/* [rollup.overflow] What finds no room is in everything else, exactly. */
START_TEST(everything_else)
{
    struct fixture f;
    struct vpcvis_value value;

    fixture_init(&f);
    by(&f, VPCVIS_ROLLUP_FIELD, VPCVIS_FIELD_SRCADDR);
    say(&f, VPCVIS_ROLLUP_SUM, VPCVIS_FIELD_BYTES);
    f.config.groups = 2;
    make(&f);
    add(&f, "10.0.0.1 - 1 1 ACCEPT OK egress 0 -");
    add(&f, "10.0.0.2 - 1 10 ACCEPT OK egress 0 -");
    ck_assert_uint_eq(counts_of(f.rollup).flags, 0);
    add(&f, "10.0.0.3 - 1 100 ACCEPT OK egress 0 -");
    add(&f, "10.0.0.4 - 1 1000 ACCEPT OK egress 0 -");
    add(&f, "10.0.0.1 - 1 5 ACCEPT OK egress 0 -");
    ck_assert_uint_eq(counts_of(f.rollup).flags, VPCVIS_ROLLUP_OVERFLOW);
    ck_assert_uint_eq(counts_of(f.rollup).other, 2);
    ck_assert_uint_eq(counts_of(f.rollup).grouped, 3);
    ck_assert_str_eq(row_of(f.rollup, &f, 0), "10.0.0.1 : 6");
    ck_assert_str_eq(row_of(f.rollup, &f, VPCVIS_ROLLUP_OTHER), "- : 1100");
    ck_assert_int_eq(vpcvis_rollup_get_key(f.rollup, VPCVIS_ROLLUP_OTHER, 0, &value), 0);
    ck_assert_uint_eq(value.state, VPCVIS_STATE_ABSENT);
    vpcvis_rollup_clear(f.rollup);
    ck_assert_uint_eq(counts_of(f.rollup).flags, 0);
    ck_assert_str_eq(row_of(f.rollup, &f, VPCVIS_ROLLUP_OTHER), "- : -");
    fixture_end(&f);
}
END_TEST

/* [rollup.overflow] The dictionary's room is bounded as well: by texts, or by their bytes. */
START_TEST(texts_without_room)
{
    struct fixture f;

    fixture_init(&f);
    by(&f, VPCVIS_ROLLUP_FIELD, VPCVIS_FIELD_VPC_ID);
    say(&f, VPCVIS_ROLLUP_RECORDS, 0);
    f.config.texts = _i ? 100 : 2;
    f.config.text_bytes = _i ? 10 : 1000;
    make(&f);
    add(&f, "- - - - ACCEPT OK egress 0 vpc-1");
    add(&f, "- - - - ACCEPT OK egress 0 vpc-2");
    add(&f, "- - - - ACCEPT OK egress 0 vpc-3");
    add(&f, "- - - - ACCEPT OK egress 0 vpc-2");
    ck_assert_uint_eq(counts_of(f.rollup).groups, 2);
    ck_assert_uint_eq(counts_of(f.rollup).other, 1);
    ck_assert_str_eq(row_of(f.rollup, &f, 1), "vpc-2 : 2");
    fixture_end(&f);
}
END_TEST

/* [rollup.saturate] Sums stop at the largest number and say so, also when they are merged. */
START_TEST(sums_stop)
{
    struct fixture f;
    vpcvis_rollup *other;
    int i;

    fixture_init(&f);
    say(&f, VPCVIS_ROLLUP_SUM, VPCVIS_FIELD_BYTES);
    make(&f);
    ck_assert_int_eq(vpcvis_rollup_new(&f.config, NULL, &other), VPCVIS_OK);
    add(&f, "- - - 18446744073709551615 ACCEPT OK egress 0 -");
    ck_assert_uint_eq(counts_of(f.rollup).flags, 0);
    for (i = 0; i < 3; i++)
        add_to(&f, other, "- - - 9223372036854775808 ACCEPT OK egress 0 -");
    ck_assert_uint_eq(counts_of(other).flags, VPCVIS_ROLLUP_SATURATED);
    ck_assert_int_eq(vpcvis_rollup_merge(f.rollup, other), VPCVIS_OK);
    ck_assert_uint_eq(counts_of(f.rollup).flags, VPCVIS_ROLLUP_SATURATED);
    ck_assert_str_eq(row_of(f.rollup, &f, 0), ": 18446744073709551615");
    vpcvis_rollup_free(other, NULL);
    fixture_end(&f);
}
END_TEST

/* [rollup.twice] Ingress records whose source is logged too are left out; what has no direction
 * is taken. */
START_TEST(flows_in_the_log_twice)
{
    struct vpcvis_prefix_entry logged;
    struct fixture f;
    vpcvis_prefix *map;

    fixture_init(&f);
    memset(&logged, 0, sizeof(logged));
    vpcvis_addr_read_cidr("10.0.0.0/8", 10, &logged.cidr, NULL);
    ck_assert_int_eq(vpcvis_prefix_new(&logged, 1, NULL, NULL, &map, NULL), VPCVIS_OK);
    by(&f, VPCVIS_ROLLUP_FIELD, VPCVIS_FIELD_FLOW_DIRECTION);
    say(&f, VPCVIS_ROLLUP_SUM, VPCVIS_FIELD_BYTES);
    f.config.logged = map;
    make(&f);
    add(&f, "10.0.0.1 10.0.0.2 443 100 ACCEPT OK egress 0 -");
    add(&f, "10.0.0.1 10.0.0.2 443 100 ACCEPT OK ingress 0 -");
    add(&f, "192.0.2.1 10.0.0.2 443 7 ACCEPT OK ingress 0 -");
    add(&f, "10.0.0.1 10.0.0.2 443 1 ACCEPT OK - 0 -");
    ck_assert_uint_eq(counts_of(f.rollup).twice, 1);
    ck_assert_uint_eq(counts_of(f.rollup).undirected, 1);
    ck_assert_uint_eq(counts_of(f.rollup).records, 4);
    ck_assert_str_eq(row_of(f.rollup, &f, 0), "egress : 100");
    ck_assert_str_eq(row_of(f.rollup, &f, 1), "ingress : 7");
    ck_assert_str_eq(row_of(f.rollup, &f, 2), "- : 1");
    vpcvis_prefix_free(map, NULL);
    fixture_end(&f);
}
END_TEST

/* [rollup.top] Largest first; no value last; equals by their keys, whatever came first. */
START_TEST(top)
{
    static const char *const lines[] = {"2001:db8::1 - 1 5 ACCEPT OK egress 0 -",
                                        "10.0.0.200 - 1 5 ACCEPT OK egress 0 -",
                                        "10.0.0.1 - 1 - ACCEPT OK egress 0 -",
                                        "10.0.0.9 - 1 9 ACCEPT OK egress 0 -",
                                        "10.0.0.3 - 1 0 ACCEPT OK egress 0 -",
                                        "10.0.0.30 - 1 5 ACCEPT OK egress 0 -",
                                        "- - 1 5 ACCEPT OK egress 0 -"};
    static const char *const wanted[] = {
        "10.0.0.9 : 9",    "- : 5",        "10.0.0.30 : 5", "10.0.0.200 : 5",
        "2001:db8::1 : 5", "10.0.0.3 : 0", "10.0.0.1 : -"};
    struct fixture f;
    uint32_t order[10], n;
    int i;

    fixture_init(&f);
    by(&f, VPCVIS_ROLLUP_FIELD, VPCVIS_FIELD_SRCADDR);
    say(&f, VPCVIS_ROLLUP_SUM, VPCVIS_FIELD_BYTES);
    make(&f);
    for (i = 0; i < COUNT(lines); i++)
        add(&f, lines[(i + _i) % COUNT(lines)]);
    for (i = 0; i <= COUNT(lines); i++) {
        ck_assert_int_eq(vpcvis_rollup_top(f.rollup, 0, (uint32_t)i, order, &n),
                         VPCVIS_OK);
        ck_assert_uint_eq(n, (uint32_t)i);
        if (i > 0)
            ck_assert_str_eq(row_of(f.rollup, &f, order[i - 1]), wanted[i - 1]);
    }
    ck_assert_int_eq(vpcvis_rollup_top(f.rollup, VPCVIS_ROLLUP_BY_KEY, 10, order, &n), 0);
    ck_assert_uint_eq(n, COUNT(lines));
    ck_assert_str_eq(row_of(f.rollup, &f, order[0]), "- : 5");
    ck_assert_str_eq(row_of(f.rollup, &f, order[6]), "2001:db8::1 : 5");
    ck_assert_int_eq(vpcvis_rollup_top(f.rollup, 1, 10, order, &n), VPCVIS_E_ARG);
    fixture_end(&f);
}
END_TEST

/* [rollup.sketch] The root of the mean square of 100 seeds' errors is what is promised. */
START_TEST(sketch_error)
{
    static const struct {
        uint32_t bits, values;
    } rows[] = {{10, 100}, {10, 1000}, {10, 5000},  {10, 100000}, {4, 3000},
                {6, 50},   {8, 20000}, {12, 30000}, {14, 10}};
    const uint32_t bits = rows[_i].bits, values = rows[_i].values;
    double square = 0, promise = 1.04 * 1.04 / (double)(1u << bits);
    struct vpcvis_record *record = calloc(1000, sizeof(*record));
    uint64_t seed, number;
    struct fixture f;
    uint32_t i, n;

    fixture_init(&f);
    say(&f, VPCVIS_ROLLUP_DISTINCT, VPCVIS_FIELD_BYTES);
    f.config.sketch_bits = bits;
    f.config.groups = 1;
    for (seed = 1; seed <= 100; seed++) {
        f.config.sketch_seed = seed;
        make(&f);
        for (i = 0; i < 2 * values; i += n) { /* all of them twice */
            for (n = 0; n < 1000 && i + n < 2 * values; n++) {
                vpcvis_record_init(&record[n], NULL);
                record[n].value[0] = (uint64_t)1 << VPCVIS_FIELD_BYTES;
                record[n].bytes = (i + n) % values;
            }
            vpcvis_rollup_add(f.rollup, record, sizeof(*record), n);
        }
        ck_assert_int_eq(vpcvis_rollup_get(f.rollup, 0, 0, &number), VPCVIS_OK);
        square += ((double)number / values - 1) * ((double)number / values - 1) / 100;
        vpcvis_rollup_free(f.rollup, NULL);
    }
    f.rollup = NULL;
    /* 100 samples of a mean square lie within 1.4 of it, but for one in some thousand times. */
    ck_assert_msg(square <= promise * 1.4, "%u bits, %u values: %g, not %g", bits, values,
                  square, promise);
    free(record);
    fixture_end(&f);
}
END_TEST

/* Sketches of different seeds are not the same question. */
START_TEST(merge_refuses)
{
    struct fixture f;
    vpcvis_rollup *other;

    fixture_init(&f);
    by(&f, VPCVIS_ROLLUP_PREFIX, VPCVIS_FIELD_SRCADDR);
    f.config.keys[0].ipv4_len = 24;
    say(&f, VPCVIS_ROLLUP_DISTINCT, VPCVIS_FIELD_BYTES);
    make(&f);
    switch (_i) {
    case 0: f.config.sketch_seed = 1; break;
    case 1: f.config.sketch_bits = 9; break;
    case 2: f.config.keys[0].ipv4_len = 23; break;
    case 3: f.config.keys[0].field = VPCVIS_FIELD_DSTADDR; break;
    case 4: f.config.measures[0].field = VPCVIS_FIELD_PACKETS; break;
    case 5: f.config.measure_count = 0; break;
    case 6: f.config.measures[0].kind = VPCVIS_ROLLUP_COUNT; break;
    case 7: f.config.keys[0].kind = VPCVIS_ROLLUP_FIELD; break;
    default: break;
    }
    ck_assert_int_eq(vpcvis_rollup_new(&f.config, NULL, &other), VPCVIS_OK);
    ck_assert_int_eq(vpcvis_rollup_merge(f.rollup, other),
                     _i < 8 ? VPCVIS_E_CONFIG : VPCVIS_OK);
    ck_assert_int_eq(vpcvis_rollup_merge(f.rollup, f.rollup), VPCVIS_E_ARG);
    vpcvis_rollup_free(other, NULL);
    fixture_end(&f);
}
END_TEST

/* What no partial can have. */
START_TEST(partial_refuses)
{
    struct vpcvis_rollup_columns columns;
    struct fixture f;
    char *text;
    size_t text_len, bytes;
    uint32_t written, taken = 9;
    void *memory;
    vpcvis_status wanted = VPCVIS_OK;

    fixture_init(&f);
    by(&f, VPCVIS_ROLLUP_FIELD, VPCVIS_FIELD_SRCADDR);
    by(&f, VPCVIS_ROLLUP_FIELD, VPCVIS_FIELD_VPC_ID);
    by(&f, VPCVIS_ROLLUP_FIELD, VPCVIS_FIELD_ACTION);
    by(&f, VPCVIS_ROLLUP_BUCKET, VPCVIS_FIELD_DSTPORT);
    f.config.keys[3].step = 100;
    say(&f, VPCVIS_ROLLUP_RECORDS, 0);
    make(&f);
    add(&f, "10.0.0.1 - 443 1 ACCEPT OK egress 0 vpc-1");
    bytes = vpcvis_rollup_columns_bytes(f.rollup, 3);
    memory = malloc(bytes);
    ck_assert_int_eq(vpcvis_rollup_columns_init(memory, bytes - 1, f.rollup, 3, &columns),
                     VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_rollup_columns_init(memory, bytes, f.rollup, 3, &columns), 0);
    text = guard_copy("....................", 11);
    ck_assert_int_eq(
        vpcvis_rollup_write_columns(f.rollup, 0, &columns, text, 10, &text_len, &written),
        VPCVIS_E_SPACE);
    ck_assert_uint_eq(text_len, 11);
    ck_assert_uint_eq(written, 0);
    ck_assert_int_eq(vpcvis_rollup_write_columns(f.rollup, 0, &columns, text, text_len,
                                                 &text_len, &written),
                     VPCVIS_OK);
    ck_assert_uint_eq(written, 1);
    switch (_i) {
    case 0: /* an address without family */
        ((struct vpcvis_addr *)columns.keys[0])->family = 0;
        wanted = VPCVIS_E_ADDRESS;
        break;
    case 1: /* a text that no line may have */
        text[1] = ' ';
        wanted = VPCVIS_E_BYTE;
        break;
    case 2: /* an empty one */
        ((struct vpcvis_line_text *)columns.keys[1])->len = 0;
        wanted = VPCVIS_E_BYTE;
        break;
    case 3: /* a code without a word */
        ((struct vpcvis_line_text *)columns.keys[2])->code = 99;
        wanted = VPCVIS_E_RANGE;
        break;
    case 4: /* a bucket that does not begin there */
        *(uint64_t *)columns.keys[3] = 443;
        wanted = VPCVIS_E_RANGE;
        break;
    case 5: /* a port that is none */
        *(uint64_t *)columns.keys[3] = 65600;
        wanted = VPCVIS_E_RANGE;
        break;
    default: break;
    }
    ck_assert_int_eq(vpcvis_rollup_add_partial(f.rollup, &columns, text, 1, &taken),
                     wanted);
    ck_assert_uint_eq(taken, wanted == VPCVIS_OK);
    ck_assert_uint_eq(counts_of(f.rollup).records, 1 + taken);
    free(memory);
    fixture_end(&f);
}
END_TEST

/* [rollup.merge] [rollup.partial] In any order, by either way; the whole at random. */
START_TEST(random_runs)
{
    const char *what = random_rollup(1000 + (uint64_t)_i, 6);

    ck_assert_msg(what == NULL, "run %d: %s", _i, what);
}
END_TEST

/* Configs that cannot be. */
START_TEST(config_refuses)
{
    struct fixture f;

    fixture_init(&f);
    by(&f, VPCVIS_ROLLUP_FIELD, VPCVIS_FIELD_SRCADDR);
    say(&f, VPCVIS_ROLLUP_SUM, VPCVIS_FIELD_BYTES);
    switch (_i) {
    case 0: f.config.flags = 0; break; /* no key, and not said that none is needed */
    case 1: f.config.flags |= 64; break;
    case 2: f.config.key_count = VPCVIS_ROLLUP_KEYS_MAX + 1; break;
    case 3: f.config.measure_count = VPCVIS_ROLLUP_MEASURES_MAX + 1; break;
    case 4: f.config.sketch_bits = 3; break;
    case 5: f.config.sketch_bits = 17; break;
    case 6: f.config.keys[0].kind = 0; break;
    case 7: f.config.keys[0].kind = 5; break;
    case 8: f.config.keys[0].field = VPCVIS_FIELD_MAX; break;
    case 9: f.config.keys[0].kind = VPCVIS_ROLLUP_ZONE; break;    /* no map */
    case 10: f.config.keys[0].kind = VPCVIS_ROLLUP_BUCKET; break; /* an address */
    case 11:
        f.config.keys[0].kind = VPCVIS_ROLLUP_PREFIX;
        f.config.keys[0].ipv4_len = 33;
        break;
    case 12:
        f.config.keys[0].kind = VPCVIS_ROLLUP_PREFIX;
        f.config.keys[0].field = VPCVIS_FIELD_BYTES;
        break;
    case 13:
        f.config.keys[0].kind = VPCVIS_ROLLUP_BUCKET; /* step 0 */
        f.config.keys[0].field = VPCVIS_FIELD_BYTES;
        break;
    case 14: f.config.measures[0].field = VPCVIS_FIELD_ACTION; break;
    case 15: f.config.measures[0].kind = 8; break;
    case 16: f.config.groups = VPCVIS_ROLLUP_GROUPS_MAX + 1; break;
    case 17: f.config.text_bytes = (uint64_t)1 << 32; break;
    default: f.config.cpu = VPCVIS_CPU_NEON + 1; break;
    }
    ck_assert_int_eq(vpcvis_rollup_new(&f.config, NULL, &f.rollup), VPCVIS_E_CONFIG);
    ck_assert_uint_eq(vpcvis_rollup_bytes(&f.config), 0);
    f.rollup = NULL;
    fixture_end(&f);
}
END_TEST

static void *refuse(void *context, size_t bytes)
{
    (void)context;
    (void)bytes;
    return NULL;
}

static void ignore(void *context, void *memory)
{
    (void)context;
    (void)memory;
}

START_TEST(memory_and_arguments)
{
    const struct vpcvis_allocator none = {refuse, ignore, NULL};
    struct vpcvis_record record;
    struct vpcvis_line_columns columns;
    uint64_t number;
    struct fixture f;
    size_t bytes;
    char *memory;

    fixture_init(&f);
    say(&f, VPCVIS_ROLLUP_SUM, VPCVIS_FIELD_BYTES);
    f.config.groups = 3;
    bytes = vpcvis_rollup_bytes(&f.config);
    memory = malloc(bytes + 1);
    ck_assert_int_eq(vpcvis_rollup_new(&f.config, &none, &f.rollup), VPCVIS_E_MEMORY);
    f.config.cpu = vpcvis_base_cpu_find(VPCVIS_CPU_NEON) == VPCVIS_OK ? VPCVIS_CPU_SSE2
                                                                      : VPCVIS_CPU_NEON;
    ck_assert_int_eq(vpcvis_rollup_init(memory, bytes, &f.config, &f.rollup),
                     VPCVIS_E_CPU);
    f.config.cpu = VPCVIS_CPU_AUTO;
    ck_assert_int_eq(vpcvis_rollup_init(memory, bytes - 1, &f.config, &f.rollup),
                     VPCVIS_E_SPACE);
    ck_assert_int_eq(vpcvis_rollup_init(memory + 1, bytes, &f.config, &f.rollup),
                     VPCVIS_OK);
    add(&f, "- - - 1 ACCEPT OK egress 0 -");
    ck_assert_str_eq(row_of(f.rollup, &f, 0), ": 1");
    ck_assert_int_eq(vpcvis_rollup_get(f.rollup, 1, 0, &number), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_rollup_get(f.rollup, 0, 1, &number), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_rollup_add(f.rollup, NULL, sizeof(record), 1), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_rollup_add(f.rollup, &record, 192, 1), VPCVIS_E_ARG);
    memset(&columns, 0, sizeof(columns));
    columns.size = sizeof(columns);
    columns.capacity = 10;
    ck_assert_int_eq(
        vpcvis_rollup_add_columns(f.rollup, f.layout, &columns, format, NULL, 0, 1),
        VPCVIS_E_ARG); /* bytes are in the layout and not in the columns */
    ck_assert_uint_eq(vpcvis_rollup_config_bytes(), sizeof(f.config));
    f.rollup = NULL;
    free(memory);
    fixture_end(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rollup");
    TCase *tcase = tcase_create("rollup");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, dash_is_a_group_and_no_number);
    tcase_add_test(tcase, names_and_texts);
    tcase_add_loop_test(tcase, idle_records, 0, 2);
    tcase_add_test(tcase, everything_else);
    tcase_add_loop_test(tcase, texts_without_room, 0, 2);
    tcase_add_test(tcase, sums_stop);
    tcase_add_test(tcase, flows_in_the_log_twice);
    tcase_add_loop_test(tcase, top, 0, 7);
    tcase_add_loop_test(tcase, sketch_error, 0, 9);
    tcase_add_loop_test(tcase, merge_refuses, 0, 9);
    tcase_add_loop_test(tcase, partial_refuses, 0, 7);
    tcase_add_loop_test(tcase, random_runs, 0, 12);
    tcase_add_loop_test(tcase, config_refuses, 0, 19);
    tcase_add_test(tcase, memory_and_arguments);
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

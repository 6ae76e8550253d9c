/* SPDX-License-Identifier: MIT */
/*
 * Random runs of room rollup against the model of tests/rollup_model.h: random groupings and
 * measures over random log lines, added as rows and as columns, some rows left out, capacity
 * that does not suffice, several rollups merged in any order, partials written and read.
 */
#ifndef VPCVIS_TESTS_ROLLUP_RANDOM_H
#define VPCVIS_TESTS_ROLLUP_RANDOM_H

#include "rollup_model.h"
#include "vpcvis.h"

#define RANDOM_ROWS   700 /* of a batch; no multiple of 64 */
#define RANDOM_TEXT   ((size_t)RANDOM_ROWS * 400)
#define RANDOM_PARTS  3
#define RANDOM_GROUPS 20000 /* there are never as many */

struct random_run {
    uint64_t state;
    struct model *model;
    vpcvis_prefix *zones, *logged;
    vpcvis_layout *layout;
    vpcvis_line *lines;
    vpcvis_rollup *rows, *columns, *part[RANDOM_PARTS], *merged;
    struct vpcvis_line_columns column;
    void *column_memory;
    struct vpcvis_record *record;
    uint64_t take[RANDOM_ROWS / 64 + 1];
    size_t len;
    char text[RANDOM_TEXT];
};

static const struct {
    const char *cidr;
    uint32_t value;
} random_blocks[] = {{"10.0.0.0/8", 1}, {"10.1.0.0/16", 2},     {"10.1.2.0/24", 0},
                     {"0.0.0.0/0", 9},  {"2001:db8::/32", 700}, {"2001:db8:1::/48", 3}};

#define RANDOM_BLOCKS (sizeof(random_blocks) / sizeof(random_blocks[0]))

static uint64_t random_below(struct random_run *run, uint64_t n)
{
    run->state ^= run->state << 13;
    run->state ^= run->state >> 7;
    run->state ^= run->state << 17;
    return (run->state >> 11) % n;
}

/* A fatal mistake of the run itself, not a difference. */
static void random_need(int condition, const char *what)
{
    if (condition)
        return;
    printf("not ok rollup: %s\n", what);
    exit(EXIT_FAILURE);
}

static vpcvis_prefix *random_map(size_t count, struct model_block *blocks)
{
    struct vpcvis_prefix_entry entry[RANDOM_BLOCKS];
    vpcvis_prefix *map = NULL;
    size_t i;

    memset(entry, 0, sizeof(entry));
    for (i = 0; i < count; i++) {
        const char *cidr = random_blocks[i].cidr;
        random_need(vpcvis_addr_read_cidr(cidr, strlen(cidr), &entry[i].cidr, NULL) == 0,
                    "a block");
        entry[i].value = random_blocks[i].value;
        blocks[i].cidr = entry[i].cidr;
        blocks[i].value = entry[i].value;
    }
    random_need(vpcvis_prefix_new(entry, count, NULL, NULL, &map, NULL) == VPCVIS_OK,
                "a map");
    return map;
}

static void random_key(struct random_run *run, struct vpcvis_rollup_key_config *key)
{
    static const uint8_t any[] = {
        VPCVIS_FIELD_SRCADDR, VPCVIS_FIELD_DSTPORT,    VPCVIS_FIELD_ACTION,
        VPCVIS_FIELD_BYTES,   VPCVIS_FIELD_PROTOCOL,   VPCVIS_FIELD_INTERFACE_ID,
        VPCVIS_FIELD_START,   VPCVIS_FIELD_LOG_STATUS, VPCVIS_FIELD_FLOW_DIRECTION,
        VPCVIS_FIELD_VPC_ID,  VPCVIS_FIELD_ECS_TASK_ID};

    key->kind = 1 + (uint32_t)random_below(run, 4);
    key->field = random_below(run, 2) ? VPCVIS_FIELD_SRCADDR : VPCVIS_FIELD_PKT_DSTADDR;
    key->ipv4_len = (uint32_t)random_below(run, 33);
    key->ipv6_len = (uint32_t)random_below(run, 129);
    key->step = 1 + random_below(run, 4000);
    key->zones = run->zones;
    if (key->kind == VPCVIS_ROLLUP_FIELD)
        key->field = any[random_below(run, sizeof(any))];
    if (key->kind == VPCVIS_ROLLUP_BUCKET)
        key->field = random_below(run, 2) ? VPCVIS_FIELD_START : VPCVIS_FIELD_DSTPORT;
}

static void random_measure(struct random_run *run,
                           struct vpcvis_rollup_measure_config *measure)
{
    static const uint8_t numbers[] = {VPCVIS_FIELD_BYTES,        VPCVIS_FIELD_PACKETS,
                                      VPCVIS_FIELD_TCP_FLAGS,    VPCVIS_FIELD_DSTPORT,
                                      VPCVIS_FIELD_TRAFFIC_PATH, VPCVIS_FIELD_END};
    static const uint8_t any[] = {VPCVIS_FIELD_DSTADDR, VPCVIS_FIELD_INTERFACE_ID,
                                  VPCVIS_FIELD_ACTION,  VPCVIS_FIELD_SRCPORT,
                                  VPCVIS_FIELD_BYTES,   VPCVIS_FIELD_ECS_TASK_ID};

    measure->kind = 1 + (uint32_t)random_below(run, 7);
    measure->field = numbers[random_below(run, sizeof(numbers))];
    if (measure->kind == VPCVIS_ROLLUP_COUNT || measure->kind == VPCVIS_ROLLUP_DISTINCT)
        measure->field = any[random_below(run, sizeof(any))];
}

static void random_config(struct random_run *run, struct vpcvis_rollup_config *config)
{
    uint32_t i;

    memset(config, 0, sizeof(*config));
    config->size = sizeof(*config);
    config->flags = random_below(run, 4) == 0 ? VPCVIS_ROLLUP_IDLE : 0;
    config->key_count = (uint32_t)random_below(run, 5);
    config->measure_count = (uint32_t)random_below(run, 6);
    config->groups =
        random_below(run, 3) ? RANDOM_GROUPS : 1 + (uint32_t)random_below(run, 200);
    config->texts = 4000;
    config->text_bytes = 200000;
    config->sketch_bits = 8 + (uint32_t)random_below(run, 4);
    config->sketch_seed = random_below(run, 1000);
    config->hash_key[3] = (uint8_t)(1 + random_below(run, 255));
    config->logged = random_below(run, 3) == 0 ? run->logged : NULL;
    config->cpu = (uint32_t)random_below(run, VPCVIS_CPU_NEON + 1);
    if (vpcvis_base_cpu_find(config->cpu) != VPCVIS_OK)
        config->cpu = VPCVIS_CPU_AUTO;
    for (i = 0; i < config->key_count; i++)
        random_key(run, &config->keys[i]);
    for (i = 0; i < config->measure_count; i++)
        random_measure(run, &config->measures[i]);
}

static void random_make(struct random_run *run, uint64_t seed)
{
    static struct model_block blocks[RANDOM_BLOCKS];
    struct vpcvis_layout_config layout;
    struct vpcvis_rollup_config *config;
    uint64_t fields[2];
    uint32_t i;

    memset(run, 0, sizeof(*run));
    run->state = seed * 2654435761u + 88172645463325252u;
    run->model = calloc(1, sizeof(*run->model));
    run->zones = random_map(RANDOM_BLOCKS, blocks);
    run->logged = random_map(3, blocks);
    config = &run->model->config;
    random_config(run, config);
    run->model->zones = blocks;
    run->model->zone_count = RANDOM_BLOCKS;
    run->model->logged = config->logged ? blocks : NULL;
    run->model->logged_count = 3;
    memset(&layout, 0, sizeof(layout));
    layout.size = sizeof(layout);
    layout.standard = 5;
    random_need(vpcvis_layout_new(&layout, NULL, &run->layout, NULL) == 0, "a layout");
    random_need(vpcvis_rollup_new(config, NULL, &run->rows) == 0, "rows");
    random_need(vpcvis_rollup_new(config, NULL, &run->columns) == 0, "columns");
    random_need(vpcvis_rollup_new(config, NULL, &run->merged) == 0, "merged");
    for (i = 0; i < RANDOM_PARTS; i++) {
        config->hash_key[5] = (uint8_t)i;
        random_need(vpcvis_rollup_new(config, NULL, &run->part[i]) == 0, "a part");
    }
    vpcvis_rollup_fields(run->rows, fields);
    random_need(vpcvis_line_new(run->layout, NULL, NULL, &run->lines) == 0, "lines");
    fields[0] |= 1;
    run->column.size = sizeof(run->column);
    run->column_memory = malloc(vpcvis_line_columns_bytes(fields, RANDOM_ROWS));
    run->record = calloc(RANDOM_ROWS, sizeof(*run->record));
    random_need(vpcvis_line_columns_init(run->column_memory,
                                         vpcvis_line_columns_bytes(fields, RANDOM_ROWS),
                                         fields, RANDOM_ROWS, &run->column) == 0,
                "columns' memory");
}

static void random_end(struct random_run *run)
{
    uint32_t i;

    model_free(run->model);
    vpcvis_rollup_free(run->rows, NULL);
    vpcvis_rollup_free(run->columns, NULL);
    vpcvis_rollup_free(run->merged, NULL);
    for (i = 0; i < RANDOM_PARTS; i++)
        vpcvis_rollup_free(run->part[i], NULL);
    vpcvis_prefix_free(run->zones, NULL);
    vpcvis_prefix_free(run->logged, NULL);
    vpcvis_line_free(run->lines, NULL);
    vpcvis_layout_free(run->layout, NULL);
    free(run->column_memory);
    free(run->record);
}

static void random_addr(struct random_run *run, char *out)
{
    const unsigned a = (unsigned)random_below(run, 3),
                   b = (unsigned)random_below(run, 20);

    if (random_below(run, 5) == 0)
        sprintf(out, "2001:db8:%u::%x", a, b);
    else if (random_below(run, 9) == 0)
        strcpy(out, "-");
    else
        sprintf(out, "%u.%u.%u.%u", random_below(run, 4) ? 10u : 198u, a, b % 4, b);
}

/* One line of layout v5. */
static size_t random_line(struct random_run *run, char *out)
{
    static const char *const actions[] = {"ACCEPT", "REJECT", "ACCEPT", "MAYBE", "-"};
    static const char *const statuses[] = {"OK",     "OK",       "OK", "OK",
                                           "NODATA", "SKIPDATA", "-"};
    static const char *const directions[] = {"ingress", "egress", "-", "sideways"};
    static const char *const ends[] = {
        "0", "7", "1500", "18446744073709551615", "9223372036854775808", "-"};
    char src[48], dst[48], pkt[48], flags[16] = "-";

    random_addr(run, src);
    random_addr(run, dst);
    random_addr(run, pkt);
    if (random_below(run, 3))
        sprintf(flags, "%u", (unsigned)random_below(run, 32));
    return (size_t)sprintf(
        out,
        "5 123456789012 eni-%03u %s %s %u %u %u %u %s %u %u %s %s vpc-%u - i-1 %s IPv4 %s %s "
        "us-east-1 - - - - - %s %s\n",
        (unsigned)random_below(run, 40), src, dst, (unsigned)random_below(run, 60000),
        (unsigned)random_below(run, 30), (unsigned)random_below(run, 20),
        (unsigned)random_below(run, 1000),
        ends[random_below(run, random_below(run, 9) ? 3 : 6)],
        (unsigned)(1700000000 + random_below(run, 9000)),
        (unsigned)(1700000000 + random_below(run, 9000)), actions[random_below(run, 5)],
        statuses[random_below(run, 7)], (unsigned)random_below(run, 3), flags, src, pkt,
        directions[random_below(run, 4)], random_below(run, 2) ? "-" : "8");
}

/* A batch of lines, read as rows and as columns and added everywhere. */
static void random_batch(struct random_run *run)
{
    const size_t rows = 1 + random_below(run, RANDOM_ROWS);
    struct vpcvis_error error[4];
    struct vpcvis_line_result result;
    size_t i, first, n;

    run->len = 0;
    for (i = 0; i < rows; i++)
        run->len += random_line(run, run->text + run->len);
    random_need(vpcvis_line_read_rows(run->lines, run->text, run->len, run->record,
                                      sizeof(*run->record), RANDOM_ROWS, error, 4,
                                      &result) == VPCVIS_OK &&
                    result.records == rows,
                "the lines as rows");
    random_need(vpcvis_line_read_columns(run->lines, run->text, run->len, &run->column,
                                         error, 4, &result) == VPCVIS_OK &&
                    result.records == rows,
                "the lines as columns");
    memset(run->take, 0, sizeof(run->take));
    for (i = 0; i < rows; i++) {
        vpcvis_rollup *part = run->part[random_below(run, RANDOM_PARTS)];

        if (random_below(run, 50) == 0)
            continue;
        run->take[i / 64] |= (uint64_t)1 << i % 64;
        model_add(run->model, &run->record[i]);
        vpcvis_rollup_add(part, &run->record[i], sizeof(*run->record), 1);
    }
    for (first = 0; first < rows; first += n) {
        n = 1 + random_below(run, rows - first);
        random_need(vpcvis_rollup_add_columns(run->columns, run->layout, &run->column,
                                              run->text, run->take, first,
                                              n) == VPCVIS_OK,
                    "adding columns");
    }
    for (i = n = 0; i < rows; i++)
        if (run->take[i / 64] >> i % 64 & 1)
            run->record[n++] = run->record[i];
    random_need(vpcvis_rollup_add(run->rows, run->record, sizeof(*run->record), n) == 0,
                "adding rows");
}

/* Write a rollup's partials, so many rows at a time, and add them to another. */
static const char *random_send(struct random_run *run, const vpcvis_rollup *from,
                               vpcvis_rollup *to)
{
    const uint32_t capacity = 1 + (uint32_t)random_below(run, 90);
    const size_t bytes = vpcvis_rollup_columns_bytes(from, capacity);
    void *memory = malloc(bytes);
    struct vpcvis_rollup_columns columns;
    char text[3000];
    size_t text_len;
    uint64_t first = 0;
    uint32_t written, taken;
    vpcvis_status status;

    vpcvis_rollup_columns_init(memory, bytes, from, capacity, &columns);
    do {
        status = vpcvis_rollup_write_columns(from, first, &columns, text, sizeof(text),
                                             &text_len, &written);
        if (status != VPCVIS_OK && (status != VPCVIS_MORE || written == 0))
            return "writing partials";
        if (vpcvis_rollup_add_partial(to, &columns, text, written, &taken) != VPCVIS_OK ||
            taken != written)
            return "reading partials";
        first += written;
    } while (status == VPCVIS_MORE);
    free(memory);
    return NULL;
}

/* All rows of a rollup together: what no capacity may change. Saturated sums are not it. */
static int random_total(const vpcvis_rollup *rollup, uint32_t measure, uint64_t *total)
{
    struct vpcvis_rollup_counts counts;
    uint64_t number;
    uint32_t g;

    vpcvis_rollup_count(rollup, &counts);
    *total = 0;
    for (g = 0; g <= counts.groups; g++) {
        if (vpcvis_rollup_get(rollup, g < counts.groups ? g : VPCVIS_ROLLUP_OTHER,
                              measure, &number) != VPCVIS_OK)
            continue;
        *total += number;
    }
    return (counts.flags & VPCVIS_ROLLUP_SATURATED) != 0;
}

static const char *random_compare_totals(const struct random_run *run,
                                         const vpcvis_rollup *merged)
{
    struct vpcvis_rollup_counts want, have;
    uint64_t a, b;
    uint32_t m;

    vpcvis_rollup_count(run->rows, &want);
    vpcvis_rollup_count(merged, &have);
    if (want.grouped + want.other != have.grouped + have.other)
        return "counts of what was merged";
    for (m = 0; m < run->model->config.measure_count; m++) {
        if (run->model->config.measures[m].kind > VPCVIS_ROLLUP_SUM)
            continue;
        if (random_total(run->rows, m, &a) == 0 && random_total(merged, m, &b) == 0 &&
            a != b)
            return "totals of what was merged";
    }
    return NULL;
}

/* Every pair of neighbours in a list is in order, and no group outside is larger. */
static const char *random_check_top(struct random_run *run, const vpcvis_rollup *rollup)
{
    const uint32_t measures = run->model->config.measure_count;
    const uint32_t m = measures ? (uint32_t)random_below(run, measures) : 0;
    const uint32_t capacity = (uint32_t)random_below(run, 300);
    uint32_t all[RANDOM_GROUPS], some[300], count, n, i;
    uint64_t before = UINT64_MAX, number;

    if (vpcvis_rollup_top(rollup, measures ? m : VPCVIS_ROLLUP_BY_KEY, RANDOM_GROUPS, all,
                          &count) ||
        vpcvis_rollup_top(rollup, measures ? m : VPCVIS_ROLLUP_BY_KEY, capacity, some,
                          &n))
        return "top";
    if (n != (count < capacity ? count : capacity) ||
        memcmp(all, some, n * sizeof(*some)) != 0)
        return "a short list is not the start of the long one";
    for (i = 0; measures && i < count; i++) {
        if (vpcvis_rollup_get(rollup, all[i], m, &number) != VPCVIS_OK)
            number = 0;
        if (number > before)
            return "order";
        before = number;
    }
    return NULL;
}

static const char *random_finish(struct random_run *run)
{
    const char *what = model_differs(run->model, run->rows);
    uint32_t i, at = (uint32_t)random_below(run, RANDOM_PARTS);

    if (what != NULL)
        return what;
    what = model_differs(run->model, run->columns);
    if (what != NULL)
        return what;
    for (i = 0; i < RANDOM_PARTS; i++, at = (at + 1) % RANDOM_PARTS) {
        if (random_below(run, 2))
            random_need(vpcvis_rollup_merge(run->merged, run->part[at]) == 0, "merging");
        else if ((what = random_send(run, run->part[at], run->merged)) != NULL)
            return what;
    }
    what = random_check_top(run, run->merged);
    if (what != NULL)
        return what;
    if (run->model->other.records > 0)
        return random_compare_totals(run, run->merged);
    return model_groups_differ(run->model, run->merged); /* partials know nothing else */
}

/* One run; NULL, or what was not so. */
static const char *random_rollup(uint64_t seed, size_t batches)
{
    struct random_run *run = malloc(sizeof(*run));
    const char *what;

    random_make(run, seed);
    while (batches-- > 0)
        random_batch(run);
    what = random_finish(run);
    random_end(run);
    free(run);
    return what;
}

#endif

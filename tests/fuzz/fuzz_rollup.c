/* SPDX-License-Identifier: MIT */
/*
 * A stream of operations against room rollup and the model of tests/rollup_model.h: records,
 * one or more at a time, a second rollup that is merged into the first, or sent to it as
 * partials, which may be damaged on the way; top lists; clearing.
 */
#include "oracle.h"
#include "rollup_model.h"

#define RECORDS 70u

struct game {
    struct input in;
    struct model *model;
    vpcvis_rollup *rollup, *part;
    int damaged; /* partials came that the model does not know */
    int apart;   /* records went to the part: the order of groups is not the model's */
    struct vpcvis_record record[RECORDS];
    char text[RECORDS][16];
};

static void choose_config(struct game *game, struct vpcvis_rollup_config *config)
{
    static const uint8_t fields[] = {VPCVIS_FIELD_SRCADDR,      VPCVIS_FIELD_DSTPORT,
                                     VPCVIS_FIELD_BYTES,        VPCVIS_FIELD_ACTION,
                                     VPCVIS_FIELD_INTERFACE_ID, VPCVIS_FIELD_START};
    uint32_t i;

    config->size = sizeof(*config);
    config->flags =
        VPCVIS_ROLLUP_UNKEYED | (input_choice(&game->in) & VPCVIS_ROLLUP_IDLE);
    config->groups = 1 + input_choice(&game->in);
    config->texts = 4000;
    config->text_bytes = 100000;
    config->sketch_bits = 8;
    config->key_count = input_choice(&game->in) % 4;
    config->measure_count = input_choice(&game->in) % 5;
    for (i = 0; i < config->key_count; i++) {
        config->keys[i].kind = 1 + input_choice(&game->in) % 5;
        config->keys[i].field = fields[input_choice(&game->in) % sizeof(fields)];
        config->keys[i].ipv4_len = input_choice(&game->in);
        config->keys[i].ipv6_len = 2 * input_choice(&game->in);
        config->keys[i].step = input_choice(&game->in);
    }
    for (i = 0; i < config->measure_count; i++) {
        config->measures[i].kind = 1 + input_choice(&game->in) % 8;
        config->measures[i].field = fields[input_choice(&game->in) % sizeof(fields)];
    }
}

static void set_number(struct game *game, struct vpcvis_record *record, uint32_t field,
                       uint64_t number)
{
    struct vpcvis_value value;

    memset(&value, 0, sizeof(value));
    value.state =
        input_choice(&game->in) % 8 == 1 ? VPCVIS_STATE_DASH : VPCVIS_STATE_VALUE;
    value.number = number;
    value.addr.family = number & 1 ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
    value.addr.bytes[3] = (uint8_t)(number & 0xff);
    REQUIRE(vpcvis_record_set(record, field, &value) == VPCVIS_OK);
}

static void make_record(struct game *game, uint32_t i)
{
    struct vpcvis_record *record = &game->record[i];
    struct vpcvis_value value;
    int len;

    len =
        snprintf(game->text[i], sizeof(game->text[i]), "eni-%u", input_choice(&game->in));
    vpcvis_record_init(record, game->text[i]);
    memset(&value, 0, sizeof(value));
    value.state = VPCVIS_STATE_VALUE;
    value.text = game->text[i];
    value.text_len = (uint32_t)len;
    REQUIRE(vpcvis_record_set(record, VPCVIS_FIELD_INTERFACE_ID, &value) == VPCVIS_OK);
    if (input_choice(&game->in) % 4 == 3) /* a word that is not in the list */
        REQUIRE(vpcvis_record_set(record, VPCVIS_FIELD_ACTION, &value) == VPCVIS_OK);
    else
        set_number(game, record, VPCVIS_FIELD_ACTION, 1 + input_choice(&game->in) % 2);
    value.text = NULL;
    value.text_len = 0;
    value.number = input_choice(&game->in) % 4;
    if (value.number > 0)
        REQUIRE(vpcvis_record_set(record, VPCVIS_FIELD_LOG_STATUS, &value) == VPCVIS_OK);
    set_number(game, record, VPCVIS_FIELD_SRCADDR, input_choice(&game->in));
    set_number(game, record, VPCVIS_FIELD_DSTPORT, input_choice(&game->in));
    set_number(game, record, VPCVIS_FIELD_BYTES,
               input_number(&game->in, input_choice(&game->in) == 9 ? 8 : 1));
    set_number(game, record, VPCVIS_FIELD_START, input_choice(&game->in));
}

static void feed(struct game *game, vpcvis_rollup *rollup)
{
    const uint32_t count = 1 + (input_choice(&game->in) == 5 ? RECORDS - 1 : 0);
    uint32_t i;

    for (i = 0; i < count; i++) {
        make_record(game, i);
        model_add(game->model, &game->record[i]);
    }
    game->apart |= rollup == game->part;
    REQUIRE(vpcvis_rollup_add(rollup, game->record, sizeof(game->record[0]), count) ==
            VPCVIS_OK);
}

/* Overwrite a few bytes anywhere: numbers, addresses, families, places of texts. */
static void damage(struct game *game, struct vpcvis_rollup_columns *columns,
                   const struct vpcvis_rollup_config *config, size_t text_len)
{
    const uint32_t k = input_choice(&game->in) % VPCVIS_ROLLUP_KEYS_MAX;
    struct vpcvis_line_text *text;
    struct vpcvis_field field;

    game->damaged = 1;
    if (k >= config->key_count) {
        columns->flags[0] = input_byte(&game->in);
        return;
    }
    REQUIRE(vpcvis_record_field(config->keys[k].field, &field) == VPCVIS_OK);
    if (config->keys[k].kind != VPCVIS_ROLLUP_FIELD || field.kind < VPCVIS_KIND_NAME) {
        ((uint8_t *)columns->keys[k])[input_choice(&game->in) % 8] =
            (uint8_t)input_byte(&game->in);
        return;
    }
    text = columns->keys[k]; /* texts stay inside what the caller vouches for */
    text->at = input_byte(&game->in) % (uint32_t)(text_len + 1);
    text->len = (uint16_t)(input_byte(&game->in) % (text_len - text->at + 1));
    text->code = (uint16_t)input_number(&game->in, 2);
}

static void send(struct game *game)
{
    const uint32_t capacity = 1 + input_choice(&game->in);
    const size_t bytes = vpcvis_rollup_columns_bytes(game->part, capacity);
    void *memory = oracle_memory(bytes);
    struct vpcvis_rollup_columns columns;
    char text[2000];
    size_t text_len;
    uint64_t first = 0;
    uint32_t written, taken;
    vpcvis_status status, read;

    REQUIRE(vpcvis_rollup_columns_init(memory, bytes, game->part, capacity, &columns) ==
            VPCVIS_OK);
    do {
        status = vpcvis_rollup_write_columns(game->part, first, &columns, text,
                                             sizeof(text), &text_len, &written);
        REQUIRE(status == VPCVIS_OK || (status == VPCVIS_MORE && written > 0));
        if (written > 0 && input_choice(&game->in) == 3)
            damage(game, &columns, &game->model->config, text_len);
        read = vpcvis_rollup_add_partial(game->rollup, &columns, text, written, &taken);
        REQUIRE(read == VPCVIS_OK ? taken == written : game->damaged && taken < written);
        first += written;
    } while (status == VPCVIS_MORE);
    free(memory);
    vpcvis_rollup_clear(game->part);
}

static void merge(struct game *game)
{
    REQUIRE(vpcvis_rollup_merge(game->rollup, game->part) == VPCVIS_OK);
    vpcvis_rollup_clear(game->part);
}

static void look(struct game *game)
{
    const uint32_t measures = game->model->config.measure_count;
    uint32_t order[70], n, i, m = input_choice(&game->in) % (measures + 1);
    uint64_t before = UINT64_MAX, number;

    REQUIRE(vpcvis_rollup_top(game->rollup, m < measures ? m : VPCVIS_ROLLUP_BY_KEY,
                              input_choice(&game->in), order, &n) == VPCVIS_OK);
    for (i = 0; m < measures && i < n; i++) {
        if (vpcvis_rollup_get(game->rollup, order[i], m, &number) != VPCVIS_OK)
            number = 0;
        REQUIRE(number <= before);
        before = number;
    }
}

/* Where everything went to one rollup, or nothing overflowed, the model says what is there. */
static void compare(struct game *game)
{
    struct vpcvis_rollup_counts counts;

    merge(game);
    REQUIRE(vpcvis_rollup_count(game->rollup, &counts) == VPCVIS_OK);
    REQUIRE(counts.records >= counts.grouped + counts.other || game->damaged);
    if (game->damaged || (game->apart && game->model->other.records > 0))
        return;
    REQUIRE((game->apart ? model_groups_differ : model_differs)(game->model,
                                                                game->rollup) == NULL);
}

static void play(struct game *game)
{
    while (game->in.left > 0) {
        switch (input_choice(&game->in) % 8) {
        case 0: merge(game); break;
        case 1: send(game); break;
        case 2: look(game); break;
        case 3:
        case 4: feed(game, game->part); break;
        default: feed(game, game->rollup); break;
        }
    }
    compare(game);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct game game;
    struct vpcvis_rollup_config *config;
    size_t bytes;
    void *memory;

    memset(&game, 0, sizeof(game));
    game.in.at = data;
    game.in.left = size;
    game.model = calloc(1, sizeof(*game.model));
    config = &game.model->config;
    choose_config(&game, config);
    bytes = vpcvis_rollup_bytes(config);
    if (bytes > 0) {
        memory = oracle_memory(bytes);
        REQUIRE(vpcvis_rollup_init(memory, bytes, config, &game.rollup) == VPCVIS_OK);
        REQUIRE(vpcvis_rollup_new(config, NULL, &game.part) == VPCVIS_OK);
        play(&game);
        vpcvis_rollup_free(game.part, NULL);
        free(memory);
    } else {
        REQUIRE(vpcvis_rollup_new(config, NULL, &game.part) == VPCVIS_E_CONFIG);
    }
    model_free(game.model);
    return 0;
}

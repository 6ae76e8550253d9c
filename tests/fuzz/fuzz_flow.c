/* SPDX-License-Identifier: MIT */
/*
 * A stream of operations against room flow and the model of tests/flow_model.h: packets,
 * ticks, interfaces that come and go, records. Flows that come out are the
 * model's; those that are missing were skipped; what was fed is accounted for.
 */
#include "flow_model.h"
#include "oracle.h"

#define INTERFACES 3u

struct game {
    struct input in;
    struct model model;
    vpcvis_flow *flow;
    uint64_t now_ns;
    int records; /* records were fed: the model does not know them */
};

static void add_interface(struct game *game, uint32_t i)
{
    static const char names[] = "eni-0eni-1eni-2";
    struct vpcvis_record about;
    struct vpcvis_value value;
    vpcvis_status status;

    vpcvis_record_init(&about, names);
    memset(&value, 0, sizeof(value));
    value.state = VPCVIS_STATE_VALUE;
    value.text = names + 5 * i;
    value.text_len = 5;
    REQUIRE(vpcvis_record_set(&about, VPCVIS_FIELD_INTERFACE_ID, &value) == VPCVIS_OK);
    status = vpcvis_flow_add_interface(game->flow, i, &about, NULL);
    if (game->model.live[i]) {
        REQUIRE(status == VPCVIS_E_ARG);
        return;
    }
    REQUIRE(status == VPCVIS_OK || status == VPCVIS_MORE);
    game->model.live[i] = status == VPCVIS_OK;
}

static uint32_t interface_of(const struct vpcvis_record *record)
{
    struct vpcvis_value value;

    REQUIRE(vpcvis_record_get(record, VPCVIS_FIELD_INTERFACE_ID, &value) == VPCVIS_OK);
    REQUIRE(value.state == VPCVIS_STATE_VALUE && value.text_len == 5);
    return (uint32_t)(value.text[4] - '0');
}

/* A flow of the model with the key of a record, taken out of it. */
static void require_known(struct game *game, const struct vpcvis_record *record)
{
    size_t i;

    for (i = 0; i < game->model.count; i++) {
        struct model_flow *f = &game->model.flow[i];
        if (!model_is_of(f, interface_of(record), record))
            continue;
        REQUIRE(model_differs(f, record) == NULL);
        f->interface = MODEL_INTERFACES;
        return;
    }
    REQUIRE(!"a flow that the model does not have");
}

static void drain(struct game *game)
{
    struct vpcvis_record record;
    vpcvis_status status;

    while ((status = vpcvis_flow_next(game->flow, &record)) == VPCVIS_OK) {
        REQUIRE(interface_of(&record) < INTERFACES);
        if (record.log_status == VPCVIS_LOG_STATUS_OK && !game->records)
            require_known(game, &record);
    }
    REQUIRE(status == VPCVIS_DONE);
    game->model.count = 0; /* flows that did not come were skipped */
}

static void tick(struct game *game, uint64_t now_ns)
{
    const vpcvis_status status = vpcvis_flow_tick(game->flow, now_ns);

    if (status == VPCVIS_NOMATCH) {
        REQUIRE(game->records || now_ns / 1000000000u < game->model.end_s);
        return;
    }
    REQUIRE(status == VPCVIS_OK);
    if (game->model.open)
        model_close(&game->model);
    drain(game);
    if (now_ns != UINT64_MAX)
        model_open(&game->model, now_ns / 1000000000u);
}

static struct vpcvis_packet make_packet(struct game *game)
{
    struct vpcvis_packet p;
    const uint32_t kind = input_choice(&game->in);

    memset(&p, 0, sizeof(p));
    p.family = kind & 1 ? VPCVIS_ADDR_IPV6 : VPCVIS_ADDR_IPV4;
    p.src[3] = (uint8_t)input_choice(&game->in);
    p.dst[0] = (uint8_t)(kind >> 1 & 3);
    p.verdict = (uint8_t)((kind >> 3) % 3);
    p.direction = (uint8_t)((kind >> 4) % 3);
    p.protocol = 6;
    p.interface = (kind >> 2) % (INTERFACES + 1);
    p.tcp_flags = (uint8_t)input_byte(&game->in);
    p.ip_len = (uint32_t)input_number(&game->in, 1 + (kind & 3));
    p.flags = (p.ip_len & 15) == 3 ? VPCVIS_PACKET_LATER : 0;
    p.flags |= (p.ip_len & 63) == 7 ? VPCVIS_PACKET_BAD : 0;
    switch (input_choice(&game->in)) {
    case 60: game->now_ns += UINT64_C(1) << 55; break;
    case 61: game->now_ns -= UINT64_C(1) << 55; break;
    case 62: game->now_ns = input_number(&game->in, 8); break;
    case 63: game->now_ns -= 100000000000; break;
    default: game->now_ns += UINT64_C(400000000); break;
    }
    p.seen_ns = game->now_ns;
    return p;
}

static void feed(struct game *game)
{
    struct vpcvis_packet packets[40];
    const size_t count = 1 + input_choice(&game->in) % 40;
    size_t taken = 0, i, at = 0;

    for (i = 0; i < count; i++)
        packets[i] = make_packet(game);
    while (at < count) {
        const vpcvis_status status =
            vpcvis_flow_add(game->flow, packets + at, count - at, NULL, &taken);
        REQUIRE(status == VPCVIS_OK || status == VPCVIS_MORE);
        REQUIRE((status == VPCVIS_OK) == (taken == count - at));
        for (i = at; i < at + taken && !game->records; i++)
            REQUIRE(model_add(&game->model, &packets[i], NULL) == 0);
        at += taken;
        if (status == VPCVIS_MORE)
            tick(game, packets[at].seen_ns);
    }
}

static void feed_record(struct game *game)
{
    struct vpcvis_record record;
    uint32_t interface = input_choice(&game->in) % (INTERFACES + 1);
    size_t taken;

    vpcvis_record_init(&record, NULL);
    record.value[0] = input_number(&game->in, 2) << 1 | 0x3ff8;
    record.srcaddr.family = VPCVIS_ADDR_IPV4;
    record.dstaddr.family = input_choice(&game->in) == 9 ? 6 : VPCVIS_ADDR_IPV4;
    record.packets = input_number(&game->in, 8);
    record.bytes = input_number(&game->in, 8);
    record.start_s = game->now_ns / 1000000000u + input_byte(&game->in);
    record.end_s = input_number(&game->in, 8);
    record.log_status = (uint8_t)(input_choice(&game->in) % 4);
    game->records = 1;
    if (vpcvis_flow_add_records(game->flow, &record, sizeof(record), 1, &interface,
                                &taken) == VPCVIS_MORE) {
        tick(game, record.start_s * 1000000000u);
        REQUIRE(vpcvis_flow_add_records(game->flow, &record, sizeof(record), 1,
                                        &interface, &taken) == VPCVIS_OK);
    }
}

static void start(struct game *game, void **memory)
{
    static const uint32_t capacities[] = {1, 2, 3, 17, 64, 1000, 7, 30};
    struct vpcvis_flow_config config;
    size_t bytes;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.flags = VPCVIS_FLOW_UNKEYED | (input_choice(&game->in) & VPCVIS_FLOW_ORDER);
    config.capacity = capacities[input_choice(&game->in) % 8];
    config.interfaces = INTERFACES;
    config.interval_s = 1 + input_choice(&game->in);
    config.phase_s = input_choice(&game->in) % config.interval_s;
    config.cpu = 1 + input_choice(&game->in) % 4;
    if (!oracle_has_cpu(config.cpu))
        config.cpu = VPCVIS_CPU_AUTO;
    bytes = vpcvis_flow_bytes(&config);
    REQUIRE(bytes > 0);
    *memory = oracle_memory(bytes);
    REQUIRE(vpcvis_flow_init(*memory, bytes, &config, &game->flow) == VPCVIS_OK);
    game->model.interval_s = config.interval_s;
    game->model.phase_s = config.phase_s;
    game->now_ns = UINT64_C(1700000000000000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vpcvis_flow_counts c;
    struct game game;
    void *memory;
    uint32_t i;

    memset(&game, 0, sizeof(game));
    game.in.at = data;
    game.in.left = size;
    start(&game, &memory);
    for (i = 0; i < INTERFACES; i++)
        add_interface(&game, i);
    while (game.in.left > 0) {
        i = input_choice(&game.in);
        switch (i % 8) {
        case 0: tick(&game, game.now_ns); break;
        case 2: add_interface(&game, i % INTERFACES); break;
        case 3:
            i = input_choice(&game.in) % INTERFACES;
            REQUIRE((vpcvis_flow_remove_interface(game.flow, i) == VPCVIS_OK) ==
                    game.model.live[i]);
            game.model.live[i] = 0;
            break;
        case 4:
            if (i == 60)
                feed_record(&game);
            break;
        default: feed(&game); break;
        }
    }
    tick(&game, UINT64_MAX);
    REQUIRE(vpcvis_flow_get(game.flow, &c) == VPCVIS_OK);
    if (!game.records) {
        REQUIRE(c.fed == c.counted + c.skipped + c.unregistered + c.left_out + c.held +
                             c.not_ip + c.cut + c.malformed);
        REQUIRE(c.fed == game.model.fed);
    }
    REQUIRE(c.compares_max <= VPCVIS_FLOW_COMPARES_MAX);
    free(game.model.flow);
    free(memory);
    return 0;
}

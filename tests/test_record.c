/* SPDX-License-Identifier: MIT */
/*
 * Room record: the catalogue, looking at and setting fields.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "record_fields.h"
#include "support.h"
#include "vpcvis/record.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* The catalogue's table, and the ids that the public header writes out. */
struct row {
    uint32_t id;
    uint32_t public_id;
    const char *name;
    uint32_t version;
    uint32_t kind;
    uint32_t parquet;
    uint32_t about;
    uint64_t max;
};

#define ROW(id, NAME, name, version, KIND, PARQUET, ABOUT, max, member) \
    {id,                                                                \
     VPCVIS_FIELD_##NAME,                                               \
     name,                                                              \
     version,                                                           \
     VPCVIS_KIND_##KIND,                                                \
     VPCVIS_PARQUET_##PARQUET,                                          \
     VPCVIS_ABOUT_##ABOUT,                                              \
     max},
static const struct row rows[] = {VPCVIS_I_RECORD_FIELDS(ROW)};

START_TEST(rows_are_the_catalogue)
{
    const struct row *row = &rows[_i];
    struct vpcvis_field field;
    char shouted[64];
    uint32_t id = 999;
    size_t i;

    ck_assert_uint_eq(row->id, _i);
    ck_assert_msg(row->public_id == row->id, "%s: the header says %u", row->name,
                  (unsigned)row->public_id);
    memset(&field, 0xaa, sizeof(field));
    ck_assert_int_eq(vpcvis_record_field(row->id, &field), VPCVIS_OK);
    ck_assert_str_eq(field.name, row->name);
    ck_assert_uint_eq(field.id, row->id);
    ck_assert_uint_eq(field.version, row->version);
    ck_assert_uint_eq(field.kind, row->kind);
    ck_assert_uint_eq(field.parquet, row->parquet);
    ck_assert_uint_eq(field.about, row->about);
    ck_assert_uint_eq(field.reserved, 0);
    ck_assert_uint_eq(field.max, row->max);
    ck_assert_int_eq(vpcvis_record_find(row->name, strlen(row->name), &id), VPCVIS_OK);
    ck_assert_uint_eq(id, row->id);
    for (i = 0; row->name[i] != '\0'; i++) {
        const char c = row->name[i];
        shouted[i] = c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    id = 999;
    ck_assert_int_eq(vpcvis_record_find(guard_copy(shouted, i), i, &id), VPCVIS_OK);
    ck_assert_uint_eq(id, row->id);
}
END_TEST

/* A number's Parquet type and largest value go with its kind. */
START_TEST(rows_are_consistent)
{
    const struct row *row = &rows[_i];
    const int number = row->kind <= VPCVIS_KIND_NUMBER64;

    ck_assert_msg((row->max != 0) == number, "%s", row->name);
    ck_assert_msg((row->parquet == VPCVIS_PARQUET_STRING) == !number, "%s", row->name);
    ck_assert_msg((row->parquet == VPCVIS_PARQUET_INT32) ==
                      (row->kind == VPCVIS_KIND_NUMBER32),
                  "%s", row->name);
    ck_assert_msg(row->kind != VPCVIS_KIND_NUMBER32 || row->max <= INT32_MAX, "%s",
                  row->name);
    ck_assert_msg(row->version >= 2 && row->version <= 11, "%s", row->name);
    ck_assert_msg((row->version == 6) == (row->id >= VPCVIS_FIELD_RESOURCE_TYPE), "%s",
                  row->name);
}
END_TEST

/* Fields of all versions up to one: AWS user guide, "Flow log records". */
START_TEST(versions_have_their_fields)
{
    static const struct {
        uint32_t version;
        uint32_t fields;
    } counts[] = {{2, 14}, {3, 21}, {4, 25},  {5, 29}, {7, 39},
                  {8, 40}, {9, 41}, {10, 42}, {11, 54}};
    int i, k, count, sixth = 0;

    for (i = 0; i < COUNT(counts); i++) {
        count = 0;
        for (k = 0; k < COUNT(rows); k++)
            count += rows[k].version <= counts[i].version && rows[k].version != 6;
        ck_assert_msg((uint32_t)count == counts[i].fields, "version %u: %d",
                      (unsigned)counts[i].version, count);
    }
    for (k = 0; k < COUNT(rows); k++)
        sixth += rows[k].version == 6;
    ck_assert_int_eq(sixth, 18);
    ck_assert_int_eq(COUNT(rows), VPCVIS_FIELD_COUNT);
    ck_assert_uint_eq(vpcvis_record_field_count(), VPCVIS_FIELD_COUNT);
}
END_TEST

START_TEST(ids_beyond_the_catalogue)
{
    struct vpcvis_field field, before;

    memset(&before, 0xaa, sizeof(before));
    field = before;
    ck_assert_int_eq(vpcvis_record_field(VPCVIS_FIELD_COUNT, &field), VPCVIS_NOMATCH);
    ck_assert_int_eq(vpcvis_record_field(VPCVIS_FIELD_MAX - 1, &field), VPCVIS_NOMATCH);
    ck_assert_int_eq(vpcvis_record_field(VPCVIS_FIELD_MAX, &field), VPCVIS_NOMATCH);
    ck_assert_int_eq(vpcvis_record_field(VPCVIS_FIELD_NONE, &field), VPCVIS_NOMATCH);
    ck_assert_mem_eq(&field, &before, sizeof(field));
    ck_assert_int_eq(vpcvis_record_field(0, NULL), VPCVIS_E_ARG);
}
END_TEST

static struct vpcvis_value value_of(uint32_t state)
{
    struct vpcvis_value value;

    memset(&value, 0, sizeof(value));
    value.state = state;
    return value;
}

static struct vpcvis_value number_value(uint64_t number)
{
    struct vpcvis_value value = value_of(VPCVIS_STATE_VALUE);

    value.number = number;
    return value;
}

static struct vpcvis_value text_value(const char *text, size_t len)
{
    struct vpcvis_value value = value_of(VPCVIS_STATE_VALUE);

    value.text = text;
    value.text_len = (uint32_t)len;
    return value;
}

static struct vpcvis_value get(const struct vpcvis_record *record, uint32_t id)
{
    struct vpcvis_value value;

    memset(&value, 0xaa, sizeof(value));
    ck_assert_int_eq(vpcvis_record_get(record, id, &value), VPCVIS_OK);
    return value;
}

START_TEST(empty_records)
{
    struct vpcvis_record record;
    const char *base = "base";
    uint32_t id;

    memset(&record, 0xaa, sizeof(record));
    vpcvis_record_init(&record, base);
    ck_assert_ptr_eq(record.base, base);
    ck_assert_uint_eq(record.flags, 0);
    for (id = 0; id < VPCVIS_FIELD_MAX; id++)
        ck_assert_uint_eq(get(&record, id).state, VPCVIS_STATE_ABSENT);
    vpcvis_record_init(&record, NULL);
    ck_assert_ptr_null(record.base);
}
END_TEST

/* Absent, `-` and a value are three things, and 0 is a value. [record.dash] */
START_TEST(three_states)
{
    const uint32_t id = (uint32_t)_i;
    const struct vpcvis_value dash = value_of(VPCVIS_STATE_DASH);
    const struct vpcvis_value absent = value_of(VPCVIS_STATE_ABSENT);
    struct vpcvis_record record;
    struct vpcvis_value value, seen;
    uint32_t other;
    const char *base = "a";

    vpcvis_record_init(&record, base);
    for (other = 0; other < VPCVIS_FIELD_MAX; other++) {
        if (other != id)
            ck_assert_int_eq(vpcvis_record_set(&record, other, &dash), VPCVIS_OK);
    }
    ck_assert_uint_eq(get(&record, id).state, VPCVIS_STATE_ABSENT);
    ck_assert_int_eq(vpcvis_record_set(&record, id, &dash), VPCVIS_OK);
    ck_assert_uint_eq(get(&record, id).state, VPCVIS_STATE_DASH);
    value = text_value(base, 1);
    value.addr.family = VPCVIS_ADDR_IPV4;
    ck_assert_int_eq(vpcvis_record_set(&record, id, &value), VPCVIS_OK);
    seen = get(&record, id);
    ck_assert_uint_eq(seen.state, VPCVIS_STATE_VALUE);
    ck_assert_uint_eq(seen.number, 0);
    ck_assert_uint_eq(seen.kind,
                      id < VPCVIS_FIELD_COUNT ? rows[id].kind : VPCVIS_KIND_TEXT);
    ck_assert_int_eq(vpcvis_record_set(&record, id, &dash), VPCVIS_OK);
    ck_assert_uint_eq(get(&record, id).state, VPCVIS_STATE_DASH);
    ck_assert_uint_eq(get(&record, id).number, 0);
    ck_assert_int_eq(vpcvis_record_set(&record, id, &absent), VPCVIS_OK);
    ck_assert_uint_eq(get(&record, id).state, VPCVIS_STATE_ABSENT);
    ck_assert_uint_eq(record.value[0] | record.value[1], 0);
    ck_assert_uint_eq(record.flags, 0);
    for (other = 0; other < VPCVIS_FIELD_MAX; other++) {
        if (other != id)
            ck_assert_uint_eq(get(&record, other).state, VPCVIS_STATE_DASH);
    }
}
END_TEST

/* Each number goes into its own member, whole, and into no other byte of the record. */
START_TEST(numbers_have_places)
{
    const struct row *row = &rows[_i];
    const int number = row->kind <= VPCVIS_KIND_NUMBER64;
    struct vpcvis_record record, before;
    struct vpcvis_value value = number_value(row->max);
    const char *a = (const char *)&record, *b = (const char *)&before;
    size_t i, differ = 0;

    if (!number)
        return;
    vpcvis_record_init(&record, NULL);
    before = record;
    ck_assert_int_eq(vpcvis_record_set(&record, row->id, &value), VPCVIS_OK);
    ck_assert_uint_eq(get(&record, row->id).number, row->max);
    before.value[row->id / 64] |= (uint64_t)1 << row->id % 64;
    for (i = 0; i < sizeof(record); i++)
        differ += a[i] != b[i];
    ck_assert_msg(differ == (row->max > UINT32_MAX ? 8
                             : row->max > 65535    ? 4
                             : row->max > 255      ? 2
                                                   : 1),
                  "%s: %zu bytes", row->name, differ);
    before = record;
    value.number = row->max + 1;
    if (row->max < UINT64_MAX) {
        ck_assert_msg(vpcvis_record_set(&record, row->id, &value) == VPCVIS_E_RANGE, "%s",
                      row->name);
        ck_assert_msg(memcmp(&record, &before, sizeof(record)) == 0, "%s", row->name);
        value.number = UINT64_MAX;
        ck_assert_int_eq(vpcvis_record_set(&record, row->id, &value), VPCVIS_E_RANGE);
    }
}
END_TEST

/* Members by name, so that the catalogue cannot mix two of one width. */
START_TEST(members_are_the_right_ones)
{
    struct vpcvis_record record;
    struct vpcvis_value value;
    uint32_t id;

    vpcvis_record_init(&record, NULL);
    for (id = 0; id < VPCVIS_FIELD_COUNT; id++) {
        value = number_value(id + 1);
        value.addr.family = VPCVIS_ADDR_IPV6;
        value.addr.bytes[15] = (uint8_t)id;
        if (rows[id].kind == VPCVIS_KIND_NAME)
            value.number = 2 - id % 2;
        if (rows[id].kind != VPCVIS_KIND_TEXT)
            ck_assert_int_eq(vpcvis_record_set(&record, id, &value), VPCVIS_OK);
    }
    ck_assert_uint_eq(record.version, VPCVIS_FIELD_VERSION + 1);
    ck_assert_uint_eq(record.srcport, VPCVIS_FIELD_SRCPORT + 1);
    ck_assert_uint_eq(record.dstport, VPCVIS_FIELD_DSTPORT + 1);
    ck_assert_uint_eq(record.protocol, VPCVIS_FIELD_PROTOCOL + 1);
    ck_assert_uint_eq(record.packets, VPCVIS_FIELD_PACKETS + 1);
    ck_assert_uint_eq(record.bytes, VPCVIS_FIELD_BYTES + 1);
    ck_assert_uint_eq(record.start_s, VPCVIS_FIELD_START + 1);
    ck_assert_uint_eq(record.end_s, VPCVIS_FIELD_END + 1);
    ck_assert_uint_eq(record.tcp_flags, VPCVIS_FIELD_TCP_FLAGS + 1);
    ck_assert_uint_eq(record.traffic_path, VPCVIS_FIELD_TRAFFIC_PATH + 1);
    ck_assert_uint_eq(record.encryption_status, VPCVIS_FIELD_ENCRYPTION_STATUS + 1);
    ck_assert_uint_eq(record.packets_lost_no_route,
                      VPCVIS_FIELD_PACKETS_LOST_NO_ROUTE + 1);
    ck_assert_uint_eq(record.packets_lost_blackhole,
                      VPCVIS_FIELD_PACKETS_LOST_BLACKHOLE + 1);
    ck_assert_uint_eq(record.packets_lost_mtu_exceeded,
                      VPCVIS_FIELD_PACKETS_LOST_MTU_EXCEEDED + 1);
    ck_assert_uint_eq(record.packets_lost_ttl_expired,
                      VPCVIS_FIELD_PACKETS_LOST_TTL_EXPIRED + 1);
    ck_assert_uint_eq(record.srcaddr.bytes[15], VPCVIS_FIELD_SRCADDR);
    ck_assert_uint_eq(record.dstaddr.bytes[15], VPCVIS_FIELD_DSTADDR);
    ck_assert_uint_eq(record.pkt_srcaddr.bytes[15], VPCVIS_FIELD_PKT_SRCADDR);
    ck_assert_uint_eq(record.pkt_dstaddr.bytes[15], VPCVIS_FIELD_PKT_DSTADDR);
    ck_assert_uint_eq(record.action, 2 - VPCVIS_FIELD_ACTION % 2);
    ck_assert_uint_eq(record.log_status, 2 - VPCVIS_FIELD_LOG_STATUS % 2);
    ck_assert_uint_eq(record.type, 2 - VPCVIS_FIELD_TYPE % 2);
    ck_assert_uint_eq(record.flow_direction, 2 - VPCVIS_FIELD_FLOW_DIRECTION % 2);
    ck_assert_uint_eq(record.sublocation_type, 2 - VPCVIS_FIELD_SUBLOCATION_TYPE % 2);
    ck_assert_uint_eq(record.reject_reason, 2 - VPCVIS_FIELD_REJECT_REASON % 2);
    ck_assert_uint_eq(record.resource_type, 2 - VPCVIS_FIELD_RESOURCE_TYPE % 2);
}
END_TEST

/* Out of their table is not out of their type: traffic-path and tcp-flags are integers. */
START_TEST(open_tables)
{
    static const uint64_t numbers[] = {0, 1, 9, 18, 63, 255, 256, INT32_MAX};
    struct vpcvis_record record;
    int i;

    vpcvis_record_init(&record, NULL);
    for (i = 0; i < COUNT(numbers); i++) {
        const struct vpcvis_value value = number_value(numbers[i]);
        ck_assert_int_eq(vpcvis_record_set(&record, VPCVIS_FIELD_TRAFFIC_PATH, &value),
                         VPCVIS_OK);
        ck_assert_int_eq(vpcvis_record_set(&record, VPCVIS_FIELD_TCP_FLAGS, &value),
                         VPCVIS_OK);
        ck_assert_uint_eq(record.traffic_path, numbers[i]);
        ck_assert_uint_eq(record.tcp_flags, numbers[i]);
        ck_assert_uint_eq(record.flags, 0);
    }
}
END_TEST

START_TEST(addresses_are_cleaned)
{
    struct vpcvis_record record, before;
    struct vpcvis_value value = value_of(VPCVIS_STATE_VALUE), seen;
    static const uint8_t zeros[12] = {0};

    vpcvis_record_init(&record, NULL);
    memset(&value.addr, 0xee, sizeof(value.addr));
    before = record;
    ck_assert_int_eq(vpcvis_record_set(&record, VPCVIS_FIELD_SRCADDR, &value),
                     VPCVIS_E_ARG);
    ck_assert_mem_eq(&record, &before, sizeof(record));
    value.addr.family = VPCVIS_ADDR_IPV4;
    ck_assert_int_eq(vpcvis_record_set(&record, VPCVIS_FIELD_SRCADDR, &value), VPCVIS_OK);
    seen = get(&record, VPCVIS_FIELD_SRCADDR);
    ck_assert_uint_eq(seen.addr.family, VPCVIS_ADDR_IPV4);
    ck_assert_mem_eq(seen.addr.bytes, value.addr.bytes, 4);
    ck_assert_mem_eq(seen.addr.bytes + 4, zeros, 12);
    ck_assert_mem_eq(seen.addr.reserved, zeros, sizeof(seen.addr.reserved));
    value.addr.family = VPCVIS_ADDR_IPV6;
    ck_assert_int_eq(vpcvis_record_set(&record, VPCVIS_FIELD_DSTADDR, &value), VPCVIS_OK);
    seen = get(&record, VPCVIS_FIELD_DSTADDR);
    ck_assert_mem_eq(seen.addr.bytes, value.addr.bytes, 16);
    ck_assert_mem_eq(seen.addr.reserved, zeros, sizeof(seen.addr.reserved));
}
END_TEST

START_TEST(texts_lie_near_their_base)
{
    static char base[UINT16_MAX + 8];
    const uint32_t id = _i ? VPCVIS_FIELD_MAX - 1 : VPCVIS_FIELD_ACCOUNT_ID;
    struct vpcvis_record record, before;
    struct vpcvis_value value, seen;

    memset(base, 'a', sizeof(base));
    vpcvis_record_init(&record, base + 1);
    value = text_value(base + 1, UINT16_MAX);
    ck_assert_int_eq(vpcvis_record_set(&record, id, &value), VPCVIS_OK);
    seen = get(&record, id);
    ck_assert_ptr_eq(seen.text, base + 1);
    ck_assert_uint_eq(seen.text_len, UINT16_MAX);
    ck_assert_uint_eq(seen.number, 0);
    ck_assert_uint_eq(seen.kind, VPCVIS_KIND_TEXT);
    value = text_value(base + UINT16_MAX, 1);
    ck_assert_int_eq(vpcvis_record_set(&record, id, &value), VPCVIS_OK);
    ck_assert_ptr_eq(get(&record, id).text, base + UINT16_MAX);
    before = record;
    value = text_value(base, 1); /* before base */
    ck_assert_int_eq(vpcvis_record_set(&record, id, &value), VPCVIS_E_ARG);
    value = text_value(base + UINT16_MAX + 1, 1); /* ends a byte too far */
    ck_assert_int_eq(vpcvis_record_set(&record, id, &value), VPCVIS_E_ARG);
    value = text_value(base + UINT16_MAX + 3, 0);
    ck_assert_int_eq(vpcvis_record_set(&record, id, &value), VPCVIS_E_ARG);
    value = text_value(base + 1, UINT16_MAX + 1); /* longer than a slot can say */
    ck_assert_int_eq(vpcvis_record_set(&record, id, &value), VPCVIS_E_ARG);
    value = text_value(base + 1, UINT32_MAX);
    ck_assert_int_eq(vpcvis_record_set(&record, id, &value), VPCVIS_E_ARG);
    value = text_value(NULL, 0);
    ck_assert_int_eq(vpcvis_record_set(&record, id, &value), VPCVIS_E_ARG);
    ck_assert_mem_eq(&record, &before, sizeof(record));
    vpcvis_record_init(&record, NULL);
    value = text_value(base + 1, 1);
    ck_assert_int_eq(vpcvis_record_set(&record, id, &value), VPCVIS_E_ARG);
}
END_TEST

/* A word of a NAME field: its code, and whether the record is marked. */
struct known {
    uint32_t id;
    const char *text;
    uint8_t code;
    const char *why;
};

/* clang-format off */
static const struct known knowns[] = {
    {VPCVIS_FIELD_ACTION, "ACCEPT", VPCVIS_ACTION_ACCEPT, "in the list"},
    {VPCVIS_FIELD_ACTION, "REJECT", VPCVIS_ACTION_REJECT, "as long as the other"},
    {VPCVIS_FIELD_ACTION, "Accept", 0, "words are exact"},
    {VPCVIS_FIELD_ACTION, "ACCEPTED", 0, "longer"},
    {VPCVIS_FIELD_ACTION, "ACCEP", 0, "shorter"},
    {VPCVIS_FIELD_ACTION, "OK", 0, "a word of another field"},
    {VPCVIS_FIELD_LOG_STATUS, "OK", VPCVIS_LOG_STATUS_OK, "in the list"},
    {VPCVIS_FIELD_LOG_STATUS, "NODATA", VPCVIS_LOG_STATUS_NODATA, "in the list"},
    {VPCVIS_FIELD_LOG_STATUS, "SKIPDATA", VPCVIS_LOG_STATUS_SKIPDATA, "in the list"},
    {VPCVIS_FIELD_LOG_STATUS, "ok", 0, "lower case"},
    {VPCVIS_FIELD_TYPE, "IPv4", VPCVIS_TYPE_IPV4, "in the list"},
    {VPCVIS_FIELD_TYPE, "IPv6", VPCVIS_TYPE_IPV6, "in the list"},
    {VPCVIS_FIELD_TYPE, "EFA", VPCVIS_TYPE_EFA, "in the list"},
    {VPCVIS_FIELD_TYPE, "IPV4", 0, "upper case"},
    {VPCVIS_FIELD_FLOW_DIRECTION, "ingress", VPCVIS_FLOW_DIRECTION_INGRESS, "in the list"},
    {VPCVIS_FIELD_FLOW_DIRECTION, "egress", VPCVIS_FLOW_DIRECTION_EGRESS, "in the list"},
    {VPCVIS_FIELD_FLOW_DIRECTION, "Ingress", 0, "a capital"},
    {VPCVIS_FIELD_SUBLOCATION_TYPE, "wavelength", VPCVIS_SUBLOCATION_TYPE_WAVELENGTH, "in the list"},
    {VPCVIS_FIELD_SUBLOCATION_TYPE, "outpost", VPCVIS_SUBLOCATION_TYPE_OUTPOST, "in the list"},
    {VPCVIS_FIELD_SUBLOCATION_TYPE, "localzone", VPCVIS_SUBLOCATION_TYPE_LOCALZONE, "in the list"},
    {VPCVIS_FIELD_REJECT_REASON, "BPA", VPCVIS_REJECT_REASON_BPA, "in the list"},
    {VPCVIS_FIELD_REJECT_REASON, "EC", VPCVIS_REJECT_REASON_EC, "in the list"},
    {VPCVIS_FIELD_REJECT_REASON, "NEW", 0, "of a year to come"},
    {VPCVIS_FIELD_RESOURCE_TYPE, "TransitGateway", VPCVIS_RESOURCE_TYPE_TRANSIT_GATEWAY, "in the list"},
    {VPCVIS_FIELD_RESOURCE_TYPE, "TransitGatewayAttachment", VPCVIS_RESOURCE_TYPE_TRANSIT_GATEWAY_ATTACHMENT, "in the list"},
    {VPCVIS_FIELD_RESOURCE_TYPE, "TransitGatewayAttachmenT", 0, "the last letter"},
};
/* clang-format on */

START_TEST(unknown_words_are_kept)
{
    const struct known *row = &knowns[_i];
    const size_t len = strlen(row->text);
    const char *text = guard_copy(row->text, len);
    struct vpcvis_record record;
    struct vpcvis_value value = text_value(text, len), seen;

    vpcvis_record_init(&record, text);
    value.number = 9; /* only looked at where there is no text */
    ck_assert_int_eq(vpcvis_record_set(&record, row->id, &value), VPCVIS_OK);
    seen = get(&record, row->id);
    ck_assert_msg(seen.number == row->code, "%s: %s", row->text, row->why);
    ck_assert_ptr_eq(seen.text, text);
    ck_assert_uint_eq(seen.text_len, len);
    ck_assert_uint_eq(record.flags, row->code ? 0 : VPCVIS_RECORD_UNKNOWN);
}
END_TEST

/* A code stands for its word; a number that is no code is refused. */
START_TEST(names_by_code_alone)
{
    const struct row *row = &rows[_i];
    struct vpcvis_record record, before;
    struct vpcvis_value seen;
    uint64_t code;

    if (row->kind != VPCVIS_KIND_NAME)
        return;
    for (code = 0; code <= 256; code++) {
        const struct vpcvis_value value = number_value(code);
        const char *word = vpcvis_record_name(row->id, code);
        vpcvis_record_init(&record, NULL);
        before = record;
        if (word == NULL) {
            ck_assert_int_eq(vpcvis_record_set(&record, row->id, &value), VPCVIS_E_ARG);
            ck_assert_mem_eq(&record, &before, sizeof(record));
            continue;
        }
        ck_assert_int_eq(vpcvis_record_set(&record, row->id, &value), VPCVIS_OK);
        seen = get(&record, row->id);
        ck_assert_uint_eq(seen.number, code);
        ck_assert_uint_eq(seen.text_len, strlen(word));
        ck_assert_mem_eq(seen.text, word, seen.text_len);
        ck_assert_uint_eq(record.flags, 0);
    }
}
END_TEST

/* The mark is of all NAME fields together, and goes with the last unknown word. */
START_TEST(unknown_marks_come_and_go)
{
    const char *base = "Accept";
    struct vpcvis_record record;
    struct vpcvis_value unknown = text_value(base, 6), known = number_value(1);
    const struct vpcvis_value dash = value_of(VPCVIS_STATE_DASH);

    vpcvis_record_init(&record, base);
    record.flags = VPCVIS_RECORD_MS;
    ck_assert_int_eq(vpcvis_record_set(&record, VPCVIS_FIELD_ACTION, &unknown),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_record_set(&record, VPCVIS_FIELD_RESOURCE_TYPE, &unknown),
                     VPCVIS_OK);
    ck_assert_int_eq(vpcvis_record_set(&record, VPCVIS_FIELD_ACTION, &known), VPCVIS_OK);
    ck_assert_uint_eq(record.flags, VPCVIS_RECORD_MS | VPCVIS_RECORD_UNKNOWN);
    ck_assert_int_eq(vpcvis_record_set(&record, VPCVIS_FIELD_RESOURCE_TYPE, &dash),
                     VPCVIS_OK);
    ck_assert_uint_eq(record.flags, VPCVIS_RECORD_MS);
}
END_TEST

START_TEST(impossible_arguments)
{
    struct vpcvis_record record, before;
    struct vpcvis_value value = number_value(1);

    vpcvis_record_init(&record, "a");
    before = record;
    ck_assert_int_eq(vpcvis_record_get(NULL, 0, &value), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_get(&record, 0, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_get(&record, VPCVIS_FIELD_MAX, &value), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_get(&record, VPCVIS_FIELD_NONE, &value), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_set(NULL, 0, &value), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_set(&record, 0, NULL), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_set(&record, VPCVIS_FIELD_MAX, &value), VPCVIS_E_ARG);
    ck_assert_int_eq(vpcvis_record_set(&record, VPCVIS_FIELD_NONE, &value), VPCVIS_E_ARG);
    value.state = VPCVIS_STATE_VALUE + 1;
    ck_assert_int_eq(vpcvis_record_set(&record, 0, &value), VPCVIS_E_ARG);
    value = text_value(NULL, 1);
    ck_assert_int_eq(vpcvis_record_set(&record, VPCVIS_FIELD_ACTION, &value),
                     VPCVIS_E_ARG);
    ck_assert_mem_eq(&record, &before, sizeof(record));
}
END_TEST

#define END_OF(member) \
    (offsetof(struct vpcvis_record, member) + sizeof(((struct vpcvis_record *)0)->member))

START_TEST(structs_have_one_layout_everywhere)
{
    ck_assert_uint_eq(sizeof(struct vpcvis_record), 640);
    ck_assert_uint_eq(vpcvis_record_bytes(), 640);
    ck_assert_uint_eq(offsetof(struct vpcvis_record, value), 8);
    ck_assert_uint_eq(offsetof(struct vpcvis_record, flags), 40);
    ck_assert_uint_eq(offsetof(struct vpcvis_record, packets), 48);
    ck_assert_uint_eq(offsetof(struct vpcvis_record, srcaddr), 88);
    ck_assert_uint_eq(offsetof(struct vpcvis_record, dstaddr), 112);
    ck_assert_uint_eq(offsetof(struct vpcvis_record, text), 136);
    ck_assert_uint_eq(offsetof(struct vpcvis_record, tcp_flags), 520);
    ck_assert_uint_eq(offsetof(struct vpcvis_record, pkt_srcaddr), 568);
    ck_assert_uint_eq(offsetof(struct vpcvis_record, reserved), 616);
    ck_assert_uint_eq(sizeof(struct vpcvis_text), 4);
    ck_assert_uint_eq(sizeof(struct vpcvis_field), 40);
    ck_assert_uint_eq(sizeof(struct vpcvis_value), 56);
}
END_TEST

/* A reader of v2 alone never touches more than the first 192 bytes. */
START_TEST(version_2_comes_first)
{
    uint32_t id;

    for (id = 0; id < VPCVIS_FIELD_COUNT; id++) {
        if (rows[id].version == 2) {
            ck_assert_uint_le(offsetof(struct vpcvis_record, text) +
                                  (id + 1) * sizeof(struct vpcvis_text),
                              192);
        }
    }
    ck_assert_uint_le(END_OF(dstaddr), 192);
    ck_assert_uint_le(END_OF(log_status), 192);
    ck_assert_uint_le(END_OF(end_s), 192);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record");
    TCase *tcase = tcase_create("record");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, rows_are_the_catalogue, 0, COUNT(rows));
    tcase_add_loop_test(tcase, rows_are_consistent, 0, COUNT(rows));
    tcase_add_test(tcase, versions_have_their_fields);
    tcase_add_test(tcase, ids_beyond_the_catalogue);
    tcase_add_test(tcase, empty_records);
    tcase_add_loop_test(tcase, three_states, 0, VPCVIS_FIELD_MAX);
    tcase_add_loop_test(tcase, numbers_have_places, 0, COUNT(rows));
    tcase_add_test(tcase, members_are_the_right_ones);
    tcase_add_test(tcase, open_tables);
    tcase_add_test(tcase, addresses_are_cleaned);
    tcase_add_loop_test(tcase, texts_lie_near_their_base, 0, 2);
    tcase_add_loop_test(tcase, unknown_words_are_kept, 0, COUNT(knowns));
    tcase_add_loop_test(tcase, names_by_code_alone, 0, COUNT(rows));
    tcase_add_test(tcase, unknown_marks_come_and_go);
    tcase_add_test(tcase, impossible_arguments);
    tcase_add_test(tcase, structs_have_one_layout_everywhere);
    tcase_add_test(tcase, version_2_comes_first);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

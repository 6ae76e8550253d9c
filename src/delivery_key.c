/* SPDX-License-Identifier: MIT */
/*
 * Room delivery: object keys, file names and stream names, written and read.
 *
 *     prefix/AWSLogs/o-1/ACCOUNT/vpcflowlogs/REGION/2018/06/20/16/  NAME
 *                        `------------- folders, 6 or 7 --------´
 *
 * A name says all that folders say, so that folders are read by writing those that the name
 * asks for and comparing, the last one first.
 */
#include "delivery.h"

/* The folders from the account on. */
#define ACCOUNT 0
#define SERVICE 1
#define REGION  2
#define YEAR    3
#define MONTH   4
#define DAY     5
#define HOUR    6
#define DAILY   6 /* folders without HOUR */
#define HOURLY  7

#define LITERAL_MAX 16
#define FOLDER_MAX  (LITERAL_MAX + VPCVIS_DELIVERY_WORD_MAX)

#define STYLES (VPCVIS_DELIVERY_HIVE | VPCVIS_DELIVERY_HOURLY | VPCVIS_DELIVERY_SERVICE)

/* A piece of text and its length. */
struct literal {
    uint8_t len;
    char text[LITERAL_MAX];
};

static const struct literal hive_keys[HOURLY] = {
    {15, "aws-account-id="}, {12, "aws-service="}, {11, "aws-region="}, {5, "year="},
    {6, "month="},           {4, "day="},          {5, "hour="}};
static const struct literal service_key = {8, "service="};
static const struct literal service = {11, "vpcflowlogs"};
static const struct literal root = {7, "AWSLogs"};
static const struct literal suffixes[3] = {
    {7, ".log.gz"}, {12, ".log.parquet"}, {4, ".log"}};
static const struct literal endings[3] = {{4, "-all"}, {7, "-accept"}, {7, "-reject"}};

/* Text on its way out; with capacity 0 only its length is found. */
struct pen {
    char *out;
    size_t capacity;
    size_t len;
};

static void put(struct pen *pen, const char *text, size_t len)
{
    if (pen->capacity > 0 && len > 0)
        memcpy(pen->out + pen->len, text, len);
    pen->len += len;
}

static void put_literal(struct pen *pen, const struct literal *literal)
{
    put(pen, literal->text, literal->len);
}

static void put_word(struct pen *pen, const struct vpcvis_delivery_word *word, char after)
{
    put(pen, word->text, (size_t)word->len);
    put(pen, &after, 1);
}

/* value, which has at most `digits` of them, with leading zeros. */
static void put_digits(struct pen *pen, uint32_t value, unsigned digits)
{
    char text[4];
    unsigned i;

    for (i = digits; i-- > 0; value /= 10)
        text[i] = (char)('0' + value % 10);
    put(pen, text, digits);
}

static int is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c == '-';
}

static int is_word(const struct vpcvis_delivery_word *word)
{
    size_t i;

    if (word->text == NULL || word->len == 0 || word->len > VPCVIS_DELIVERY_WORD_MAX)
        return 0;
    for (i = 0; i < word->len; i++)
        if (!is_word_byte(word->text[i]))
            return 0;
    return 1;
}

static int is_organization(const struct vpcvis_delivery_word *word)
{
    return is_word(word) && word->len > 2 && memcmp(word->text, "o-", 2) == 0;
}

/* Printable ASCII and UTF-8, and no `/` at either end. */
static int is_prefix(const struct vpcvis_delivery_word *prefix)
{
    size_t i;

    if (prefix->len == 0)
        return 1;
    if (prefix->text == NULL || prefix->len > VPCVIS_DELIVERY_KEY_MAX ||
        prefix->text[0] == '/' || prefix->text[prefix->len - 1] == '/')
        return 0;
    for (i = 0; i < prefix->len; i++)
        if ((unsigned char)prefix->text[i] < 0x20 || prefix->text[i] == 0x7f)
            return 0;
    return 1;
}

static void put_part(struct pen *pen, const struct vpcvis_delivery_key *key,
                     const struct vpcvis_i_delivery_date *date, unsigned folder)
{
    switch (folder) {
    case ACCOUNT: put(pen, key->account.text, (size_t)key->account.len); break;
    case SERVICE: put_literal(pen, &service); break;
    case REGION: put(pen, key->region.text, (size_t)key->region.len); break;
    case YEAR: put_digits(pen, date->year, 4); break;
    case MONTH: put_digits(pen, date->month, 2); break;
    case DAY: put_digits(pen, date->day, 2); break;
    default: put_digits(pen, date->hour, 2); break;
    }
}

static void put_folder(struct pen *pen, const struct vpcvis_delivery_key *key,
                       const struct vpcvis_i_delivery_date *date, unsigned folder)
{
    if (folder == SERVICE && (key->style & VPCVIS_DELIVERY_SERVICE) != 0)
        put_literal(pen, &service_key);
    else if ((key->style & VPCVIS_DELIVERY_HIVE) != 0)
        put_literal(pen, &hive_keys[folder]);
    put_part(pen, key, date, folder);
}

static void put_folders(struct pen *pen, const struct vpcvis_delivery_key *key,
                        const struct vpcvis_i_delivery_date *date)
{
    const unsigned folders = (key->style & VPCVIS_DELIVERY_HOURLY) != 0 ? HOURLY : DAILY;
    unsigned i;

    if (key->prefix.len > 0)
        put_word(pen, &key->prefix, '/');
    put_literal(pen, &root);
    put(pen, "/", 1);
    if (key->organization.len > 0)
        put_word(pen, &key->organization, '/');
    for (i = 0; i < folders; i++) {
        put_folder(pen, key, date, i);
        put(pen, "/", 1);
    }
}

static void put_name(struct pen *pen, const struct vpcvis_delivery_key *key,
                     const struct vpcvis_i_delivery_date *date)
{
    put_word(pen, &key->account, '_');
    put_literal(pen, &service);
    put(pen, "_", 1);
    put_word(pen, &key->region, '_');
    put_word(pen, &key->flow_log, '_');
    put_digits(pen, date->year, 4);
    put_digits(pen, date->month, 2);
    put_digits(pen, date->day, 2);
    put(pen, "T", 1);
    put_digits(pen, date->hour, 2);
    put_digits(pen, date->minute, 2);
    put(pen, "Z_", 2);
    put(pen, key->hash.text, (size_t)key->hash.len);
    put_literal(pen, &suffixes[key->format]);
}

static vpcvis_status check_name(const struct vpcvis_delivery_key *key)
{
    if (key->format > VPCVIS_DELIVERY_LOG)
        return VPCVIS_E_CONFIG;
    if (key->slot_s % 60 != 0 || key->slot_s > VPCVIS_DELIVERY_TIME_MAX)
        return VPCVIS_E_RANGE;
    if (!is_word(&key->account) || !is_word(&key->region) || !is_word(&key->flow_log) ||
        !is_word(&key->hash))
        return VPCVIS_E_KEY;
    return VPCVIS_OK;
}

static vpcvis_status check_folders(const struct vpcvis_delivery_key *key)
{
    if ((key->style & ~STYLES) != 0 || ((key->style & VPCVIS_DELIVERY_SERVICE) != 0 &&
                                        (key->style & VPCVIS_DELIVERY_HIVE) == 0))
        return VPCVIS_E_CONFIG;
    if (!is_prefix(&key->prefix) ||
        (key->organization.len > 0 && !is_organization(&key->organization)))
        return VPCVIS_E_KEY;
    return VPCVIS_OK;
}

/* What a pen without room has measured: VPCVIS_OK, and it gets the room if that is enough. */
static vpcvis_status give_room(struct pen *pen, char *out, size_t capacity,
                               size_t *out_len)
{
    const size_t len = pen->len;

    if (len > VPCVIS_DELIVERY_KEY_MAX)
        return VPCVIS_E_KEY;
    *out_len = len;
    if (len > capacity)
        return VPCVIS_E_SPACE;
    pen->out = out;
    pen->capacity = capacity;
    pen->len = 0;
    return VPCVIS_OK;
}

static vpcvis_status write_whole(const struct vpcvis_delivery_key *key, int folders,
                                 char *out, size_t capacity, size_t *out_len)
{
    struct pen pen = {NULL, 0, 0};
    vpcvis_status status;
    struct vpcvis_i_delivery_date date;
    int pass;

    vpcvis_i_delivery_read_date(key->slot_s, &date);
    for (pass = 0; pass < 2; pass++) {
        if (folders)
            put_folders(&pen, key, &date);
        put_name(&pen, key, &date);
        status = pass == 0 ? give_room(&pen, out, capacity, out_len) : VPCVIS_OK;
        if (status != VPCVIS_OK)
            return status;
    }
    return VPCVIS_OK;
}

vpcvis_status vpcvis_delivery_write_name(const struct vpcvis_delivery_key *key, char *out,
                                         size_t capacity, size_t *out_len)
{
    vpcvis_status status;

    if (key == NULL || out_len == NULL || (out == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    status = check_name(key);
    return status == VPCVIS_OK ? write_whole(key, 0, out, capacity, out_len) : status;
}

vpcvis_status vpcvis_delivery_write_key(const struct vpcvis_delivery_key *key, char *out,
                                        size_t capacity, size_t *out_len)
{
    vpcvis_status status;

    if (key == NULL || out_len == NULL || (out == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    status = check_folders(key);
    if (status == VPCVIS_OK)
        status = check_name(key);
    return status == VPCVIS_OK ? write_whole(key, 1, out, capacity, out_len) : status;
}

/* Text that is being read, and where. */
struct scan {
    const char *text;
    size_t len;
    size_t at;
};

static int take(struct scan *scan, const char *text, size_t len)
{
    if (scan->len - scan->at < len || memcmp(scan->text + scan->at, text, len) != 0)
        return 0;
    scan->at += len;
    return 1;
}

/* A word and the byte after it; on failure `at` stays at the word. */
static int take_word(struct scan *scan, struct vpcvis_delivery_word *word, char after)
{
    size_t len = 0;

    while (scan->at + len < scan->len && is_word_byte(scan->text[scan->at + len]))
        len++;
    word->text = scan->text + scan->at;
    word->len = len;
    if (!is_word(word) || scan->at + len == scan->len ||
        scan->text[scan->at + len] != after)
        return 0;
    scan->at += len + 1;
    return 1;
}

static int take_digits(struct scan *scan, unsigned digits, uint32_t *value)
{
    unsigned i;

    if (scan->len - scan->at < digits)
        return 0;
    for (i = 0, *value = 0; i < digits; i++) {
        const char c = scan->text[scan->at + i];

        if (c < '0' || c > '9')
            return 0;
        *value = *value * 10 + (uint32_t)(c - '0');
    }
    scan->at += digits;
    return 1;
}

static int take_stamp(struct scan *scan, struct vpcvis_i_delivery_date *date)
{
    return take_digits(scan, 4, &date->year) && take_digits(scan, 2, &date->month) &&
           take_digits(scan, 2, &date->day) && take(scan, "T", 1) &&
           take_digits(scan, 2, &date->hour) && take_digits(scan, 2, &date->minute) &&
           take(scan, "Z_", 2);
}

static int take_suffix(struct scan *scan, uint32_t *format)
{
    for (*format = 0; *format <= VPCVIS_DELIVERY_LOG; ++*format) {
        const struct literal *suffix = &suffixes[*format];

        if (scan->len - scan->at == suffix->len && take(scan, suffix->text, suffix->len))
            return 1;
    }
    return 0;
}

/* A file name; on failure `at` is at the word at fault. */
static vpcvis_status take_name(struct scan *scan, struct vpcvis_delivery_key *key)
{
    struct vpcvis_i_delivery_date date;
    size_t stamp_at;

    if (!take_word(scan, &key->account, '_') || !take(scan, service.text, service.len) ||
        !take(scan, "_", 1) || !take_word(scan, &key->region, '_') ||
        !take_word(scan, &key->flow_log, '_'))
        return VPCVIS_E_KEY;
    stamp_at = scan->at;
    if (!take_stamp(scan, &date)) {
        scan->at = stamp_at;
        return VPCVIS_E_KEY;
    }
    if (!vpcvis_i_delivery_is_date(&date)) {
        scan->at = stamp_at;
        return VPCVIS_E_RANGE;
    }
    if (!take_word(scan, &key->hash, '.'))
        return VPCVIS_E_KEY;
    scan->at--;
    if (!take_suffix(scan, &key->format))
        return VPCVIS_E_KEY;
    key->slot_s = vpcvis_i_delivery_time(&date);
    return VPCVIS_OK;
}

/* The last folder of the `end` bytes of text, which end with its `/`; end goes before it. */
static struct vpcvis_delivery_word take_folder(const char *text, size_t *end)
{
    struct vpcvis_delivery_word folder;
    size_t at = *end > 0 ? *end - 1 : 0;

    while (at > 0 && text[at - 1] != '/')
        at--;
    memset(&folder, 0, sizeof(folder));
    folder.text = text + at;
    folder.len = *end > 0 ? *end - 1 - at : 0;
    *end = at;
    return folder;
}

static int begins(const struct vpcvis_delivery_word *folder, const struct literal *with)
{
    return folder->len >= with->len && memcmp(folder->text, with->text, with->len) == 0;
}

/* Plain folders are hourly if the fourth from the end is the one that is a year. */
static uint32_t style_of(const char *text, size_t end)
{
    struct vpcvis_delivery_word folder = take_folder(text, &end);

    if (begins(&folder, &hive_keys[HOUR]))
        return VPCVIS_DELIVERY_HIVE | VPCVIS_DELIVERY_HOURLY;
    if (begins(&folder, &hive_keys[DAY]))
        return VPCVIS_DELIVERY_HIVE;
    (void)take_folder(text, &end);
    folder = take_folder(text, &end);
    return folder.len == 4 ? 0 : VPCVIS_DELIVERY_HOURLY;
}

static int is_folder(struct vpcvis_delivery_key *key,
                     const struct vpcvis_i_delivery_date *date, unsigned which,
                     const struct vpcvis_delivery_word *folder)
{
    char expected[FOLDER_MAX];
    struct pen pen = {expected, sizeof(expected), 0};

    if (which == SERVICE && (key->style & VPCVIS_DELIVERY_HIVE) != 0 &&
        begins(folder, &service_key))
        key->style |= VPCVIS_DELIVERY_SERVICE;
    put_folder(&pen, key, date, which);
    return folder->len == pen.len && memcmp(folder->text, expected, pen.len) == 0;
}

/* All folders of a key whose name has been read; *at is where the one at fault begins. */
static vpcvis_status take_folders(const char *text, size_t end,
                                  struct vpcvis_delivery_key *key, size_t *at)
{
    struct vpcvis_delivery_word folder;
    struct vpcvis_i_delivery_date date;
    unsigned which;

    vpcvis_i_delivery_read_date(key->slot_s, &date);
    key->style = style_of(text, end);
    which = (key->style & VPCVIS_DELIVERY_HOURLY) != 0 ? HOURLY : DAILY;
    while (which-- > 0) {
        folder = take_folder(text, &end);
        *at = end;
        if (!is_folder(key, &date, which, &folder))
            return VPCVIS_E_KEY;
    }
    folder = take_folder(text, &end);
    if (is_organization(&folder)) {
        key->organization = folder;
        folder = take_folder(text, &end);
    }
    *at = end;
    if (folder.len != root.len || !begins(&folder, &root))
        return VPCVIS_E_KEY;
    key->prefix.text = text;
    key->prefix.len = end > 0 ? end - 1 : 0;
    *at = 0;
    return end == 1 || !is_prefix(&key->prefix) ? VPCVIS_E_KEY : VPCVIS_OK;
}

static vpcvis_status fail(struct vpcvis_error *error, vpcvis_status status, size_t at)
{
    return vpcvis_i_base_fail(error, status, VPCVIS_FIELD_NONE, 0, at);
}

static vpcvis_status read_whole(const char *text, size_t len, size_t name_at, int folders,
                                struct vpcvis_delivery_key *out,
                                struct vpcvis_error *error)
{
    struct scan scan = {text, len, name_at};
    struct vpcvis_delivery_key key;
    vpcvis_status status;

    memset(&key, 0, sizeof(key));
    status = take_name(&scan, &key);
    if (status == VPCVIS_OK && folders)
        status = take_folders(text, name_at, &key, &scan.at);
    if (status != VPCVIS_OK)
        return fail(error, status, scan.at);
    *out = key;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_delivery_read_name(const char *text, size_t len,
                                        struct vpcvis_delivery_key *key,
                                        struct vpcvis_error *error)
{
    if (key == NULL || (text == NULL && len > 0))
        return VPCVIS_E_ARG;
    if (len > VPCVIS_DELIVERY_KEY_MAX)
        return fail(error, VPCVIS_E_KEY, VPCVIS_DELIVERY_KEY_MAX);
    return read_whole(text, len, 0, 0, key, error);
}

vpcvis_status vpcvis_delivery_read_key(const char *text, size_t len,
                                       struct vpcvis_delivery_key *key,
                                       struct vpcvis_error *error)
{
    size_t name_at = len;

    if (key == NULL || (text == NULL && len > 0))
        return VPCVIS_E_ARG;
    if (len > VPCVIS_DELIVERY_KEY_MAX)
        return fail(error, VPCVIS_E_KEY, VPCVIS_DELIVERY_KEY_MAX);
    while (name_at > 0 && text[name_at - 1] != '/')
        name_at--;
    return read_whole(text, len, name_at, 1, key, error);
}

vpcvis_status vpcvis_delivery_write_stream(const struct vpcvis_delivery_word *interface,
                                           uint32_t traffic, char *out, size_t capacity,
                                           size_t *out_len)
{
    struct pen pen = {NULL, 0, 0};
    vpcvis_status status;
    int pass;

    if (interface == NULL || out_len == NULL || (out == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    if (traffic > VPCVIS_DELIVERY_REJECT)
        return VPCVIS_E_CONFIG;
    if (!is_word(interface))
        return VPCVIS_E_KEY;
    for (pass = 0; pass < 2; pass++) {
        put(&pen, interface->text, (size_t)interface->len);
        put_literal(&pen, &endings[traffic]);
        status = pass == 0 ? give_room(&pen, out, capacity, out_len) : VPCVIS_OK;
        if (status != VPCVIS_OK)
            return status;
    }
    return VPCVIS_OK;
}

vpcvis_status vpcvis_delivery_read_stream(const char *text, size_t len,
                                          struct vpcvis_delivery_word *interface,
                                          uint32_t *traffic, struct vpcvis_error *error)
{
    struct vpcvis_delivery_word word;
    uint32_t i;

    if (interface == NULL || traffic == NULL || (text == NULL && len > 0))
        return VPCVIS_E_ARG;
    if (len > VPCVIS_DELIVERY_KEY_MAX)
        return fail(error, VPCVIS_E_KEY, VPCVIS_DELIVERY_KEY_MAX);
    memset(&word, 0, sizeof(word));
    word.text = text;
    for (i = 0; i <= VPCVIS_DELIVERY_REJECT; i++) {
        const struct literal *ending = &endings[i];

        if (len < ending->len ||
            memcmp(text + len - ending->len, ending->text, ending->len) != 0)
            continue;
        word.len = len - ending->len;
        if (!is_word(&word))
            return fail(error, VPCVIS_E_KEY, 0);
        *interface = word;
        *traffic = i;
        return VPCVIS_OK;
    }
    return fail(error, VPCVIS_E_KEY, len);
}

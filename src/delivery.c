/* SPDX-License-Identifier: MIT */
/*
 * Room delivery: what a flow log covers and takes, and the machine that says when a file ends.
 *
 * The machine is a short array of open files; a slot has at most one of them. An entry's place
 * in the array is its number, and is free when `due_s` is 0.
 */
#include "hash.h"
#include "delivery.h"

#define FILES_MAX     64
#define FILES_DEFAULT 8
#define LINGER_S      60

struct vpcvis_delivery {
    uint64_t hash_key[2];
    uint64_t file_bytes;
    uint64_t linger_s;
    uint64_t opened; /* files so far */
    uint32_t files;
    struct vpcvis_delivery_file file[FILES_MAX];
};

static int is_gateway(uint32_t scope)
{
    return scope == VPCVIS_DELIVERY_TRANSIT_GATEWAY ||
           scope == VPCVIS_DELIVERY_ATTACHMENT;
}

static int is_log(const struct vpcvis_delivery_log *log)
{
    return log != NULL && log->resource.text != NULL && log->resource.len > 0;
}

vpcvis_status vpcvis_delivery_plan(struct vpcvis_delivery_log *log)
{
    uint64_t interval_s;

    if (!is_log(log))
        return VPCVIS_E_ARG;
    if (log->scope < VPCVIS_DELIVERY_VPC || log->scope > VPCVIS_DELIVERY_ATTACHMENT ||
        log->traffic > VPCVIS_DELIVERY_REJECT || log->reserved != 0)
        return VPCVIS_E_CONFIG;
    interval_s = log->interval_s;
    if (interval_s == 0)
        interval_s = is_gateway(log->scope) ? 60 : 600;
    if (is_gateway(log->scope) &&
        (interval_s != 60 || log->traffic != VPCVIS_DELIVERY_ALL))
        return VPCVIS_E_CONFIG;
    if (interval_s != 60 && interval_s != 600)
        return VPCVIS_E_CONFIG;
    log->interval_s = (uint32_t)interval_s;
    return VPCVIS_OK;
}

/* The field that has the id of what a scope is about; VPCVIS_FIELD_NONE for no scope. */
static uint32_t field_of(uint32_t scope)
{
    switch (scope) {
    case VPCVIS_DELIVERY_VPC: return VPCVIS_FIELD_VPC_ID;
    case VPCVIS_DELIVERY_SUBNET: return VPCVIS_FIELD_SUBNET_ID;
    case VPCVIS_DELIVERY_INTERFACE: return VPCVIS_FIELD_INTERFACE_ID;
    case VPCVIS_DELIVERY_TRANSIT_GATEWAY: return VPCVIS_FIELD_TGW_ID;
    case VPCVIS_DELIVERY_ATTACHMENT: return VPCVIS_FIELD_TGW_ATTACHMENT_ID;
    default: return VPCVIS_FIELD_NONE;
    }
}

vpcvis_status vpcvis_delivery_match_interface(const struct vpcvis_delivery_log *log,
                                              const struct vpcvis_record *about)
{
    struct vpcvis_value value;

    if (!is_log(log) || about == NULL ||
        vpcvis_record_get(about, field_of(log->scope), &value) != VPCVIS_OK)
        return VPCVIS_E_ARG;
    if (value.state != VPCVIS_STATE_VALUE || value.text_len != log->resource.len ||
        memcmp(value.text, log->resource.text, value.text_len) != 0)
        return VPCVIS_NOMATCH;
    return VPCVIS_OK;
}

static int has(const struct vpcvis_record *record, uint32_t field)
{
    return (record->value[field / 64] >> field % 64 & 1) != 0;
}

static int is_idle(const struct vpcvis_record *record)
{
    return has(record, VPCVIS_FIELD_LOG_STATUS) &&
           (record->log_status == VPCVIS_LOG_STATUS_NODATA ||
            record->log_status == VPCVIS_LOG_STATUS_SKIPDATA);
}

vpcvis_status vpcvis_delivery_match_record(const struct vpcvis_delivery_log *log,
                                           const struct vpcvis_record *record)
{
    uint8_t action;

    if (log == NULL || record == NULL || log->traffic > VPCVIS_DELIVERY_REJECT)
        return VPCVIS_E_ARG;
    if (log->traffic == VPCVIS_DELIVERY_ALL || is_idle(record))
        return VPCVIS_OK;
    if (!has(record, VPCVIS_FIELD_ACTION))
        return VPCVIS_E_ARG;
    action = log->traffic == VPCVIS_DELIVERY_ACCEPT ? VPCVIS_ACTION_ACCEPT
                                                    : VPCVIS_ACTION_REJECT;
    return record->action == action ? VPCVIS_OK : VPCVIS_NOMATCH;
}

vpcvis_status vpcvis_delivery_find_slot(const struct vpcvis_record *record,
                                        uint64_t now_s, uint64_t *slot_s)
{
    uint64_t time_s = now_s;

    if (record == NULL || slot_s == NULL || now_s > VPCVIS_DELIVERY_TIME_MAX)
        return VPCVIS_E_ARG;
    if (has(record, VPCVIS_FIELD_END) && record->end_s <= VPCVIS_DELIVERY_TIME_MAX)
        time_s = record->end_s;
    else if (has(record, VPCVIS_FIELD_START) &&
             record->start_s <= VPCVIS_DELIVERY_TIME_MAX)
        time_s = record->start_s;
    *slot_s = time_s - time_s % VPCVIS_DELIVERY_SLOT_S;
    return VPCVIS_OK;
}

static vpcvis_status read_config(const struct vpcvis_delivery_config *config,
                                 struct vpcvis_delivery_config *known)
{
    const vpcvis_status status = vpcvis_i_base_config(config, known, sizeof(*known));

    if (status != VPCVIS_OK)
        return status;
    if (known->files > FILES_MAX)
        return VPCVIS_E_CONFIG;
    if (known->files == 0)
        known->files = FILES_DEFAULT;
    if (known->file_bytes == 0)
        known->file_bytes = VPCVIS_DELIVERY_FILE_BYTES;
    if (known->linger_s == 0)
        known->linger_s = LINGER_S;
    return VPCVIS_OK;
}

size_t vpcvis_delivery_bytes(const struct vpcvis_delivery_config *config)
{
    struct vpcvis_delivery_config known;

    if (read_config(config, &known) != VPCVIS_OK)
        return 0;
    return sizeof(struct vpcvis_delivery) + VPCVIS_I_ALIGN;
}

vpcvis_status vpcvis_delivery_init(void *memory, size_t len,
                                   const struct vpcvis_delivery_config *config,
                                   vpcvis_delivery **out)
{
    struct vpcvis_delivery_config known;
    vpcvis_delivery *delivery;
    vpcvis_status status;
    uint32_t i;

    if (memory == NULL || out == NULL)
        return VPCVIS_E_ARG;
    status = read_config(config, &known);
    if (status != VPCVIS_OK)
        return status;
    if (len < sizeof(*delivery) + VPCVIS_I_ALIGN)
        return VPCVIS_E_SPACE;
    delivery = vpcvis_i_bytes_align(memory);
    memset(delivery, 0, sizeof(*delivery));
    for (i = 0; i < 2; i++)
        delivery->hash_key[i] =
            vpcvis_i_bytes_le64((const char *)known.hash_key + (size_t)8 * i);
    delivery->file_bytes = known.file_bytes;
    delivery->linger_s = known.linger_s;
    delivery->files = known.files;
    *out = delivery;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_delivery_new(const struct vpcvis_delivery_config *config,
                                  const struct vpcvis_allocator *allocator,
                                  vpcvis_delivery **delivery)
{
    const size_t bytes = vpcvis_delivery_bytes(config);
    vpcvis_status status;
    void *memory;

    if (delivery == NULL)
        return VPCVIS_E_ARG;
    if (bytes == 0)
        return VPCVIS_E_CONFIG;
    memory = vpcvis_i_base_new(allocator, bytes);
    if (memory == NULL)
        return VPCVIS_E_MEMORY;
    status = vpcvis_delivery_init(memory, bytes, config, delivery);
    if (status != VPCVIS_OK)
        vpcvis_i_base_delete(allocator, memory);
    return status;
}

void vpcvis_delivery_free(vpcvis_delivery *delivery,
                          const struct vpcvis_allocator *allocator)
{
    vpcvis_i_base_delete(allocator, delivery);
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void write_hash(const vpcvis_delivery *delivery, uint64_t slot_s, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint64_t words[2] = {slot_s, delivery->opened};
    const uint64_t hash = vpcvis_i_hash_sip13(delivery->hash_key, words, 2);
    unsigned i;

    for (i = 0; i < 8; i++)
        out[i] = digits[hash >> 4 * i & 15];
}

static void open_file(vpcvis_delivery *delivery, struct vpcvis_delivery_file *file,
                      uint64_t slot_s, uint64_t now_s)
{
    const uint64_t over_s = later(slot_s, VPCVIS_DELIVERY_SLOT_S);

    memset(file, 0, sizeof(*file));
    file->slot_s = slot_s;
    file->due_s = later(over_s > now_s ? over_s : now_s, delivery->linger_s);
    file->number = (uint32_t)(file - delivery->file);
    write_hash(delivery, slot_s, file->hash);
    delivery->opened++;
}

/* The file to close first among those due at now_s, or NULL. */
static struct vpcvis_delivery_file *oldest(vpcvis_delivery *delivery, uint64_t now_s)
{
    struct vpcvis_delivery_file *first = NULL;
    uint32_t i;

    for (i = 0; i < delivery->files; i++) {
        struct vpcvis_delivery_file *file = &delivery->file[i];

        if (file->due_s != 0 && file->due_s <= now_s &&
            (first == NULL || file->slot_s < first->slot_s))
            first = file;
    }
    return first;
}

/* The slot's open file, else a free place, else NULL. */
static struct vpcvis_delivery_file *place_for(vpcvis_delivery *delivery, uint64_t slot_s)
{
    struct vpcvis_delivery_file *place = NULL;
    uint32_t i;

    for (i = 0; i < delivery->files; i++) {
        struct vpcvis_delivery_file *file = &delivery->file[i];

        if (file->due_s != 0 && file->slot_s == slot_s)
            return file;
        if (file->due_s == 0 && place == NULL)
            place = file;
    }
    return place;
}

static vpcvis_status hand_out(struct vpcvis_delivery_file *file,
                              struct vpcvis_delivery_file *out)
{
    *out = *file;
    file->due_s = 0;
    return VPCVIS_MORE;
}

static int is_full(const vpcvis_delivery *delivery,
                   const struct vpcvis_delivery_file *file, uint64_t bytes)
{
    return file->bytes >= delivery->file_bytes ||
           bytes > delivery->file_bytes - file->bytes;
}

vpcvis_status vpcvis_delivery_pick(vpcvis_delivery *delivery, uint64_t slot_s,
                                   uint64_t records, uint64_t bytes, uint64_t now_s,
                                   struct vpcvis_delivery_file *out)
{
    struct vpcvis_delivery_file *file;

    if (delivery == NULL || out == NULL || slot_s % VPCVIS_DELIVERY_SLOT_S != 0)
        return VPCVIS_E_ARG;
    file = place_for(delivery, slot_s);
    if (file == NULL)
        return hand_out(oldest(delivery, UINT64_MAX), out);
    if (file->due_s != 0 && is_full(delivery, file, bytes))
        return hand_out(file, out);
    if (file->due_s == 0)
        open_file(delivery, file, slot_s, now_s);
    file->bytes = later(file->bytes, bytes);
    file->records = later(file->records, records);
    *out = *file;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_delivery_next(vpcvis_delivery *delivery, uint64_t now_s,
                                   struct vpcvis_delivery_file *out)
{
    struct vpcvis_delivery_file *file;

    if (delivery == NULL || out == NULL)
        return VPCVIS_E_ARG;
    file = oldest(delivery, now_s);
    if (file == NULL)
        return VPCVIS_DONE;
    (void)hand_out(file, out);
    return VPCVIS_OK;
}

size_t vpcvis_delivery_log_bytes(void)
{
    return sizeof(struct vpcvis_delivery_log);
}

size_t vpcvis_delivery_key_bytes(void)
{
    return sizeof(struct vpcvis_delivery_key);
}

size_t vpcvis_delivery_file_bytes(void)
{
    return sizeof(struct vpcvis_delivery_file);
}

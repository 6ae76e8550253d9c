/* SPDX-License-Identifier: MIT */
/*
 * no_heap - a stream in small pieces, totals per action, no memory but static arrays.
 *
 *     build/examples/no_heap < LOG
 *
 * Introduces vpcvis_reader_init in memory of the caller's, vpcvis_reader_add, _end, _next,
 * _get, and asking for the fields that are needed only. What is not libvpcvis here is stdio.
 */
#include <vpcvis.h>

#include <stdio.h>

#define ROWS   64
#define ERRORS 8

/* Enough for any reader of this version of the library, alignment included. */
static unsigned char reader_memory[VPCVIS_READER_BYTES_MAX];
static struct vpcvis_record records[ROWS];
static struct vpcvis_error errors[ERRORS];

struct totals {
    unsigned long long records, packets, bytes;
};

static int has(const struct vpcvis_record *record, unsigned field)
{
    return record->value[field / 64] >> field % 64 & 1;
}

/* by_action[0] takes what is neither ACCEPT nor REJECT: NODATA, SKIPDATA, words unknown. */
static void add_record(struct totals by_action[3], const struct vpcvis_record *record)
{
    const unsigned action = has(record, VPCVIS_FIELD_ACTION) ? record->action : 0;

    by_action[action].records++;
    if (has(record, VPCVIS_FIELD_PACKETS))
        by_action[action].packets += record->packets;
    if (has(record, VPCVIS_FIELD_BYTES))
        by_action[action].bytes += record->bytes;
}

/* Everything that can be had before the next piece is needed. */
static vpcvis_status drain(vpcvis_reader *reader, struct totals by_action[3])
{
    struct vpcvis_reader_batch batch;
    vpcvis_status status;
    uint64_t i;

    while ((status = vpcvis_reader_next(reader, records, sizeof(records[0]), ROWS, errors,
                                        ERRORS, &batch)) == VPCVIS_OK) {
        for (i = 0; i < batch.records; i++)
            add_record(by_action, &records[i]);
        for (i = 0; i < batch.errors; i++)
            printf("line %llu, byte %u: %s\n", (unsigned long long)errors[i].line,
                   errors[i].offset, vpcvis_base_status_text(errors[i].status));
    }
    return status; /* MORE, DONE, or what the stream is if it is no text */
}

int main(void)
{
    static const char names[3][8] = {"-", "ACCEPT", "REJECT"};
    struct vpcvis_reader_config config = {0};
    struct vpcvis_reader_counts counts;
    struct totals by_action[3] = {{0, 0, 0}};
    vpcvis_reader *reader;
    vpcvis_status status = VPCVIS_OK;
    char chunk[100]; /* lines may be cut anywhere: 100 bytes are less than most */
    size_t n;
    unsigned i;

    config.size = sizeof(config);
    config.fields[0] = UINT64_C(1) << VPCVIS_FIELD_ACTION |
                       UINT64_C(1) << VPCVIS_FIELD_PACKETS |
                       UINT64_C(1) << VPCVIS_FIELD_BYTES;
    if (vpcvis_reader_init(reader_memory, sizeof(reader_memory), &config, &reader) !=
        VPCVIS_OK)
        return 2;
    while (status >= 0 && (n = fread(chunk, 1, sizeof(chunk), stdin)) > 0) {
        vpcvis_reader_add(reader, chunk, n);
        status = drain(reader, by_action);
    }
    if (status >= 0) {
        vpcvis_reader_end(reader);
        status = drain(reader, by_action);
    }
    for (i = 0; i < 3; i++)
        printf("%-6s %6llu records %10llu packets %14llu bytes\n", names[i],
               by_action[i].records, by_action[i].packets, by_action[i].bytes);
    vpcvis_reader_get(reader, &counts);
    printf("%llu lines, %llu errors\n", (unsigned long long)counts.lines,
           (unsigned long long)counts.errors);
    return status == VPCVIS_DONE ? 0 : 1;
}

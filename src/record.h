/* SPDX-License-Identifier: MIT */
/*
 * Internal: the catalogue as the rooms above use it.
 */
#ifndef VPCVIS_I_RECORD_H
#define VPCVIS_I_RECORD_H

#include "bytes.h"
#include "vpcvis/record.h"

#define VPCVIS_I_RECORD_NO_SLOT 0xffffu

struct vpcvis_i_record_field {
    uint64_t max;
    uint16_t
        slot; /* of the number, address or code in struct vpcvis_record; TEXT: none */
    uint16_t name; /* where its name begins: vpcvis_i_record_field_name */
    uint8_t name_len;
    uint8_t kind;
    uint8_t version;
    uint8_t parquet;
    uint8_t about;
    uint8_t width; /* bytes of the slot: 1, 2, 4, 8, of an address 24; TEXT: 0 */
    uint8_t reserved[6];
};

/* The known fields by id, then one row for all that are not known. */
VPCVIS_I extern const struct vpcvis_i_record_field
    vpcvis_i_record_fields[VPCVIS_FIELD_COUNT + 1];

/* A field that is not known is opaque text without a name. */
VPCVIS_I_INLINE const struct vpcvis_i_record_field *vpcvis_i_record_field(uint32_t id)
{
    return &vpcvis_i_record_fields[id < VPCVIS_FIELD_COUNT ? id : VPCVIS_FIELD_COUNT];
}

/* Of a row: its name, NUL-terminated. */
VPCVIS_I const char *vpcvis_i_record_field_name(const struct vpcvis_i_record_field *row);

/* Store the number, or the code of a NAME, of a field whose row this is. */
VPCVIS_I_INLINE void vpcvis_i_record_put(struct vpcvis_record *record,
                                         const struct vpcvis_i_record_field *row,
                                         uint64_t number)
{
    char *slot = (char *)record + row->slot;
    const uint32_t number32 = (uint32_t)number;
    const uint16_t number16 = (uint16_t)(number & 0xffff);

    switch (row->width) {
    case 1: *(uint8_t *)slot = (uint8_t)(number & 0xff); break;
    case 2: memcpy(slot, &number16, sizeof(number16)); break;
    case 4: memcpy(slot, &number32, sizeof(number32)); break;
    default: memcpy(slot, &number, sizeof(number)); break;
    }
}

/* The number, or the code of a NAME, in a record that has a value of that field. */
VPCVIS_I_INLINE uint64_t vpcvis_i_record_number(const struct vpcvis_record *record,
                                                uint32_t id)
{
    const struct vpcvis_i_record_field *row = vpcvis_i_record_field(id);
    const char *slot = (const char *)record + row->slot;
    uint64_t number64;
    uint32_t number32;
    uint16_t number16;

    switch (row->width) {
    case 1: return *(const uint8_t *)slot;
    case 2: memcpy(&number16, slot, sizeof(number16)); return number16;
    case 4: memcpy(&number32, slot, sizeof(number32)); return number32;
    default: memcpy(&number64, slot, sizeof(number64)); return number64;
    }
}

/* The code of a word of a NAME field, exactly as AWS writes it; 0 if it is not in the list. */
VPCVIS_I uint8_t vpcvis_i_record_code(uint32_t id, const char *text, size_t len);

/* The list of a NAME field: its highest code (0 for other fields), and the word of a code,
 * NUL-terminated, with its length; NULL and 0 if there is none. */
VPCVIS_I uint32_t vpcvis_i_record_words(uint32_t id);
VPCVIS_I const char *vpcvis_i_record_word(uint32_t id, uint64_t code);
VPCVIS_I size_t vpcvis_i_record_word_len(uint32_t id, uint64_t code);

#endif

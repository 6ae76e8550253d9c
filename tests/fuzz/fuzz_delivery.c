/* SPDX-License-Identifier: MIT */
/*
 * The whole input as an object key, as a file name and as a stream name: what is read is what
 * is written of it again, byte by byte.
 */
#include "oracle.h"

static void require_key(const char *text, size_t len)
{
    struct vpcvis_delivery_key key;
    struct vpcvis_error error;
    const vpcvis_status status = vpcvis_delivery_read_key(text, len, &key, &error);
    size_t again_len = 0;
    char *again;

    if (status != VPCVIS_OK) {
        REQUIRE(status == VPCVIS_E_KEY || status == VPCVIS_E_RANGE);
        REQUIRE(error.status == status && error.offset <= len);
        return;
    }
    again = oracle_memory(len);
    REQUIRE(vpcvis_delivery_write_key(&key, again, len, &again_len) == VPCVIS_OK);
    REQUIRE(again_len == len && memcmp(again, text, len) == 0);
    REQUIRE(vpcvis_delivery_write_key(&key, NULL, 0, &again_len) == VPCVIS_E_SPACE);
    REQUIRE(again_len == len);
    free(again);
}

static void require_name(const char *text, size_t len)
{
    struct vpcvis_delivery_key key;
    struct vpcvis_error error;
    const vpcvis_status status = vpcvis_delivery_read_name(text, len, &key, &error);
    size_t again_len = 0;
    char *again;

    if (status != VPCVIS_OK) {
        REQUIRE(error.status == status && error.offset <= len);
        return;
    }
    again = oracle_memory(len);
    REQUIRE(vpcvis_delivery_write_name(&key, again, len, &again_len) == VPCVIS_OK);
    REQUIRE(again_len == len && memcmp(again, text, len) == 0);
    free(again);
}

static void require_stream(const char *text, size_t len)
{
    struct vpcvis_delivery_word interface;
    struct vpcvis_error error;
    uint32_t traffic;
    const vpcvis_status status =
        vpcvis_delivery_read_stream(text, len, &interface, &traffic, &error);
    size_t again_len = 0;
    char *again;

    if (status != VPCVIS_OK) {
        REQUIRE(status == VPCVIS_E_KEY && error.offset <= len);
        return;
    }
    again = oracle_memory(len);
    REQUIRE(vpcvis_delivery_write_stream(&interface, traffic, again, len, &again_len) ==
            VPCVIS_OK);
    REQUIRE(again_len == len && memcmp(again, text, len) == 0);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = oracle_memory(size);

    if (size > 0)
        memcpy(text, data, size);
    require_key(text, size);
    require_name(text, size);
    require_stream(text, size);
    free(text);
    return 0;
}

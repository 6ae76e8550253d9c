/* SPDX-License-Identifier: MIT */
#include "pcap_write.h"

#include <string.h>

#define MAGIC_NS 0xa1b23c4du
#define SNAPLEN  262144
#define ETHERNET 1

FILE *pcap_write_open(const char *path)
{
    const uint32_t header[6] = {MAGIC_NS, 0x00040002u, 0, 0, SNAPLEN, ETHERNET};
    uint16_t version[2] = {2, 4};
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    uint32_t copy[6];

    if (file == NULL)
        return NULL;
    memcpy(copy, header, sizeof(copy));
    memcpy(&copy[1], version, sizeof(version)); /* two halves, in this machine's order */
    fwrite(copy, sizeof(copy), 1, file);
    return file;
}

void pcap_write_record(FILE *file, uint64_t seen_ns, uint32_t cap_len, uint32_t wire_len)
{
    const uint32_t record[4] = {(uint32_t)(seen_ns / 1000000000u),
                                (uint32_t)(seen_ns % 1000000000u), cap_len, wire_len};

    fwrite(record, sizeof(record), 1, file);
}

/* SPDX-License-Identifier: MIT */
/*
 * Room vxlan: headers and checksums.
 *
 *     VXLAN        byte 0             1              2, 3       4..6   7
 *     RFC 7348     . . . . I . . .    .              .          VNI    .
 *     Group Policy G . . . I . . .    . D . . A ...  policy id  VNI    .
 *     GPE          . . Ver I P B O    .              .  next    VNI    .
 */
#include "vxlan.h"

#define FLAG_VNI    0x08
#define FLAG_GROUP  0x80
#define FLAG_NEXT   0x04
#define FLAG_OAM    0x01
#define GPE_VERSION 0x30
#define GROUP_LEARN 0x40
#define GROUP_DONE  0x08
#define AWS_CLASS   0x0108
#define GENEVE_MAX  (VPCVIS_VXLAN_BYTES + 12 + 12 + 8)

/* What Group Policy and GPE say. */
static void read_extensions(const uint8_t *bytes, struct vpcvis_vxlan_header *header)
{
    if ((bytes[0] & FLAG_GROUP) != 0) {
        header->flags |= VPCVIS_VXLAN_GROUP;
        header->group = vpcvis_i_bytes_be16(bytes + 2);
        header->flags |= (bytes[1] & GROUP_LEARN) != 0 ? VPCVIS_VXLAN_LEARN : 0;
        header->flags |= (bytes[1] & GROUP_DONE) != 0 ? VPCVIS_VXLAN_DONE : 0;
    } else if ((bytes[0] & FLAG_NEXT) != 0) {
        header->flags |= VPCVIS_VXLAN_NEXT;
        header->flags |= (bytes[0] & FLAG_OAM) != 0 ? VPCVIS_VXLAN_OAM : 0;
        header->next_protocol = bytes[3];
    }
}

/* A header of GPE, not of Group Policy, in a version that nobody knows. */
static int is_unknown_version(const uint8_t *bytes)
{
    return (bytes[0] & (FLAG_GROUP | FLAG_NEXT)) == FLAG_NEXT &&
           (bytes[0] & GPE_VERSION) != 0;
}

static int is_reserved_clear(const uint8_t *bytes)
{
    return bytes[0] == FLAG_VNI && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0 &&
           bytes[7] == 0;
}

vpcvis_status vpcvis_vxlan_read(const void *data, size_t len, uint32_t policy,
                                struct vpcvis_vxlan_header *out)
{
    uint8_t raw[VPCVIS_VXLAN_BYTES];

    if (out == NULL || (data == NULL && len > 0) || policy > VPCVIS_VXLAN_EXTENSIONS)
        return VPCVIS_E_ARG;
    if (len < VPCVIS_VXLAN_BYTES)
        return VPCVIS_E_LENGTH;
    memcpy(raw, data, VPCVIS_VXLAN_BYTES);
    if ((raw[0] & FLAG_VNI) == 0 ||
        (policy == VPCVIS_VXLAN_STRICT && !is_reserved_clear(raw)) ||
        (policy == VPCVIS_VXLAN_EXTENSIONS && is_unknown_version(raw)))
        return VPCVIS_E_TUNNEL;
    memset(out, 0, sizeof(*out));
    memcpy(out->raw, raw, VPCVIS_VXLAN_BYTES);
    out->vni = vpcvis_i_vxlan_get24(raw + 4);
    out->flags = VPCVIS_VXLAN_VNI;
    if (policy == VPCVIS_VXLAN_EXTENSIONS)
        read_extensions(raw, out);
    return VPCVIS_OK;
}

vpcvis_status vpcvis_vxlan_write(const struct vpcvis_vxlan_header *header,
                                 uint8_t out[VPCVIS_VXLAN_BYTES])
{
    if (header == NULL || out == NULL)
        return VPCVIS_E_ARG;
    if (header->vni > VPCVIS_VXLAN_VNI_MAX)
        return VPCVIS_E_RANGE;
    memset(out, 0, VPCVIS_VXLAN_BYTES);
    out[0] = FLAG_VNI;
    vpcvis_i_vxlan_put24(out + 4, header->vni);
    if ((header->flags & VPCVIS_VXLAN_GROUP) != 0) {
        out[0] |= FLAG_GROUP;
        out[1] = (uint8_t)(((header->flags & VPCVIS_VXLAN_LEARN) != 0 ? GROUP_LEARN : 0) |
                           ((header->flags & VPCVIS_VXLAN_DONE) != 0 ? GROUP_DONE : 0));
        vpcvis_i_vxlan_put16(out + 2, header->group);
    } else if ((header->flags & VPCVIS_VXLAN_NEXT) != 0) {
        out[0] |= FLAG_NEXT;
        out[0] |= (header->flags & VPCVIS_VXLAN_OAM) != 0 ? FLAG_OAM : 0;
        out[3] = header->next_protocol;
    }
    return VPCVIS_OK;
}

/* One option of AWS's class: four bytes of header, len of value. */
static uint8_t *put_option(uint8_t *out, uint8_t type, uint64_t value, uint32_t len)
{
    uint32_t i;

    vpcvis_i_vxlan_put16(out, AWS_CLASS);
    out[2] = type;
    out[3] = (uint8_t)(len / 4);
    for (i = 0; i < len; i++)
        out[4 + i] = (uint8_t)(value >> 8 * (len - 1 - i) & 0xff);
    return out + 4 + len;
}

vpcvis_status vpcvis_vxlan_write_geneve(const struct vpcvis_vxlan_layer *layer,
                                        uint8_t *out, size_t capacity, size_t *out_len)
{
    uint8_t header[GENEVE_MAX];
    uint8_t *end = header + VPCVIS_VXLAN_BYTES;
    size_t len;

    if (layer == NULL || out_len == NULL || (out == NULL && capacity > 0))
        return VPCVIS_E_ARG;
    if (layer->header.vni > VPCVIS_VXLAN_VNI_MAX)
        return VPCVIS_E_RANGE;
    if ((layer->valid & VPCVIS_VXLAN_ENDPOINT) != 0)
        end = put_option(end, 1, layer->endpoint, 8);
    if ((layer->valid & VPCVIS_VXLAN_ATTACHMENT) != 0)
        end = put_option(end, 2, layer->attachment, 8);
    if ((layer->valid & VPCVIS_VXLAN_COOKIE) != 0)
        end = put_option(end, 3, layer->cookie, 4);
    len = (size_t)(end - header);
    *out_len = len;
    if (capacity < len)
        return VPCVIS_E_SPACE;
    header[0] = (uint8_t)((len - VPCVIS_VXLAN_BYTES) / 4);
    header[1] = 0;
    vpcvis_i_vxlan_put16(header + 2, layer->protocol != 0 ? layer->protocol : 0x6558);
    vpcvis_i_vxlan_put24(header + 4, layer->header.vni);
    header[7] = 0;
    memcpy(out, header, len);
    return VPCVIS_OK;
}

/* A sum of words of 32 or more bits in 32 bits and their carries. */
static uint64_t narrow(uint64_t sum)
{
    return (sum & 0xffffffffu) + (sum >> 32);
}

/*
 * Words are added as the machine has them, eight bytes at a time: one's complement sums do not
 * care for byte order, but for a swap at the end (RFC 1071 section 2). `all` wraps around; the
 * high halves alone do not, and what is `all` without them is the sum of the low halves. A plain
 * loop, of which compilers make one with vectors.
 */
VPCVIS_I_WRAPS uint64_t vpcvis_i_vxlan_sum(const uint8_t *bytes, size_t len)
{
    uint64_t all = 0, high = 0, word, sum;
    size_t i;

    /*@ split len; */ /* for the analyser of tests/proofs: a case for each */
    for (i = 0; i < len / 8; i++) {
        memcpy(&word, bytes + i * 8, sizeof(word));
        all += word;
        high += word >> 32;
    }
    if (len % 8 > 0) {
        uint8_t last[8] = {0};
        memcpy(last, bytes + i * 8, len % 8);
        memcpy(&word, last, sizeof(word));
        all += word;
        high += word >> 32;
    }
    sum = narrow(narrow(narrow(all - (high << 32)) + narrow(high)));
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    sum = (sum & 0xff) << 8 | sum >> 8;
#endif
    return sum;
}

/* An address of IPv4, or four bytes of one of IPv6. */
static uint64_t sum_of_four(const uint8_t *bytes)
{
    return (uint64_t)vpcvis_i_bytes_be16(bytes) + vpcvis_i_bytes_be16(bytes + 2);
}

uint64_t vpcvis_i_vxlan_pseudo(const uint8_t *src, const uint8_t *dst, uint32_t family,
                               uint32_t udp_len)
{
    const uint32_t len = family == VPCVIS_ADDR_IPV4 ? 4 : 16;
    uint64_t sum = VPCVIS_I_VXLAN_UDP + (udp_len & 0xffff) + (udp_len >> 16);
    uint32_t i;

    for (i = 0; i < len; i += 4)
        sum += sum_of_four(src + i) + sum_of_four(dst + i);
    return sum;
}

uint16_t vpcvis_vxlan_checksum(const void *bytes, size_t len)
{
    if (bytes == NULL)
        return 0xffff;
    return vpcvis_i_vxlan_fold(vpcvis_i_vxlan_sum(bytes, len));
}

size_t vpcvis_vxlan_copy_bytes(void)
{
    return sizeof(struct vpcvis_vxlan_copy);
}

size_t vpcvis_vxlan_layer_bytes(void)
{
    return sizeof(struct vpcvis_vxlan_layer);
}

/* SPDX-License-Identifier: MIT */
/*
 * Room record: words for numbers. Lists of words belong to fields; a word's number is its place
 * in the list, counted from the list's lowest number.
 *
 * The characters are one object and places are offsets into it: a table of pointers, or a
 * switch that a compiler turns into one, would need relocations.
 */
#include "record.h"

/* clang-format off */
#define ACTION_WORDS(WORD) \
    WORD(ACTION, ACCEPT, "ACCEPT") \
    WORD(ACTION, REJECT, "REJECT")
#define LOG_STATUS_WORDS(WORD) \
    WORD(LOG_STATUS, OK, "OK") \
    WORD(LOG_STATUS, NODATA, "NODATA") \
    WORD(LOG_STATUS, SKIPDATA, "SKIPDATA")
#define TYPE_WORDS(WORD) \
    WORD(TYPE, IPV4, "IPv4") \
    WORD(TYPE, IPV6, "IPv6") \
    WORD(TYPE, EFA, "EFA")
#define SUBLOCATION_TYPE_WORDS(WORD) \
    WORD(SUBLOCATION_TYPE, WAVELENGTH, "wavelength") \
    WORD(SUBLOCATION_TYPE, OUTPOST, "outpost") \
    WORD(SUBLOCATION_TYPE, LOCALZONE, "localzone")
#define FLOW_DIRECTION_WORDS(WORD) \
    WORD(FLOW_DIRECTION, INGRESS, "ingress") \
    WORD(FLOW_DIRECTION, EGRESS, "egress")
#define REJECT_REASON_WORDS(WORD) \
    WORD(REJECT_REASON, BPA, "BPA") \
    WORD(REJECT_REASON, EC, "EC")
#define RESOURCE_TYPE_WORDS(WORD) \
    WORD(RESOURCE_TYPE, TRANSIT_GATEWAY, "TransitGateway") \
    WORD(RESOURCE_TYPE, TRANSIT_GATEWAY_ATTACHMENT, "TransitGatewayAttachment")

/* AWS user guide, "Available fields". */
#define TRAFFIC_PATH_WORDS(WORD) \
    WORD(TRAFFIC_PATH, 1, "through another resource in the same VPC") \
    WORD(TRAFFIC_PATH, 2, "through an internet gateway or a gateway VPC endpoint") \
    WORD(TRAFFIC_PATH, 3, "through a virtual private gateway") \
    WORD(TRAFFIC_PATH, 4, "through an intra-region VPC peering connection") \
    WORD(TRAFFIC_PATH, 5, "through an inter-region VPC peering connection") \
    WORD(TRAFFIC_PATH, 6, "through a local gateway") \
    WORD(TRAFFIC_PATH, 7, "through a gateway VPC endpoint (Nitro-based instances)") \
    WORD(TRAFFIC_PATH, 8, "through an internet gateway (Nitro-based instances)")

/* AWS user guide, "VPC encryption controls". */
#define ENCRYPTION_STATUS_WORDS(WORD) \
    WORD(ENCRYPTION_STATUS, 0, "not encrypted") \
    WORD(ENCRYPTION_STATUS, 1, "encrypted by Nitro") \
    WORD(ENCRYPTION_STATUS, 2, "encrypted by the application") \
    WORD(ENCRYPTION_STATUS, 3, "encrypted by Nitro and by the application")

/* IANA, "Assigned Internet Protocol Numbers": keywords; "" where there is none. */
#define PROTOCOL_WORDS(WORD) \
    WORD(PROTOCOL, 0, "HOPOPT") WORD(PROTOCOL, 1, "ICMP") WORD(PROTOCOL, 2, "IGMP") \
    WORD(PROTOCOL, 3, "GGP") WORD(PROTOCOL, 4, "IPv4") WORD(PROTOCOL, 5, "ST") \
    WORD(PROTOCOL, 6, "TCP") WORD(PROTOCOL, 7, "CBT") WORD(PROTOCOL, 8, "EGP") \
    WORD(PROTOCOL, 9, "IGP") WORD(PROTOCOL, 10, "BBN-RCC-MON") \
    WORD(PROTOCOL, 11, "NVP-II") WORD(PROTOCOL, 12, "PUP") WORD(PROTOCOL, 13, "ARGUS") \
    WORD(PROTOCOL, 14, "EMCON") WORD(PROTOCOL, 15, "XNET") WORD(PROTOCOL, 16, "CHAOS") \
    WORD(PROTOCOL, 17, "UDP") WORD(PROTOCOL, 18, "MUX") WORD(PROTOCOL, 19, "DCN-MEAS") \
    WORD(PROTOCOL, 20, "HMP") WORD(PROTOCOL, 21, "PRM") WORD(PROTOCOL, 22, "XNS-IDP") \
    WORD(PROTOCOL, 23, "TRUNK-1") WORD(PROTOCOL, 24, "TRUNK-2") \
    WORD(PROTOCOL, 25, "LEAF-1") WORD(PROTOCOL, 26, "LEAF-2") \
    WORD(PROTOCOL, 27, "RDP") WORD(PROTOCOL, 28, "IRTP") WORD(PROTOCOL, 29, "ISO-TP4") \
    WORD(PROTOCOL, 30, "NETBLT") WORD(PROTOCOL, 31, "MFE-NSP") \
    WORD(PROTOCOL, 32, "MERIT-INP") WORD(PROTOCOL, 33, "DCCP") \
    WORD(PROTOCOL, 34, "3PC") WORD(PROTOCOL, 35, "IDPR") WORD(PROTOCOL, 36, "XTP") \
    WORD(PROTOCOL, 37, "DDP") WORD(PROTOCOL, 38, "IDPR-CMTP") \
    WORD(PROTOCOL, 39, "TP++") WORD(PROTOCOL, 40, "IL") WORD(PROTOCOL, 41, "IPv6") \
    WORD(PROTOCOL, 42, "SDRP") WORD(PROTOCOL, 43, "IPv6-Route") \
    WORD(PROTOCOL, 44, "IPv6-Frag") WORD(PROTOCOL, 45, "IDRP") \
    WORD(PROTOCOL, 46, "RSVP") WORD(PROTOCOL, 47, "GRE") WORD(PROTOCOL, 48, "DSR") \
    WORD(PROTOCOL, 49, "BNA") WORD(PROTOCOL, 50, "ESP") WORD(PROTOCOL, 51, "AH") \
    WORD(PROTOCOL, 52, "I-NLSP") WORD(PROTOCOL, 53, "SWIPE") \
    WORD(PROTOCOL, 54, "NARP") WORD(PROTOCOL, 55, "Min-IPv4") \
    WORD(PROTOCOL, 56, "TLSP") WORD(PROTOCOL, 57, "SKIP") \
    WORD(PROTOCOL, 58, "IPv6-ICMP") WORD(PROTOCOL, 59, "IPv6-NoNxt") \
    WORD(PROTOCOL, 60, "IPv6-Opts") WORD(PROTOCOL, 61, "") WORD(PROTOCOL, 62, "CFTP") \
    WORD(PROTOCOL, 63, "") WORD(PROTOCOL, 64, "SAT-EXPAK") \
    WORD(PROTOCOL, 65, "KRYPTOLAN") WORD(PROTOCOL, 66, "RVD") \
    WORD(PROTOCOL, 67, "IPPC") WORD(PROTOCOL, 68, "") WORD(PROTOCOL, 69, "SAT-MON") \
    WORD(PROTOCOL, 70, "VISA") WORD(PROTOCOL, 71, "IPCV") WORD(PROTOCOL, 72, "CPNX") \
    WORD(PROTOCOL, 73, "CPHB") WORD(PROTOCOL, 74, "WSN") WORD(PROTOCOL, 75, "PVP") \
    WORD(PROTOCOL, 76, "BR-SAT-MON") WORD(PROTOCOL, 77, "SUN-ND") \
    WORD(PROTOCOL, 78, "WB-MON") WORD(PROTOCOL, 79, "WB-EXPAK") \
    WORD(PROTOCOL, 80, "ISO-IP") WORD(PROTOCOL, 81, "VMTP") \
    WORD(PROTOCOL, 82, "SECURE-VMTP") WORD(PROTOCOL, 83, "VINES") \
    WORD(PROTOCOL, 84, "IPTM") WORD(PROTOCOL, 85, "NSFNET-IGP") \
    WORD(PROTOCOL, 86, "DGP") WORD(PROTOCOL, 87, "TCF") WORD(PROTOCOL, 88, "EIGRP") \
    WORD(PROTOCOL, 89, "OSPFIGP") WORD(PROTOCOL, 90, "Sprite-RPC") \
    WORD(PROTOCOL, 91, "LARP") WORD(PROTOCOL, 92, "MTP") WORD(PROTOCOL, 93, "AX.25") \
    WORD(PROTOCOL, 94, "IPIP") WORD(PROTOCOL, 95, "MICP") WORD(PROTOCOL, 96, "SCC-SP") \
    WORD(PROTOCOL, 97, "ETHERIP") WORD(PROTOCOL, 98, "ENCAP") WORD(PROTOCOL, 99, "") \
    WORD(PROTOCOL, 100, "GMTP") WORD(PROTOCOL, 101, "IFMP") \
    WORD(PROTOCOL, 102, "PNNI") WORD(PROTOCOL, 103, "PIM") WORD(PROTOCOL, 104, "ARIS") \
    WORD(PROTOCOL, 105, "SCPS") WORD(PROTOCOL, 106, "QNX") WORD(PROTOCOL, 107, "A/N") \
    WORD(PROTOCOL, 108, "IPComp") WORD(PROTOCOL, 109, "SNP") \
    WORD(PROTOCOL, 110, "Compaq-Peer") WORD(PROTOCOL, 111, "IPX-in-IP") \
    WORD(PROTOCOL, 112, "VRRP") WORD(PROTOCOL, 113, "PGM") WORD(PROTOCOL, 114, "") \
    WORD(PROTOCOL, 115, "L2TP") WORD(PROTOCOL, 116, "DDX") WORD(PROTOCOL, 117, "IATP") \
    WORD(PROTOCOL, 118, "STP") WORD(PROTOCOL, 119, "SRP") WORD(PROTOCOL, 120, "UTI") \
    WORD(PROTOCOL, 121, "SMP") WORD(PROTOCOL, 122, "SM") WORD(PROTOCOL, 123, "PTP") \
    WORD(PROTOCOL, 124, "ISIS over IPv4") WORD(PROTOCOL, 125, "FIRE") \
    WORD(PROTOCOL, 126, "CRTP") WORD(PROTOCOL, 127, "CRUDP") \
    WORD(PROTOCOL, 128, "SSCOPMCE") WORD(PROTOCOL, 129, "IPLT") \
    WORD(PROTOCOL, 130, "SPS") WORD(PROTOCOL, 131, "PIPE") WORD(PROTOCOL, 132, "SCTP") \
    WORD(PROTOCOL, 133, "FC") WORD(PROTOCOL, 134, "RSVP-E2E-IGNORE") \
    WORD(PROTOCOL, 135, "Mobility Header") WORD(PROTOCOL, 136, "UDPLite") \
    WORD(PROTOCOL, 137, "MPLS-in-IP") WORD(PROTOCOL, 138, "manet") \
    WORD(PROTOCOL, 139, "HIP") WORD(PROTOCOL, 140, "Shim6") \
    WORD(PROTOCOL, 141, "WESP") WORD(PROTOCOL, 142, "ROHC") \
    WORD(PROTOCOL, 143, "Ethernet") WORD(PROTOCOL, 144, "AGGFRAG") \
    WORD(PROTOCOL, 145, "NSH") WORD(PROTOCOL, 146, "Homa") \
    WORD(PROTOCOL, 147, "BIT-EMU")
/* clang-format on */

#define LISTS(LIST)            \
    LIST(ACTION, 1)            \
    LIST(LOG_STATUS, 1)        \
    LIST(TYPE, 1)              \
    LIST(SUBLOCATION_TYPE, 1)  \
    LIST(FLOW_DIRECTION, 1)    \
    LIST(REJECT_REASON, 1)     \
    LIST(RESOURCE_TYPE, 1)     \
    LIST(TRAFFIC_PATH, 1)      \
    LIST(ENCRYPTION_STATUS, 0) \
    LIST(PROTOCOL, 0)
/* clang-format on */

#define WORD_ARRAY(FIELD, NAME, text) char FIELD##_##NAME[sizeof(text)];
#define WORD_VALUE(FIELD, NAME, text) text,
#define WORD_PLACE(FIELD, NAME, text) \
    {offsetof(struct vocabulary, FIELD##_##NAME), sizeof(text) - 1},
#define WORD_COUNT(FIELD, NAME, text) +1
#define WORD_CODE(FIELD, NAME, text)                                          \
    if (len == sizeof(text) - 1 && memcmp(word, text, sizeof(text) - 1) == 0) \
        return VPCVIS_##FIELD##_##NAME;

#define LIST_ARRAYS(FIELD, lowest) FIELD##_WORDS(WORD_ARRAY)
#define LIST_VALUES(FIELD, lowest) FIELD##_WORDS(WORD_VALUE)
#define LIST_PLACES(FIELD, lowest) struct place FIELD[0 FIELD##_WORDS(WORD_COUNT)];
#define LIST_PLACED(FIELD, lowest) {FIELD##_WORDS(WORD_PLACE)},
#define LIST_ROW(FIELD, lowest)                                 \
    {VPCVIS_FIELD_##FIELD, lowest, 0 FIELD##_WORDS(WORD_COUNT), \
     offsetof(struct places, FIELD)},

struct vocabulary {
    LISTS(LIST_ARRAYS)
};

static const struct vocabulary vocabulary = {LISTS(LIST_VALUES)};

struct place {
    uint16_t at; /* in the vocabulary */
    uint16_t len;
};

struct places {
    LISTS(LIST_PLACES)
};

static const struct places places = {LISTS(LIST_PLACED)};

struct list {
    uint16_t field;
    uint16_t lowest;
    uint16_t count;
    uint16_t at; /* in places, bytes */
};

static const struct list lists[] = {LISTS(LIST_ROW)};

#define LIST_COUNT (sizeof(lists) / sizeof(lists[0]))

static const struct list *find_list(uint32_t id)
{
    size_t i = 0;

    while (i < LIST_COUNT && lists[i].field != id)
        i++;
    return i < LIST_COUNT ? &lists[i] : NULL;
}

static const struct place *find_place(const struct list *list, uint64_t number)
{
    const struct place *first;

    if (list == NULL || number < list->lowest || number - list->lowest >= list->count)
        return NULL;
    first = (const struct place *)(const void *)((const char *)&places + list->at);
    return &first[number - list->lowest];
}

uint8_t vpcvis_i_record_code(uint32_t id, const char *word, size_t len)
{
    switch (id) {
    case VPCVIS_FIELD_ACTION: ACTION_WORDS(WORD_CODE) return 0;
    case VPCVIS_FIELD_LOG_STATUS: LOG_STATUS_WORDS(WORD_CODE) return 0;
    case VPCVIS_FIELD_TYPE: TYPE_WORDS(WORD_CODE) return 0;
    case VPCVIS_FIELD_SUBLOCATION_TYPE: SUBLOCATION_TYPE_WORDS(WORD_CODE) return 0;
    case VPCVIS_FIELD_FLOW_DIRECTION: FLOW_DIRECTION_WORDS(WORD_CODE) return 0;
    case VPCVIS_FIELD_REJECT_REASON: REJECT_REASON_WORDS(WORD_CODE) return 0;
    case VPCVIS_FIELD_RESOURCE_TYPE: RESOURCE_TYPE_WORDS(WORD_CODE) return 0;
    default: return 0;
    }
}

uint32_t vpcvis_i_record_words(uint32_t id)
{
    const struct list *list = find_list(id);

    if (list == NULL || vpcvis_i_record_field(id)->kind != VPCVIS_KIND_NAME)
        return 0;
    return list->count;
}

const char *vpcvis_i_record_word(uint32_t id, uint64_t code)
{
    const struct place *place = find_place(find_list(id), code);

    return place && place->len > 0 ? (const char *)&vocabulary + place->at : NULL;
}

size_t vpcvis_i_record_word_len(uint32_t id, uint64_t code)
{
    const struct place *place = find_place(find_list(id), code);

    return place ? place->len : 0;
}

const char *vpcvis_record_name(uint32_t id, uint64_t number)
{
    return vpcvis_i_record_word(id, number);
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static int is_same(const char *a, const char *b, size_t len)
{
    size_t i = 0;

    while (i < len && lower(a[i]) == lower(b[i]))
        i++;
    return i == len;
}

vpcvis_status vpcvis_record_find_name(uint32_t id, const char *text, size_t text_len,
                                      uint64_t *number)
{
    const struct list *list = find_list(id);
    uint32_t i;

    if ((text == NULL && text_len > 0) || number == NULL)
        return VPCVIS_E_ARG;
    if (list == NULL || text_len == 0 ||
        (vpcvis_i_record_words(id) == 0 && id != VPCVIS_FIELD_PROTOCOL))
        return VPCVIS_NOMATCH;
    for (i = 0; i < list->count; i++) {
        const struct place *place = find_place(list, i + (uint32_t)list->lowest);
        if (place->len == text_len &&
            is_same((const char *)&vocabulary + place->at, text, text_len)) {
            *number = i + (uint32_t)list->lowest;
            return VPCVIS_OK;
        }
    }
    return VPCVIS_NOMATCH;
}

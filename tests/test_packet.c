/* SPDX-License-Identifier: MIT */
/*
 * Room packet: what is read from a frame, rule by rule. A row is a frame in pieces of hex and
 * the line that packet_text (support_packet.h) makes of its summary.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "support_packet.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define V4     "v4 10.0.0.1 > 10.0.0.2 "
#define V4_TCP "v4 10.0.0.1:1000 > 10.0.0.2:80 proto 6 "
#define V4_UDP "v4 10.0.0.1:1000 > 10.0.0.2:53 proto 17 "
#define V6     "v6 2001:db8::1 > 2001:db8::2 "
#define V6_TCP "v6 2001:db8::1:1000 > 2001:db8::2:80 proto 6 "
#define V6_UDP "v6 2001:db8::1:1000 > 2001:db8::2:53 proto 17 "

#define START(name) VPCVIS_START_##name

struct row {
    uint8_t start;
    const char *hex;
    const char *summary;
    const char *why;
};

/* clang-format off */
static const struct row lengths[] = {
    /* [packet.lengths] */
    {START(ETHERNET), ETH("0800") IP4("0028", "06") TCP, V4_TCP "len 40 at 14 34 54 tcp 12 type 800", "the plainest packet"},
    {START(ETHERNET), ETH("0800") IP4("0028", "06") TCP "000000000000", V4_TCP "len 40 at 14 34 54 tcp 12 type 800", "padding to 60 bytes is not counted"},
    {START(ETHERNET), ETH("0800") IP4("001c", "11") UDP("0008") ZEROS8 ZEROS8 "0000", V4_UDP "len 28 at 14 34 42 type 800", "nor are 18 bytes behind a short datagram"},
    {START(ETHERNET), ETH("0800") IP4("05dc", "06") TCP, V4_TCP "len 1500 at 14 34 54 tcp 12 type 800 | CUT", "a header alone: the IP header's length counts"},
    {START(ETHERNET), ETH("86dd") IP6("0014", "06") TCP "00", V6_TCP "len 60 at 14 54 74 tcp 12 type 86dd", "40 and the payload length; one byte of padding"},
    {START(ETHERNET), ETH("86dd") IP6("05a0", "06") TCP, V6_TCP "len 1480 at 14 54 74 tcp 12 type 86dd | CUT", "the same, cut off"},
    {START(IP), IP4("0014", "fd"), V4 "proto 253 len 20 at 0 20 0 type 0", "nothing behind the IP header, and nothing there that is known"},
    {START(IP), "", "no ip type 0 | CUT_IP", "no byte at all"},
    {START(IP), "45", "no ip type 0 | CUT_IP", "one byte"},
    {START(ETHERNET), "0200000000020200000000a108", "no ip type 0 | CUT_IP", "13 bytes are no Ethernet header"},
    {START(ETHERNET), ETH("0800"), "no ip type 800 | CUT_IP", "14 bytes are one"},
    {START(ETHERNET), ETH("0806") "0001080006040001", "no ip type 806", "ARP is not IP, and nothing is wrong with it"},
    {START(ETHERNET), ETH("88cc") "0207", "no ip type 88cc", "LLDP"},
    /* What the first byte belongs to. */
    {START(IP), IP4("0028", "06") TCP, V4_TCP "len 40 at 0 20 40 tcp 12 type 0", "raw IPv4"},
    {START(IP), IP6("0014", "06") TCP, V6_TCP "len 60 at 0 40 60 tcp 12 type 0", "raw IPv6"},
    {START(IP), "55" ZEROS40, "E_VERSION ip@0 | no ip type 0", "raw, and neither"},
    {START(SLL), "0000" "0001" "0006" "0200000000a10000" "0800" IP4("0028", "06") TCP, V4_TCP "len 40 at 16 36 56 tcp 12 type 800", "cooked"},
    {START(SLL), "0000" "0001" "0006" "0200000000a10000" "08", "no ip type 0 | CUT_IP", "15 bytes of it"},
    {START(SLL), "0000" "0338" "0000" ZEROS8 "0800" IP4("0028", "06") TCP, "no ip type 0", "from a netlink device: its protocol is no ethertype"},
    {START(SLL), "0000" "0001" "0006" "0200000000a10000" "8100" "0005" "0800" IP4("0028", "06") TCP, V4_TCP "len 40 at 20 40 60 tcp 12 type 800 vlans 1: 5 5", "cooked with a tag"},
    {START(SLL2), "86dd" "0000" "00000002" "fffe" "04" "00" ZEROS8 IP6("0014", "06") TCP, V6_TCP "len 60 at 20 60 80 tcp 12 type 86dd", "cooked, version 2"},
    {START(SLL2), "86dd" "0000" "00000002" "fffe" "04" "00" "00000000000000", "no ip type 0 | CUT_IP", "19 bytes of it"},
    {START(LOOP), "00000002" IP4("0028", "06") TCP, V4_TCP "len 40 at 4 24 44 tcp 12 type 0", "big-endian"},
    {START(LOOP), "02000000" IP4("0028", "06") TCP, V4_TCP "len 40 at 4 24 44 tcp 12 type 0", "little-endian"},
    {START(LOOP), "0000000a" IP6("0014", "06") TCP, V6_TCP "len 60 at 4 44 64 tcp 12 type 0", "IPv6 on Linux"},
    {START(LOOP), "00000018" IP6("0014", "06") TCP, V6_TCP "len 60 at 4 44 64 tcp 12 type 0", "on NetBSD and OpenBSD"},
    {START(LOOP), "1c000000" IP6("0014", "06") TCP, V6_TCP "len 60 at 4 44 64 tcp 12 type 0", "on FreeBSD"},
    {START(LOOP), "1e000000" IP6("0014", "06") TCP, V6_TCP "len 60 at 4 44 64 tcp 12 type 0", "on Darwin"},
    {START(LOOP), "00000007" IP4("0028", "06") TCP, "no ip type 0", "OSI"},
    {START(LOOP), "02000002" IP4("0028", "06") TCP, "no ip type 0", "both orders at once"},
    {START(LOOP), "000000", "no ip type 0 | CUT_IP", "three bytes"},
    {START(LOOP), "00000002" IP6("0014", "06") TCP, "E_VERSION ip@4 | no ip type 0", "says IPv4 and is IPv6"},
};

static const struct row links[] = {
    /* [packet.vlan] */
    {START(ETHERNET), ETH("8100") "00050800" IP4("0028", "06") TCP, V4_TCP "len 40 at 18 38 58 tcp 12 type 800 vlans 1: 5 5", "802.1Q"},
    {START(ETHERNET), ETH("8100") "e0000800" IP4("0028", "06") TCP, V4_TCP "len 40 at 18 38 58 tcp 12 type 800 vlans 1: 57344 57344", "a priority tag has VLAN 0"},
    {START(ETHERNET), ETH("88a8") "00058100" "000786dd" IP6("0014", "06") TCP, V6_TCP "len 60 at 22 62 82 tcp 12 type 86dd vlans 2: 5 7", "802.1ad: outermost and innermost"},
    {START(ETHERNET), ETH("9100") "00019200" "0002" "8100" "0003" "0800" IP4("0028", "06") TCP, V4_TCP "len 40 at 26 46 66 tcp 12 type 800 vlans 3: 1 3", "older numbers of double tags"},
    {START(ETHERNET), ETH("8100") "00018100" "00028100" "00038100" "00048100" "00058100" "00068100" "00078100" "00080806", "no ip type 806 vlans 8: 1 8", "eight tags"},
    {START(ETHERNET), ETH("8100") "00018100" "00028100" "00038100" "00048100" "00058100" "00068100" "00078100" "00088100" "00090806", "E_CHAIN vlan@46 | no ip type 8100 vlans 8: 1 8", "nine"},
    {START(ETHERNET), ETH("8100") "0005", "no ip type 8100 | CUT_IP", "half a tag"},
    {START(ETHERNET), ETH("8926") "00000001" "8100" "00050800" IP4("0028", "06") TCP, V4_TCP "len 40 at 24 44 64 tcp 12 type 800 vlans 1: 5 5", "a VN-tag is four bytes and an ethertype, and no VLAN"},
    {START(ETHERNET), ETH("8926") "0000000108", "no ip type 8926 | CUT_IP", "cut"},
    {START(ETHERNET), ETH("8847") "00010140" IP4("0028", "06") TCP, V4_TCP "len 40 at 18 38 58 tcp 12 type 8847", "one label; what it carries shows in the version"},
    {START(ETHERNET), ETH("8848") "00010040" "00011040" "00010140" IP6("0014", "06") TCP, V6_TCP "len 60 at 26 66 86 tcp 12 type 8848", "three labels; the S bit is on the last"},
    {START(ETHERNET), ETH("8847") "00010140" "00000000" "0200000000020200000000a10800", "no ip type 8847", "a pseudowire's control word"},
    {START(ETHERNET), ETH("8847") "00010140", "no ip type 8847 | CUT_IP", "nothing behind the label"},
    {START(ETHERNET), ETH("8847") "000101", "no ip type 8847 | CUT_IP", "not even one"},
    {START(ETHERNET), ETH("8847") ZEROS40 ZEROS8 ZEROS8 "0000fe40" "00000140" IP4("0014", "fd"), V4 "proto 253 len 20 at 78 98 0 type 8847", "16 labels; their time to live is not the S bit"},
    {START(ETHERNET), ETH("8847") ZEROS40 ZEROS8 ZEROS8 ZEROS8 "00000140" IP4("0014", "fd"), "E_CHAIN vlan@78 | no ip type 8847", "17 of them"},
    {START(ETHERNET), ETH("8864") "11000001002a0021" IP4("0028", "06") TCP, V4_TCP "len 40 at 22 42 62 tcp 12 type 8864", "PPPoE with IPv4"},
    {START(ETHERNET), ETH("8864") "11000001003e0057" IP6("0014", "06") TCP, V6_TCP "len 60 at 22 62 82 tcp 12 type 8864", "PPPoE with IPv6"},
    {START(ETHERNET), ETH("8864") "11000001002e0281" "00010140" IP4("0028", "06") TCP, V4_TCP "len 40 at 26 46 66 tcp 12 type 8864", "PPPoE with labels"},
    {START(ETHERNET), ETH("8864") "110000010006c021" "01010004", "no ip type 8864", "PPP's own talk"},
    {START(ETHERNET), ETH("8864") "11a70001002a0021" IP4("0028", "06") TCP, "no ip type 8864", "a code: no session data"},
    {START(ETHERNET), ETH("8864") "11000001002a00", "no ip type 8864 | CUT_IP", "cut"},
    /* [packet.llc] */
    {START(ETHERNET), ETH("0026") "42420300000000000000", "no ip type 26", "spanning tree"},
    {START(ETHERNET), ETH("0030") "aaaa030000000800" IP4("0028", "06") TCP, V4_TCP "len 40 at 22 42 62 tcp 12 type 800", "SNAP"},
    {START(ETHERNET), ETH("8100") "00050034" "aaaa030000008100" "00060800" IP4("0028", "06") TCP, V4_TCP "len 40 at 30 50 70 tcp 12 type 800 vlans 2: 5 6", "tags on either side"},
    {START(ETHERNET), ETH("0030") "aaaa0300000c2000", "no ip type 30", "SNAP of an organisation (CDP)"},
    {START(ETHERNET), ETH("05ff") "aaaa030000000800" IP4("0028", "06") TCP, V4_TCP "len 40 at 22 42 62 tcp 12 type 800", "the largest that is no type"},
    {START(ETHERNET), ETH("0600") "aaaa030000000800" IP4("0028", "06") TCP, "no ip type 600", "and the smallest that is one"},
    {START(ETHERNET), ETH("0030") "aaaa03", "no ip type 30 | CUT_IP", "it may become SNAP"},
    {START(ETHERNET), ETH("0030") "aaab", "no ip type 30", "it cannot any more"},
    {START(ETHERNET), ETH("0030") "aaaa030000000030" "aaaa030000000800" IP4("0028", "06") TCP, "no ip type 30", "SNAP in SNAP is not followed"},
    {START(SLL), "0000" "0001" "0006" "0200000000a10000" "0004" "aaaa030000000800" IP4("0028", "06") TCP, V4_TCP "len 40 at 24 44 64 tcp 12 type 800", "cooked: 4 is LLC"},
    {START(SLL), "0000" "0001" "0006" "0200000000a10000" "000c" "aaaa030000000800" IP4("0028", "06") TCP, "no ip type c", "12 is a CAN bus"},
};

static const struct row ipv4[] = {
    /* [packet.ipv4-length] */
    {START(IP), IP4("0000", "06") TCP "00000000", V4_TCP "len 44 at 0 20 40 tcp 12 type 0 | NO_LEN", "0: segmentation is the card's business; the frame's length"},
    {START(ETHERNET), ETH("0800") "4600" "0000" "00010000" IP4_END("06") "00", V4 "proto 6 len 24 at 14 0 0 type 800 | CUT CUT_L4 OPTIONS NO_LEN", "0, and not even the header is whole"},
    {START(IP), IP4("0013", "06") TCP, "E_LENGTH ip@2 | no ip type 0", "shorter than the header"},
    {START(IP), IP4("0014", "06") TCP, "E_LENGTH l4@20 | " V4 "proto 6 len 20 at 0 20 0 type 0", "no room for TCP, although bytes are there"},
    {START(IP), "4600" "0017" "00010000" IP4_END("06") "01010100" TCP, "E_LENGTH ip@2 | no ip type 0", "shorter than a header with options"},
    {START(IP), "4600" "002c" "00010000" IP4_END("06") "01010100" TCP, V4_TCP "len 44 at 0 24 44 tcp 12 type 0 | OPTIONS", "options are passed over"},
    {START(IP), "4f00" "0050" "00010000" IP4_END("11") ZEROS40 UDP("0014") ZEROS8 "00000000", V4_UDP "len 80 at 0 60 68 type 0 | OPTIONS", "the longest header"},
    {START(IP), "4f00" "0050" "00010000" IP4_END("11") ZEROS8, V4 "proto 17 len 80 at 0 0 0 type 0 | CUT CUT_L4 OPTIONS", "cut in its options: addresses are known"},
    {START(IP), "4400" "0028" "00010000" IP4_END("06") TCP, "E_LENGTH ip@0 | no ip type 0", "a header of 16 bytes"},
    {START(IP), "4000" "0028" "00010000" IP4_END("06") TCP, "E_LENGTH ip@0 | no ip type 0", "and of none"},
    {START(ETHERNET), ETH("0800") "5500" "0028" "00010000" IP4_END("06") TCP, "E_VERSION ip@14 | no ip type 800", "version 5"},
    {START(ETHERNET), ETH("0800") IP6("0014", "06") TCP, "E_VERSION ip@14 | no ip type 800", "IPv6 under the type of IPv4"},
    {START(ETHERNET), ETH("86dd") IP4("0028", "06") TCP, "E_VERSION ip@14 | no ip type 86dd", "and the reverse"},
    {START(ETHERNET), ETH("0800") "450000280001000040060000" "0a0000010a0000", "no ip type 800 | CUT_IP", "19 bytes of a header"},
    {START(IP), IP4("0014", "06"), "E_LENGTH l4@20 | " V4 "proto 6 len 20 at 0 20 0 type 0", "TCP, and no byte of it in the packet"},
    /* [packet.fragment] */
    {START(IP), IP4_FRAGMENT("0028", "2000", "06") TCP, V4_TCP "len 40 at 0 20 40 tcp 12 id abcd offset 0 type 0 | FRAG", "the first"},
    {START(IP), IP4_FRAGMENT("0028", "2003", "06") TCP, V4 "proto 6 len 40 at 0 20 0 id abcd offset 24 type 0 | FRAG LATER", "one in the middle: what looks like ports is data"},
    {START(IP), IP4_FRAGMENT("0028", "0003", "06") TCP, V4 "proto 6 len 40 at 0 20 0 id abcd offset 24 type 0 | FRAG LATER LAST", "the last"},
    {START(IP), IP4_FRAGMENT("0028", "4000", "06") TCP, V4_TCP "len 40 at 0 20 40 tcp 12 type 0", "don't fragment: not one"},
    {START(IP), IP4_FRAGMENT("0028", "8000", "06") TCP, V4_TCP "len 40 at 0 20 40 tcp 12 type 0", "the reserved bit means nothing"},
    {START(IP), IP4_FRAGMENT("001c", "2000", "06") "03e8005000000001", "v4 10.0.0.1:1000 > 10.0.0.2:80 proto 6 len 28 at 0 20 0 id abcd offset 0 type 0 | CUT_L4 FRAG", "a tiny first one: ports, no TCP flags, and no error"},
    {START(IP), IP4_FRAGMENT("0017", "2000", "11") "03e800", V4 "proto 17 len 23 at 0 20 0 id abcd offset 0 type 0 | CUT_L4 FRAG", "without the destination port"},
    {START(IP), IP4_FRAGMENT("0028", "2000", "11") UDP("0bb8") ZEROS8 "00000000", V4_UDP "len 40 at 0 20 28 id abcd offset 0 type 0 | FRAG", "UDP's length is the whole datagram's"},
    {START(IP), IP4_FRAGMENT("0028", "1fff", "11") ZEROS8 ZEROS8 "00000000", "E_LENGTH ip@6 | " V4 "proto 17 len 40 at 0 0 0 id abcd offset 65528 type 0 | FRAG LATER LAST", "past byte 65535"},
    {START(IP), IP4_FRAGMENT("001b", "1fff", "11") "00000000000000", V4 "proto 17 len 27 at 0 20 0 id abcd offset 65528 type 0 | FRAG LATER LAST", "up to it"},
    {START(IP), "4000" , "no ip type 0 | CUT_IP", "two bytes, wrong or not"},
    /* [packet.ah] */
    {START(IP), IP4("0034", "33") "0604000000000001" "00000001" TCP, V4 "proto 51 len 52 at 0 20 0 type 0", "AH over IPv4 is a protocol"},
    {START(IP), IP6("002c", "33") "0604000000000001" "0000000100000001" "00000001" "00000000" TCP, V6_TCP "len 84 at 0 64 84 tcp 12 next 51 type 0 | OPTIONS", "over IPv6 it is a header of (length + 2) * 4 bytes"},
    {START(IP), IP6("001c", "33") "0600000000000001" TCP, "E_LENGTH chain@41 | " V6 "proto 51 len 68 at 0 0 0 type 0 | OPTIONS", "8 bytes are too few for one"},
    /* [packet.icmp] */
    {START(IP), IP4("001c", "01") ECHO, V4 "proto 1 len 28 at 0 20 28 icmp 8.0 type 0", "echo request: no ports"},
    {START(IP), IP4("001c", "01") "0304", V4 "proto 1 len 28 at 0 20 0 icmp 3.4 type 0 | CUT CUT_L4", "two bytes of it are enough"},
    {START(IP), IP4("001c", "01") "03", V4 "proto 1 len 28 at 0 20 0 type 0 | CUT CUT_L4", "one is not"},
    {START(IP), IP4("001b", "01") "03040000000000", "E_LENGTH l4@20 | " V4 "proto 1 len 27 at 0 20 0 icmp 3.4 type 0", "a message of seven bytes"},
    {START(IP), IP6("0004", "3a") "87000000", V6 "proto 58 len 44 at 0 40 44 icmp 135.0 type 0", "ICMPv6 has a header of four"},
    {START(IP), IP4_FRAGMENT("001c", "0001", "01") ECHO, V4 "proto 1 len 28 at 0 20 0 id abcd offset 8 type 0 | FRAG LATER LAST", "a later fragment has no type"},
    /* [packet.udplite] */
    {START(IP), IP4("0020", "88") UDP("0000") "00000000", "v4 10.0.0.1:1000 > 10.0.0.2:53 proto 136 len 32 at 0 20 28 type 0", "coverage 0: all of it"},
    {START(IP), IP4("0020", "88") UDP("0008") "00000000", "v4 10.0.0.1:1000 > 10.0.0.2:53 proto 136 len 32 at 0 20 28 type 0", "the header alone"},
    {START(IP), IP4("0020", "88") UDP("0007") "00000000", "E_LENGTH l4@24 | v4 10.0.0.1:1000 > 10.0.0.2:53 proto 136 len 32 at 0 20 0 type 0", "not even that"},
    {START(IP), IP4("0020", "88") UDP("000d") "00000000", "E_LENGTH l4@24 | v4 10.0.0.1:1000 > 10.0.0.2:53 proto 136 len 32 at 0 20 0 type 0", "more than there is"},
    /* Other headers. */
    {START(IP), IP4("0020", "11") UDP("000c") "00000000", V4_UDP "len 32 at 0 20 28 type 0", "UDP"},
    {START(IP), IP4("0020", "11") UDP("0008") "00000000", V4_UDP "len 32 at 0 20 28 type 0", "UDP shorter than the packet is fine"},
    {START(IP), IP4("0020", "11") UDP("0000") "00000000", "E_LENGTH l4@24 | v4 10.0.0.1:1000 > 10.0.0.2:53 proto 17 len 32 at 0 20 0 type 0", "UDP length 0"},
    {START(IP), IP4("0000", "11") UDP("0000") "00000000", V4_UDP "len 32 at 0 20 28 type 0 | NO_LEN", "is fine where IP has none either"},
    {START(IP), IP4("0020", "11") UDP("0007") "00000000", "E_LENGTH l4@24 | v4 10.0.0.1:1000 > 10.0.0.2:53 proto 17 len 32 at 0 20 0 type 0", "below the header"},
    {START(IP), IP4("0020", "11") UDP("000d") "00000000", "E_LENGTH l4@24 | v4 10.0.0.1:1000 > 10.0.0.2:53 proto 17 len 32 at 0 20 0 type 0", "beyond the packet"},
    {START(IP), IP4("0020", "11") "03e8003500", "v4 10.0.0.1:1000 > 10.0.0.2:53 proto 17 len 32 at 0 20 0 type 0 | CUT CUT_L4", "cut behind the ports"},
    {START(IP), IP4("0028", "06") "03e80050000000010000000250" "02", "v4 10.0.0.1:1000 > 10.0.0.2:80 proto 6 len 40 at 0 20 0 tcp 02 type 0 | CUT CUT_L4", "14 bytes of TCP have its flags"},
    {START(IP), IP4("0028", "06") "03e80050000000010000000250", "v4 10.0.0.1:1000 > 10.0.0.2:80 proto 6 len 40 at 0 20 0 type 0 | CUT CUT_L4", "13 have not"},
    {START(IP), IP4("0028", "06") "03e800500000000100000002" "4012ffff00000000", "E_LENGTH l4@32 | " V4_TCP "len 40 at 0 20 0 tcp 12 type 0", "a TCP header of 16 bytes"},
    {START(IP), IP4("0028", "06") "03e800500000000100000002" "6012ffff00000000", "E_LENGTH l4@32 | " V4_TCP "len 40 at 0 20 0 tcp 12 type 0", "of 24 in 20"},
    {START(IP), IP4("002c", "06") "03e800500000000100000002" "6012ffff00000000" "0204", V4_TCP "len 44 at 0 20 0 tcp 12 type 0 | CUT CUT_L4", "of 24, cut at 22"},
    {START(IP), IP4("002c", "06") "03e800500000000100000002" "61ffffff00000000" "02040500", V4_TCP "len 44 at 0 20 44 tcp ff type 0", "options; every flag; the bit beside them is none of them"},
    {START(IP), IP4("0020", "84") "03e8005000000001" "00000000", "v4 10.0.0.1:1000 > 10.0.0.2:80 proto 132 len 32 at 0 20 32 type 0", "SCTP"},
    {START(IP), IP4("0020", "21") "03e8005000000001" "00000000", "v4 10.0.0.1:1000 > 10.0.0.2:80 proto 33 len 32 at 0 20 32 type 0", "DCCP"},
    {START(IP), IP4("0020", "32") "03e8005000000001" "00000000", V4 "proto 50 len 32 at 0 20 0 type 0", "ESP: its first bytes are no ports"},
    {START(IP), IP4("0020", "2f") "0000655800000001" "00000000", V4 "proto 47 len 32 at 0 20 0 type 0", "GRE is not entered"},
    {START(IP), "4600" "0020" "00010000" IP4_END("02") "94040000" "1100ffff00000000", V4 "proto 2 len 32 at 0 24 0 type 0 | OPTIONS", "IGMP with the router alert"},
    {START(IP), IP4("0020", "00") "03e8005000000001" "00000000", V4 "proto 0 len 32 at 0 20 0 type 0", "hop-by-hop is IPv6's alone"},
};

static const struct row chains[] = {
    /* [packet.chain] */
    {START(IP), IP6("0018", "06") "03e800500000000100000002" "6012ffff00000000" "02040500", V6_TCP "len 64 at 0 40 64 tcp 12 type 0", "none"},
    {START(IP), IP6("0010", "00") "11000104" "00000000" UDP("0008"), V6_UDP "len 56 at 0 48 56 next 0 type 0 | OPTIONS", "hop-by-hop options"},
    {START(IP), IP6("0038", "00") "3c00010400000000" "2b01010c" "000000000000000000000000" "8700000000000000" "8b00000000000000" "1100000000000000" UDP("0008"), V6_UDP "len 96 at 0 88 96 next 0 type 0 | OPTIONS", "hop-by-hop, destination, routing, mobility, HIP"},
    {START(IP), IP6("0020", "8c") "fd00000000000000" "fe00000000000000" "1100000000000000" UDP("0008"), V6_UDP "len 72 at 0 64 72 next 140 type 0 | OPTIONS", "Shim6 and the two for experiments"},
    {START(IP), IP6("0010", "3c") "0000010400000000" "1100010400000000", "E_CHAIN chain@48 | " V6 "proto 0 len 56 at 0 0 0 next 60 type 0 | OPTIONS", "hop-by-hop options that are not first"},
    {START(IP), IP6("0010", "00") "0000010400000000" "1100010400000000", "E_CHAIN chain@48 | " V6 "proto 0 len 56 at 0 0 0 type 0 | OPTIONS", "nor twice"},
    {START(IP), IP6("0010", "3b") ZEROS8 ZEROS8, V6 "proto 59 len 56 at 0 40 0 type 0", "no next header"},
    {START(IP), IP6("0010", "32") ZEROS8 ZEROS8, V6 "proto 50 len 56 at 0 40 0 type 0", "ESP ends the chain"},
    {START(IP), IP6("0010", "c8") ZEROS8 ZEROS8, V6 "proto 200 len 56 at 0 40 0 type 0", "a number nobody knows is the protocol"},
    {START(IP), IP6("0008", "3c") "1101010400000000" UDP("0008"), "E_LENGTH chain@41 | " V6 "proto 17 len 48 at 0 0 0 next 60 type 0 | OPTIONS", "16 bytes of options in a packet of 8"},
    {START(IP), IP6("0001", "3c") "11", "E_LENGTH chain@40 | " V6 "proto 60 len 41 at 0 0 0 type 0 | OPTIONS", "a packet that ends in the chain"},
    {START(IP), IP6("0018", "3c") "1101010400000000", V6 "proto 17 len 64 at 0 0 0 next 60 type 0 | CUT CUT_L4 OPTIONS", "cut in the chain: what follows is known"},
    {START(IP), IP6("0018", "3c") "11", V6 "proto 60 len 64 at 0 0 0 type 0 | CUT CUT_L4 OPTIONS", "cut before the chain is known"},
    {START(IP), IP6("0018", "06"), V6 "proto 6 len 64 at 0 40 0 type 0 | CUT CUT_L4", "cut behind the header"},
    {START(IP), "6000" "0000" "0018" "0640" "20010db8", "no ip type 0 | CUT_IP", "cut in the header"},
    {START(IP), IP6("0080", "3c") "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3b00000000000000", V6 "proto 59 len 168 at 0 168 0 next 60 type 0 | OPTIONS", "16 headers"},
    {START(IP), IP6("0088", "3c") "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3c00000000000000" "3b00000000000000", "E_CHAIN chain@168 | " V6 "proto 60 len 176 at 0 0 0 type 0 | OPTIONS", "17"},
    /* Fragments. */
    {START(IP), IP6("001c", "2c") "0600000100001234" TCP, V6_TCP "len 68 at 0 48 68 tcp 12 id 1234 offset 0 next 44 type 0 | FRAG OPTIONS", "the first"},
    {START(IP), IP6("001c", "2c") "0600000000001234" TCP, V6_TCP "len 68 at 0 48 68 tcp 12 id 1234 offset 0 next 44 type 0 | ATOMIC OPTIONS", "atomic: whole, and its lengths are checked"},
    {START(IP), IP6("0010", "2c") "0600000000001234" ZEROS8, "E_LENGTH l4@48 | v6 2001:db8::1:0 > 2001:db8::2:0 proto 6 len 56 at 0 48 0 id 1234 offset 0 next 44 type 0 | ATOMIC OPTIONS", "as they are not in a first fragment"},
    {START(IP), IP6("0010", "2c") "0600000900001234" ZEROS8, V6 "proto 6 len 56 at 0 48 0 id 1234 offset 8 next 44 type 0 | FRAG LATER OPTIONS", "one in the middle"},
    {START(IP), IP6("0010", "2c") "3c00000800001234" ZEROS8, V6 "proto 60 len 56 at 0 48 0 id 1234 offset 8 next 44 type 0 | FRAG LATER LAST OPTIONS", "the last: the chain goes on in the first, not here"},
    {START(IP), IP6("0018", "2c") "3c00000100001234" "1101010400000000" "0000000000000000", V6 "proto 17 len 64 at 0 64 0 id 1234 offset 0 next 44 type 0 | CUT_L4 FRAG OPTIONS", "a first one that ends with the chain"},
    {START(IP), IP6("0010", "2c") "3c00000100001234" "1101010400000000", V6 "proto 17 len 56 at 0 0 0 id 1234 offset 0 next 44 type 0 | CUT_L4 FRAG OPTIONS", "or within it (RFC 7112 forbids it)"},
    {START(IP), IP6("0018", "2c") "2c00000100001234" "1100000100001234" UDP("0008"), "E_CHAIN chain@48 | " V6 "proto 44 len 64 at 0 0 0 id 1234 offset 0 type 0 | FRAG OPTIONS", "two fragment headers"},
    {START(IP), IP6("0018", "2c") "2c00000000001234" "1100000000001234" UDP("0008"), "E_CHAIN chain@48 | " V6 "proto 44 len 64 at 0 0 0 id 1234 offset 0 type 0 | ATOMIC OPTIONS", "also atomic ones"},
    {START(IP), IP6("0010", "2c") "1100fff800001234" ZEROS8, "E_LENGTH chain@42 | " V6 "proto 17 len 56 at 0 0 0 id 1234 offset 65528 next 44 type 0 | FRAG LATER LAST OPTIONS", "past byte 65535"},
    {START(IP), IP6("000f", "2c") "1100fff800001234" "00000000000000", V6 "proto 17 len 55 at 0 48 0 id 1234 offset 65528 next 44 type 0 | FRAG LATER LAST OPTIONS", "up to it"},
    {START(IP), IP6("0010", "2c") "110000010000", V6 "proto 17 len 56 at 0 0 0 next 44 type 0 | CUT CUT_L4 OPTIONS", "cut in the fragment header: it may be a later one, so no more is read"},
    /* Jumbograms and offloaded packets. */
    {START(IP), IP6("0000", "00") "1100c20400010000" UDP("0000"), V6_UDP "len 65576 at 0 48 56 next 0 type 0 | CUT OPTIONS JUMBO", "65536 bytes of payload"},
    {START(IP), IP6("0000", "00") "1101000000c20400010000" "0100000000" UDP("0000"), V6_UDP "len 65576 at 0 56 64 next 0 type 0 | CUT OPTIONS JUMBO", "behind bytes of padding"},
    {START(IP), IP6("0000", "00") "1100c204ffffffff" UDP("0000"), V6_UDP "len 4294967295 at 0 48 56 next 0 type 0 | CUT OPTIONS JUMBO", "a length that 40 more would overflow"},
    {START(IP), IP6("0000", "00") "1100c2040000ffff" UDP("0000"), "E_LENGTH chain@44 | " V6 "proto 17 len 56 at 0 0 0 next 0 type 0 | OPTIONS NO_LEN", "not longer than a common packet"},
    {START(IP), IP6("0010", "00") "1100c20400010000" UDP("0008"), "E_LENGTH chain@42 | " V6 "proto 17 len 56 at 0 0 0 next 0 type 0 | OPTIONS", "and a payload length as well"},
    {START(IP), IP6("0000", "00") "1100c20300010001" UDP("0008"), "E_LENGTH chain@42 | " V6 "proto 17 len 56 at 0 0 0 next 0 type 0 | OPTIONS NO_LEN", "the option has four bytes"},
    {START(IP), IP6("0000", "00") "2c00c20400010000" "1100000100001234" UDP("0000"), "E_CHAIN chain@48 | " V6 "proto 44 len 65576 at 0 0 0 next 0 type 0 | CUT OPTIONS JUMBO", "jumbograms are not fragmented"},
    {START(IP), IP6("0000", "00") "1100050200000109" UDP("0000"), V6_UDP "len 56 at 0 48 56 next 0 type 0 | OPTIONS NO_LEN", "no such option; another runs past the header"},
    {START(IP), IP6("0000", "06") TCP, V6_TCP "len 60 at 0 40 60 tcp 12 type 0 | NO_LEN", "0 and more than padding: offloaded"},
    {START(IP), IP6("0000", "06") "000000000000", "E_LENGTH l4@40 | " V6 "proto 6 len 40 at 0 40 0 type 0", "0 and padding"},
    {START(IP), IP6("0000", "3b") ZEROS40, V6 "proto 59 len 40 at 0 40 0 type 0", "0 and no next header: really 0"},
};

static const struct row *const tables[] = {lengths, links, ipv4, chains};
static const int table_rows[] = {COUNT(lengths), COUNT(links), COUNT(ipv4), COUNT(chains)};
/* clang-format on */

static void try_row(const struct row *row)
{
    unsigned char bytes[FRAME_MAX];
    const size_t len = frame_hex(row->hex, bytes);
    struct vpcvis_packet packet;
    struct vpcvis_frame frame = frame_of(guard_copy(bytes, len), len);
    vpcvis_status status;

    memset(&packet, 0xa5, sizeof(packet));
    frame.start = row->start;
    status = vpcvis_packet_read(&frame, &packet);
    ck_assert_msg(strcmp(packet_text(&packet), row->summary) == 0, "%s\n%s\n%s", row->why,
                  packet_text(&packet), row->summary);
    ck_assert_int_eq(status, packet.status);
    ck_assert_int_eq((packet.flags & VPCVIS_PACKET_BAD) != 0, status != VPCVIS_OK);
    ck_assert_uint_eq(packet.cap_len, len);
    ck_assert_uint_eq(packet.wire_len, len);
}

START_TEST(rows)
{
    int i;

    for (i = 0; i < table_rows[_i]; i++)
        try_row(&tables[_i][i]);
}
END_TEST

/* A frame of two of these is as good as any. */
#define PLAIN ETH("0800") IP4("0028", "06") TCP

static struct vpcvis_packet read_hex(const char *hex, struct vpcvis_frame frame)
{
    static unsigned char bytes[FRAME_MAX];
    struct vpcvis_packet packet;

    frame.cap_len = (uint32_t)frame_hex(hex, bytes);
    frame.data = bytes;
    vpcvis_packet_read(&frame, &packet);
    return packet;
}

/* [packet.fragment] How much of the payload a fragment has, by its headers. */
START_TEST(bytes_of_a_fragment)
{
    static const struct {
        const char *hex;
        uint32_t len;
        const char *why;
    } cases[] = {
        {IP4_FRAGMENT("0028", "2000", "06") TCP, 20, "IPv4, the first"},
        {IP4_FRAGMENT("0028", "2003", "06") "0000", 20, "cut by the capture"},
        {IP4_FRAGMENT("0014", "0003", "06"), 0, "the last, empty"},
        {IP6("0010", "2c") "0600000900001234" ZEROS8, 8, "IPv6, behind its header"},
        {IP6("001c", "2c") "0600000000001234" TCP, 0, "atomic is no fragment"},
        {IP4("0028", "06") TCP, 0, "nor is a whole packet"},
    };
    struct vpcvis_frame frame;
    int i;

    memset(&frame, 0, sizeof(frame));
    frame.start = VPCVIS_START_IP;
    for (i = 0; i < COUNT(cases); i++)
        ck_assert_msg(read_hex(cases[i].hex, frame).fragment_len == cases[i].len, "%s",
                      cases[i].why);
}
END_TEST

START_TEST(what_the_frame_knows_is_passed_on)
{
    struct vpcvis_frame frame = frame_of(NULL, 0);
    struct vpcvis_packet packet;

    frame.seen_ns = 1700000000123456789u;
    frame.interface = 77;
    frame.direction = VPCVIS_DIRECTION_EGRESS;
    frame.verdict = VPCVIS_VERDICT_REJECT;
    packet = read_hex(PLAIN, frame);
    ck_assert_uint_eq(packet.seen_ns, 1700000000123456789u);
    ck_assert_uint_eq(packet.interface, 77);
    ck_assert_uint_eq(packet.direction, VPCVIS_DIRECTION_EGRESS);
    ck_assert_uint_eq(packet.verdict, VPCVIS_VERDICT_REJECT);
    ck_assert_mem_eq(packet.dst_mac, "\2\0\0\0\0\2", 6);
    ck_assert_mem_eq(packet.src_mac, "\2\0\0\0\0\xa1", 6);
    ck_assert_uint_eq(packet.ttl, 64);
    ck_assert_uint_eq(packet.tos, 0);
    ck_assert_uint_eq(packet.next_header, 6);
    packet = read_hex(ETH("86dd") IP6("0014", "06") TCP, frame);
    ck_assert_uint_eq(packet.tos, 0xab);
    ck_assert_uint_eq(packet.ttl, 64);
    packet = read_hex(ETH("0800") "45b8" "00280001000040060000" "0a0000010a000002" TCP,
                      frame);
    ck_assert_uint_eq(packet.tos, 0xb8);
}
END_TEST

/* A tag that the driver took is the outermost, and counts. */
START_TEST(tag_beside_the_bytes)
{
    struct vpcvis_frame frame = frame_of(NULL, 0);
    struct vpcvis_packet packet;

    frame.vlan = 9;
    packet = read_hex(PLAIN, frame);
    ck_assert_uint_eq(packet.vlan_count, 0);
    frame.valid = VPCVIS_FRAME_VLAN;
    packet = read_hex(PLAIN, frame);
    ck_assert_str_eq(packet_text(&packet),
                     V4_TCP "len 40 at 14 34 54 tcp 12 type 800 vlans 1: 9 9");
    packet = read_hex(ETH("8100") "00050800" IP4("0028", "06") TCP, frame);
    ck_assert_str_eq(packet_text(&packet),
                     V4_TCP "len 40 at 18 38 58 tcp 12 type 800 vlans 2: 9 5");
    packet = read_hex(ETH("8100") "00018100" "00028100" "00038100" "00048100" "00058100"
                                  "00068100" "00078100" "00080806",
                      frame);
    ck_assert_str_eq(packet_text(&packet),
                     "E_CHAIN vlan@42 | no ip type 8100 vlans 8: 9 7");
}
END_TEST

START_TEST(frames_that_start_with_a_type)
{
    struct vpcvis_frame frame = frame_of(NULL, 0);
    struct vpcvis_packet packet;

    frame.start = VPCVIS_START_ETHERTYPE;
    frame.ethertype = 0x0800;
    packet = read_hex(IP4("0028", "06") TCP, frame);
    ck_assert_str_eq(packet_text(&packet), V4_TCP "len 40 at 0 20 40 tcp 12 type 800");
    frame.ethertype = 0x8100;
    packet = read_hex("00050800" IP4("0028", "06") TCP, frame);
    ck_assert_str_eq(packet_text(&packet),
                     V4_TCP "len 40 at 4 24 44 tcp 12 type 800 vlans 1: 5 5");
    frame.ethertype = 0x0806;
    packet = read_hex(IP4("0028", "06") TCP, frame);
    ck_assert_str_eq(packet_text(&packet), "no ip type 806");
}
END_TEST

/* Three lengths, and which of them says what. */
START_TEST(captured_sent_and_counted)
{
    struct vpcvis_frame frame = frame_of(NULL, 0);
    struct vpcvis_packet packet;

    frame.valid = VPCVIS_FRAME_WIRE_LEN;
    frame.wire_len = 1514;
    packet = read_hex(ETH("0800") IP4("05dc", "06") TCP, frame);
    ck_assert_str_eq(packet_text(&packet),
                     V4_TCP "len 1500 at 14 34 54 tcp 12 type 800 | CUT");
    ck_assert_uint_eq(packet.cap_len, 54);
    ck_assert_uint_eq(packet.wire_len, 1514);
    packet = read_hex(ETH("0800") IP4("0000", "06") TCP, frame);
    ck_assert_uint_eq(packet.ip_len, 1500);
    ck_assert_uint_eq(packet.flags & VPCVIS_PACKET_NO_LEN, VPCVIS_PACKET_NO_LEN);
    packet = read_hex(ETH("86dd") IP6("0000", "06") TCP, frame);
    ck_assert_uint_eq(packet.ip_len, 1500);

    frame.valid |= VPCVIS_FRAME_FCS;
    packet = read_hex(ETH("0800") IP4("0000", "06") TCP, frame);
    ck_assert_uint_eq(packet.wire_len, 1510);
    ck_assert_uint_eq(packet.ip_len, 1496);

    /* All is at hand but for the check sequence: not cut. */
    frame.wire_len = 58;
    packet = read_hex(PLAIN, frame);
    ck_assert_str_eq(packet_text(&packet), V4_TCP "len 40 at 14 34 54 tcp 12 type 800");
    packet = read_hex(PLAIN "deadbeef", frame);
    ck_assert_str_eq(packet_text(&packet), V4_TCP "len 40 at 14 34 54 tcp 12 type 800");
    ck_assert_uint_eq(packet.cap_len, 54);
    frame.valid = VPCVIS_FRAME_FCS;
    packet = read_hex(PLAIN "deadbeef", frame);
    ck_assert_uint_eq(packet.cap_len, 54);
    ck_assert_uint_eq(packet.wire_len, 54);
    packet = read_hex("dead", frame);
    ck_assert_uint_eq(packet.wire_len, 0);

    /* Bytes behind the frame's end are nobody's. */
    frame.valid = VPCVIS_FRAME_WIRE_LEN;
    frame.wire_len = 40;
    packet = read_hex(PLAIN, frame);
    ck_assert_str_eq(
        packet_text(&packet),
        "v4 10.0.0.1:1000 > 10.0.0.2:80 proto 6 len 40 at 14 34 0 type 800 | CUT CUT_L4");
    ck_assert_uint_eq(packet.cap_len, 40);
}
END_TEST

START_TEST(direction_and_verdict_of_capture_headers)
{
    static const uint8_t directions[] = {1, 1, 1, 1, 2, 0, 0};
    unsigned char bytes[FRAME_MAX] = {0};
    struct vpcvis_packet packet;
    struct vpcvis_frame frame = frame_of(bytes, 0);
    unsigned kind;

    for (kind = 0; kind < sizeof(directions); kind++) {
        frame.start = VPCVIS_START_SLL;
        frame.direction = VPCVIS_DIRECTION_UNKNOWN;
        frame.cap_len = (uint32_t)frame_hex(
            "0000"
            "0001"
            "0006"
            "0200000000a10000"
            "0800" IP4("0028", "06") TCP,
            bytes);
        bytes[1] = (unsigned char)kind;
        ck_assert_int_eq(vpcvis_packet_read(&frame, &packet), VPCVIS_OK);
        ck_assert_uint_eq(packet.direction, directions[kind]);
        ck_assert_mem_eq(packet.src_mac, "\2\0\0\0\0\xa1", 6);
        frame.direction = VPCVIS_DIRECTION_INGRESS;
        ck_assert_int_eq(vpcvis_packet_read(&frame, &packet), VPCVIS_OK);
        ck_assert_uint_eq(packet.direction, VPCVIS_DIRECTION_INGRESS);

        frame.start = VPCVIS_START_SLL2;
        frame.direction = VPCVIS_DIRECTION_UNKNOWN;
        frame.cap_len = (uint32_t)frame_hex(
            "0800"
            "0000"
            "00000002"
            "0001"
            "00"
            "08" ZEROS8 IP4("0028", "06") TCP,
            bytes);
        bytes[10] = (unsigned char)kind;
        ck_assert_int_eq(vpcvis_packet_read(&frame, &packet), VPCVIS_OK);
        ck_assert_uint_eq(packet.direction, directions[kind]);
        ck_assert_mem_eq(packet.src_mac, "\0\0\0\0\0\0", 6);
    }
}
END_TEST

/* One log header. The real length of it is `length`; what is there is rounded up to four. */
struct log_row {
    uint8_t length, family, action, direction;
    uint32_t dir_at, bytes;
    const char *summary;
    uint8_t packet_verdict, packet_direction;
    const char *why;
};

/* clang-format off */
static const struct log_row logs[] = {
    {61, 2, 0, 1, 60, 64, V4_TCP "len 40 at 64 84 104 tcp 12 type 0", 1, 1, "FreeBSD before 14, NetBSD, Darwin: pass in"},
    {69, 2, 1, 2, 60, 72, V4_TCP "len 40 at 72 92 112 tcp 12 type 0", 2, 2, "FreeBSD 14: block out"},
    {100, 2, 1, 1, 60, 100, V4_TCP "len 40 at 100 120 140 tcp 12 type 0", 2, 1, "OpenBSD"},
    {100, 24, 1, 1, 60, 100, V4_TCP "len 40 at 100 120 140 tcp 12 type 0", 2, 1, "OpenBSD, translated to IPv4: the family is the one before"},
    {45, 2, 0, 2, 44, 48, V4_TCP "len 40 at 48 68 88 tcp 12 type 0", 1, 2, "before 2006"},
    {61, 2, 8, 0, 60, 64, V4_TCP "len 40 at 64 84 104 tcp 12 type 0", 0, 0, "a redirection, either way: neither verdict nor direction"},
    {61, 7, 0, 1, 60, 64, "no ip type 0", 1, 1, "a family that is not IP"},
    {44, 2, 0, 1, 60, 64, "E_LENGTH link@0 | no ip type 0", 0, 0, "shorter than any"},
};
/* clang-format on */

START_TEST(packet_filter_logs)
{
    const struct log_row *row = &logs[_i];
    unsigned char bytes[FRAME_MAX];
    struct vpcvis_packet packet;
    struct vpcvis_frame frame;

    memset(bytes, 0, sizeof(bytes));
    frame = frame_of(bytes,
                     row->bytes + frame_hex(IP4("0028", "06") TCP, bytes + row->bytes));
    bytes[0] = row->length;
    bytes[1] = row->family;
    bytes[2] = row->action;
    bytes[row->dir_at] = row->direction;
    frame.start = VPCVIS_START_PFLOG;
    vpcvis_packet_read(&frame, &packet);
    ck_assert_msg(strcmp(packet_text(&packet), row->summary) == 0, "%s: %s", row->why,
                  packet_text(&packet));
    ck_assert_uint_eq(packet.verdict, row->packet_verdict);
    ck_assert_uint_eq(packet.direction, row->packet_direction);
    frame.verdict = VPCVIS_VERDICT_REJECT;
    frame.direction = VPCVIS_DIRECTION_EGRESS;
    vpcvis_packet_read(&frame, &packet);
    ck_assert_uint_eq(packet.verdict, VPCVIS_VERDICT_REJECT);
    ck_assert_uint_eq(packet.direction, VPCVIS_DIRECTION_EGRESS);
    frame.cap_len = row->bytes - 1;
    vpcvis_packet_read(&frame, &packet);
    ck_assert_uint_eq(packet.family, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("packet");
    TCase *tcase = tcase_create("packet");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, rows, 0, COUNT(tables));
    tcase_add_test(tcase, bytes_of_a_fragment);
    tcase_add_test(tcase, what_the_frame_knows_is_passed_on);
    tcase_add_test(tcase, tag_beside_the_bytes);
    tcase_add_test(tcase, frames_that_start_with_a_type);
    tcase_add_test(tcase, captured_sent_and_counted);
    tcase_add_test(tcase, direction_and_verdict_of_capture_headers);
    tcase_add_loop_test(tcase, packet_filter_logs, 0, COUNT(logs));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/*
 * Room line, the portable path: text to the index of a window.
 *
 * A clean section of text, all spaces, visible bytes and line ends, goes eight bytes at a time:
 *
 *     text     _ 1 7 _ 6 _ 2 0      which bytes separate: compilers make vectors of this
 *     flags    1 0 0 1 0 1 0 0      eight bytes of 0 or 1, low byte first
 *     mask     00101001             one multiplication gathers them
 *     places   0 3 5 0              of its ones, from a table, four of 16 bits
 *     sep[]    at at+3 at+5 [at]    stored whole, then on by the count of ones: no branch
 *
 * Whatever is not clean, odd bytes and separators side by side, is noticed on the way, and the
 * section is done again by bit masks of 64 bytes that say exactly where.
 */
#include "line_index.h"

#define CHUNK 192u /* bytes that are flagged at once: a byte can count them */
#define SECTION \
    3072u /* bytes that are clean or not; whole chunks and whole groups of 64 */
#define FOUR 0x0001000100010001u

/* The places of the ones in a byte, the first in the lowest 16 bits, and how many they are. A
 * set bit comes in front of those of the higher bits. More than four ones are never clean, since
 * two are side by side: they are as four side by side. */
#define BESIDE        UINT64_C(0x0003000200010000)
#define PLACES0(v, n) ((n) > 4 ? BESIDE : (v)), ((n) > 3 ? BESIDE : (v) << 16)
#define PLACES1(v, n) PLACES0(v, n), PLACES0((v) << 16 | 1, n + 1)
#define PLACES2(v, n) PLACES1(v, n), PLACES1((v) << 16 | 2, n + 1)
#define PLACES3(v, n) PLACES2(v, n), PLACES2((v) << 16 | 3, n + 1)
#define PLACES4(v, n) PLACES3(v, n), PLACES3((v) << 16 | 4, n + 1)
#define PLACES5(v, n) PLACES4(v, n), PLACES4((v) << 16 | 5, n + 1)
#define PLACES6(v, n) PLACES5(v, n), PLACES5((v) << 16 | 6, n + 1)
static const uint64_t places[256] = {PLACES6((uint64_t)0, 0), PLACES6((uint64_t)7, 1)};

#define COUNT0(n) ((n) > 4 ? 4 : (n))
#define COUNT1(n) COUNT0(n), COUNT0((n) + 1)
#define COUNT2(n) COUNT1(n), COUNT1((n) + 1)
#define COUNT3(n) COUNT2(n), COUNT2((n) + 1)
#define COUNT4(n) COUNT3(n), COUNT3((n) + 1)
#define COUNT5(n) COUNT4(n), COUNT4((n) + 1)
#define COUNT6(n) COUNT5(n), COUNT5((n) + 1)
#define COUNT7(n) COUNT6(n), COUNT6((n) + 1)
static const uint8_t counts[256] = {COUNT7(0), COUNT7(1)};

/* What is found on the way through a section. */
struct scan {
    uint16_t *sep;   /* where the next one goes */
    uint32_t others; /* bytes that are neither space nor visible */
};

/* Four numbers of 16 bits, the first lowest. */
VPCVIS_I_INLINE void put_four(uint16_t *out, uint64_t four)
{
    out[0] = (uint16_t)(four & 0xffff);
    out[1] = (uint16_t)(four >> 16 & 0xffff);
    out[2] = (uint16_t)(four >> 32 & 0xffff);
    out[3] = (uint16_t)(four >> 48);
}

/* Eight bytes that are 0 or 1, as eight bits, the first byte lowest. */
VPCVIS_I_WRAPS VPCVIS_I_INLINE uint32_t gather(const uint8_t *flags)
{
    return (uint32_t)(vpcvis_i_bytes_le64((const char *)flags) * 0x0102040810204080u >>
                      56);
}

/* Write the separators among eight bytes; returns where the next one goes. */
VPCVIS_I_INLINE uint16_t *put_places(uint16_t *sep, const uint8_t *flags, uint64_t origin)
{
    const uint32_t mask = gather(flags);

    put_four(sep, places[mask] + origin);
    return sep + counts[mask];
}

static void scan_chunk(struct scan *scan, const char *text, uint32_t at)
{
    uint8_t flags[CHUNK];
    uint8_t plain = 0;
    uint16_t *sep = scan->sep;
    uint64_t origin = at * FOUR;
    uint32_t i;

    for (i = 0; i < CHUNK; i++) {
        const uint8_t c = (uint8_t)text[i];
        flags[i] = (uint8_t)((c == ' ') | (c == '\n'));
        plain = (uint8_t)(plain + ((c >= ' ') & (c <= '~')));
    }
    for (i = 0; i < CHUNK; i += 32, origin += 32 * FOUR) {
        sep = put_places(sep, flags + i, origin);
        sep = put_places(sep, flags + i + 8, origin + 8 * FOUR);
        sep = put_places(sep, flags + i + 16, origin + 16 * FOUR);
        sep = put_places(sep, flags + i + 24, origin + 24 * FOUR);
    }
    scan->sep = sep;
    scan->others += CHUNK - plain;
}

static int is_apart(const uint16_t *sep, uint32_t count)
{
    uint16_t beside = 0;
    uint32_t i;

    for (i = 1; i < count; i++)
        beside |= (uint16_t)(sep[i] - sep[i - 1]) == 1;
    return beside == 0;
}

/* The first LF from separator `at` on, or seps. */
static uint32_t find_end(const uint16_t *sep, uint32_t at, uint32_t seps,
                         const char *text)
{
    while (at < seps && text[sep[at]] != '\n')
        at++;
    return at;
}

/*
 * Add the lines that end at one of the separators from `first` on, the LF: of CR LF the CR
 * becomes the separator. 0 unless line ends are all the other bytes there are. A line is likely
 * to have as many separators as the one before.
 */
static int add_lines(struct vpcvis_i_line_index *index, const char *text, uint32_t first,
                     uint32_t seps, uint32_t others)
{
    uint16_t *sep = index->sep;
    uint32_t lines = index->lines, upto = lines > 0 ? index->upto[lines - 1] : 0;
    uint32_t step = 1, last, end;

    for (;;) {
        last = upto + step - 1;
        if (last >= seps || text[sep[last]] != '\n') {
            last = find_end(sep, upto > first ? upto : first, seps, text);
            if (last == seps)
                break;
            step = last + 1 - upto;
        }
        upto = last + 1;
        end = sep[last];
        others--;
        if (end > 0 && text[end - 1] == '\r') {
            if (end == 1 || text[end - 2] <= ' ')
                return 0;
            sep[last]--;
            others--;
        }
        index->end[lines] = (uint16_t)end;
        index->upto[lines++] = (uint16_t)upto;
    }
    if (others != 0)
        return 0;
    index->lines = lines;
    return 1;
}

/* Index text[at..at + len), a section; 0 if it is not clean. */
static int add_clean(struct vpcvis_i_line_index *index, const char *text, uint32_t at,
                     uint32_t len)
{
    struct scan scan = {NULL, 0};
    const uint32_t first = index->seps;
    char rest[CHUNK];
    uint32_t i, seps;

    if (text[at] <= ' ' && (at == 0 || text[at - 1] <= ' '))
        return 0;
    scan.sep = index->sep + first;
    for (i = 0; len - i >= CHUNK; i += CHUNK)
        scan_chunk(&scan, text + at + i, at + i);
    if (i < len) {
        memset(rest, 'x', sizeof(rest));
        memcpy(rest, text + at + i, len - i);
        scan_chunk(&scan, rest, at + i);
    }
    seps = (uint32_t)(scan.sep - index->sep);
    if (!is_apart(index->sep + first, seps - first) ||
        !add_lines(index, text, first, seps, scan.others))
        return 0;
    index->seps = seps;
    memset(index->odd + at / 64, 0, (len + 63) / 64 * sizeof(index->odd[0]));
    return 1;
}

/* Byte tests that compilers turn into vectors by themselves. */
static void flag_bytes(const char *text, uint8_t *blank, uint8_t *other)
{
    uint32_t i;

    for (i = 0; i < 64; i++) {
        const uint8_t c = (uint8_t)text[i];
        blank[i] = c <= 0x20;
        other[i] = (uint8_t)((c < 0x20) | (c > 0x7e));
    }
}

VPCVIS_I_WRAPS static void make_masks(const char *text, struct vpcvis_i_line_masks *masks)
{
    uint8_t blank[64], other[64];
    uint64_t rest;
    uint32_t i;

    flag_bytes(text, blank, other);
    memset(masks, 0, sizeof(*masks));
    for (i = 0; i < 8; i++) {
        masks->blank |= (uint64_t)gather(blank + 8 * i) << 8 * i;
        masks->other |= (uint64_t)gather(other + 8 * i) << 8 * i;
    }
    for (rest = masks->other; rest != 0; rest &= rest - 1) {
        const char c = text[vpcvis_i_bytes_lowest(rest)];
        const uint64_t bit = rest & (0 - rest);
        masks->lf |= c == '\n' ? bit : 0;
        masks->cr |= c == '\r' ? bit : 0;
    }
}

static void add_group(struct vpcvis_i_line_index *index,
                      struct vpcvis_i_line_carry *carry, const char *text, uint32_t at,
                      int next_is_lf)
{
    struct vpcvis_i_line_masks masks;
    uint64_t odd, sep;

    make_masks(text, &masks);
    sep = vpcvis_i_line_separators(&masks, carry, next_is_lf, &odd);
    index->odd[at / 64] = odd;
    index->any_odd |= odd;
    vpcvis_i_line_add_ends(index, at, sep, masks.lf);
    for (; sep != 0; sep &= sep - 1)
        index->sep[index->seps++] = (uint16_t)(at + vpcvis_i_bytes_lowest(sep));
}

/* Index text[at..end), whatever is in it, of a window of len bytes. */
static void add_any(struct vpcvis_i_line_index *index, const char *text, uint32_t at,
                    uint32_t end, uint32_t len)
{
    struct vpcvis_i_line_carry carry = {1, 0};
    char rest[64];

    if (at > 0) {
        carry.blank = (uint8_t)text[at - 1] <= ' ';
        carry.cr = text[at - 1] == '\r';
    }
    for (; end - at >= 64; at += 64)
        add_group(index, &carry, text + at, at, len - at > 64 && text[at + 64] == '\n');
    if (at < end) {
        memset(rest, 'x', sizeof(rest));
        memcpy(rest, text + at, end - at);
        add_group(index, &carry, rest, at, 0);
    }
}

void vpcvis_i_line_index_portable(const char *text, uint32_t len,
                                  struct vpcvis_i_line_index *index)
{
    uint32_t at, part;

    index->seps = 0;
    index->lines = 0;
    index->any_odd = 0;
    for (at = 0; at < len; at += part) {
        part = len - at < SECTION ? len - at : SECTION;
        if (!add_clean(index, text, at, part))
            add_any(index, text, at, at + part, len);
    }
}

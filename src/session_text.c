/* SPDX-License-Identifier: MIT */
/*
 * Room session: a session as a line of words, read and written.
 *
 *     session 1 filter web target network-interface 10.9.0.4 vni 7 packet-length 100 mtu 9001 # text
 */
#include "session.h"
#include "text.h"

#define NO_FIELD UINT32_MAX
#define WORD_MAX 30

struct literal {
    uint8_t len;
    char text[WORD_MAX + 1];
};

static const struct literal word_session = {7, "session"};
static const struct literal words[] = {
    {6, "filter"}, {6, "target"}, {3, "vni"}, {13, "packet-length"}, {3, "mtu"}};
static const struct literal targets[] = {{17, "network-interface"},
                                         {21, "network-load-balancer"},
                                         {30, "gateway-load-balancer-endpoint"}};

/* Indexes of words. */
#define FILTER 0
#define TARGET 1
#define VNI    2
#define LENGTH 3
#define MTU    4
#define WORDS  5

/* A line that is being read, word by word. */
struct sentence {
    const char *text;
    size_t len, at;
    const char *word; /* the word at hand: 0 bytes at the end or before # */
    size_t word_len;
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void next_word(struct sentence *line)
{
    while (line->at < line->len && is_blank(line->text[line->at]))
        line->at++;
    line->word = line->text + line->at;
    line->word_len = 0;
    if (line->at < line->len && line->text[line->at] == '#')
        return;
    while (line->at < line->len && !is_blank(line->text[line->at]))
        line->at++;
    line->word_len = (size_t)(line->text + line->at - line->word);
}

static int is_literal(const struct sentence *line, const struct literal *literal)
{
    return line->word_len == literal->len &&
           memcmp(line->word, literal->text, literal->len) == 0;
}

static vpcvis_status fault(const struct sentence *line, struct vpcvis_error *error,
                           vpcvis_status status, uint32_t part, size_t in_word)
{
    return vpcvis_i_base_fail(error, status, NO_FIELD, part,
                              (size_t)(line->word - line->text) + in_word);
}

static vpcvis_status read_number(struct sentence *line, uint32_t min, uint32_t max,
                                 uint32_t part, uint32_t *number,
                                 struct vpcvis_error *error)
{
    uint64_t value = 0;
    size_t bad = 0;
    vpcvis_status status;

    if (line->word_len == 0)
        return fault(line, error, VPCVIS_E_WORD, part, 0);
    status = vpcvis_i_text_read_u64(line->word, line->word_len, max, &value, &bad);
    if (status == VPCVIS_OK && value < min)
        status = VPCVIS_E_RANGE;
    if (status != VPCVIS_OK)
        return fault(line, error, status, part, bad);
    *number = (uint32_t)value;
    next_word(line);
    return VPCVIS_OK;
}

static vpcvis_status read_target(struct sentence *line,
                                 struct vpcvis_session_entry *entry,
                                 struct vpcvis_error *error)
{
    struct vpcvis_error bad;
    vpcvis_status status;
    uint8_t kind = 0;

    while (kind < 3 && !is_literal(line, &targets[kind]))
        kind++;
    if (kind == 3)
        return fault(line, error, VPCVIS_E_WORD, VPCVIS_SESSION_PART_TARGET, 0);
    entry->target = (uint8_t)(kind + VPCVIS_SESSION_INTERFACE);
    next_word(line);
    if (line->word_len == 0)
        return fault(line, error, VPCVIS_E_WORD, VPCVIS_SESSION_PART_ADDRESS, 0);
    status = vpcvis_addr_read(line->word, line->word_len, &entry->address, &bad);
    if (status != VPCVIS_OK)
        return fault(line, error, status, VPCVIS_SESSION_PART_ADDRESS, bad.offset);
    next_word(line);
    return VPCVIS_OK;
}

/* A name: what stands between blanks, in ASCII that can be seen. */
static vpcvis_status read_name(struct sentence *line, struct vpcvis_session_entry *entry,
                               struct vpcvis_error *error)
{
    size_t i;

    if (line->word_len == 0)
        return fault(line, error, VPCVIS_E_WORD, VPCVIS_SESSION_PART_FILTER, 0);
    if (line->word_len > UINT16_MAX)
        return fault(line, error, VPCVIS_E_LONG, VPCVIS_SESSION_PART_FILTER, 0);
    for (i = 0; i < line->word_len; i++)
        if (line->word[i] <= ' ' || line->word[i] > '~')
            return fault(line, error, VPCVIS_E_BYTE, VPCVIS_SESSION_PART_FILTER, i);
    entry->name = line->word;
    entry->name_len = (uint32_t)line->word_len;
    next_word(line);
    return VPCVIS_OK;
}

/* What follows one of words. */
static vpcvis_status read_part(struct sentence *line, unsigned which,
                               struct vpcvis_session_entry *entry,
                               struct vpcvis_error *error)
{
    switch (which) {
    case FILTER: return read_name(line, entry, error);
    case TARGET: return read_target(line, entry, error);
    case VNI:
        return read_number(line, 0, VPCVIS_SESSION_VNI_MAX, VPCVIS_SESSION_PART_VNI,
                           &entry->vni, error);
    case LENGTH:
        entry->valid |= VPCVIS_SESSION_LENGTH;
        return read_number(line, 1, VPCVIS_SESSION_LENGTH_MAX, VPCVIS_SESSION_PART_LENGTH,
                           &entry->packet_length, error);
    default:
        entry->valid |= VPCVIS_SESSION_MTU;
        return read_number(line, 1, UINT16_MAX, VPCVIS_SESSION_PART_MTU, &entry->mtu,
                           error);
    }
}

static uint32_t part_of(unsigned which)
{
    switch (which) {
    case FILTER: return VPCVIS_SESSION_PART_FILTER;
    case TARGET: return VPCVIS_SESSION_PART_TARGET;
    case VNI: return VPCVIS_SESSION_PART_VNI;
    case LENGTH: return VPCVIS_SESSION_PART_LENGTH;
    default: return VPCVIS_SESSION_PART_MTU;
    }
}

/* Everything between the number and the end of the words. */
static vpcvis_status read_parts(struct sentence *line, struct vpcvis_session_entry *entry,
                                struct vpcvis_error *error)
{
    unsigned seen = 0, which;

    while (line->word_len > 0) {
        vpcvis_status status;

        for (which = 0; which < WORDS && !is_literal(line, &words[which]); which++)
            ;
        if (which == WORDS)
            return fault(line, error, VPCVIS_E_WORD, VPCVIS_SESSION_PART_NONE, 0);
        if ((seen >> which & 1) != 0)
            return fault(line, error, VPCVIS_E_DUPLICATE, part_of(which), 0);
        seen |= 1u << which;
        next_word(line);
        status = read_part(line, which, entry, error);
        if (status != VPCVIS_OK)
            return status;
    }
    for (which = 0; which <= VNI; which++)
        if ((seen >> which & 1) == 0)
            return vpcvis_i_base_fail(error, VPCVIS_E_WORD, NO_FIELD, part_of(which),
                                      line->len);
    return VPCVIS_OK;
}

/* Where text has a control character; its length if nowhere. */
static size_t find_control(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && (unsigned char)text[i] >= 0x20 && text[i] != 0x7f)
        i++;
    return i;
}

/* What follows #, if anything does. */
static vpcvis_status read_text(struct sentence *line, struct vpcvis_session_entry *entry,
                               struct vpcvis_error *error)
{
    size_t len, bad;

    if (line->at == line->len)
        return VPCVIS_OK;
    line->at++;
    if (line->at < line->len && line->text[line->at] == ' ')
        line->at++;
    line->word = line->text + line->at;
    len = line->len - line->at;
    bad = find_control(line->word, len);
    if (bad < len)
        return fault(line, error, VPCVIS_E_BYTE, VPCVIS_SESSION_PART_TEXT, bad);
    if (len > UINT16_MAX)
        return fault(line, error, VPCVIS_E_LONG, VPCVIS_SESSION_PART_TEXT, 0);
    entry->text = len > 0 ? line->word : NULL;
    entry->text_len = (uint32_t)len;
    return VPCVIS_OK;
}

vpcvis_status vpcvis_session_read(const char *text, size_t text_len,
                                  struct vpcvis_session_entry *out,
                                  struct vpcvis_error *error)
{
    struct vpcvis_session_entry entry;
    struct sentence line = {text, text_len, 0, NULL, 0};
    vpcvis_status status;

    if (out == NULL || (text == NULL && text_len > 0))
        return VPCVIS_E_ARG;
    if (text_len > 0 && text[text_len - 1] == '\r')
        line.len--;
    next_word(&line);
    if (!is_literal(&line, &word_session))
        return VPCVIS_NOMATCH;
    next_word(&line);
    memset(&entry, 0, sizeof(entry));
    status = read_number(&line, 1, VPCVIS_SESSION_NUMBER_MAX, VPCVIS_SESSION_PART_NUMBER,
                         &entry.number, error);
    if (status == VPCVIS_OK)
        status = read_parts(&line, &entry, error);
    if (status == VPCVIS_OK)
        status = read_text(&line, &entry, error);
    if (status == VPCVIS_OK)
        *out = entry;
    return status;
}

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
    if (pen->len > 0)
        put(pen, " ", 1);
    put(pen, literal->text, literal->len);
}

static void put_number(struct pen *pen, const struct literal *word, uint32_t number)
{
    char text[VPCVIS_I_TEXT_ROOM];

    put_literal(pen, word);
    put(pen, " ", 1);
    put(pen, text, (size_t)(vpcvis_i_text_write_u64(text, number) - text));
}

static void put_target(struct pen *pen, const struct vpcvis_session_entry *entry)
{
    char text[VPCVIS_ADDR_TEXT_MAX];
    size_t len = 0;

    put_literal(pen, &words[TARGET]);
    put_literal(pen, &targets[entry->target - VPCVIS_SESSION_INTERFACE]);
    put(pen, " ", 1);
    (void)vpcvis_addr_write(&entry->address, text, sizeof(text), &len);
    put(pen, text, len);
}

static void put_entry(struct pen *pen, const struct vpcvis_session_entry *entry)
{
    put_number(pen, &word_session, entry->number);
    put_literal(pen, &words[FILTER]);
    put(pen, " ", 1);
    put(pen, entry->name, entry->name_len);
    put_target(pen, entry);
    put_number(pen, &words[VNI], entry->vni);
    if ((entry->valid & VPCVIS_SESSION_LENGTH) != 0)
        put_number(pen, &words[LENGTH], entry->packet_length);
    if ((entry->valid & VPCVIS_SESSION_MTU) != 0)
        put_number(pen, &words[MTU], entry->mtu);
    if (entry->text_len > 0) {
        put(pen, " # ", 3);
        put(pen, entry->text, entry->text_len);
    }
}

/* A name that reads as one word, and no description that would read as another. */
static vpcvis_status check_texts(const struct vpcvis_session_entry *entry)
{
    size_t i;

    if (entry->name == NULL || entry->name_len == 0 || entry->name_len > UINT16_MAX ||
        entry->text_len > UINT16_MAX)
        return VPCVIS_E_ARG;
    for (i = 0; i < entry->name_len; i++)
        if (entry->name[i] <= ' ' || entry->name[i] > '~' || entry->name[0] == '#')
            return VPCVIS_E_BYTE;
    return find_control(entry->text, entry->text_len) < entry->text_len ? VPCVIS_E_BYTE
                                                                        : VPCVIS_OK;
}

vpcvis_status vpcvis_session_write(const struct vpcvis_session_entry *entry, char *out,
                                   size_t capacity, size_t *out_len)
{
    struct pen pen = {NULL, 0, 0};
    vpcvis_status status;
    uint32_t part;

    if (entry == NULL || out_len == NULL || (out == NULL && capacity > 0) ||
        vpcvis_i_session_check(entry, &part) != VPCVIS_OK)
        return VPCVIS_E_ARG;
    status = check_texts(entry);
    if (status != VPCVIS_OK)
        return status;
    put_entry(&pen, entry);
    *out_len = pen.len;
    if (pen.len > capacity)
        return VPCVIS_E_SPACE;
    pen.out = out;
    pen.capacity = capacity;
    pen.len = 0;
    put_entry(&pen, entry);
    return VPCVIS_OK;
}

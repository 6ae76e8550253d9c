/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "lists.h"

#include <vpcvis/record.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Read an address, or an address and a prefix length. */
static int read_block(const char *text, size_t len, struct vpcvis_cidr *cidr)
{
    memset(cidr, 0, sizeof(*cidr));
    if (vpcvis_addr_read_cidr(text, len, cidr, NULL) == VPCVIS_OK)
        return 0;
    if (vpcvis_addr_read(text, len, &cidr->addr, NULL) != VPCVIS_OK)
        return -1;
    cidr->prefix_len = cidr->addr.family == VPCVIS_ADDR_IPV4 ? 32 : 128;
    return 0;
}

static size_t count_items(const char *text)
{
    size_t n = 1;

    for (; *text != '\0'; text++)
        n += *text == ',';
    return n;
}

static vpcvis_prefix *make_map(struct vpcvis_prefix_entry *entries, size_t count,
                               uint32_t flags, char *problem)
{
    struct vpcvis_prefix_config config = {0};
    struct vpcvis_error error = {0};
    vpcvis_prefix *map = NULL;
    vpcvis_status status;

    config.size = sizeof(config);
    config.flags = VPCVIS_PREFIX_MASK | flags;
    status = vpcvis_prefix_new(entries, count, &config, NULL, &map, &error);
    if (status != VPCVIS_OK)
        snprintf(problem, LISTS_PROBLEM, "entry %llu: %s", (unsigned long long)error.line,
                 vpcvis_base_status_text(status));
    return map;
}

vpcvis_prefix *lists_addresses(const char *text, char problem[LISTS_PROBLEM])
{
    struct vpcvis_prefix_entry *entries = calloc(count_items(text), sizeof(*entries));
    vpcvis_prefix *map = NULL;
    size_t n = 0;

    while (entries != NULL) {
        const size_t len = strcspn(text, ",");
        if (read_block(text, len, &entries[n].cidr) != 0) {
            snprintf(problem, LISTS_PROBLEM, "not an address or CIDR block: %.*s",
                     len > 60 ? 60 : (int)len, text);
            break;
        }
        n++;
        text += len;
        if (*text++ == '\0') {
            map = make_map(entries, n, VPCVIS_PREFIX_LAST, problem);
            break;
        }
    }
    free(entries);
    return map;
}

/* A protocol's number; -1 if there is none. */
static int read_protocol(const char *text, size_t len)
{
    uint64_t number = 0;
    size_t i;

    if (vpcvis_record_find_name(VPCVIS_FIELD_PROTOCOL, text, len, &number) == VPCVIS_OK)
        return (int)number;
    for (i = 0; i < len && text[i] >= '0' && text[i] <= '9' && number <= 255; i++)
        number = number * 10 + (uint64_t)(text[i] - '0');
    return len > 0 && i == len && number <= 255 ? (int)number : -1;
}

static int read_port(const char **text, uint32_t *port)
{
    const char *begin = *text;

    *port = 0;
    while (**text >= '0' && **text <= '9' && *port <= 65535)
        *port = *port * 10 + (uint32_t)(*(*text)++ - '0');
    return *text > begin && *port <= 65535;
}

/* One item; where it ends, NULL if it is none. */
static const char *read_port_item(const char *text, struct lists_port *item)
{
    const size_t len = strcspn(text, ":,");
    const int protocol = read_protocol(text, len);

    if (protocol < 0)
        return NULL;
    item->protocol = (uint32_t)protocol;
    item->any = text[len] != ':';
    text += len;
    if (item->any)
        return text;
    text++;
    if (!read_port(&text, &item->from))
        return NULL;
    item->to = item->from;
    if (*text == '-' && (text++, !read_port(&text, &item->to)))
        return NULL;
    return item->to >= item->from && (*text == ',' || *text == '\0') ? text : NULL;
}

int lists_ports(const char *text, struct lists_ports *list, char problem[LISTS_PROBLEM])
{
    list->ports = calloc(count_items(text), sizeof(*list->ports));
    list->count = 0;
    if (list->ports == NULL) {
        snprintf(problem, LISTS_PROBLEM, "out of memory");
        return -1;
    }
    for (;;) {
        const char *end = read_port_item(text, &list->ports[list->count]);
        if (end == NULL) {
            snprintf(problem, LISTS_PROBLEM,
                     "not protocol, protocol:port or protocol:port-port: %.60s", text);
            return -1;
        }
        list->count++;
        if (*end == '\0')
            return 0;
        text = end + 1;
    }
}

int lists_ports_match(const struct lists_ports *list, const struct vpcvis_packet *packet)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        const struct lists_port *item = &list->ports[i];
        if (item->protocol != packet->protocol)
            continue;
        if (item->any)
            return 1;
        if ((packet->flags & VPCVIS_PACKET_PORTS) != 0 && packet->dstport >= item->from &&
            packet->dstport <= item->to)
            return 1;
    }
    return 0;
}

void lists_ports_free(struct lists_ports *list)
{
    free(list->ports);
}

static char *read_file(const char *path, char *problem)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0, room = 0, n = 1;

    if (file == NULL) {
        snprintf(problem, LISTS_PROBLEM, "%.100s: %s", path, strerror(errno));
        return NULL;
    }
    while (n > 0) {
        if (room - size < 2) {
            char *more = realloc(text, room = room ? 2 * room : 65536);
            if (more == NULL)
                break;
            text = more;
        }
        n = fread(text + size, 1, room - size - 1, file);
        size += n;
    }
    if (n > 0 || ferror(file) || text == NULL) {
        snprintf(problem, LISTS_PROBLEM, "%.100s: cannot be read", path);
        free(text);
        text = NULL;
    } else {
        text[size] = '\0';
    }
    fclose(file);
    return text;
}

/* The number of a name, which is new at the end. */
static uint32_t find_name(struct lists_names *list, const char *name)
{
    uint32_t i;

    for (i = list->count; i-- > 0;) {
        if (strcmp(list->names[i], name) == 0)
            return i;
    }
    list->names[list->count] = name;
    return list->count++;
}

/* One line; 1 if it has an entry, 0 if it has none, -1 if it makes no sense. */
static int read_name_line(struct lists_names *list, char *line,
                          struct vpcvis_prefix_entry *entry)
{
    static const char blanks[] = " \t\r,";
    char *rest = NULL, *cidr, *name;

    line[strcspn(line, "#")] = '\0';
    cidr = strtok_r(line, blanks, &rest);
    name = strtok_r(NULL, blanks, &rest);
    if (cidr == NULL)
        return 0;
    if (name == NULL || strtok_r(NULL, blanks, &rest) != NULL ||
        read_block(cidr, strlen(cidr), &entry->cidr) != 0)
        return -1;
    entry->value = find_name(list, name);
    return 1;
}

int lists_names(const char *path, struct lists_names *list, char problem[LISTS_PROBLEM])
{
    struct vpcvis_prefix_entry *entries;
    size_t lines = 1, n = 0, number = 0;
    char *line, *next;

    memset(list, 0, sizeof(*list));
    list->text = read_file(path, problem);
    if (list->text == NULL)
        return -1;
    for (line = list->text; *line != '\0'; line++)
        lines += *line == '\n';
    entries = calloc(lines, sizeof(*entries));
    list->names = calloc(lines, sizeof(*list->names));
    if (entries == NULL || list->names == NULL)
        snprintf(problem, LISTS_PROBLEM, "out of memory");
    for (line = list->text; entries != NULL && list->names != NULL && line; line = next) {
        int got;
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        number++;
        got = read_name_line(list, line, &entries[n]);
        if (got < 0) {
            snprintf(problem, LISTS_PROBLEM, "%.100s:%zu: not a CIDR block and a name",
                     path, number);
            break;
        }
        n += (size_t)got;
        if (next == NULL)
            list->map = make_map(entries, n, VPCVIS_PREFIX_LAST, problem);
    }
    free(entries);
    return list->map != NULL ? 0 : -1;
}

void lists_names_free(struct lists_names *list)
{
    vpcvis_prefix_free(list->map, NULL);
    free((void *)list->names);
    free(list->text);
}

/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "findings.h"

#include "answer.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define COLUMNS 6
#define CELL    160

static const char kinds[FINDING_KINDS][16] = {
    "port scan",  "host sweep", "reply rejected", "rejected", "blocked",
    "volume out", "new host",   "behind NAT",     "skipdata", "nodata"};

static void write_addr(const struct vpcvis_addr *addr, char out[CELL])
{
    size_t len = 0;

    if (addr->family != 0)
        (void)vpcvis_addr_write(addr, out, CELL - 1, &len);
    out[len] = '\0';
}

static void write_time(uint64_t seconds, char out[CELL])
{
    const time_t when = (time_t)seconds;
    struct tm tm;

    if (seconds > 253402300799u || gmtime_r(&when, &tm) == NULL ||
        strftime(out, CELL, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        snprintf(out, CELL, "%" PRIu64, seconds);
}

static void write_bytes(uint64_t bytes, char out[24])
{
    static const char units[] = " kMGTPE";
    double value = (double)bytes;
    int unit = 0;

    while (value >= 999.5 && unit < 6) {
        value /= 1000;
        unit++;
    }
    snprintf(out, 24, unit == 0 ? "%.0f%c" : "%.3g %c", value, units[unit]);
}

/* "tcp 443"; nothing if neither is said. */
static void write_service(const struct finding *finding, char out[CELL])
{
    const char *name =
        finding->protocol < 0
            ? ""
            : vpcvis_record_name(VPCVIS_FIELD_PROTOCOL, (uint64_t)finding->protocol);

    if (finding->protocol >= 0 && name == NULL)
        snprintf(out, CELL, "protocol %d", finding->protocol);
    else
        snprintf(out, CELL, "%s", name);
    if (finding->port > 0)
        snprintf(out + strlen(out), CELL - strlen(out), " %d", finding->port);
}

static void write_source(const struct finding *finding, char out[CELL])
{
    if (finding->kind == FINDING_NODATA || finding->kind == FINDING_SKIPDATA)
        snprintf(out, CELL, "%.*s",
                 (int)(finding->name_len < 100 ? finding->name_len : 100),
                 finding->name ? finding->name : "");
    else if (finding->source.family == 0)
        snprintf(out, CELL, "%" PRIu64 " hosts", finding->hosts);
    else
        write_addr(&finding->source, out);
}

static void write_destination(const struct finding *finding, char out[CELL])
{
    char service[CELL];

    if (finding->kind == FINDING_SWEEP)
        snprintf(out, CELL, "%" PRIu64 " hosts", finding->hosts);
    else
        write_addr(&finding->destination, out);
    write_service(finding, service);
    if (service[0] != '\0')
        snprintf(out + strlen(out), CELL - strlen(out), " %s", service);
}

/* "1 record", "2 records". */
static void write_count(uint64_t count, const char *thing, char out[48])
{
    snprintf(out, 48, "%" PRIu64 " %s%s", count, thing, count == 1 ? "" : "s");
}

/* What the records show, and what that may mean, in a sentence without a full stop. */
static void write_evidence(const struct finding *f, char out[CELL])
{
    char bytes[24], usual[24], records[48], attempts[48];

    write_bytes(f->bytes, bytes);
    write_bytes(f->usual_bytes, usual);
    write_count(f->records, "record", records);
    write_count(f->attempts, "attempt", attempts);
    switch (f->kind) {
    case FINDING_SCAN:
        snprintf(out, CELL,
                 "%" PRIu64 " ports tried; of %s %" PRIu64 " failed, %" PRIu64
                 " were rejected",
                 f->ports, attempts, f->failed, f->rejected);
        break;
    case FINDING_SWEEP:
        snprintf(out, CELL, "of %s %" PRIu64 " failed, %" PRIu64 " were rejected",
                 attempts, f->failed, f->rejected);
        break;
    case FINDING_REPLY:
        snprintf(out, CELL, "%s accepted, replies rejected: a network ACL perhaps",
                 attempts);
        break;
    case FINDING_REJECTED:
        snprintf(out, CELL, "%s, none accepted: a security group or network ACL",
                 attempts);
        break;
    case FINDING_REASON:
        snprintf(out, CELL, "%s with reject-reason %.*s", records,
                 (int)(f->name_len < 60 ? f->name_len : 60), f->name);
        break;
    case FINDING_VOLUME:
        snprintf(out, CELL, "%sB to the internet%s; else at most %sB", bytes,
                 f->destination.family != 0 ? ", most of it there" : "", usual);
        break;
    case FINDING_NEW:
        write_count(f->attempts, "conversation", attempts);
        snprintf(out, CELL, "%s begun, %sB sent", attempts, bytes);
        break;
    case FINDING_NAT: snprintf(out, CELL, "%sB in %s", bytes, records); break;
    default:
        write_count(f->records, "interval", records);
        snprintf(out, CELL, "%s %s", records,
                 f->kind == FINDING_NODATA ? "without traffic" : "with lost records");
        break;
    }
}

static void make_row(const struct finding *finding, char cells[COLUMNS][CELL])
{
    strcpy(cells[0], kinds[finding->kind]);
    write_source(finding, cells[1]);
    write_destination(finding, cells[2]);
    write_evidence(finding, cells[3]);
    write_time(finding->first_s, cells[4]);
    write_time(finding->last_s, cells[5]);
}

static void lay_row(FILE *out, char cells[COLUMNS][CELL], int width[COLUMNS])
{
    int i;

    for (i = 0; i < COLUMNS; i++) {
        const int len = (int)strlen(cells[i]);

        if (out == NULL)
            width[i] = len > width[i] ? len : width[i];
        else
            fprintf(out, "%s%-*s", i ? "  " : "", i < COLUMNS - 1 ? width[i] : 0,
                    cells[i]);
    }
    if (out != NULL)
        fputc('\n', out);
}

/* Rows of a table, or their widths while out is NULL; how many were left out. */
static size_t lay_rows(FILE *out, const struct findings *findings, uint32_t count,
                       int width[COLUMNS])
{
    char cells[COLUMNS][CELL] = {
        "finding", "source", "destination", "what the records show", "first", "last"};
    size_t i, of_kind = 0, left = 0;

    lay_row(out, cells, width);
    for (i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->found[i];

        of_kind = i > 0 && finding[-1].kind == finding->kind ? of_kind + 1 : 0;
        if (count > 0 && of_kind >= count) {
            left++;
            continue;
        }
        make_row(finding, cells);
        lay_row(out, cells, width);
    }
    return left;
}

static void print_table(FILE *out, const struct findings *findings, uint32_t count)
{
    int width[COLUMNS] = {0};
    size_t left;

    if (findings->count == 0) {
        fputs("nothing found\n", out);
        return;
    }
    lay_rows(NULL, findings, count, width);
    left = lay_rows(out, findings, count, width);
    if (left > 0)
        fprintf(out, "(%zu more: -n 0 shows all)\n", left);
}

/* A value in JSON's spelling, or as an empty cell of CSV. */
static void print_text(FILE *out, int json, const char *text, size_t len)
{
    size_t i;

    if (len == 0) {
        fputs(json ? "null" : "", out);
        return;
    }
    fputc('"', out);
    for (i = 0; i < len; i++) {
        if (text[i] == '"' || (json && text[i] == '\\'))
            fputc(json ? '\\' : '"', out);
        fputc(text[i], out);
    }
    fputc('"', out);
}

static void print_key(FILE *out, int json, const char *name, int first)
{
    if (json)
        fprintf(out, "%c\"%s\":", first ? '{' : ',', name);
    else if (!first)
        fputc(',', out);
}

static void print_fields(FILE *out, const struct finding *f, int json)
{
    static const char names[][14] = {
        "protocol", "port",    "ports", "hosts",       "conversations", "failed",
        "rejected", "records", "bytes", "usual-bytes", "first",         "last"};
    const uint64_t numbers[] = {f->protocol < 0 ? UINT64_MAX : (uint64_t)f->protocol,
                                f->port < 0 ? UINT64_MAX : (uint64_t)f->port,
                                f->ports,
                                f->hosts,
                                f->attempts,
                                f->failed,
                                f->rejected,
                                f->records,
                                f->bytes,
                                f->usual_bytes,
                                f->first_s,
                                f->last_s};
    size_t i;

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        print_key(out, json, names[i], 0);
        if (numbers[i] != UINT64_MAX)
            fprintf(out, "%" PRIu64, numbers[i]);
        else if (json)
            fputs("null", out);
    }
}

static void print_one(FILE *out, const struct finding *finding, int json)
{
    char text[CELL];

    print_key(out, json, "finding", 1);
    print_text(out, json, kinds[finding->kind], strlen(kinds[finding->kind]));
    print_key(out, json, "source", 0);
    write_addr(&finding->source, text);
    print_text(out, json, text, strlen(text));
    print_key(out, json, "destination", 0);
    write_addr(&finding->destination, text);
    print_text(out, json, text, strlen(text));
    print_fields(out, finding, json);
    print_key(out, json, "name", 0);
    print_text(out, json, finding->name, finding->name_len);
    fputs(json ? "}\n" : "\n", out);
}

void findings_print(FILE *out, const struct findings *findings, int to, uint32_t count)
{
    size_t i;

    if (to == ANSWER_TABLE) {
        print_table(out, findings, count);
        return;
    }
    if (to == ANSWER_CSV)
        fputs(
            "finding,source,destination,protocol,port,ports,hosts,conversations,failed,"
            "rejected,records,bytes,usual-bytes,first,last,name\n",
            out);
    for (i = 0; i < findings->count; i++)
        print_one(out, &findings->found[i], to == ANSWER_JSON);
}

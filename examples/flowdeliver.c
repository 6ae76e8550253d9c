/* SPDX-License-Identifier: MIT */
/*
 * flowdeliver - a flow log from standard input into files, named as in object storage.
 *
 *     input --> vpcvis_reader --rows--> vpcvis_delivery --file--> parcel --> tree
 *                                             \--due--> name, sync, "acknowledged N"
 *
 * A record is acknowledged when the file that has it has its name and is on disk, and so are
 * all records that came before it.
 */
#define _POSIX_C_SOURCE 200809L

#include <vpcvis.h>

#include "support/flowdeliver_options.h"
#include "support/input.h"
#include "support/layout_option.h"
#include "support/parcel.h"
#include "support/report.h"
#include "support/tree.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK  ((size_t)64 << 10)
#define ROWS   256
#define ERRORS 64
#define FILES  8
#define HASHES 16 /* names to try before giving up */

/* All that lives as long as the program runs. */
struct deliver {
    struct flowdeliver_options options;
    struct vpcvis_delivery_log log;
    struct vpcvis_delivery_key key;
    struct tree tree;
    vpcvis_delivery *delivery;
    vpcvis_reader *reader;
    vpcvis_layout *layout; /* of the flow log */
    char *header;          /* its first line */
    size_t header_len;
    struct report report;
    struct parcel *parcel[FILES]; /* by the machine's number; NULL: not open */
    uint64_t taken;               /* records read so far */
    uint64_t acknowledged;
    uint64_t files, bytes, other_traffic, other_resource, no_action, unwritten;
    int failed, warned;
    struct input input;
    struct vpcvis_record record[ROWS];
    struct vpcvis_error errors[ERRORS];
    char chunk[CHUNK];
    char line[VPCVIS_LINE_MAX + 1];
};

static volatile sig_atomic_t stopped;

static int fail(const char *what)
{
    fprintf(stderr, "flowdeliver: %s\n", what);
    return 2;
}

static struct vpcvis_delivery_word word_of(const char *text)
{
    struct vpcvis_delivery_word word = {0};

    word.text = text;
    word.len = text ? strlen(text) : 0;
    return word;
}

/* What the flow log covers: the id's own beginning says its kind. */
static int find_scope(const char *id, uint32_t *scope)
{
    static const char begin[][12] = {"vpc-", "subnet-", "eni-", "tgw-"};
    uint32_t i;

    *scope = VPCVIS_DELIVERY_ATTACHMENT;
    if (strncmp(id, "tgw-attach-", 11) == 0)
        return 0;
    for (i = 0; i < 4; i++) {
        *scope = VPCVIS_DELIVERY_VPC + i;
        if (strncmp(id, begin[i], strlen(begin[i])) == 0)
            return 0;
    }
    return -1;
}

static int make_log(struct deliver *d)
{
    static const char kinds[][8] = {"all", "accept", "reject"};
    const struct flowdeliver_options *options = &d->options;
    uint32_t i;

    for (i = 0; i < 3 && strcmp(options->traffic, kinds[i]) != 0; i++)
        ;
    if (i == 3)
        return flowdeliver_usage("--traffic takes all, accept or reject, not ",
                                 options->traffic);
    d->log.traffic = i;
    d->log.scope = VPCVIS_DELIVERY_VPC;
    d->log.resource = word_of("vpc-");
    if (options->resource) {
        d->log.resource = word_of(options->resource);
        if (find_scope(options->resource, &d->log.scope) != 0)
            return flowdeliver_usage(
                "--resource takes a vpc-, subnet-, eni-, tgw- or "
                "tgw-attach- id, not ",
                options->resource);
    }
    if (vpcvis_delivery_plan(&d->log) != VPCVIS_OK)
        return flowdeliver_usage("transit gateways log all traffic, not --traffic ",
                                 options->traffic);
    return 0;
}

/* The names' words, looked at before there is a file to name. */
static int make_key(struct deliver *d)
{
    const struct flowdeliver_options *options = &d->options;
    size_t len;

    d->key.style = options->style;
    d->key.format = options->plain ? VPCVIS_DELIVERY_LOG : VPCVIS_DELIVERY_LOG_GZ;
    d->key.account = word_of(options->account);
    d->key.region = word_of(options->region);
    d->key.flow_log = word_of(options->flow_log);
    d->key.prefix = word_of(options->prefix);
    d->key.organization = word_of(options->organization);
    d->key.hash = word_of("00000000");
    if (vpcvis_delivery_write_key(&d->key, NULL, 0, &len) != VPCVIS_E_SPACE)
        return flowdeliver_usage(
            "a word of the names has other than letters, digits and hyphens, "
            "or a prefix a slash at its end",
            "");
    return 0;
}

static int make_machine(struct deliver *d)
{
    struct vpcvis_delivery_config config = {0};
    FILE *file = fopen("/dev/urandom", "rb");
    size_t n = 0;

    if (file != NULL) {
        n = fread(config.hash_key, 1, sizeof(config.hash_key), file);
        fclose(file);
    }
    if (n != sizeof(config.hash_key))
        return fail("/dev/urandom cannot be read");
    config.size = sizeof(config);
    config.files = FILES;
    config.file_bytes = d->options.file_bytes - PARCEL_SLACK;
    config.linger_s = d->options.linger_s;
    if (vpcvis_delivery_new(&config, NULL, &d->delivery) != VPCVIS_OK)
        return fail("out of memory");
    return 0;
}

/* Fix the flow log's layout, and write its header line. */
static int set_layout(struct deliver *d, const vpcvis_layout *from)
{
    struct vpcvis_layout_config config = {0};
    size_t len = 0;

    vpcvis_layout_write(from, VPCVIS_LAYOUT_HEADER, NULL, 0, &len);
    d->header = malloc(len + 1);
    if (d->header == NULL)
        return fail("out of memory");
    vpcvis_layout_write(from, VPCVIS_LAYOUT_HEADER, d->header, len, &len);
    config.size = sizeof(config);
    config.text = d->header;
    config.text_len = len;
    if (d->layout == NULL &&
        vpcvis_layout_new(&config, NULL, &d->layout, NULL) != VPCVIS_OK)
        return fail("out of memory");
    d->header[len] = '\n';
    d->header_len = len + 1;
    return 0;
}

static int make_reader(struct deliver *d)
{
    struct vpcvis_reader_config config = {0};
    int status = 0;

    if (d->options.layout) {
        status =
            layout_option("flowdeliver", "--layout", d->options.layout, 0, &d->layout);
        if (status == 0)
            status = set_layout(d, d->layout);
    }
    if (status != 0)
        return status;
    config.size = sizeof(config);
    config.layout = d->layout;
    if (vpcvis_reader_new(&config, NULL, &d->reader) != VPCVIS_OK)
        return fail("out of memory");
    return 0;
}

static void acknowledge(struct deliver *d)
{
    uint64_t safe = d->taken;
    int i;

    for (i = 0; i < FILES; i++) {
        if (d->parcel[i] && d->parcel[i]->first < safe)
            safe = d->parcel[i]->first;
    }
    if (d->failed || safe <= d->acknowledged)
        return;
    d->acknowledged = safe;
    printf("acknowledged %llu\n", (unsigned long long)safe);
    fflush(stdout);
}

/* Name a written file; the hash's last digit changes if that name is taken. */
static int publish(struct deliver *d, struct vpcvis_delivery_file *file, int fd)
{
    char key[VPCVIS_DELIVERY_KEY_MAX + 1];
    int result = TREE_EXISTS, i;
    size_t len;

    d->key.slot_s = file->slot_s;
    d->key.hash.text = file->hash;
    d->key.hash.len = sizeof(file->hash);
    for (i = 0; i < HASHES && result == TREE_EXISTS; i++) {
        if (i > 0)
            file->hash[7] = "0123456789abcdef"[i];
        if (vpcvis_delivery_write_key(&d->key, key, sizeof(key) - 1, &len) != VPCVIS_OK)
            break;
        key[len] = '\0';
        result = tree_publish(&d->tree, file->number, fd, key);
    }
    if (result == TREE_EXISTS)
        snprintf(d->tree.problem, sizeof(d->tree.problem), "%.400s: exists already", key);
    return result == 0 ? 0 : -1;
}

/* End a file that the machine has handed out, and give it its name. */
static void close_file(struct deliver *d, struct vpcvis_delivery_file *file)
{
    struct parcel *parcel = d->parcel[file->number];

    if (parcel == NULL)
        return;
    if (parcel_end(parcel) != 0) {
        fprintf(stderr, "flowdeliver: %s: %s\n", d->options.to, strerror(parcel->failed));
        d->failed = 1;
    } else if (!d->failed && publish(d, file, parcel->fd) != 0) {
        fail(d->tree.problem);
        d->failed = 1;
    } else if (!d->failed) {
        d->files++;
        d->bytes += parcel->bytes;
    }
    parcel_free(parcel);
    free(parcel);
    d->parcel[file->number] = NULL;
}

/* A new file: begun with its header line. */
static int open_file(struct deliver *d, const struct vpcvis_delivery_file *file)
{
    const int fd = tree_begin(&d->tree, file->number);
    struct parcel *parcel = malloc(sizeof(*parcel));

    d->parcel[file->number] = parcel;
    if (parcel == NULL || fd < 0 || parcel_open(parcel, fd, !d->options.plain) != 0) {
        fail(fd < 0 ? d->tree.problem : "out of memory");
        free(parcel);
        d->parcel[file->number] = NULL;
        return -1;
    }
    parcel->first = d->taken;
    memcpy(parcel->text, d->header, d->header_len);
    parcel->len = d->header_len;
    return 0;
}

static uint64_t now_s(void)
{
    const time_t now = time(NULL);

    return now < 0 ? 0 : (uint64_t)now;
}

/* Tell the machine of records and bytes; files that have to make room are delivered. */
static int pick(struct deliver *d, uint64_t slot_s, uint64_t records, uint64_t bytes,
                struct vpcvis_delivery_file *file)
{
    vpcvis_status status;

    while ((status = vpcvis_delivery_pick(d->delivery, slot_s, records, bytes, now_s(),
                                          file)) == VPCVIS_MORE) {
        close_file(d, file);
        acknowledge(d);
        if (records == 0)
            return -1; /* the file that these bytes are in is delivered */
    }
    return status == VPCVIS_OK ? 0 : -1;
}

static void append(struct deliver *d, uint64_t slot_s, size_t len)
{
    struct vpcvis_delivery_file file;
    struct parcel *parcel;
    uint64_t before;

    if (pick(d, slot_s, 1, 0, &file) != 0)
        return;
    if (d->parcel[file.number] == NULL && open_file(d, &file) != 0) {
        d->failed = 1;
        return;
    }
    parcel = d->parcel[file.number];
    before = parcel->bytes;
    parcel_room(parcel, len);
    memcpy(parcel->text + parcel->len, d->line, len);
    parcel->len += len;
    if (parcel->bytes > before)
        (void)pick(d, slot_s, 0, parcel->bytes - before, &file);
}

static int is_wanted(struct deliver *d, const struct vpcvis_record *record)
{
    vpcvis_status status = VPCVIS_OK;

    if (d->options.resource)
        status = vpcvis_delivery_match_interface(&d->log, record);
    if (status != VPCVIS_OK) {
        d->other_resource++;
        return 0;
    }
    status = vpcvis_delivery_match_record(&d->log, record);
    if (status == VPCVIS_NOMATCH)
        d->other_traffic++;
    else if (status != VPCVIS_OK)
        d->no_action++;
    return status == VPCVIS_OK;
}

static void deliver_record(struct deliver *d, const struct vpcvis_record *record)
{
    uint64_t slot_s;
    size_t len = 0;

    if (is_wanted(d, record)) {
        if (vpcvis_delivery_find_slot(record, now_s(), &slot_s) != VPCVIS_OK ||
            vpcvis_line_write(d->layout, record, d->line, sizeof(d->line) - 1, &len) !=
                VPCVIS_OK) {
            d->unwritten++;
        } else {
            d->line[len] = '\n';
            append(d, slot_s, len + 1);
        }
    }
    d->taken++;
}

/* Fields that a header line brings and the flow log lacks: said once. */
static void look_at_layout(struct deliver *d, const vpcvis_layout *from)
{
    uint32_t i, column;

    for (i = 0; i < vpcvis_layout_columns(from) && !d->warned; i++) {
        if (vpcvis_layout_find(d->layout, vpcvis_layout_field(from, i), &column) ==
            VPCVIS_OK)
            continue;
        fprintf(stderr,
                "flowdeliver: %s is not in the flow log's format and is left out\n",
                vpcvis_layout_name(from, i));
        d->warned = 1;
    }
}

static void take_batch(struct deliver *d, const struct vpcvis_reader_batch *batch)
{
    const vpcvis_layout *layout = vpcvis_reader_layout(d->reader);
    uint64_t i;

    for (i = 0; i < batch->errors; i++)
        report_bad(&d->report, d->input.name, layout, &d->errors[i]);
    if (d->header == NULL && set_layout(d, layout) != 0)
        d->failed = 1;
    if (!d->failed && !vpcvis_layout_equal(layout, d->layout))
        look_at_layout(d, layout);
    for (i = 0; i < batch->records && !d->failed; i++)
        deliver_record(d, &d->record[i]);
}

static void close_due(struct deliver *d, uint64_t now)
{
    struct vpcvis_delivery_file file;

    while (vpcvis_delivery_next(d->delivery, now, &file) == VPCVIS_OK)
        close_file(d, &file);
    acknowledge(d);
}

/* Until there is input, deliver what is due. 0: stopped while waiting. */
static int wait_for_input(struct deliver *d)
{
    struct pollfd ready = {0, POLLIN, 0};

    ready.fd = d->input.fd;
    close_due(d, now_s());
    while (!stopped && !d->failed && input_waits(&d->input)) {
        (void)poll(&ready, 1, 1000);
        close_due(d, now_s());
    }
    return !stopped && !d->failed;
}

static vpcvis_status drain(struct deliver *d)
{
    struct vpcvis_reader_batch batch;
    vpcvis_status status;

    while ((status = vpcvis_reader_next(d->reader, d->record, sizeof(d->record[0]), ROWS,
                                        d->errors, ERRORS, &batch)) == VPCVIS_OK)
        take_batch(d, &batch);
    return status;
}

/* Read standard input to its end. NULL, or why that could not be. */
static const char *read_all(struct deliver *d)
{
    struct input *in = &d->input;
    ptrdiff_t n = 1;

    while (n != 0 && wait_for_input(d)) {
        vpcvis_status status;

        n = input_read(in, d->chunk, sizeof(d->chunk));
        if (n == INPUT_SKIPPED) {
            report_skipped(&d->report, in);
            continue;
        }
        if (n < 0)
            return in->problem;
        if (n > 0)
            vpcvis_reader_add(d->reader, d->chunk, (size_t)n);
        else
            vpcvis_reader_end(d->reader);
        status = drain(d);
        if (status < 0)
            return input_advice(status);
        progress_show(&d->report.progress, in->taken);
    }
    return NULL;
}

static void print_left_out(uint64_t count, const char *what)
{
    if (count > 0)
        fprintf(stderr, "flowdeliver:   %llu %s\n", (unsigned long long)count, what);
}

static void summary(struct deliver *d)
{
    report_summary(&d->report);
    fprintf(stderr, "flowdeliver: %llu delivered, %llu bytes in %llu %s\n",
            (unsigned long long)(d->taken - d->other_resource - d->other_traffic -
                                 d->no_action - d->unwritten),
            (unsigned long long)d->bytes, (unsigned long long)d->files,
            d->files == 1 ? "file" : "files");
    print_left_out(d->other_resource, "left out: of another resource");
    print_left_out(d->other_traffic, "left out: other traffic");
    print_left_out(d->no_action, "left out: action not known");
    print_left_out(d->unwritten, "left out: cannot be written");
    print_left_out(d->tree.leftovers, "parts of files of a killed program removed");
}

static int prepare(struct deliver *d)
{
    int status = make_log(d);

    if (status == 0)
        status = make_key(d);
    if (status == 0)
        status = make_machine(d);
    if (status == 0)
        status = make_reader(d);
    if (status == 0 && tree_open(&d->tree, d->options.to) != 0)
        status = fail(d->tree.problem);
    return status;
}

static int run(struct deliver *d)
{
    const char *problem;
    int status = prepare(d);

    if (status != 0)
        return status;
    report_init(&d->report, "flowdeliver", 0, d->options.quiet);
    d->report.files = 1;
    problem = input_open(&d->input, "-") == 0 ? read_all(d) : d->input.problem;
    if (problem)
        report_failed(&d->report, "-", problem);
    close_due(d, UINT64_MAX);
    report_add(&d->report, d->reader, d->input.taken);
    input_close(&d->input);
    progress_clear(&d->report.progress);
    if (!d->options.quiet)
        summary(d);
    status = report_status(&d->report);
    if (d->failed || ferror(stdout))
        return 2;
    return status == 0 && d->no_action + d->unwritten > 0 ? 1 : status;
}

static void on_signal(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static void catch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* nobody listens: files are delivered all the same */
}

int main(int argc, char **argv)
{
    struct deliver *d = calloc(1, sizeof(*d));
    int status;

    (void)argc;
    if (d == NULL)
        return fail("out of memory");
    d->tree.root = d->tree.drafts = d->tree.lock = -1;
    status = flowdeliver_options(&d->options, argv);
    if (status < 0) {
        catch_signals();
        status = run(d);
    }
    tree_close(&d->tree);
    vpcvis_delivery_free(d->delivery, NULL);
    vpcvis_reader_free(d->reader, NULL);
    vpcvis_layout_free(d->layout, NULL);
    free(d->header);
    free(d);
    return status;
}

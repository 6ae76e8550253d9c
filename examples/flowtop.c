/* SPDX-License-Identifier: MIT */
/*
 * flowtop - who, whom, how much: grouped totals and top lists of flow logs.
 *
 *     paths --walk--> crowd: input -> vpcvis_reader -> where -> vpcvis_rollup --> answer
 *                            (on every thread)                 (merged)
 *
 * What is here is the command line; see support/question.h for what can be asked.
 */
#define _POSIX_C_SOURCE 200809L

#include <vpcvis.h>

#include "support/answer.h"
#include "support/arguments.h"
#include "support/crowd.h"
#include "support/findings.h"
#include "support/layout_option.h"
#include "support/lists.h"
#include "support/merge.h"
#include "support/walk.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUESTIONS   16
#define GROUPS      1000000
#define SKETCH_BITS 10 /* the same in all partials */
#define INSIDE                                                                          \
    "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,224.0.0.0/3," \
    "fc00::/7,fe80::/10,ff00::/8"

struct options {
    const char *ask[QUESTIONS];
    uint32_t asked;
    const char *layout, *where, *zones, *logged, *inside;
    uint64_t count, groups, threads;
    int to, idle, quiet, partial, merge, findings;
};

struct flowtop {
    struct options options;
    struct question questions[QUESTIONS];
    vpcvis_rollup *rollups[QUESTIONS];
    struct where *where;
    struct lists_names zones;
    vpcvis_prefix *logged;
    vpcvis_layout *layout;
    struct report report;
    struct merge merge;
    struct findings findings;
    vpcvis_prefix *inside;
    uint8_t hash_key[16];
};

static const char usage[] =
    "usage: flowtop [-s KEYS/MEASURES]... [-n N] [--where EXPR] [--zones FILE]\n"
    "               [--to table|csv|json] [--once CIDR,...] [--idle] [--groups N]\n"
    "               [--layout FORMAT] [--threads N] [--partial | --merge] [--quiet]\n"
    "               [--] [FILE...]\n"
    "       flowtop --findings [--inside CIDR,...] [--window TIME] [--ports N] [--hosts N]\n"
    "               [--failed PERCENT] [--attempts N] [--volume BYTES] [--factor N]\n"
    "               [the options above but -s, --partial, --merge] [FILE...]\n";

static const char help[] =
    "\n"
    "Reads what flowcat reads and says who, whom and how much.\n"
    "\n"
    "  -s KEYS/MEASURES  what to group by, and what to say of each group; the first measure\n"
    "                    puts them in order. May be given up to 16 times, for one reading;\n"
    "                    without it: -s srcaddr,dstaddr/bytes,packets,records\n"
    "    keys            FIELD, ADDRESS:24 (blocks; ADDRESS:24:48 for IPv4 and IPv6),\n"
    "                    ADDRESS:zone, NUMBER:100 (rounded down), start:5m (s, m, h, d)\n"
    "    measures        records, NUMBER or sum:NUMBER, min: max: or:NUMBER,\n"
    "                    count:FIELD (records with a value), distinct:FIELD (estimated,\n"
    "                    3.3 % standard error)\n"
    "  -n N              how many groups to show; 0: all. 10 in a table, else all\n"
    "  --where EXPR      only these records: srcaddr in 10.0.0.0/8 and not dstport in (22, 443),\n"
    "                    action = REJECT, bytes > 10M, start >= 2026-11-23T10:00, vpc-id is -\n"
    "  --zones FILE      lines of CIDR NAME; the longest block decides\n"
    "  --once CIDR,...   the blocks of logged interfaces: a flow between two of them, which\n"
    "                    both log, counts once (by flow-direction, of version 5)\n"
    "  --idle            NODATA and SKIPDATA are grouped too, as records without a flow\n"
    "  --to table        for people: units, shares (this is the default)\n"
    "  --to csv, json    plain numbers; no value is an empty cell, or null\n"
    "  --groups N        room for so many groups of each -s, 1000000 by default; what finds\n"
    "                    none is summed as everything else, and said\n"
    "  --layout FORMAT   the columns until a header line says so, as flowcat takes it\n"
    "  --threads N       files, and pieces of plain files, are read by so many at once; as\n"
    "                    many as there are processors\n"
    "  --partial         print all groups as lines that add up, for --merge: distinct counts\n"
    "                    as sketches, everything else as a line of its own\n"
    "  --merge           FILEs are such lines, of any number of workers and questions, in any\n"
    "                    order; the answers are those of one run over everything\n"
    "  --quiet           no summary and no progress\n"
    "\n"
    "  --findings        what deserves a look, each with its evidence (first and last are\n"
    "                    Unix seconds in CSV and JSON):\n"
    "    port scan       a source tried so many ports of a host in a window (twice as many\n"
    "                    over the whole log), and most attempts failed: were rejected, had no\n"
    "                    answer, or opened a connection and said nothing\n"
    "    host sweep      the same for one port of many hosts\n"
    "    reply rejected  accepted one way, replies rejected, which security groups never do\n"
    "    rejected        an internal host's attempts at a service, none of them accepted\n"
    "    blocked         records with a reject-reason\n"
    "    volume out      a host sent more to the internet than in any other window, by far\n"
    "    new host        an internal host first seen in the log's second half\n"
    "    behind NAT      pkt-srcaddr where it is not srcaddr\n"
    "    skipdata, nodata\n"
    "  --inside CIDR,... addresses that are not the internet; the private blocks by default\n"
    "  --window TIME     10m (s, m, h, d)\n"
    "  --ports N         of a port scan: 20            --hosts N   of a host sweep: 20\n"
    "  --failed PERCENT  of the attempts: 50           --attempts N  to be a finding: 3\n"
    "  --volume BYTES    of a window, at least: 100M   --factor N  times the usual: 4\n"
    "\n"
    "    flowtop -s srcaddr/bytes -s dstport,action/records,distinct:srcaddr logs/\n"
    "    cat parts/*.txt | flowtop --merge; flowtop --partial -s dstport/bytes a.log >a.txt\n"
    "    flowtop -s start:1h/bytes --where 'dstaddr in 10.0.0.0/8' --to csv logs/\n"
    "\n"
    "Exit status: 0; 1 if there were bad lines or not all groups found room; 2 for usage, or\n"
    "if something could not be read or is no flow log.\n";

static int fail_usage(const char *reason, const char *what)
{
    fprintf(stderr, "flowtop: %s%s\n%s", reason, what, usage);
    return 2;
}

static int find_to(const char *word)
{
    static const char words[][6] = {"table", "csv", "json"};
    int i;

    for (i = 0; i < 3; i++) {
        if (strcmp(word, words[i]) == 0)
            return i;
    }
    return -1;
}

static int read_number(const char *text, uint64_t most, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *text != '-' && *number <= most
               ? 0
               : -1;
}

/* Take one option. 0: taken; -1: it is none; else an exit status. */
static int take_option(struct options *options, char **argv, int *i)
{
    const char *value;

    if (take_value("-s", argv, i, &value)) {
        if (options->asked == QUESTIONS)
            return fail_usage("too many -s: ", value);
        options->ask[options->asked++] = value;
        return 0;
    }
    if (take_value("-n", argv, i, &value))
        return read_number(value, UINT32_MAX, &options->count) == 0
                   ? 0
                   : fail_usage("-n takes a number, not ", value);
    if (take_value("--groups", argv, i, &value))
        return read_number(value, VPCVIS_ROLLUP_GROUPS_MAX, &options->groups) == 0 &&
                       options->groups > 0
                   ? 0
                   : fail_usage("--groups takes 1 to 268435456, not ", value);
    if (take_value("--threads", argv, i, &value))
        return read_number(value, 1024, &options->threads) == 0 && options->threads > 0
                   ? 0
                   : fail_usage("--threads takes 1 to 1024, not ", value);
    if (take_value("--to", argv, i, &value)) {
        options->to = find_to(value);
        return options->to >= 0
                   ? 0
                   : fail_usage("--to takes table, csv or json, not ", value);
    }
    return take_value("--inside", argv, i, &options->inside) ||
                   take_value("--layout", argv, i, &options->layout) ||
                   take_value("--where", argv, i, &options->where) ||
                   take_value("--zones", argv, i, &options->zones) ||
                   take_value("--once", argv, i, &options->logged)
               ? 0
               : -1;
}

/* Read options up to the first path; -1, or an exit status if there is nothing to do. */
static int read_options(struct options *options, struct findings *findings, char **argv,
                        int *first)
{
    const char *value;
    int i, status;

    options->count = UINT64_MAX;
    options->groups = GROUPS;
    for (i = 1; argv[i] && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (strcmp(argv[i], "--help") == 0) {
            printf("%s%s", usage, help);
            return 0;
        }
        if (strcmp(argv[i], "--idle") == 0) {
            options->idle = 1;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            options->quiet = 1;
        } else if (strcmp(argv[i], "--partial") == 0) {
            options->partial = 1;
        } else if (strcmp(argv[i], "--merge") == 0) {
            options->merge = 1;
        } else if (strcmp(argv[i], "--findings") == 0) {
            options->findings = 1;
        } else if ((status = findings_option(findings, argv, &i, &value)) != 0) {
            if (status < 0)
                return fail_usage("not a number of the kind that is meant: ", value);
        } else {
            status = take_option(options, argv, &i);
            if (status > 0)
                return status;
            if (status < 0)
                return fail_usage("unknown option, or one without its value: ", argv[i]);
        }
    }
    if (options->findings && (options->asked > 0 || options->partial || options->merge))
        return fail_usage("--findings has its own questions", "");
    if (options->merge && (options->asked > 0 || options->where || options->partial))
        return fail_usage("--merge takes its questions from its input", "");
    if (options->asked == 0)
        options->ask[options->asked++] = "srcaddr,dstaddr/bytes,packets,records";
    if (options->count == UINT64_MAX)
        options->count = options->to == ANSWER_TABLE ? 10 : 0;
    *first = i;
    return -1;
}

static int fail_option(const char *option, const char *problem)
{
    fprintf(stderr, "flowtop: %s: %s\n", option, problem);
    return 2;
}

/* What --layout, --where, --zones and --once say. 0, or an exit status. */
static int prepare_lists(struct flowtop *top)
{
    const struct options *options = &top->options;
    struct where_problem where_problem;
    char problem[LISTS_PROBLEM];

    if (options->layout &&
        layout_option("flowtop", "--layout", options->layout, 0, &top->layout) != 0)
        return 2;
    if (options->zones && lists_names(options->zones, &top->zones, problem) != 0)
        return fail_option("--zones", problem);
    if (options->logged) {
        top->logged = lists_addresses(options->logged, problem);
        if (top->logged == NULL)
            return fail_option("--once", problem);
    }
    if (options->where) {
        top->where = where_new(options->where, &where_problem);
        if (top->where == NULL) {
            where_explain(stderr, "flowtop: --where", options->where, &where_problem);
            return 2;
        }
    }
    return 0;
}

/* The rollup of a question that has been read. */
static int prepare_rollup(struct flowtop *top, uint32_t i)
{
    struct question *question = &top->questions[i];
    vpcvis_status status;

    question->config.groups = (uint32_t)top->options.groups;
    question->config.sketch_bits = SKETCH_BITS;
    question->config.logged = top->logged;
    memcpy(question->config.hash_key, top->hash_key, sizeof(top->hash_key));
    status = vpcvis_rollup_new(&question->config, NULL, &top->rollups[i]);
    if (status == VPCVIS_OK)
        return 0;
    return fail_option("-s", status == VPCVIS_E_MEMORY ? "out of memory: try --groups"
                                                       : vpcvis_base_status_text(status));
}

static int prepare_question(struct flowtop *top, uint32_t i)
{
    struct question *question = &top->questions[i];
    char problem[QUESTION_PROBLEM];
    size_t offset;

    if (question_read(question, top->options.ask[i], top->zones.map, problem, &offset) !=
        0) {
        fprintf(stderr, "flowtop: -s: %s\n    %s\n    %*s\n", problem,
                top->options.ask[i], (int)offset + 1, "^");
        return 2;
    }
    question->config.flags = top->options.idle ? VPCVIS_ROLLUP_IDLE : 0;
    return prepare_rollup(top, i);
}

/* --findings: the questions are its own. */
static int prepare_findings(struct flowtop *top)
{
    char problem[LISTS_PROBLEM];
    int status = 0;
    uint32_t i;

    top->inside =
        lists_addresses(top->options.inside ? top->options.inside : INSIDE, problem);
    if (top->inside == NULL)
        return fail_option("--inside", problem);
    top->findings.internal = top->inside;
    findings_ask(&top->findings);
    top->options.asked = FINDINGS_QUESTIONS;
    for (i = 0; i < FINDINGS_QUESTIONS && status == 0; i++) {
        top->questions[i] = top->findings.questions[i];
        top->options.ask[i] = top->questions[i].text;
        status = prepare_rollup(top, i);
    }
    return status;
}

/* A key that nobody can know, so that nobody can choose addresses that make this slow. */
static int prepare_hash_key(struct flowtop *top)
{
    FILE *file = fopen("/dev/urandom", "rb");
    const size_t n =
        file != NULL ? fread(top->hash_key, 1, sizeof(top->hash_key), file) : 0;

    if (file != NULL)
        fclose(file);
    return n == sizeof(top->hash_key) ? 0 : fail_option("/dev/urandom", "cannot be read");
}

static int prepare(struct flowtop *top)
{
    int status = prepare_hash_key(top);
    uint32_t i;

    if (status == 0)
        status = prepare_lists(top);
    if (top->options.findings)
        return status == 0 ? prepare_findings(top) : status;
    for (i = 0; i < top->options.asked && status == 0 && !top->options.merge; i++)
        status = prepare_question(top, i);
    return status;
}

static uint32_t processors(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 && n < 1024 ? (uint32_t)n : 1;
}

/* What a rollup could not do is said once, beside the table. 1 if there was something. */
static int warn(const struct flowtop *top, const char *asked, const vpcvis_rollup *rollup)
{
    struct vpcvis_rollup_counts counts;

    (void)vpcvis_rollup_count(rollup, &counts);
    if (counts.undirected > 0)
        fprintf(stderr,
                "flowtop: -s %s: %llu records without flow-direction may count twice\n",
                asked, (unsigned long long)counts.undirected);
    if ((counts.flags & VPCVIS_ROLLUP_SATURATED) != 0)
        fprintf(stderr, "flowtop: -s %s: a sum stopped at 2^64 - 1\n", asked);
    if ((counts.flags & VPCVIS_ROLLUP_OVERFLOW) == 0)
        return 0;
    fprintf(stderr,
            "flowtop: -s %s: %llu records are in everything else: numbers of groups are "
            "lower bounds; give --groups more than %llu\n",
            asked, (unsigned long long)counts.other,
            (unsigned long long)top->options.groups);
    return 1;
}

/* Print one answer. 0; 1 if it lacks groups; 2 if there is no memory. */
static int print_answer(const struct flowtop *top, const struct question *question,
                        const vpcvis_rollup *rollup, int first)
{
    struct answer_style style = {0};

    if (top->options.partial)
        return partial_write(stdout, question, rollup, top->zones.names) == 0 ? 0 : 2;
    style.to = top->options.to;
    style.count = (uint32_t)top->options.count;
    style.zones = top->zones.names;
    if (!first && style.to != ANSWER_JSON)
        putchar('\n');
    if (answer_print(stdout, question, rollup, &style) != 0)
        return 2;
    return warn(top, question->text, rollup);
}

/* Whether all that was printed arrived. 0, or an exit status. */
static int end_output(void)
{
    if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE)
        return fail_option("standard output", strerror(errno));
    return 0;
}

static int print_answers(struct flowtop *top)
{
    int worst = 0, answer;
    uint32_t i;

    for (i = 0; i < top->options.asked; i++) {
        answer = print_answer(top, &top->questions[i], top->rollups[i], i == 0);
        worst = answer > worst ? answer : worst;
    }
    return worst;
}

static int print_findings(struct flowtop *top)
{
    int worst = 0;
    uint32_t i;

    if (findings_find(&top->findings, top->rollups) != 0)
        return 2;
    findings_print(stdout, &top->findings, top->options.to, (uint32_t)top->options.count);
    if (top->findings.talks.incomplete)
        fprintf(stderr,
                "flowtop: not all conversations found room: which replies and attempts "
                "failed, and which hosts are new, cannot be said\n");
    if (top->findings.too_short && !top->options.quiet)
        fprintf(stderr, "flowtop: the log is too short to say what is unusual or new\n");
    for (i = 0; i < top->options.asked; i++)
        worst |= warn(top, top->options.ask[i], top->rollups[i]);
    return worst;
}

/* Print all answers; what the program returns. */
static int finish(struct flowtop *top)
{
    int status = report_status(&top->report), worst;

    progress_clear(&top->report.progress);
    worst = (top->options.findings ? print_findings : print_answers)(top);
    if (worst == 2)
        return fail_option("standard output", "out of memory");
    if (end_output() != 0)
        return 2;
    if (!top->options.quiet)
        report_summary(&top->report);
    return status == 0 ? worst : status;
}

/* --merge: lines of partials instead of logs. */
static int run_merge(struct flowtop *top, char **paths, size_t count)
{
    static char standard[] = "-";
    char *none[] = {standard};
    struct merge *merge = &top->merge;
    int status = prepare(top), failed = 0, answer;
    uint32_t i;
    size_t p;

    if (status != 0)
        return status;
    merge->program = "flowtop";
    merge->zones = &top->zones;
    merge->config.groups = (uint32_t)top->options.groups;
    merge->config.sketch_bits = SKETCH_BITS;
    memcpy(merge->config.hash_key, top->hash_key, sizeof(top->hash_key));
    for (p = 0; p < (count > 0 ? count : 1); p++)
        failed |= merge_file(merge, (count > 0 ? paths : none)[p]) != 0;
    for (i = 0; i < merge->count; i++) {
        answer = print_answer(top, &merge->partials[i].question,
                              merge->partials[i].rollup, i == 0);
        status = answer > status ? answer : status;
    }
    if (status == 2)
        return fail_option("standard output", "out of memory");
    if (end_output() != 0 || failed)
        return 2;
    return merge->bad > 0 ? 1 : status;
}

static int run(struct flowtop *top, char **paths, size_t count)
{
    struct crowd crowd = {0};
    struct walk walk;
    const char *problem;
    int status = prepare(top);

    if (status != 0)
        return status;
    if (walk_init(&walk, paths, count) != 0)
        return fail_option("files", "out of memory");
    report_init(&top->report, "flowtop", walk.sized ? walk.bytes : 0, top->options.quiet);
    crowd.paths = walk.paths;
    crowd.path_count = walk.count;
    crowd.bytes = walk.bytes;
    crowd.questions = top->questions;
    crowd.question_count = top->options.asked;
    crowd.where = top->where;
    crowd.layout = top->layout;
    crowd.threads = top->options.threads ? (uint32_t)top->options.threads : processors();
    crowd.report = &top->report;
    crowd.rollups = top->rollups;
    problem = crowd_run(&crowd);
    walk_free(&walk);
    return problem ? fail_option("reading", problem) : finish(top);
}

int main(int argc, char **argv)
{
    struct flowtop *top = calloc(1, sizeof(*top));
    int status, first;
    uint32_t i;

    if (top == NULL)
        return fail_usage("out of memory", "");
    signal(SIGPIPE, SIG_IGN); /* a reader that has enough shows as EPIPE */
    findings_init(&top->findings);
    status = read_options(&top->options, &top->findings, argv, &first);
    if (status < 0)
        status = (top->options.merge ? run_merge : run)(top, argv + first,
                                                        (size_t)(argc - first));
    for (i = 0; i < QUESTIONS; i++)
        vpcvis_rollup_free(top->rollups[i], NULL);
    merge_free(&top->merge);
    findings_free(&top->findings);
    vpcvis_prefix_free(top->inside, NULL);
    where_free(top->where);
    vpcvis_prefix_free(top->logged, NULL);
    vpcvis_layout_free(top->layout, NULL);
    lists_names_free(&top->zones);
    free(top);
    return status;
}

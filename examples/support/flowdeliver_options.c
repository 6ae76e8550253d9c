/* SPDX-License-Identifier: MIT */
#include "flowdeliver_options.h"

#include <vpcvis/delivery.h>

#include "arguments.h"
#include "parcel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: flowdeliver --to DIR --account ID --region NAME --flow-log ID\n"
    "                   [--resource ID] [--traffic all|accept|reject] [--layout FORMAT]\n"
    "                   [--prefix TEXT] [--organization ID] [--hive] [--hourly] [--plain]\n"
    "                   [--file-bytes N] [--linger SECONDS] [--quiet]\n";

static const char help[] =
    "\n"
    "Reads flow-log records from standard input (text, gzip or JSON envelopes, as flowcat\n"
    "does) and delivers them below DIR as a flow log is delivered to object storage:\n"
    "    AWSLogs/ID/vpcflowlogs/REGION/YYYY/MM/DD/ID_vpcflowlogs_REGION_FLOWLOG_TIME_HASH.log.gz\n"
    "TIME is the start of the five minutes that the file's records end in. A file is delivered\n"
    "when its time is over, or when it is full.\n"
    "\n"
    "  --to DIR            the tree; one program at a time delivers into it\n"
    "  --account, --region, --flow-log\n"
    "                      words of the names\n"
    "  --resource ID       deliver only records of this vpc-, subnet-, eni-, tgw- or\n"
    "                      tgw-attach- id; the records must have the field\n"
    "  --traffic KIND      all (the default), accept or reject\n"
    "  --layout FORMAT     the flow log's format, and the input's until a header line says\n"
    "                      otherwise: as for flowcat; the default is the input's first one\n"
    "  --prefix TEXT       folders before AWSLogs\n"
    "  --organization ID   o-..., a folder after AWSLogs\n"
    "  --hive              folders as key=value\n"
    "  --hourly            a folder for each hour\n"
    "  --plain             .log files, not compressed\n"
    "  --file-bytes N      a file is at most so long; 75000000\n"
    "  --linger SECONDS    wait so long for late records of a file's time; 60\n"
    "  --quiet             no summary\n"
    "\n"
    "Standard output gets lines `acknowledged N`: the first N records of the input (lines that\n"
    "cannot be read do not count) are delivered, or left out as the options say. A file has its\n"
    "name only when all of it is on disk: whenever this program is killed, no acknowledged\n"
    "record is lost and no part of a file has a name. What was not acknowledged can be sent\n"
    "again; records of a file that got its name right before the kill are then there twice.\n"
    "SIGTERM and SIGINT end the program as the end of its input does.\n"
    "\n"
    "Exit status: 0; 1 if there were bad lines, or records whose action is not known (with\n"
    "--traffic); 2 for usage, or if something could not be read or written.\n";

int flowdeliver_usage(const char *reason, const char *what)
{
    fprintf(stderr, "flowdeliver: %s%s\n%s", reason, what, usage);
    return 2;
}

static int read_number(const char *text, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

/* Options without a value. */
static int take_switch(struct flowdeliver_options *options, const char *argument)
{
    if (strcmp(argument, "--hive") == 0)
        options->style |= VPCVIS_DELIVERY_HIVE;
    else if (strcmp(argument, "--hourly") == 0)
        options->style |= VPCVIS_DELIVERY_HOURLY;
    else if (strcmp(argument, "--plain") == 0)
        options->plain = 1;
    else if (strcmp(argument, "--quiet") == 0)
        options->quiet = 1;
    else
        return 0;
    return 1;
}

static int take_text(struct flowdeliver_options *options, char **argv, int *i)
{
    return take_value("--to", argv, i, &options->to) ||
           take_value("--account", argv, i, &options->account) ||
           take_value("--region", argv, i, &options->region) ||
           take_value("--flow-log", argv, i, &options->flow_log) ||
           take_value("--prefix", argv, i, &options->prefix) ||
           take_value("--organization", argv, i, &options->organization) ||
           take_value("--resource", argv, i, &options->resource) ||
           take_value("--traffic", argv, i, &options->traffic) ||
           take_value("--layout", argv, i, &options->layout);
}

int flowdeliver_options(struct flowdeliver_options *options, char **argv)
{
    const char *file_bytes = "75000000", *linger = "60";
    int i;

    options->traffic = "all";
    for (i = 1; argv[i]; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            printf("%s%s", usage, help);
            return 0;
        }
        if (!take_switch(options, argv[i]) && !take_text(options, argv, &i) &&
            !take_value("--file-bytes", argv, &i, &file_bytes) &&
            !take_value("--linger", argv, &i, &linger))
            return flowdeliver_usage("unknown option, or one without its value: ",
                                     argv[i]);
    }
    if (!options->to || !options->account || !options->region || !options->flow_log)
        return flowdeliver_usage("--to, --account, --region and --flow-log are needed",
                                 "");
    if (!read_number(file_bytes, &options->file_bytes) ||
        options->file_bytes < 2 * PARCEL_SLACK)
        return flowdeliver_usage("--file-bytes takes a number from 1048576 on, not ",
                                 file_bytes);
    if (!read_number(linger, &options->linger_s) || options->linger_s == 0)
        return flowdeliver_usage("--linger takes a number of seconds from 1 on, not ",
                                 linger);
    if (!options->plain && !parcel_has_gzip())
        return flowdeliver_usage("built without zlib: add --plain", "");
    return -1;
}

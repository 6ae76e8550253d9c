/* SPDX-License-Identifier: MIT */
/*
 * The table function read_vpcflow.
 *
 *     bind: patterns -> plan (files, columns)     once
 *     init: which columns are wanted               once, and once a thread
 *     scan: the next data chunk                    by many threads, a file each at a time
 */
#include "read_vpcflow.h"

#include "worker.h"

#include <stdlib.h>
#include <string.h>

static void options_free(void *data)
{
    struct read_options *options = data;

    plan_free(&options->plan);
    journal_release(options->journal);
    free(options);
}

/* ---- Bind. ---- */

static void add_column(duckdb_bind_info info, const char *name, duckdb_type id)
{
    duckdb_logical_type type = duckdb_create_logical_type(id);

    duckdb_bind_add_result_column(info, name, type);
    duckdb_destroy_logical_type(&type);
}

static void add_columns(duckdb_bind_info info, const struct read_options *options)
{
    const struct plan *plan = &options->plan;
    uint32_t c;

    for (c = 0; c < plan->count; c++)
        add_column(info, plan->columns[c].name,
                   plan->columns[c].kind == VPCVIS_KIND_NUMBER32   ? DUCKDB_TYPE_INTEGER
                   : plan->columns[c].kind == VPCVIS_KIND_NUMBER64 ? DUCKDB_TYPE_BIGINT
                                                                   : DUCKDB_TYPE_VARCHAR);
    if (options->filename)
        add_column(info, "filename", DUCKDB_TYPE_VARCHAR);
}

/* The files of one pattern or a list of them. NULL, or what is wrong. */
static const char *find_files(struct plan *plan, duckdb_value value)
{
    const int is_list =
        duckdb_get_type_id(duckdb_get_value_type(value)) == DUCKDB_TYPE_LIST;
    const idx_t count = is_list ? duckdb_get_list_size(value) : 1;
    char **patterns = calloc(count + 1, sizeof(*patterns));
    const char *problem = NULL;
    idx_t i;

    if (patterns == NULL)
        return "out of memory";
    for (i = 0; i < count && problem == NULL; i++) {
        duckdb_value item = is_list ? duckdb_get_list_child(value, i) : value;

        if (duckdb_is_null_value(item))
            problem = "a file name is NULL";
        else
            patterns[i] = duckdb_get_varchar(item);
        if (is_list)
            duckdb_destroy_value(&item);
    }
    if (problem == NULL && plan_files(plan, patterns, count) != 0)
        problem = plan->problem;
    for (i = 0; i < count; i++) {
        if (patterns[i] != NULL)
            duckdb_free(patterns[i]);
    }
    free(patterns);
    return problem;
}

static int take_flag(duckdb_bind_info info, const char *name)
{
    duckdb_value value = duckdb_bind_get_named_parameter(info, name);
    int flag = 0;

    if (value != NULL) {
        flag = !duckdb_is_null_value(value) && duckdb_get_bool(value);
        duckdb_destroy_value(&value);
    }
    return flag;
}

static const char *take_layout(duckdb_bind_info info, struct plan *plan)
{
    struct vpcvis_layout_config config = {0};
    duckdb_value value = duckdb_bind_get_named_parameter(info, "layout");
    vpcvis_status status;
    char *text;

    if (value == NULL)
        return NULL;
    if (duckdb_is_null_value(value)) {
        duckdb_destroy_value(&value);
        return NULL;
    }
    text = duckdb_get_varchar(value);
    config.size = sizeof(config);
    config.text = text;
    config.text_len = strlen(text);
    status = vpcvis_layout_new(&config, NULL, &plan->layout, NULL);
    duckdb_free(text);
    duckdb_destroy_value(&value);
    return status == VPCVIS_OK ? NULL : vpcvis_base_status_text(status);
}

static void bind(duckdb_bind_info info)
{
    struct read_options *options = calloc(1, sizeof(*options));
    duckdb_value files = duckdb_bind_get_parameter(info, 0);
    const char *problem;

    if (options == NULL) {
        duckdb_bind_set_error(info, "out of memory");
        duckdb_destroy_value(&files);
        return;
    }
    options->journal = journal_hold(duckdb_bind_get_extra_info(info));
    duckdb_bind_set_bind_data(info, options, options_free);
    options->ignore_errors = take_flag(info, "ignore_errors");
    options->filename = take_flag(info, "filename");
    problem = take_layout(info, &options->plan);
    if (problem == NULL)
        problem = find_files(&options->plan, files);
    if (problem == NULL &&
        plan_columns(&options->plan, take_flag(info, "union_by_name")) != 0)
        problem = options->plan.problem;
    duckdb_destroy_value(&files);
    if (problem != NULL) {
        duckdb_bind_set_error(info, problem);
        return;
    }
    add_columns(info, options);
    duckdb_bind_set_cardinality(info, options->plan.walk.bytes / 100, false);
}

/* ---- Init and scan. ---- */

static void scan_free(void *data)
{
    struct scan *scan = data;

    pthread_mutex_destroy(&scan->lock);
    free(scan);
}

static void init(duckdb_init_info info)
{
    const struct read_options *options = duckdb_init_get_bind_data(info);
    struct scan *scan = calloc(1, sizeof(*scan));

    if (scan == NULL || pthread_mutex_init(&scan->lock, NULL) != 0) {
        free(scan);
        duckdb_init_set_error(info, "out of memory");
        return;
    }
    scan->number = journal_begin(options->journal);
    duckdb_init_set_init_data(info, scan, scan_free);
    duckdb_init_set_max_threads(info, options->plan.walk.count);
}

static void init_thread(duckdb_init_info info)
{
    const struct read_options *options = duckdb_init_get_bind_data(info);
    const idx_t count = duckdb_init_get_column_count(info);
    idx_t *columns = calloc(count + 1, sizeof(*columns));
    struct worker *worker = NULL;
    idx_t i;

    for (i = 0; i < count && columns != NULL; i++)
        columns[i] = duckdb_init_get_column_index(info, i);
    if (columns != NULL)
        worker = worker_new(options, columns, count);
    free(columns);
    if (worker != NULL)
        duckdb_init_set_init_data(info, worker, worker_free);
    else
        duckdb_init_set_error(info, "out of memory");
}

static void scan_next(duckdb_function_info info, duckdb_data_chunk output)
{
    const char *problem = worker_fill(duckdb_function_get_local_init_data(info),
                                      duckdb_function_get_init_data(info), output);

    if (problem != NULL)
        duckdb_function_set_error(info, problem);
}

static void add_parameter(duckdb_table_function table, const char *name, duckdb_type id)
{
    duckdb_logical_type type = duckdb_create_logical_type(id);

    if (name != NULL)
        duckdb_table_function_add_named_parameter(table, name, type);
    else
        duckdb_table_function_add_parameter(table, type);
    duckdb_destroy_logical_type(&type);
}

duckdb_state read_vpcflow_register(duckdb_connection connection, struct journal *journal)
{
    duckdb_table_function table = duckdb_create_table_function();
    duckdb_state state;

    duckdb_table_function_set_name(table, "read_vpcflow");
    add_parameter(table, NULL, DUCKDB_TYPE_ANY); /* VARCHAR, or a list of them */
    add_parameter(table, "layout", DUCKDB_TYPE_VARCHAR);
    add_parameter(table, "ignore_errors", DUCKDB_TYPE_BOOLEAN);
    add_parameter(table, "union_by_name", DUCKDB_TYPE_BOOLEAN);
    add_parameter(table, "filename", DUCKDB_TYPE_BOOLEAN);
    duckdb_table_function_set_extra_info(table, journal_hold(journal), journal_release);
    duckdb_table_function_set_bind(table, bind);
    duckdb_table_function_set_init(table, init);
    duckdb_table_function_set_local_init(table, init_thread);
    duckdb_table_function_set_function(table, scan_next);
    duckdb_table_function_supports_projection_pushdown(table, true);
    state = duckdb_register_table_function(connection, table);
    duckdb_destroy_table_function(&table);
    return state;
}

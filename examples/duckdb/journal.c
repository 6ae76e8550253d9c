/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "journal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct file_entry {
    uint64_t scan, clamped;
    char *path;
    struct vpcvis_reader_counts counts;
    int whole;
};

struct error_entry {
    uint64_t scan;
    char *path;
    struct vpcvis_error error;
    char field[VPCVIS_LAYOUT_NAME_MAX + 1];
};

struct journal {
    pthread_mutex_t lock;
    size_t users;
    uint64_t scans;
    size_t file_count, error_count;
    struct file_entry files[JOURNAL_MAX];
    struct error_entry errors[JOURNAL_MAX];
};

struct journal *journal_new(void)
{
    struct journal *journal = calloc(1, sizeof(*journal));

    if (journal == NULL)
        return NULL;
    if (pthread_mutex_init(&journal->lock, NULL) != 0) {
        free(journal);
        return NULL;
    }
    journal->users = 1;
    return journal;
}

struct journal *journal_hold(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    journal->users++;
    pthread_mutex_unlock(&journal->lock);
    return journal;
}

static void clear(struct journal *journal)
{
    while (journal->file_count > 0)
        free(journal->files[--journal->file_count].path);
    while (journal->error_count > 0)
        free(journal->errors[--journal->error_count].path);
}

void journal_release(void *data)
{
    struct journal *journal = data;
    size_t users;

    pthread_mutex_lock(&journal->lock);
    users = --journal->users;
    pthread_mutex_unlock(&journal->lock);
    if (users > 0)
        return;
    clear(journal);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

uint64_t journal_begin(struct journal *journal)
{
    uint64_t scan;

    pthread_mutex_lock(&journal->lock);
    if (journal->file_count == JOURNAL_MAX || journal->error_count == JOURNAL_MAX)
        clear(journal);
    scan = ++journal->scans;
    pthread_mutex_unlock(&journal->lock);
    return scan;
}

void journal_add_file(struct journal *journal, uint64_t scan, const char *path,
                      const struct vpcvis_reader_counts *counts, uint64_t clamped,
                      int whole)
{
    struct file_entry *entry;

    pthread_mutex_lock(&journal->lock);
    if (journal->file_count < JOURNAL_MAX) {
        entry = &journal->files[journal->file_count];
        entry->scan = scan;
        entry->clamped = clamped;
        entry->counts = *counts;
        entry->whole = whole;
        entry->path = strdup(path);
        journal->file_count += entry->path != NULL;
    }
    pthread_mutex_unlock(&journal->lock);
}

void journal_add_error(struct journal *journal, uint64_t scan, const char *path,
                       const struct vpcvis_error *error, const char *field)
{
    struct error_entry *entry;

    pthread_mutex_lock(&journal->lock);
    if (journal->error_count < JOURNAL_MAX) {
        entry = &journal->errors[journal->error_count];
        entry->scan = scan;
        entry->error = *error;
        memset(entry->field, 0, sizeof(entry->field));
        if (field != NULL)
            strncpy(entry->field, field, sizeof(entry->field) - 1);
        entry->path = strdup(path);
        journal->error_count += entry->path != NULL;
    }
    pthread_mutex_unlock(&journal->lock);
}

/* ---- The tables. ---- */

/* `b` is BIGINT, `t` VARCHAR, `?` BOOLEAN. */
struct table_column {
    const char name[12];
    char type;
};

static const struct table_column file_columns[] = {
    {"scan", 'b'},  {"filename", 't'}, {"whole", '?'},  {"bytes", 'b'},
    {"lines", 'b'}, {"records", 'b'},  {"nodata", 'b'}, {"skipdata", 'b'},
    {"blank", 'b'}, {"headers", 'b'},  {"errors", 'b'}, {"clamped", 'b'},
};

static const struct table_column error_columns[] = {
    {"scan", 'b'},  {"filename", 't'}, {"line", 'b'},    {"byte", 'b'},
    {"field", 't'}, {"status", 't'},   {"message", 't'},
};

#define COLUMNS_OF(table) (sizeof(table) / sizeof((table)[0]))

static void add_columns(duckdb_bind_info info, const struct table_column *columns,
                        size_t count)
{
    size_t c;

    for (c = 0; c < count; c++) {
        duckdb_logical_type type =
            duckdb_create_logical_type(columns[c].type == 'b'   ? DUCKDB_TYPE_BIGINT
                                       : columns[c].type == 't' ? DUCKDB_TYPE_VARCHAR
                                                                : DUCKDB_TYPE_BOOLEAN);

        duckdb_bind_add_result_column(info, columns[c].name, type);
        duckdb_destroy_logical_type(&type);
    }
}

static void bind_files(duckdb_bind_info info)
{
    add_columns(info, file_columns, COLUMNS_OF(file_columns));
}

static void bind_errors(duckdb_bind_info info)
{
    add_columns(info, error_columns, COLUMNS_OF(error_columns));
}

/* How many entries are told. */
static void init_table(duckdb_init_info info)
{
    size_t *told = calloc(1, sizeof(*told));

    if (told == NULL)
        duckdb_init_set_error(info, "out of memory");
    else
        duckdb_init_set_init_data(info, told, free);
}

static void put_number(duckdb_data_chunk output, idx_t column, idx_t row, uint64_t number)
{
    int64_t *data = duckdb_vector_get_data(duckdb_data_chunk_get_vector(output, column));

    data[row] = number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

static void put_text(duckdb_data_chunk output, idx_t column, idx_t row, const char *text)
{
    duckdb_vector vector = duckdb_data_chunk_get_vector(output, column);

    if (*text != '\0') {
        duckdb_vector_assign_string_element(vector, row, text);
        return;
    }
    duckdb_vector_ensure_validity_writable(vector);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
}

static void put_file(duckdb_data_chunk output, idx_t row, const struct file_entry *entry)
{
    const struct vpcvis_reader_counts *counts = &entry->counts;
    const uint64_t numbers[] = {counts->bytes,   counts->lines,    counts->records,
                                counts->nodata,  counts->skipdata, counts->blank,
                                counts->headers, counts->errors,   entry->clamped};
    bool *whole = duckdb_vector_get_data(duckdb_data_chunk_get_vector(output, 2));
    size_t i;

    put_number(output, 0, row, entry->scan);
    put_text(output, 1, row, entry->path);
    whole[row] = entry->whole != 0;
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        put_number(output, 3 + i, row, numbers[i]);
}

static void put_error(duckdb_data_chunk output, idx_t row,
                      const struct error_entry *entry)
{
    const struct vpcvis_error *error = &entry->error;

    put_number(output, 0, row, entry->scan);
    put_text(output, 1, row, entry->path);
    put_number(output, 2, row, error->line);
    put_number(output, 3, row, error->line_at + error->offset);
    put_text(output, 4, row, entry->field);
    put_text(output, 5, row, vpcvis_base_status_name(error->status));
    put_text(output, 6, row, vpcvis_base_status_text(error->status));
}

static void tell(duckdb_function_info info, duckdb_data_chunk output, int errors)
{
    struct journal *journal = duckdb_function_get_extra_info(info);
    size_t *told = duckdb_function_get_init_data(info);
    const idx_t room = duckdb_vector_size();
    idx_t row = 0;

    pthread_mutex_lock(&journal->lock);
    for (; row < room && *told < (errors ? journal->error_count : journal->file_count);
         row++, (*told)++) {
        if (errors)
            put_error(output, row, &journal->errors[*told]);
        else
            put_file(output, row, &journal->files[*told]);
    }
    pthread_mutex_unlock(&journal->lock);
    duckdb_data_chunk_set_size(output, row);
}

static void tell_files(duckdb_function_info info, duckdb_data_chunk output)
{
    tell(info, output, 0);
}

static void tell_errors(duckdb_function_info info, duckdb_data_chunk output)
{
    tell(info, output, 1);
}

static duckdb_state register_table(duckdb_connection connection, struct journal *journal,
                                   const char *name, duckdb_table_function_bind_t bind,
                                   duckdb_table_function_t function)
{
    duckdb_table_function table = duckdb_create_table_function();
    duckdb_state state;

    duckdb_table_function_set_name(table, name);
    duckdb_table_function_set_extra_info(table, journal_hold(journal), journal_release);
    duckdb_table_function_set_bind(table, bind);
    duckdb_table_function_set_init(table, init_table);
    duckdb_table_function_set_function(table, function);
    state = duckdb_register_table_function(connection, table);
    duckdb_destroy_table_function(&table);
    return state;
}

duckdb_state journal_register(duckdb_connection connection, struct journal *journal)
{
    if (register_table(connection, journal, "vpcflow_files", bind_files, tell_files) !=
        DuckDBSuccess)
        return DuckDBError;
    return register_table(connection, journal, "vpcflow_errors", bind_errors,
                          tell_errors);
}

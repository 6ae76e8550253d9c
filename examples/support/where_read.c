/* SPDX-License-Identifier: MIT */
/*
 * Expressions: text to steps in postfix order, by operator precedence with a stack of what is
 * still open, so that no text makes the program's own stack grow.
 */
#include "where_program.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_QUOTED,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_COMPARE,
    TOKEN_UNCLOSED, /* a quote that nothing closes */
    TOKEN_NONE      /* nothing of the language */
};

struct token {
    enum token_kind kind;
    size_t at, len; /* of a quoted text: with its quotes */
};

/* What is open, in the order of how tightly it binds. */
enum open { OPEN_PARENTHESIS, OPEN_OR, OPEN_AND, OPEN_NOT };

#define OPEN_MAX (4 * WHERE_DEPTH_MAX + 4)

struct reading {
    const char *text;
    struct where_problem *problem;
    struct where *where;
    struct token token; /* the one that is looked at */
    uint32_t text_len;  /* of where->text in use */
    uint32_t opens, depth;
    uint8_t open[OPEN_MAX];
    size_t open_at[WHERE_DEPTH_MAX]; /* of parentheses */
};

static int fail(struct reading *in, size_t at, const char *format, ...)
{
    va_list args;

    in->problem->offset = at;
    va_start(args, format);
    vsnprintf(in->problem->message, sizeof(in->problem->message), format, args);
    va_end(args);
    return -1;
}

static int is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int is_word(char c)
{
    return c > ' ' && c <= '~' && strchr("(),=!<>'\"", c) == NULL;
}

/* A text in quotes: to the closing one, of which two stand for one inside. */
static void read_quoted(const char *text, struct token *token)
{
    const char *c = text + token->at + 1;

    while (*c != '\0' && (*c != '\'' || c[1] == '\''))
        c += *c == '\'' ? 2 : 1;
    token->kind = *c == '\'' ? TOKEN_QUOTED : TOKEN_UNCLOSED;
    token->len = (size_t)(c - text) - token->at + (*c == '\'');
}

static void read_symbol(const char *text, struct token *token)
{
    static const char symbols[][3] = {"==", "!=", "<>", "<=", ">=", "=", "<", ">"};
    const char *c = text + token->at;
    size_t i;

    token->len = 1;
    token->kind = *c == '('   ? TOKEN_OPEN
                  : *c == ')' ? TOKEN_CLOSE
                  : *c == ',' ? TOKEN_COMMA
                              : TOKEN_NONE;
    for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        const size_t len = strlen(symbols[i]);

        if (strncmp(c, symbols[i], len) == 0) {
            token->kind = TOKEN_COMPARE;
            token->len = len;
            return;
        }
    }
}

/* Look at the next token. */
static void step(struct reading *in)
{
    struct token *token = &in->token;
    const char *c = in->text + token->at + token->len;

    while (is_blank(*c))
        c++;
    token->at = (size_t)(c - in->text);
    token->len = 0;
    while (is_word(c[token->len]))
        token->len++;
    token->kind = *c == '\0' ? TOKEN_END : TOKEN_WORD;
    if (*c == '\'')
        read_quoted(in->text, token);
    else if (*c != '\0' && token->len == 0)
        read_symbol(in->text, token);
}

/* Whether the token is this bare word; keywords are given in lower case. */
static int is(const struct reading *in, const char *keyword)
{
    const char *c = in->text + in->token.at;
    size_t i;

    if (in->token.kind != TOKEN_WORD || in->token.len != strlen(keyword))
        return 0;
    for (i = 0; i < in->token.len; i++) {
        const int upper = c[i] >= 'A' && c[i] <= 'Z';

        if ((upper ? c[i] + ('a' - 'A') : c[i]) != keyword[i])
            return 0;
    }
    return 1;
}

static int take(struct reading *in, const char *keyword)
{
    const int there = is(in, keyword);

    if (there)
        step(in);
    return there;
}

static int is_keyword(const struct reading *in)
{
    return is(in, "and") || is(in, "or") || is(in, "not") || is(in, "in") || is(in, "is");
}

/* The next step of the program; NULL if there are too many. */
static struct where_step *add_step(struct reading *in, enum where_what what)
{
    struct where *where = in->where;
    struct where_step *added = &where->step[where->steps];

    if (where->steps == WHERE_STEPS_MAX) {
        (void)fail(in, in->token.at,
                   "an expression has at most %d comparisons, and, or, not",
                   WHERE_STEPS_MAX);
        return NULL;
    }
    where->steps++;
    added->what = (uint8_t)what;
    return added;
}

static struct where_step *add_comparison(struct reading *in, enum where_what what,
                                         const struct where_field *field, int turned)
{
    struct where_step *added = add_step(in, what);

    if (added == NULL)
        return NULL;
    added->kind = (uint8_t)field->kind;
    added->field = field->id;
    added->turned = (uint8_t)turned;
    added->first = in->where->values;
    in->where->fields[field->id / 64] |= UINT64_C(1) << field->id % 64;
    return added;
}

/* Keep the text of the token, without its quotes and with each '' inside as one. */
static void keep_text(struct reading *in, struct where_value *value)
{
    const size_t quote = in->token.kind == TOKEN_QUOTED;
    const char *from = in->text + in->token.at + quote;
    const char *end = in->text + in->token.at + in->token.len - quote;

    value->at = in->text_len;
    for (; from < end; from++) {
        in->where->text[in->text_len++] = *from;
        from += quote && *from == '\'';
    }
    value->len = in->text_len - value->at;
}

/* Whether the token can be a value at all. */
static int check_value(struct reading *in, const struct where_field *field, int blocks)
{
    const struct token *token = &in->token;
    const char *c = in->text + token->at;

    if (token->kind == TOKEN_UNCLOSED)
        return fail(in, token->at, "this quote is never closed");
    if (token->kind == TOKEN_NONE && *c == '"')
        return fail(in, token->at, "values are quoted like this: 'text'");
    if (token->kind == TOKEN_NONE)
        return fail(in, token->at, "this can be in quotes only: 'text'");
    if ((token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED) || is_keyword(in))
        return fail(in, token->at, "a value for %s is missing here", field->name);
    if (is(in, "-"))
        return fail(in, token->at, "- is no value: %s is -, or is not -", field->name);
    if (!blocks && field->kind == VPCVIS_KIND_ADDRESS && memchr(c, '/', token->len))
        return fail(in, token->at, "blocks of addresses follow in: %s in 10.0.0.0/8",
                    field->name);
    if (in->where->values == WHERE_VALUES_MAX)
        return fail(in, token->at, "an expression has at most %d values",
                    WHERE_VALUES_MAX);
    return 0;
}

/* The token as a value, which is added; NULL if it is none. */
static struct where_value *add_value(struct reading *in, const struct where_field *field,
                                     int blocks)
{
    struct where_value *value = &in->where->value[in->where->values];
    const char *problem;

    if (check_value(in, field, blocks) != 0)
        return NULL;
    keep_text(in, value);
    problem = where_read_value(in->where, field, in->token.kind == TOKEN_QUOTED, value);
    if (problem != NULL) {
        (void)fail(in, in->token.at, "%s %s", field->name, problem);
        return NULL;
    }
    in->where->values++;
    step(in);
    return value;
}

/* A number met from low to high becomes a range of the field's width; 0 if nothing is left. */
static int make_range(const struct where_field *field, uint64_t low, uint64_t high,
                      struct where_value *value)
{
    if (field->kind == VPCVIS_KIND_NUMBER32 && high > UINT32_MAX)
        high = UINT32_MAX;
    value->from = low;
    value->span = high - low;
    return low <= high;
}

static enum where_what same(const struct where_field *field)
{
    switch (field->kind) {
    case VPCVIS_KIND_NUMBER32:
    case VPCVIS_KIND_NUMBER64: return WHERE_RANGE;
    case VPCVIS_KIND_ADDRESS: return WHERE_BLOCK;
    default: return WHERE_SAME_TEXT;
    }
}

/* < <= > >= as before and after, or the opposite of one of them. */
static int read_order(struct reading *in, const struct where_field *field, char sign,
                      int equal)
{
    const int above = (sign == '>') != equal;
    const int number = same(field) == WHERE_RANGE;
    const enum where_what what = above ? WHERE_ABOVE : WHERE_BELOW;
    struct where_step *added =
        add_comparison(in, number ? WHERE_RANGE : what, field, equal);
    struct where_value *value = added ? add_value(in, field, 0) : NULL;
    const uint64_t limit = value ? value->from : 0;

    if (value == NULL)
        return -1;
    added->count = 1;
    if (number && above)
        added->count = limit < UINT64_MAX &&
                       (uint32_t)make_range(field, limit + 1, UINT64_MAX, value);
    else if (number)
        added->count = limit > 0 && (uint32_t)make_range(field, 0, limit - 1, value);
    return 0;
}

/* One value of = or in. */
static int read_item(struct reading *in, const struct where_field *field, int blocks,
                     struct where_step *added)
{
    struct where_value *value = add_value(in, field, blocks);

    if (value == NULL)
        return -1;
    if (same(field) == WHERE_RANGE && !make_range(field, value->from, value->from, value))
        in->where->values--;
    else
        added->count++;
    return 0;
}

static int read_compare(struct reading *in, const struct where_field *field)
{
    const char *sign = in->text + in->token.at;
    const int turned =
        *sign == '!' || (*sign == '<' && in->token.len == 2 && sign[1] == '>');
    const int order = !turned && *sign != '=';
    const int equal = in->token.len == 2 && sign[1] == '=';
    struct where_step *added;

    step(in);
    if (order)
        return read_order(in, field, *sign, equal);
    if (is(in, "-")) {
        step(in);
        return add_comparison(in, WHERE_DASH, field, turned) ? 0 : -1;
    }
    added = add_comparison(in, same(field), field, turned);
    return added ? read_item(in, field, 0, added) : -1;
}

static int read_in(struct reading *in, const struct where_field *field, int turned)
{
    struct where_step *added = add_comparison(in, same(field), field, turned);

    if (added == NULL)
        return -1;
    if (in->token.kind != TOKEN_OPEN) {
        if (field->kind == VPCVIS_KIND_ADDRESS)
            return read_item(in, field, 1, added);
        return fail(in, in->token.at, "values are listed like this: %s in (value, value)",
                    field->name);
    }
    do {
        step(in);
        if (read_item(in, field, 1, added) != 0)
            return -1;
    } while (in->token.kind == TOKEN_COMMA);
    if (in->token.kind != TOKEN_CLOSE)
        return fail(in, in->token.at,
                    "a comma or the end of the list, ), is missing here");
    step(in);
    return 0;
}

static int read_is(struct reading *in, const struct where_field *field)
{
    const int turned = take(in, "not");

    if (!is(in, "-") && !is(in, "null"))
        return fail(in, in->token.at, "only - can follow here: %s is -", field->name);
    step(in);
    return add_comparison(in, WHERE_DASH, field, turned) ? 0 : -1;
}

static int read_field(struct reading *in, struct where_field *field)
{
    const struct token *token = &in->token;
    struct vpcvis_field row;

    if (token->kind != TOKEN_WORD || is_keyword(in))
        return fail(in, token->at, "the name of a field is missing here");
    if (vpcvis_record_find(in->text + token->at, token->len, &field->id) != VPCVIS_OK ||
        vpcvis_record_field(field->id, &row) != VPCVIS_OK)
        return fail(in, token->at, "no field that is known here has this name");
    field->kind = row.kind;
    field->name = row.name;
    step(in);
    return 0;
}

static int read_comparison(struct reading *in)
{
    struct where_field field;
    int turned;

    if (read_field(in, &field) != 0)
        return -1;
    if (in->token.kind == TOKEN_COMPARE)
        return read_compare(in, &field);
    if (take(in, "is"))
        return read_is(in, &field);
    turned = take(in, "not");
    if (take(in, "in"))
        return read_in(in, &field, turned);
    return fail(in, in->token.at,
                turned ? "in is missing here: %s not in"
                       : "%s must be compared: = != < <= > >= in is",
                field.name);
}

/* Close what binds at least as tightly as `down_to`. */
static int close_down(struct reading *in, enum open down_to)
{
    while (in->opens > 0 && in->open[in->opens - 1] >= (uint8_t)down_to) {
        const uint8_t open = in->open[--in->opens];

        if (add_step(in, open == OPEN_NOT   ? WHERE_NOT
                         : open == OPEN_AND ? WHERE_AND
                                            : WHERE_OR) == NULL)
            return -1;
    }
    return 0;
}

static void open_up(struct reading *in, enum open what)
{
    in->open[in->opens++] = (uint8_t)what;
}

static int open_parenthesis(struct reading *in)
{
    if (in->depth == WHERE_DEPTH_MAX)
        return fail(in, in->token.at, "parentheses are at most %d deep", WHERE_DEPTH_MAX);
    in->open_at[in->depth++] = in->token.at;
    open_up(in, OPEN_PARENTHESIS);
    return 0;
}

static int close_parenthesis(struct reading *in)
{
    if (in->depth == 0)
        return fail(in, in->token.at, "this ) closes nothing");
    if (close_down(in, OPEN_OR) != 0)
        return -1;
    in->opens--;
    in->depth--;
    return 0;
}

/* Up to a comparison and with it. not not is nothing. */
static int read_operand(struct reading *in)
{
    for (;;) {
        if (is(in, "not") && in->opens > 0 && in->open[in->opens - 1] == OPEN_NOT)
            in->opens--;
        else if (is(in, "not"))
            open_up(in, OPEN_NOT);
        else if (in->token.kind != TOKEN_OPEN)
            return read_comparison(in);
        else if (open_parenthesis(in) != 0)
            return -1;
        step(in);
    }
}

/* After a comparison: 1 if another one must follow, 0 at the end. */
static int read_operator(struct reading *in)
{
    for (; in->token.kind == TOKEN_CLOSE; step(in)) {
        if (close_parenthesis(in) != 0)
            return -1;
    }
    if (is(in, "and") || is(in, "or")) {
        const enum open what = is(in, "and") ? OPEN_AND : OPEN_OR;

        if (close_down(in, what) != 0)
            return -1;
        open_up(in, what);
        step(in);
        return 1;
    }
    if (in->token.kind != TOKEN_END)
        return fail(in, in->token.at,
                    "and, or, or the end of the expression is missing here");
    if (in->depth > 0)
        return fail(in, in->open_at[in->depth - 1], "this ( is never closed");
    return close_down(in, OPEN_OR);
}

struct where *where_new(const char *text, struct where_problem *problem)
{
    struct reading in;
    int more = 1;

    memset(&in, 0, sizeof(in));
    in.text = text;
    in.problem = problem;
    in.where = calloc(1, sizeof(*in.where) + strlen(text));
    if (in.where == NULL) {
        (void)fail(&in, 0, "out of memory");
        return NULL;
    }
    step(&in);
    while (more > 0)
        more = read_operand(&in) == 0 ? read_operator(&in) : -1;
    if (more == 0)
        return in.where;
    where_free(in.where);
    return NULL;
}

void where_free(struct where *where)
{
    free(where);
}

void where_fields(const struct where *where, uint64_t fields[2])
{
    fields[0] = where->fields[0];
    fields[1] = where->fields[1];
}

#define SHOWN 72 /* bytes of a long text, of which the middle one is pointed at */

void where_explain(FILE *out, const char *name, const char *text,
                   const struct where_problem *problem)
{
    const size_t begin = problem->offset > SHOWN / 2 ? problem->offset - SHOWN / 2 : 0;
    size_t i;

    fprintf(out, "%s: byte %zu: %s\n    ", name, problem->offset + 1, problem->message);
    for (i = begin; text[i] != '\0' && i < begin + SHOWN; i++)
        fputc(text[i] >= ' ' && text[i] <= '~' ? text[i] : ' ', out);
    fprintf(out, "\n    %*s\n", (int)(problem->offset - begin) + 1, "^");
}

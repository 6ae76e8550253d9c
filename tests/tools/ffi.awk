# SPDX-License-Identifier: MIT
# The declarations of the public headers, preprocessed, as something else. Reads the constants
# ("NAME value" lines) and then the declarations.
#
#   awk -v what=header|json|check -v pointer=8 -f ffi.awk CONSTANTS DECLARATIONS
#
# header  vpcvis_ffi.h: declarations that LuaJIT and cffi take as they are
# json    vpcvis.json: the same for programs, with offsets and sizes
# check   a C program that holds vpcvis.json against the compiler

function trim(s) {
    gsub(/[ \t\n]+/, " ", s)
    sub(/^ /, "", s)
    sub(/ $/, "", s)
    return s
}

# Size and alignment of a type: SIZE, ALIGN.
function measure(type) {
    sub(/^const /, "", type)
    if (type ~ /\*$/ || type == "size_t")
        SIZE = ALIGN = pointer
    else if (type in size) {
        SIZE = size[type]
        ALIGN = align[type]
    } else {
        print "ffi.awk: unknown type \"" type "\" of \"" NAME "\"" >"/dev/stderr"
        failed = 1
        SIZE = ALIGN = 1
    }
}

# "uint64_t *valid[96]" to TYPE "uint64_t *", NAME "valid", COUNT 96 (0: no array).
function take_apart(text,    n) {
    COUNT = 0
    if (text ~ /\(\*[a-z_]+\)/) {
        NAME = text
        sub(/^[^(]*\(\*/, "", NAME)
        sub(/\).*/, "", NAME)
        TYPE = text
        sub("\\(\\*" NAME "\\)", "(*)", TYPE)
        IS_FUNCTION = 1
        return
    }
    IS_FUNCTION = 0
    if (match(text, /\[[0-9 *()+]+\]$/)) {
        n = RSTART
        COUNT = count_of(substr(text, n + 1, RLENGTH - 2))
        text = trim(substr(text, 1, n - 1))
    }
    match(text, /[A-Za-z_0-9]+$/)
    NAME = substr(text, RSTART)
    TYPE = trim(substr(text, 1, RSTART - 1))
}

# "96", "2 * 96", "2 * (8 + 16)": what the headers have.
function count_of(text,    part, n) {
    if (match(text, /^[0-9]+ \* \(/)) {
        n = substr(text, 1, index(text, " ") - 1)
        sub(/^[0-9]+ \* \(/, "", text)
        sub(/\)$/, "", text)
        split(text, part, / \+ /)
        return n * (part[1] + part[2])
    }
    if (split(text, part, / \* /) == 2)
        return part[1] * part[2]
    return text + 0
}

# Arguments of a function to a list of "type\tname".
function arguments(text,    i, c, depth, list, item) {
    list = item = ""
    depth = 0
    if (text == "void")
        return ""
    for (i = 1; i <= length(text) + 1; i++) {
        c = i > length(text) ? "," : substr(text, i, 1)
        if (c == "," && depth == 0) {
            take_apart(trim(item))
            if (COUNT > 0)
                TYPE = TYPE " *"
            list = list (list == "" ? "" : "\n") TYPE "\t" NAME
            item = ""
            continue
        }
        depth += (c == "(") - (c == ")")
        item = item c
    }
    return list
}

function json_text(s) {
    gsub(/\\/, "\\\\", s)
    gsub(/"/, "\\\"", s)
    return "\"" s "\""
}

function add_struct(name, body,    n, i, member, at, most, text) {
    structs[++struct_count] = name
    struct_body[name] = body
    n = split(body, member, ";")
    at = 0
    most = 1
    text = ""
    for (i = 1; i < n; i++) {
        take_apart(trim(member[i]))
        measure(IS_FUNCTION ? "void *" : TYPE)
        at = int((at + ALIGN - 1) / ALIGN) * ALIGN
        most = ALIGN > most ? ALIGN : most
        text = text (text == "" ? "" : ",\n") "        {\"name\": " json_text(NAME) \
            ", \"type\": " json_text(TYPE) (COUNT > 0 ? ", \"count\": " COUNT : "") \
            ", \"offset\": " at "}"
        checks = checks "    OFFSET(struct " name ", " NAME ", " at ")\n"
        at += SIZE * (COUNT > 0 ? COUNT : 1)
    }
    size["struct " name] = int((at + most - 1) / most) * most
    align["struct " name] = most
    struct_members[name] = text
    checks = checks "    SIZE(struct " name ", " size["struct " name] ")\n"
}

function add_function(text,    open, head, returns, name, args, list, n, i, item, part) {
    open = index(text, "(")
    head = trim(substr(text, 1, open - 1))
    args = trim(substr(text, open + 1, length(text) - open - 1))
    take_apart(head)
    name = NAME
    returns = TYPE
    functions[++function_count] = text ";"
    list = ""
    n = split(arguments(args), item, "\n")
    for (i = 1; i <= n; i++) {
        split(item[i], part, "\t")
        list = list (i > 1 ? ", " : "") "{\"name\": " json_text(part[2]) ", \"type\": " \
            json_text(part[1]) "}"
    }
    function_json[function_count] = "    {\"name\": " json_text(name) ", \"returns\": " \
        json_text(returns) ", \"arguments\": [" list "]}"
}

function add_declaration(text) {
    text = trim(text)
    if (text == "")
        return
    order[++order_count] = text
    if (text ~ /^typedef struct/) {
        opaque[++opaque_count] = text
        size[substr(text, match(text, /[a-z_]+$/))] = 0
    } else if (text ~ /^typedef/) {
        size["vpcvis_status"] = 4
        align["vpcvis_status"] = 4
    } else if (text ~ /^struct [A-Za-z_]+ \{/) {
        match(text, /^struct [A-Za-z_]+/)
        add_struct(substr(text, 8, RLENGTH - 7),
                   substr(text, index(text, "{") + 1, length(text) - index(text, "{") - 1))
    } else {
        add_function(text)
        order[order_count] = "function " function_count
    }
}

# A line of at most 98 columns where that can be.
function wrap(text,    out, cut) {
    out = ""
    while (length(text) > 98) {
        for (cut = 98; cut > 20 && substr(text, cut, 1) != " "; cut--)
            ;
        out = out substr(text, 1, cut - 1) "\n    "
        text = substr(text, cut + 1)
    }
    return out text
}

function print_struct(text,    name, n, i, member) {
    match(text, /^struct [A-Za-z_]+/)
    name = substr(text, 8, RLENGTH - 7)
    print "struct " name " {"
    n = split(struct_body[name], member, ";")
    for (i = 1; i < n; i++)
        print wrap("    " trim(member[i]) ";")
    print "};"
}

function print_header(    i) {
    print "/* Declarations of libvpcvis for foreign-function interfaces: no preprocessor, nothing to"
    print " * include. Made from the public headers, which say what it all means. */"
    for (i = 1; i <= constant_count; i++)
        if (length(number(value[i])) <= 10) # of 32 bits: no more is an enum to all
            print "enum { " constants[i] " = " value[i] " };"
    for (i = 1; i <= order_count; i++) {
        if (order[i] ~ /^struct /)
            print_struct(order[i])
        else if (order[i] ~ /^function /)
            print wrap(functions[substr(order[i], 10)])
        else
            print order[i] ";"
    }
}

function print_json(    i) {
    print "{\n  \"library\": \"vpcvis\",\n  \"version\": \"" version "\",\n  \"pointer_bytes\": " pointer ","
    print "  \"constants\": {"
    for (i = 1; i <= constant_count; i++)
        print "    " json_text(constants[i]) ": " number(value[i]) (i < constant_count ? "," : "")
    print "  },\n  \"opaque\": ["
    for (i = 1; i <= opaque_count; i++) {
        match(opaque[i], /[a-z_]+$/)
        print "    " json_text(substr(opaque[i], RSTART)) (i < opaque_count ? "," : "")
    }
    print "  ],\n  \"structs\": ["
    for (i = 1; i <= struct_count; i++)
        print "    {\"name\": " json_text(structs[i]) ", \"size\": " size["struct " structs[i]] \
            ", \"members\": [\n" struct_members[structs[i]] "\n    ]}" (i < struct_count ? "," : "")
    print "  ],\n  \"functions\": ["
    for (i = 1; i <= function_count; i++)
        print function_json[i] (i < function_count ? "," : "")
    print "  ]\n}"
}

# A constant in decimal: "(-5)", "0xffu", "16u".
function number(text,    i, n, digit) {
    gsub(/[()uU ]/, "", text)
    if (text !~ /^0x/)
        return text
    n = 0
    for (i = 3; i <= length(text); i++) {
        digit = index("0123456789abcdef", tolower(substr(text, i, 1))) - 1
        n = n * 16 + digit
    }
    return sprintf("%.0f", n)
}

function print_check(    i) {
    print "#include <stdio.h>\n#include \"vpcvis.h\"\n"
    for (i = 1; i <= function_count; i++)
        print functions[i]
    print "#define OFFSET(of, member, at) wrong += report(#of, #member, offsetof(of, member), at);"
    print "#define SIZE(of, bytes) wrong += report(#of, \"size\", sizeof(of), bytes);"
    print "#define VALUE(of, number) wrong += report(#of, \"value\", (size_t)(of), (size_t)(number));"
    print "static int report(const char *of, const char *what, size_t is, size_t said)\n{"
    print "    if (is != said)\n        printf(\"ffi: %s, %s: %zu, not %zu\\n\", of, what, is, said);"
    print "    return is != said;\n}"
    print "int main(void)\n{\n    int wrong = 0;"
    printf "%s", checks
    for (i = 1; i <= constant_count; i++)
        print "    VALUE(" constants[i] ", " number(value[i]) ")"
    print "    return wrong != 0;\n}"
}

BEGIN {
    split("int8_t 1 uint8_t 1 char 1 int16_t 2 uint16_t 2 int32_t 4 uint32_t 4 int 4 int64_t 8 uint64_t 8",
          known, " ")
    for (i = 1; i in known; i += 2)
        size[known[i]] = align[known[i]] = known[i + 1]
    if (pointer == 4 && packs64)
        align["int64_t"] = align["uint64_t"] = 4
}

FNR == NR {
    constants[++constant_count] = $1
    value[constant_count] = substr($0, length($1) + 2)
    next
}

{ text = text " " $0 }

END {
    depth = 0
    item = ""
    gsub(/__attribute__ ?\(\(visibility\("default"\)\)\)/, "", text)
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        depth += (c == "{") - (c == "}")
        if (c == ";" && depth == 0) {
            add_declaration(item)
            item = ""
        } else
            item = item c
    }
    if (what == "header")
        print_header()
    else if (what == "json")
        print_json()
    else
        print_check()
    exit failed
}

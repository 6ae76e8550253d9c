# SPDX-License-Identifier: MIT
# Write OUT/vpcvis.h (every public header) and OUT/vpcvis.c (every source given) so that the two
# compile alone: awk -f amalgamate.awk -v version=V -v out=DIR src/*.c
#
# File-local names are plain words and so may repeat between files: a name that is defined in
# two files is given its file's name for as long as that file lasts, and a file's own macros end
# with it. The compiler has the last word; `make check` asks it.

function room_of(path)
{
    sub(/.*\//, "", path)
    sub(/\..*/, "", path)
    return path
}

function slurp(path, lines,    n, line)
{
    if (path in length_of)
        return length_of[path]
    n = 0
    while ((getline line < path) > 0)
        text[path, ++n] = line
    close(path)
    if (n == 0) {
        print "amalgamate: cannot read " path > "/dev/stderr"
        failed = 1
        exit 1
    }
    length_of[path] = n
    return n
}

function included(line)
{
    sub(/^[^"<]*["<]/, "", line)
    sub(/[">].*/, "", line)
    return line
}

# A header without a guard is a template: it is put in wherever it is asked for.
function is_template(path,    i, n)
{
    n = slurp(path)
    for (i = 1; i <= n; i++) {
        if (text[path, i] ~ /^#ifndef VPCVIS_.*_H$/)
            return 0
    }
    return 1
}

function public_header(path,    i, n, line)
{
    if (path in done)
        return
    done[path] = 1
    n = slurp(path)
    for (i = 1; i <= n; i++) {
        line = text[path, i]
        if (line ~ /^#include "/)
            public_header("include/" included(line))
        else if (i > 1)
            print line > header
    }
}

# Guarded internal headers go first, outside the reach of any file's own names.
function internal_headers(path, emit,    i, n, line, name)
{
    n = slurp(path)
    for (i = 1; i <= n; i++) {
        line = text[path, i]
        if (line !~ /^#include "/ || line ~ /"vpcvis[.\/]/)
            continue
        name = "src/" included(line)
        if (is_template(name)) {
            internal_headers(name, 0)
        } else if (!(name in done)) {
            done[name] = 1
            internal_headers(name, 1)
        }
    }
    if (emit)
        body(path)
}

# System headers that every file may include go to the top, once.
function system_headers(path,    i, n, line, depth, name)
{
    n = slurp(path)
    depth = path ~ /\.h$/ && !is_template(path) ? -1 : 0
    for (i = 1; i <= n; i++) {
        line = text[path, i]
        if (line ~ /^#if/)
            depth++
        else if (line ~ /^#endif/)
            depth--
        else if (line ~ /^#include </ && depth == 0) {
            if (!(line in hoisted))
                print line > source
            hoisted[line] = 1
        } else if (line ~ /^#include "/ && line !~ /"vpcvis[.\/]/) {
            name = "src/" included(line)
            if (!(name in scanned)) {
                scanned[name] = 1
                system_headers(name)
            }
        }
    }
}

function body(path,    i, n, line)
{
    n = slurp(path)
    for (i = 2; i <= n; i++) {
        line = text[path, i]
        if (line ~ /^#include "/) {
            if (line !~ /"vpcvis[.\/]/ && is_template("src/" included(line)))
                body("src/" included(line))
        } else if (!(line in hoisted)) {
            print line > source
        }
    }
}

function note(file, name)
{
    if (name !~ /^[A-Za-z_][A-Za-z_0-9]*$/ || (file, name) in noted)
        return
    noted[file, name] = 1
    owners[name]++
    names[file] = names[file] " " name
}

function last_word(s,    n, w)
{
    n = split(s, w, /[^A-Za-z_0-9]+/)
    while (n > 0 && w[n] == "")
        n--
    return w[n]
}

# What a file defines for itself. Its definitions begin with `static` or with a macro that
# holds it; a template counts as part of the file that includes it.
function file_names(path, file,    i, n, line, w, enum)
{
    n = slurp(file)
    enum = 0
    for (i = 1; i <= n; i++) {
        line = text[file, i]
        if (line ~ /^#include "/ && line !~ /"vpcvis[.\/]/) {
            if (is_template("src/" included(line)))
                file_names(path, "src/" included(line))
        } else if (line ~ /^#define /) {
            split(line, w, /[ (]+/)
            if (!((path, w[2]) in macro)) {
                macro[path, w[2]] = 1
                macros[path] = macros[path] " " w[2]
            }
        } else if (line ~ /^(static|VPCVIS_I_INLINE|[A-Z][A-Z_0-9]*) / && line !~ /^VPCVIS_(API|I) /) {
            while (line !~ /__attribute__/ && line !~ /[(;={]/ && i < n)
                line = line " " text[file, ++i]
            while (match(line, /__attribute__\(\([^()]*(\([^()]*\))?[^()]*\)\)/))
                line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
            sub(/[(\[;={].*/, "", line)
            note(path, last_word(line))
        } else if (line ~ /^(typedef )?(struct|union|enum)( [A-Za-z_0-9]+)? \{/) {
            split(line, w, / +/)
            enum = line ~ /enum/
            sub(/^(typedef )?(struct|union|enum) /, "", line)
            sub(/ .*/, "", line)
            note(path, line)
            if (enum && text[file, i] ~ /}/)
                enum = 0
        } else if (line ~ /^}/) {
            enum = 0
        } else if (enum && line ~ /^ +[A-Z][A-Z_0-9]*( =.*)?,?/) {
            sub(/^ +/, "", line)
            sub(/[ ,].*/, "", line)
            note(path, line)
        }
    }
}

function source_file(path,    i, n, w)
{
    print "\n/* " path " */" > source
    n = split(names[path], w, " ")
    for (i = 1; i <= n; i++) {
        if (owners[w[i]] > 1)
            print "#define " w[i] " " room_of(path) "_" w[i] > source
    }
    body(path)
    for (i = 1; i <= n; i++) {
        if (owners[w[i]] > 1)
            print "#undef " w[i] > source
    }
    n = split(macros[path], w, " ")
    for (i = 1; i <= n; i++)
        print "#undef " w[i] > source
}

BEGIN {
    header = out "/vpcvis.h"
    source = out "/vpcvis.c"
    print "/* SPDX-License-Identifier: MIT */\n/* libvpcvis " version " in two files. */" > header
    public_header("include/vpcvis.h")
    print "/* SPDX-License-Identifier: MIT */\n/* libvpcvis " version " in two files. */" > source
    print "#include \"vpcvis.h\"\n" > source
    for (i = 1; i < ARGC; i++) {
        system_headers(ARGV[i])
        file_names(ARGV[i], ARGV[i])
    }
    for (i = 1; i < ARGC; i++)
        internal_headers(ARGV[i], 0)
    for (i = 1; i < ARGC; i++)
        source_file(ARGV[i])
    exit failed
}

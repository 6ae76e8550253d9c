#!/bin/sh
# SPDX-License-Identifier: MIT
# What DuckDB wants at the end of an extension: footer.sh PLATFORM VERSION, 534 bytes.
#
# A custom section of WebAssembly: its id 0, its length 531, its name, the length 512 of eight
# fields of 32 bytes, the last first, and of a signature, which is left empty.
set -eu

field()
{
    printf '%s' "$1"
    head -c $((32 - ${#1})) /dev/zero
}

printf '\000\223\004\020duckdb_signature\200\004'
field ''
field ''
field ''
field C_STRUCT
field "$2"
field v1.2.0 # of the C API
field "$1"
field 4
head -c 256 /dev/zero

#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetch duckdb.h and duckdb_extension.h into a folder: headers.sh DIR
#
# They are taken out of the crate libduckdb-sys, which cargo fetches and checks.
set -eu

crate=1.20000.1
to=$1
[ ! -f "$to/duckdb_extension.h" ] || exit 0
command -v cargo >/dev/null || {
    echo "cargo is missing: give make DUCKDB_INCLUDE=, the folder of duckdb_extension.h" >&2
    exit 1
}
mkdir -p "$to/fetch/src"
cat >"$to/fetch/Cargo.toml" <<END
[package]
name = "headers"
version = "0.0.0"
edition = "2021"
[dependencies]
libduckdb-sys = { version = "=$crate", default-features = false }
END
: >"$to/fetch/src/lib.rs"
cargo -q vendor --manifest-path "$to/fetch/Cargo.toml" "$to/fetch/vendor" >/dev/null
tar -xzf "$to/fetch/vendor/libduckdb-sys/duckdb.tar.gz" -C "$to/fetch" \
    duckdb/src/include/duckdb.h duckdb/src/include/duckdb_extension.h
mv "$to/fetch/duckdb/src/include/duckdb.h" "$to/fetch/duckdb/src/include/duckdb_extension.h" "$to"
rm -rf "$to/fetch"

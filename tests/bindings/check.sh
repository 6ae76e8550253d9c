#!/bin/sh
# SPDX-License-Identifier: MIT
# Test the bindings: Python's own tests, and the shared vectors (examples/bindings/vectors.json)
# through LuaJIT and Node. Installs what is missing: LuaJIT by the system's package manager, koffi
# by npm and what Python needs by pip under $BUILD.
set -eu

: "${BUILD:=build}"
top=$(pwd)
case $BUILD in
/*) ;;
*) BUILD=$top/$BUILD ;;
esac
bindings=$top/examples/bindings
vectors=$bindings/vectors.json

as_root()
{
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

if ! luajit -e 'require "cjson"' 2>/dev/null; then
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        luajit lua-cjson
fi
luajit "$bindings/luajit/vectors.lua" "$BUILD/libvpcvis.so" "$BUILD/ffi/vpcvis_ffi.h" "$vectors"

if command -v npm >/dev/null; then
    node=$BUILD/bindings/node
    mkdir -p "$node"
    cp "$bindings"/node/* "$node"
    [ -d "$node/node_modules/koffi" ] ||
        (cd "$node" && npm install --silent --no-audit --no-fund --no-package-lock)
    node "$node/vectors.js" "$BUILD/libvpcvis.so" "$BUILD/ffi/vpcvis.json" "$vectors"
else
    echo "skipped node: npm is not installed"
fi

BUILD=$BUILD sh "$bindings/python/check.sh"

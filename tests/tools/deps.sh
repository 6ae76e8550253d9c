#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what the tests need, through the system's package manager. Nothing is fetched if all
# is there. With --ask only say what is missing; the exit status is 1 if something is.
set -eu

: "${BUILD:=build}" "${CC:=cc}" "${PKG_CONFIG:=pkg-config}"

sanitizers()
{
    mkdir -p "$BUILD"
    echo 'int main(void) { return 0; }' |
        $CC -fsanitize=address,undefined -x c - -o "$BUILD/.sanitizers" 2>/dev/null
}

missing()
{
    for tool in "${CC%% *}" c++ "$PKG_CONFIG" gzip; do
        command -v "$tool" >/dev/null || echo "$tool"
    done
    command -v clang-format-14 >/dev/null || command -v clang-format >/dev/null ||
        echo clang-format
    for library in check zlib jansson; do
        "$PKG_CONFIG" --exists "$library" 2>/dev/null || echo "$library"
    done
    sanitizers || echo "$CC with -fsanitize=address,undefined"
}

as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# The formatter whose verdict counts, where the distribution still has that version.
formatter()
{
    if apt-cache show clang-format-14 >/dev/null 2>&1; then
        echo clang-format-14
    else
        echo clang-format
    fi
}

install()
{
    if command -v apt-get >/dev/null; then
        as_root apt-get update
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
            gcc g++ libc6-dev make pkg-config check zlib1g-dev libjansson-dev gzip \
            "$(formatter)"
    elif command -v dnf >/dev/null; then
        as_root dnf install -y gcc gcc-c++ libasan libubsan make pkgconf-pkg-config \
            check-devel zlib-devel jansson-devel clang-tools-extra gzip
    elif command -v apk >/dev/null; then
        as_root apk add build-base pkgconf check-dev zlib-dev jansson-dev \
            clang-extra-tools compiler-rt gzip
    elif command -v pacman >/dev/null; then
        as_root pacman -S --needed --noconfirm base-devel pkgconf check zlib jansson clang gzip
    elif command -v brew >/dev/null; then
        brew install pkg-config check zlib jansson clang-format
    else
        echo "deps: no package manager known here" >&2
        return 1
    fi
}

lacking=$(missing)
if [ -n "$lacking" ] && [ "${1:-}" != --ask ]; then
    echo "deps: missing" $lacking
    install
    lacking=$(missing)
fi
if [ -n "$lacking" ]; then
    echo "missing: $(echo "$lacking" | tr '\n' ' ')(run make deps)" >&2
    exit 1
fi
[ "${1:-}" = --ask ] || echo "deps: all present"

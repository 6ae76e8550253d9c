#!/bin/sh
# SPDX-License-Identifier: MIT
# What the library exports is the reviewed list; an object of the core has nothing writable,
# nothing to relocate in its data, no foreign name, and asks for no more than the design allows.
# symbols.sh [--static]: BUILD holds the library; --static leaves the shared one out.
set -eu

bad=0
work=$BUILD/check
mkdir -p "$work"

if [ "${1:-}" != --static ]; then
    nm -D --defined-only --with-symbol-versions "$BUILD/libvpcvis.so" |
        awk '$2 != "A" { sub(/@+/, "@@", $3); print $3 }' | LC_ALL=C sort >"$work/exports"
    if ! diff tests/exports.txt "$work/exports" >"$work/exports.diff"; then
        sed -n -e 's/^< /exports: missing from the library: /p' \
            -e 's|^> |exports: not in tests/exports.txt: |p' "$work/exports.diff"
        bad=1
    fi
    soname=$(readelf -d "$BUILD/libvpcvis.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
    abi=$(sed -n 's/^#define VPCVIS_ABI_VERSION //p' include/vpcvis/base.h)
    if [ "$soname" != "libvpcvis.so.$abi" ]; then
        echo "exports: soname is $soname"
        bad=1
    fi
fi

for source in src/*.c; do
    object=$BUILD/obj/${source%.c}.o
    if [ ! -f "$object" ]; then
        echo "$source: no $object"
        bad=1
        continue
    fi
    readelf -SW "$object" | sed 's/^ *\[ *[0-9]*\] *//' | awk -v object="$source" '
        ($1 ~ /^\.(data|bss|tdata|tbss|init_array|fini_array|ctors|dtors)(\.|$)/ ||
         $1 ~ /^\.(preinit_array|init|fini)$/) && $5 !~ /^0+$/ {
            print object ": section " $1 " is not empty (" $5 " bytes, hexadecimal)"
            bad = 1
        }
        END { exit bad }' || bad=1
    nm "$object" | awk -v object="$source" '
        BEGIN {
            allowed = "memcpy memmove memset memcmp bcmp _GLOBAL_OFFSET_TABLE_"
            # Arithmetic of 64 bits on 32-bit machines, in the compiler'\''s own library.
            allowed = allowed " __udivdi3 __umoddi3 __divdi3 __moddi3 __udivmoddi4 __divmoddi4"
            allowed = allowed " __muldi3 __ashldi3 __ashrdi3 __lshrdi3 __popcountdi2 __bswapdi2"
            allowed = allowed " __ctzdi2 __clzdi2 __ffsdi2 __aeabi_uldivmod __aeabi_ldivmod"
            # Put in by compilers that harden by default, not by the source.
            allowed = allowed " __stack_chk_fail __stack_chk_fail_local __stack_chk_guard"
            allowed = allowed " __memcpy_chk __memmove_chk __memset_chk"
            if (object == "src/base.c")
                allowed = allowed " malloc free"
            n = split(allowed, w, " ")
            for (i = 1; i <= n; i++)
                ok[w[i]] = 1
        }
        $(NF - 1) ~ /^[Uvw]$/ {
            if (!($NF in ok) && $NF !~ /^vpcvis_/) {
                print object ": undefined symbol " $NF
                bad = 1
            }
            next
        }
        $(NF - 1) ~ /^[A-Zu]$/ && $NF !~ /^(vpcvis_|__x86\.get_pc_thunk)/ {
            print object ": global name " $NF " does not begin with vpcvis_"
            bad = 1
        }
        $(NF - 1) ~ /^[bBdDCsSgG]$/ {
            print object ": writable " $NF
            bad = 1
        }
        END { exit bad }' || bad=1
done
[ "$bad" -eq 0 ] || exit 1
echo "ok symbols"

#!/bin/sh
# SPDX-License-Identifier: MIT
# step.sh LOGS NAME COMMAND...: run it, keep what it says and how it ended.
logs=$1
name=$2
shift 2
"$@" >"$logs/$name.log" 2>&1 </dev/null
echo $? >"$logs/$name.status"

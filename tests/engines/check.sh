#!/bin/sh
# SPDX-License-Identifier: MIT
# The engines: flow logs in DuckDB, in Spark, through pipes. check.sh, from the top level with
# BUILD in the environment, after `make all examples`.
#
# Installs what it needs from PyPI and the registry of crates under $BUILD/engines; wants java, cargo, python3
# with venv, zlib. VPCVIS_PYTHON is where the Python package is.
set -eu

BUILD=$(cd "${BUILD:-build}" && pwd)
place=$BUILD/engines
python=$place/venv/bin/python
VPCVIS_PYTHON=$(cd "${VPCVIS_PYTHON:-examples/bindings/python}" && pwd)

if ! cmp -s tests/engines/requirements.txt "$place/installed"; then
    rm -rf "$place"
    mkdir -p "$place"
    python3 -m venv "$place/venv"
    "$python" -m pip install -q --disable-pip-version-check -r tests/engines/requirements.txt
    "$python" -m pip install -q --disable-pip-version-check --no-deps \
        --target "$place/duckdb-older" duckdb==1.5.6
    "$python" -m pip install -q --disable-pip-version-check --no-deps \
        chdb==4.4.0 chdb-core==26.9.0
    cp tests/engines/requirements.txt "$place/installed"
fi

seconds() { date +%s; }
begun=$(seconds)
run() { # NAME COMMAND...: what it says, if something fails all of it
    name=$1
    shift
    from=$(seconds)
    if "$@" >"$place/$name.log" 2>&1; then
        echo "ok $name: $(tail -n 1 "$place/$name.log") ($(($(seconds) - from)) s)"
        return
    fi
    cat "$place/$name.log"
    echo "not ok $name"
    exit 1
}

${MAKE:-make} -s -C examples/duckdb BUILD="$BUILD"
run duckdb "$python" tests/engines/duckdb_read.py "$BUILD/duckdb/vpcvis.duckdb_extension"
run duckdb-1.5.6 env PYTHONPATH="$place/duckdb-older" \
    "$python" tests/engines/duckdb_read.py "$BUILD/duckdb/vpcvis.duckdb_extension"
run pipes sh tests/engines/pipes.sh "$BUILD/examples/flowtop"
run clickhouse "$python" tests/engines/clickhouse_pipe.py "$BUILD/examples/flowtop"
run spark env PYTHONPATH="$VPCVIS_PYTHON" VPCVIS_LIBRARY="$BUILD/libvpcvis.so" \
    PYSPARK_PYTHON="$python" SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_HOSTNAME=localhost \
    "$python" tests/engines/spark_totals.py "$BUILD/examples/flowtop"
echo "check-engines: all passed in $(($(seconds) - begun)) s"

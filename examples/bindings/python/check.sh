#!/bin/sh
# SPDX-License-Identifier: MIT
# Test the binding: a virtual environment under $BUILD, the package installed into it, what the
# tests need from PyPI, then the tests against $BUILD/libvpcvis.so. From any directory:
# check.sh [pytest's arguments]. PYTHON chooses the interpreter.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
: "${BUILD:=build}" "${PYTHON:=python3}"
case $BUILD in
/*) ;;
*) BUILD=$top/$BUILD ;;
esac
: "${VPCVIS_LIBRARY:=$BUILD/libvpcvis.so}"
export VPCVIS_LIBRARY
venv=$BUILD/python
packages='pytest pyarrow polars pandas duckdb flit_core'

[ -x "$venv/bin/python" ] || "$PYTHON" -m venv "$venv"
pip()
{
    "$venv/bin/python" -m pip --quiet --disable-pip-version-check "$@"
}
"$venv/bin/python" - $packages >/dev/null 2>&1 <<'END' || pip install $packages
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
END
pip install --no-deps --no-build-isolation --force-reinstall "$here"

# Away from the sources, so that what was installed is what is tested.
mkdir -p "$venv/work"
cd "$venv/work"
PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m pytest -q -p no:cacheprovider \
    -c "$here/pyproject.toml" --rootdir "$here" "$here/tests" "$@"

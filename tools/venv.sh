#!/bin/sh
# Makes a virtual environment with the first Python that will do. Usage: venv.sh FOLDER
# PYTHON=/path/to/python names one.
set -eu
for python in ${PYTHON:-} python3 python python3.13 python3.12 python3.11 python3.14; do
    command -v "$python" >/dev/null 2>&1 || continue
    "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null || continue
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$python has no venv module. On Debian or Ubuntu: apt-get install python3-venv" >&2
        continue
    fi
    echo "Making $1 with $("$python" --version)"
    exec "$python" -m venv "$1"
done
echo "No suitable Python. Install Python 3.11, 3.12, 3.13 or 3.14 (python.org, or your package manager)," >&2
echo "or name one: make PYTHON=/path/to/python3.12 ..." >&2
exit 1

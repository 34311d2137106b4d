#!/bin/bash
# CPU of the relay between dispatcher and worker (dispatch_cost.py). usage: dispatch_cost.sh [BUILD_DIR]
# Prints what tests/bench/results/dispatch_cost.ndjson keeps of earlier runs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
SLUICE_BUILD=${1:-${SLUICE_BUILD:-$here/../../build}} PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/dispatch_cost.py" --seconds "${SECONDS_OF_MEDIA:-30}"

#!/bin/bash
# How many everyday lines automod holds and how many hostile ones it finds, on lines that nothing was trained on, and by what: list, classifier, both.
# usage: tests/bench/automod_quality.sh [BUILD_DIR]. The result is tests/bench/results/automod_quality.ndjson, in the place of the last
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
exec /usr/bin/python3 "$here/automod_quality.py" "${1:-${SLUICE_BUILD:-$here/../../build}}"

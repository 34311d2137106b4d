#!/bin/bash
# From publish to what players can first load: see first_play.py. usage: first_play.sh [OPTION…]. SLUICE_BUILD names the build.
# Results: results/first_play.ndjson
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
result=$here/results/first_play.ndjson
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/first_play.py" "$@" "${SLUICE_BUILD:-$here/../../build}" | tee "$result.new"
mv "$result.new" "$result"

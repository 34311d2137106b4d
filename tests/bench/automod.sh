#!/bin/bash
# automod's messages a second and a CPU-second, and the microseconds it adds to one (p50, p99), with 10,000 phrases:
# with the model and without; and the engines that could look for the phrases (automod_phrases).
# usage: tests/bench/automod.sh [BUILD_DIR]   MESSAGES, ROUNDS. Results are appended to tests/bench/results/automod.ndjson
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-${SLUICE_BUILD:-$here/../../build}}
exec /usr/bin/python3 "$here/automod.py" "$build" "${MESSAGES:-200000}" "${ROUNDS:-3}"

#!/bin/bash
# What AutoMod adds to a chat line: microseconds from a page's line to its confirmation (p50, p99), lines a second, and chatd's CPU a line.
# usage: tests/bench/chat_automod.sh [BUILD_DIR]   LINES, ROUNDS. Results are appended to tests/bench/results/chat_automod.ndjson
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
export SLUICE_BUILD=${1:-${SLUICE_BUILD:-$here/../../build}}
exec /usr/bin/python3 "$here/chat_automod.py" "${LINES:-5000}" "${ROUNDS:-3}"

#!/bin/bash
# A line's time from one chatd to another through Redis: see chat_across_nodes.py. usage: chat_nodes.sh [SECONDS]
# Results are appended to results/chat_across_nodes.ndjson.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/chat_across_nodes.py" "$@" | tee -a "$here/results/chat_across_nodes.ndjson"

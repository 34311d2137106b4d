#!/bin/bash
# What limits that nodes keep together in Redis add to a message: see chat_shared_limits.py. usage: chat_shared_limits.sh [SECONDS [ROUNDS]]
# Results are appended to results/chat_shared_limits.ndjson.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/chat_shared_limits.py" "$@" | tee -a "$here/results/chat_shared_limits.ndjson"

#!/bin/bash
# Chat fan-out, chatd beside other servers and the bare sends: see chat_fanout.py (UWS=FOLDER: uWebSockets' source). Results are appended to
# results/chat_fanout.ndjson.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if command -v npm >/dev/null && [ ! -d "$here/peers/node_modules" ]; then npm ci --prefix "$here/peers" --ignore-scripts --no-audit --no-fund >&2; fi
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/chat_fanout.py" "$@" | tee -a "$here/results/chat_fanout.ndjson"

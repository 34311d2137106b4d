#!/bin/bash
# One room of 100,000 sockets over several chatd and Redis: see chat_crowd.py, which takes the same options. Results are appended to
# results/chat_crowd.ndjson.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/chat_crowd.py" "$@" | tee -a "$here/results/chat_crowd.ndjson"

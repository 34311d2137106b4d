#!/bin/bash
# origind beside nginx, with 10,000 blocked players, and behind nginx and Varnish: see origin.py. usage: origin.sh [WHAT…]
# Results are appended to results/origin.ndjson.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/origin.py" "$@" | tee -a "$here/results/origin.ndjson"

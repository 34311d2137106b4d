#!/bin/bash
# CPU and memory per RTMP publisher, ingestd beside nginx-rtmp: see rtmp_publishers.py. Results: results/rtmp_publishers.ndjson
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
/usr/bin/python3 "$here/rtmp_publishers.py" "$@" | tee "$here/results/rtmp_publishers.ndjson"

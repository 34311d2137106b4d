#!/bin/bash
# CPU and memory per RTMP publisher, ingestd beside nginx-rtmp and SRS (SRS=PROGRAM): see rtmp_publishers.py. Results: results/rtmp_publishers.ndjson
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/rtmp_publishers.py" "$@" | tee "$here/results/rtmp_publishers.ndjson.new"
mv "$here/results/rtmp_publishers.ndjson.new" "$here/results/rtmp_publishers.ndjson"

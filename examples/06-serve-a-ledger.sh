#!/bin/bash
# origind alone in front of a ledger that segmenter is writing.
set -euo pipefail
port=${1:-21880}
live=$(mktemp -d)

mkfifo "$live/ready"
origind --live "$live" --http-port "$port" --log-level warn --ready-fd 3 3>"$live/ready" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$live"' EXIT
read -r _ <"$live/ready"

ffmpeg -v error -f lavfi -i testsrc2=size=640x360:rate=30 -t 8 -c:v libx264 -preset ultrafast -g 60 -pix_fmt yuv420p -f nut - |
  segmenter --log-level warn "$live/demo"

curl -sf "http://127.0.0.1:$port/live/demo/master.m3u8"
hlslint "$live/demo"

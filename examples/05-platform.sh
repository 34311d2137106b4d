#!/bin/bash
# A whole platform in a directory of its own, one user, one stream.
set -euo pipefail
base=${1:-21000}
export SLUICE_DIR=${2:-$(mktemp -d)}

mkfifo "$SLUICE_DIR/ready"
sluice up --quiet --port-base "$base" --ready-fd 3 3>"$SLUICE_DIR/ready" &
platform=$!
trap 'kill $platform 2>/dev/null || true; wait $platform 2>/dev/null || true' EXIT
read -r _ <"$SLUICE_DIR/ready"

chanctl user add alice
chanctl channel add alice --owner alice --title 'Hello'
key=$(chanctl key rotate alice)

ffmpeg -v error -re -f lavfi -i testsrc2=size=640x360:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 20 \
  -c:v libx264 -preset ultrafast -g 60 -pix_fmt yuv420p -c:a aac -f flv "rtmp://127.0.0.1:$base/live/$key" &
publisher=$!
curl -sf --retry 40 --retry-delay 1 --retry-all-errors "http://127.0.0.1:$((base + 4))/live/alice/master.m3u8"
sluice status
kill "$publisher"
wait "$publisher" || true
echo "the platform is in $SLUICE_DIR: sluice up --dir $SLUICE_DIR starts it again"

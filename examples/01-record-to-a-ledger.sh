#!/bin/bash
# A film becomes a ledger: CMAF segments, and playlists that any player opens from the directory.
set -euo pipefail
out=${1:-$(mktemp -d)}

ffmpeg -v error -f lavfi -i testsrc2=size=640x360:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 6 \
  -c:v libx264 -preset ultrafast -g 60 -pix_fmt yuv420p -c:a aac -f nut - | segmenter --log-level warn --playlists "$out"

echo "the ledger is $out; any player opens $out/master.m3u8"
hlslint "$out"
ffprobe -v error -show_entries format=duration -of csv=p=0 "$out/master.m3u8"

#!/bin/bash
# One stream in, three renditions out: decoded once, keyframes on the same frames.
set -euo pipefail
out=${1:-$(mktemp -d)}

ffmpeg -v error -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 6 \
  -c:v libx264 -preset ultrafast -g 60 -pix_fmt yuv420p -c:a aac -f nut - |
  transcode --log-level warn --ladder auto | segmenter --log-level warn --playlists "$out"

echo "the ledger is $out; any player opens $out/master.m3u8"
grep RESOLUTION "$out/master.m3u8"

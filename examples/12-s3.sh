#!/bin/bash
# A film goes to S3 while it is cut, and origind serves playlists whose media comes from there.
#   12-s3.sh s3://BUCKET ENDPOINT MEDIA-URL [PORT]
# MEDIA-URL is where anybody may read the bucket. The keys are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
# No S3 service at hand? OpenStack Swift has its API, and one for a try runs until Ctrl-C, in another terminal, from the source's folder:
#   apt-get install python3-swift
#   /usr/bin/python3 tests/flow/swift_store.py films
# It makes the bucket and prints the keys to export and this script's command line.
set -euo pipefail
vod=${1:?which bucket} endpoint=${2:?address of the S3 service} media=${3:?where the bucket is read} port=${4:-21885}
live=$(mktemp -d)

mkfifo "$live/ready"
origind --live "$live" --http-port "$port" --vod "$vod" --media-url "$media" --log-level warn --ready-fd 3 3>"$live/ready" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$live"' EXIT
read -r _ <"$live/ready"

ffmpeg -v error -f lavfi -i testsrc2=size=640x360:rate=30 -t 8 -c:v libx264 -preset ultrafast -g 60 -pix_fmt yuv420p -f nut - |
  segmenter --log-level warn "$live/demo" --channel demo &
film=$!
vodarchive upload --log-level warn --vod "$vod" --s3-endpoint "$endpoint" "$live/demo"
wait "$film"

# Playlists from here, media from the bucket …
master=http://127.0.0.1:$port/live/demo/published.m3u8
stream=$(curl -sf "$master" | sed -n 's,/source/published.m3u8$,,p')
curl -sf "http://127.0.0.1:$port/live/demo/$stream/source/published.m3u8" | tail -n 3
# … and, now that the stream is over, all of it from the bucket alone.
ffprobe -v error -show_entries format=duration -of csv=p=0 "$media/demo/$stream/master.m3u8"

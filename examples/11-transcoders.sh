#!/bin/bash
# Two workers make the renditions that a pipeline elsewhere dispatches; Redis brings them together. Here all of them are on one machine:
# on several, --listen is an address that the workers reach, and all have a copy of the secret.
set -euo pipefail
redis=${1:-21979}
work=$(mktemp -d)
workers=() server=''
trap 'kill "${workers[@]}" $server 2>/dev/null || true; wait; rm -rf "$work"' EXIT

(umask 077 && openssl rand -hex 32 >"$work/secret")
redis-server --port "$redis" --bind 127.0.0.1 --save '' --dir "$work" >"$work/redis.log" &
server=$!
for name in one two; do
  transcode --worker "redis://127.0.0.1:$redis" --secret-file "$work/secret" --name "$name" 2>"$work/$name.log" &
  workers+=($!)
done

ffmpeg -v error -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440 -t 3 \
  -c:v libx264 -preset ultrafast -g 60 -pix_fmt yuv420p -c:a aac -f nut - |
  transcode --dispatch "redis://127.0.0.1:$redis" --secret-file "$work/secret" --ladder 480p30,360p30,source 2>"$work/dispatch.log" |
  segmenter "$work/ledger" --playlists 2>/dev/null
cat "$work/ledger/master.m3u8"
grep -ho 'a worker has the stream worker="\w*' "$work/dispatch.log"

#!/bin/bash
# Varnish in front of origind: three players ask for the part that comes next, and one request goes to origind.
# The configuration is edges/varnish.vcl; only the origin's port is changed here.
set -euo pipefail
port=${1:-21884} origin=${2:-21883}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
PATH=$PATH:/usr/sbin

mkfifo "$work/ready"
mkdir "$work/live"
origind --live "$work/live" --http-port "$origin" --log-level warn --ready-fd 3 3>"$work/ready" &
server=$!
trap 'kill $server $edge $film 2>/dev/null || true; wait; rm -rf "$work"' EXIT
edge='' film=''
read -r _ <"$work/ready"

sed "s|\"8081\"|\"$origin\"|" "$here/edges/varnish.vcl" >"$work/edge.vcl"
varnishd -F -n "$work/varnish" -a "127.0.0.1:$port" -T none -j none -f "$work/edge.vcl" -s malloc,64m >/dev/null 2> >(grep -v SIGTERM >&2) &
edge=$!

ffmpeg -v error -re -f lavfi -i testsrc2=size=320x180:rate=30 -c:v libx264 -preset ultrafast -g 30 -pix_fmt yuv420p -f nut - 2>/dev/null |
  segmenter "$work/live/demo" --part 1s 2>/dev/null &
film=$!

# waits for the edge, then for the stream, then for its first whole segment
master=$(curl -sf --retry 40 --retry-all-errors --retry-delay 1 "http://127.0.0.1:$port/live/demo/master.m3u8")
playlist=http://127.0.0.1:$port/live/demo/$(grep -v '^#' <<<"$master")
hint=$(curl -sf "$playlist" | sed -n 's/.*PRELOAD-HINT.*URI="\([0-9]*\)\.\([0-9]*\).*/_HLS_msn=\1\&_HLS_part=\2/p')
for player in 1 2 3; do
  curl -sf -o /dev/null -w "player $player: %header{x-cache}, after %{time_total} s\n" "$playlist?$hint" &
  players[player]=$!
done
wait "${players[@]}"

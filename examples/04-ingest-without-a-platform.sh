#!/bin/bash
# An RTMP server in front of any command: no store, no ledger. Keys are lines "KEY CHANNEL" in a file.
set -euo pipefail
port=${1:-19350}
work=$(mktemp -d)
echo 'secret-key alice' >"$work/keys"

mkfifo "$work/ready"
ingestd --key-file "$work/keys" --rtmp-port "$port" --srt-port 0 --log-level warn --ready-fd 3 --exec "cat >$work/out.nut" 3>"$work/ready" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$work"' EXIT
read -r _ <"$work/ready"

ffmpeg -v error -re -f lavfi -i testsrc2=size=640x360:rate=30 -t 3 -c:v libx264 -preset ultrafast -g 60 -pix_fmt yuv420p \
  -f flv "rtmp://127.0.0.1:$port/live/secret-key"
kill "$server"
wait "$server" || true
ffprobe -v error -count_packets -show_entries stream=codec_name,nb_read_packets -of csv=p=0 "$work/out.nut"

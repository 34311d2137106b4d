#!/bin/bash
# SRT with a passphrase: HEVC in MPEG-TS becomes a ledger, which hlslint checks.
set -euo pipefail
port=${1:-18890}
work=$(mktemp -d)
echo 'secret-key alice a-long-passphrase' >"$work/keys"

mkfifo "$work/ready"
ingestd --key-file "$work/keys" --rtmp-port 0 --srt-port "$port" --srt-latency 1s --grace 1s --ledgers "$work/ledgers" --pipeline "segmenter --log-level warn" \
  --log-level warn --ready-fd 3 3>"$work/ready" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$work"' EXIT
read -r _ <"$work/ready"

ffmpeg -v error -re -f lavfi -i testsrc2=size=640x360:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 6 \
  -c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=60 -pix_fmt yuv420p -c:a aac \
  -f mpegts "srt://127.0.0.1:$port?streamid=#!::r=secret-key,m=publish&passphrase=a-long-passphrase"
until grep -q '^E ' "$work"/ledgers/*/index; do sleep 0.2; done
hlslint "$work"/ledgers/*
grep '^R' "$work"/ledgers/*/index

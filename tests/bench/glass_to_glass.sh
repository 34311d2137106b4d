#!/bin/bash
# Glass to glass through the whole platform, page as shipped: RTMP → transcode → segmenter → origind → Chromium.
# usage: glass_to_glass.sh [PART] [JOINS]     PART: the part duration, default 0.5s. SLUICE_BUILD names the build.
# The publisher encodes without B-frames and without lookahead (x264 ultrafast, zerolatency), 640x360 at 30 fps.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[[ -d $here/../browser/node_modules ]] || npm ci --ignore-scripts --no-audit --no-fund --prefix "$here/../browser" >/dev/null
build=${SLUICE_BUILD:-$here/../../build}
part=${1:-0.5s} joins=${2:-3}
base=$((20000 + RANDOM % 10000))
SLUICE_DIR=$(mktemp -d)
export SLUICE_DIR SLUICE_PART=$part PATH=$build/bin:$PATH

mkfifo "$SLUICE_DIR/ready"
sluice up --port-base "$base" --quiet --ready-fd 3 3>"$SLUICE_DIR/ready" >/dev/null &
platform=$!
cleanup() {
  [[ -z ${publisher:-} ]] || kill "$publisher" 2>/dev/null || true
  kill "$platform" 2>/dev/null || true
  wait || true
  rm -rf "$SLUICE_DIR"
}
trap cleanup EXIT
read -r _ <"$SLUICE_DIR/ready"
chanctl user add alice >/dev/null
chanctl channel add alice --owner alice >/dev/null
key=$(chanctl key rotate alice)

"$build/tests/burn_numbers" 640 360 30 0 |
  ffmpeg -v error -f rawvideo -pix_fmt yuv420p -s 640x360 -r 30 -i - -re -f lavfi -i sine=frequency=440:sample_rate=48000 \
    -c:v libx264 -preset ultrafast -tune zerolatency -g 60 -keyint_min 60 -sc_threshold 0 -b:v 1500k -c:a aac -f flv "rtmp://127.0.0.1:$base/live/$key" &
publisher=$!
curl -sf -o /dev/null --retry 60 --retry-delay 1 --retry-all-errors "http://127.0.0.1:$((base + 4))/live/alice/master.m3u8"
result=$here/results/glass_to_glass-$part.ndjson
{
  printf '{"command":"glass_to_glass.sh %s %s","machine":"%s","kernel":"%s"}\n' "$part" "$joins" "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs) x$(nproc)" "$(uname -r)"
  node "$here/glass_to_glass.mjs" "http://127.0.0.1:$((base + 3))/alice" "$joins"
} | tee "$result"

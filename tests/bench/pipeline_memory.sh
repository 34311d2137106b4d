#!/bin/bash
# Private memory of a passed-through stream's pipeline programs, after fifteen seconds of 720p30 at 6 Mbit/s in real time: each fed as ingestd
# feeds it (NUT), and segmenter fed FLV by hand. "clean" is the program's own text, shared as soon as a second stream runs. The sum is what a stream
# costs beside ingestd's own share, which rtmp_publishers.sh measures.
# usage: tests/bench/pipeline_memory.sh [BUILD_DIR]   Results: appended to tests/bench/results/pipeline_memory.txt
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
bin=${1:-${SLUICE_BUILD:-$here/../../build}}/bin
work=$(mktemp -d /dev/shm/sluice-bench.XXXXXX)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
mkfifo "$work/flv" "$work/nut" "$work/again" "$work/byhand"

ffmpeg -v error -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine -c:v libx264 -preset ultrafast -b:v 6M -minrate 6M -maxrate 6M \
  -bufsize 6M -nal-hrd cbr -g 60 -c:a aac -t 20 -f flv - 2>"$work/log" | tee "$work/byhand" >"$work/flv" &
"$bin/transcode" --ladder source <"$work/flv" >"$work/nut" 2>>"$work/log" &
"$bin/transcode" --ladder source <"$work/nut" >"$work/again" 2>>"$work/log" &
transcode=$!
"$bin/segmenter" "$work/ledger" <"$work/again" 2>>"$work/log" &
segmenter=$!
"$bin/segmenter" "$work/other" <"$work/byhand" 2>>"$work/log" &
byhand=$!

told() { # NAME PROC…: of these processes together
  local name=$1
  shift
  awk -v name="$name" '/^Private_Dirty/ {dirty += $2} /^Private_Clean/ {clean += $2} END {printf "%-22s private dirty %5d kB  clean %5d kB\n", name, dirty, clean}' \
    "${@/%//smaps}"
}
parts() { grep -c '^P ' "$work/$1/index" 2>/dev/null || true; }
for ledger in ledger other; do  # fifteen seconds of sound and picture, in parts of half a second
  until [ "$(parts "$ledger")" -ge 58 ] 2>/dev/null; do
    kill -0 "$segmenter" "$byhand" || { cat "$work/log" >&2; exit 1; }
    sleep 0.2
  done
done
{
  echo "# $(/usr/bin/python3 "$here/machine.py")"
  echo "# $(ffmpeg -version | head -1 | cut -d' ' -f1-3)"
  told 'transcode (NUT in)' "/proc/$transcode"
  told 'segmenter (NUT in)' "/proc/$segmenter"
  told 'both of them' "/proc/$transcode" "/proc/$segmenter"
  told 'segmenter (FLV in)' "/proc/$byhand"
} | tee -a "$here/results/pipeline_memory.txt"

#!/bin/bash
# CPU-seconds per media-second of cutting a 6 Mbit/s FLV into segments: ours (parts, ledger) beside ffmpeg's hls muxer and the bare limit.
# usage: tests/bench/segmenter.sh [BUILD_DIR]   Results: one line a run, appended to tests/bench/results/segmenter.txt
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-$here/../../build}
seconds=${SECONDS_OF_MEDIA:-600}
rounds=${ROUNDS:-3}
work=$(mktemp -d /dev/shm/sluice-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
results=$here/results/segmenter.txt
mkdir -p "$(dirname "$results")"

ffmpeg -v error -f lavfi -i "testsrc2=size=1280x720:rate=30:duration=20" -f lavfi -i "sine=sample_rate=48000:duration=20" \
  -vf noise=alls=40:allf=t -c:v libx264 -preset ultrafast -g 60 -b:v 6M -maxrate 6M -bufsize 6M -nal-hrd cbr -c:a aac -f flv "$work/piece.flv"
ffmpeg -v error -stream_loop $((seconds / 20 - 1)) -i "$work/piece.flv" -c copy -f flv "$work/in.flv"
bytes=$(stat -c %s "$work/in.flv")

measure() { # NAME COMMAND...: user + system seconds of the command
  local name=$1
  shift
  rm -rf "$work/out"
  mkdir "$work/out"
  local times
  times=$({ TIMEFORMAT='%U %S %R'; time "$@" <"$work/in.flv" >/dev/null 2>"$work/err"; } 2>&1)
  awk -v name="$name" -v seconds="$seconds" '{printf "%-22s cpu %.3f s  wall %.3f s  per media-second %.6f\n", name, $1 + $2, $3, ($1 + $2) / seconds}' <<<"$times"
}
{
  echo "# $(date -u +%FT%TZ) $(uname -mr) $(nproc) cores, $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2-), load $(cut -d' ' -f1 /proc/loadavg)"
  echo "# $(ffmpeg -version | head -1); $seconds s of media, $bytes bytes, in /dev/shm"
  for ((round = 1; round <= rounds; round++)); do
    measure segmenter "$build/bin/segmenter" "$work/out"
    measure segmenter-no-fsync "$build/bin/segmenter" --fsync none "$work/out"
    measure ffmpeg-hls-fmp4 ffmpeg -v error -i - -c copy -f hls -hls_time 2 -hls_list_size 0 -hls_segment_type fmp4 "$work/out/x.m3u8"
    measure ffmpeg-hls-ts ffmpeg -v error -i - -c copy -f hls -hls_time 2 -hls_list_size 0 "$work/out/x.m3u8"
    measure ffmpeg-demux-only ffmpeg -v error -i - -c copy -f null -
    measure cat-to-file sh -c 'cat >'"$work/out/x"
  done
} | tee -a "$results"

#!/bin/bash
# CPU-seconds per media-second of cutting 1 GB of 6 Mbit/s FLV into segments: ours (parts, ledger) beside ffmpeg's hls muxer and the bare limits.
# ffmpeg keeps its usual short playlist, which costs it less than one of all segments; ours keeps the index of all parts.
# usage: tests/bench/segmenter.sh [BUILD_DIR]   SECONDS_OF_MEDIA (a multiple of 20), ROUNDS. Needs 2.5 GB in /dev/shm.
# Results: a line a run, then the medians and ratios, appended to tests/bench/results/segmenter.txt
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-${SLUICE_BUILD:-$here/../../build}}
seconds=${SECONDS_OF_MEDIA:-1300}
rounds=${ROUNDS:-3}
work=$(mktemp -d /dev/shm/sluice-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
results=$here/results/segmenter.txt

ffmpeg -v error -f lavfi -i "testsrc2=size=1280x720:rate=30:duration=20" -f lavfi -i "sine=sample_rate=48000:duration=20" \
  -vf noise=alls=40:allf=t -c:v libx264 -preset ultrafast -g 60 -b:v 6M -maxrate 6M -bufsize 6M -nal-hrd cbr -c:a aac -f flv "$work/piece.flv"
ffmpeg -v error -stream_loop $((seconds / 20 - 1)) -i "$work/piece.flv" -c copy -f flv "$work/in.flv"
rm "$work/piece.flv"
bytes=$(stat -c %s "$work/in.flv")

measure() { # NAME COMMAND...: user + system seconds of the command, which must succeed and, if it writes, write about all there is
  local name=$1 times written
  shift
  rm -rf "$work/out"
  mkdir "$work/out"
  if ! times=$({ TIMEFORMAT='%U %S %R'; time "$@" <"$work/in.flv" >/dev/null 2>"$work/err"; } 2>&1); then
    echo "$name failed: $(tail -n 3 "$work/err")" >&2
    return 1
  fi
  written=$(du -sb "$work/out" | cut -f1)
  awk -v name="$name" -v seconds="$seconds" -v mb=$((written / 1000000)) \
    '{printf "%-22s cpu %.3f s  wall %.3f s  per media-second %.6f  written %d MB\n", name, $1 + $2, $3, ($1 + $2) / seconds, mb}' <<<"$times"
}
medians() { # of the lines that went by; ratios: of the peer to ours, above 1 where ours is cheaper
  awk '/per media-second/ { all[$1, ++count[$1]] = $10 }
       END { for (name in count) { n = count[name]
               for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (all[name, j] < all[name, i]) { t = all[name, i]; all[name, i] = all[name, j]; all[name, j] = t }
               median[name] = n % 2 ? all[name, (n + 1) / 2] : (all[name, n / 2] + all[name, n / 2 + 1]) / 2 }
             for (name in median) printf "median %-22s %.6f per media-second, %.2f x segmenter\n", name, median[name], median[name] / median["segmenter"] }' "$1" | sort
}
{
  echo "# $(/usr/bin/python3 "$here/machine.py")"
  echo "# $(ffmpeg -version | head -1); $seconds s of media, $bytes bytes, in /dev/shm"
  for ((round = 1; round <= rounds; round++)); do
    measure segmenter "$build/bin/segmenter" "$work/out"
    measure segmenter-no-fsync "$build/bin/segmenter" --fsync none "$work/out"
    measure ffmpeg-hls-fmp4 ffmpeg -v error -i - -c copy -f hls -hls_time 2 -hls_segment_type fmp4 "$work/out/x.m3u8"
    measure ffmpeg-hls-ts ffmpeg -v error -i - -c copy -f hls -hls_time 2 "$work/out/x.m3u8"
    measure ffmpeg-demux-only ffmpeg -v error -i - -c copy -f null -
    measure cat-to-file sh -c "cat >'$work/out/x'"
  done | tee "$work/lines"
  medians "$work/lines"
} | tee -a "$results"

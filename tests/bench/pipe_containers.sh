#!/bin/sh
# Compares containers for the media pipe: three renditions and audio, at the rate of a live stream. NDJSON on standard output.
# usage: pipe_containers.sh [BUILD]
set -eu
build=${1:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '{"machine":"%s","ffmpeg":"%s"}\n' "$(uname -srm), $(nproc) cores" "$(ffmpeg -version | head -1 | cut -d' ' -f3)"
ffmpeg -v error -f lavfi -i testsrc2=size=1280x720:rate=30000/1001 -f lavfi -i sine=sample_rate=48000 -t 8 -c:v libx264 -preset veryfast \
  -g 60 -bf 2 -b:v 3M -pix_fmt yuv420p -c:a aac -movflags frag_keyframe+empty_moov -f mp4 "$work/clip.mp4"
"$build/bin/transcode" --ladder 480p30,360p30,source <"$work/clip.mp4" >"$work/clip" 2>/dev/null
for form in ours nut matroska mpegts mp4; do
  "$build/tests/pipe_bench" "$form" <"$work/clip"
done

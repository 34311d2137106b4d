#!/bin/bash
# transcode against ffmpeg (transcode_vs_ffmpeg.py), with the source encoded and passed through. usage: transcode_vs_ffmpeg.sh [BUILD_DIR]
# Prints what tests/bench/results/transcode_vs_ffmpeg.ndjson keeps of earlier runs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-${SLUICE_BUILD:-$here/../../build}}
seconds=${SECONDS_OF_MEDIA:-10}
rounds=${ROUNDS:-3}
python3 "$here/transcode_vs_ffmpeg.py" --seconds "$seconds" --rounds "$rounds" "$build"
python3 "$here/transcode_vs_ffmpeg.py" --seconds "$seconds" --rounds "$rounds" --passthrough "$build"

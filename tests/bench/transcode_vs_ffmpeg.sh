#!/bin/bash
# transcode against ffmpeg (transcode_vs_ffmpeg.py), with the source encoded and passed through. usage: transcode_vs_ffmpeg.sh [BUILD_DIR]
# SECONDS_OF_MEDIA, ROUNDS. Results: results/transcode_vs_ffmpeg.ndjson
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-${SLUICE_BUILD:-$here/../../build}}
export PYTHONDONTWRITEBYTECODE=1
result=$here/results/transcode_vs_ffmpeg.ndjson
for source in "" --passthrough; do
  /usr/bin/python3 "$here/transcode_vs_ffmpeg.py" --seconds "${SECONDS_OF_MEDIA:-10}" --rounds "${ROUNDS:-3}" $source "$build"
done | tee "$result.new"
mv "$result.new" "$result"

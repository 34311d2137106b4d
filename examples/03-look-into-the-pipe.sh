#!/bin/bash
# What travels between transcode and segmenter is a standard container: ffprobe, ffplay and mpv read it from a pipe.
set -eu # no pipefail: ffprobe stops reading when it has seen the streams

ffmpeg -v error -f lavfi -i testsrc2=size=1280x720:rate=30 -t 4 -c:v libx264 -preset ultrafast -g 60 -pix_fmt yuv420p -f nut - |
  transcode --log-level warn | ffprobe -v error -show_entries stream=codec_name,width,height -of csv=p=0 -

#!/bin/bash
# Glass to glass through the whole platform, page as shipped: RTMP → transcode → segmenter → origind → Chromium.
# usage: glass_to_glass.sh [WHAT…]     WHAT: a part duration, such as 0.5s, nginx-rtmp (its HLS with 2 s fragments, played by hls.js as it
# comes), or 0.5s:source; default: 0.2s 0.25s 0.5s 1s 0.2s:source nginx-rtmp. JOINS, SECONDS_OF_JOIN. SLUICE_BUILD names the build.
# The publisher encodes without B-frames and without lookahead (x264 ultrafast, zerolatency), 640x360 at 30 fps. What is seen has been decoded and
# encoded again by transcode as in any ladder (veryfast, lookahead 5, no B-frames); with :source it is the publisher's own rendition.
# Results: results/glass_to_glass-WHAT.ndjson
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[[ -d $here/../browser/node_modules ]] || npm ci --ignore-scripts --no-audit --no-fund --prefix "$here/../browser" >/dev/null
build=$(cd "${SLUICE_BUILD:-$here/../../build}" && pwd)
export PATH=$build/bin:$PATH PYTHONDONTWRITEBYTECODE=1
joins=${JOINS:-3} seconds=${SECONDS_OF_JOIN:-20}
[[ $# -gt 0 ]] || set -- 0.2s 0.25s 0.5s 1s 0.2s:source nginx-rtmp

publish() { # URL
  "$build/tests/burn_numbers" 640 360 30 0 |
    ffmpeg -v error -f rawvideo -pix_fmt yuv420p -s 640x360 -r 30 -i - -re -f lavfi -i sine=frequency=440:sample_rate=48000 \
      -c:v libx264 -preset ultrafast -tune zerolatency -g 60 -keyint_min 60 -sc_threshold 0 -b:v 1500k -c:a aac -f flv "$1" &
  publisher=$!
}
cleanup() {
  [[ -z ${publisher:-} ]] || kill "$publisher" 2>/dev/null || true
  [[ -z ${server:-} ]] || kill "$server" 2>/dev/null || true
  wait || true
  rm -rf "$place"
}
answers() { curl -sf -o /dev/null --retry 60 --retry-delay 1 --retry-all-errors "$1"; }

ours() { # PART LADDER
  export SLUICE_DIR=$place SLUICE_PART=$1 SLUICE_LADDER=$2
  mkfifo "$place/ready"
  sluice up --port-base "$base" --quiet --ready-fd 3 3>"$place/ready" >/dev/null &
  server=$!
  read -r _ <"$place/ready"
  chanctl user add alice >/dev/null
  chanctl channel add alice --owner alice >/dev/null
  publish "rtmp://127.0.0.1:$base/live/$(chanctl key rotate alice)"
  local master=http://127.0.0.1:$((base + 4))/live/alice/master.m3u8
  answers "$master"
  said "$what" "part=$1" "ladder=$2" "renditions=$(curl -sf "$master" | grep -v '^#' | grep . | xargs -n 1 dirname | xargs -n 1 basename | xargs)"
  node "$here/glass_to_glass.mjs" "http://127.0.0.1:$((base + 3))/alice" "$joins" "$seconds"
}
peer() { # FRAGMENT
  cat >"$place/nginx.conf" <<END
daemon off; worker_processes 1; pid $place/pid; error_log $place/log; load_module /usr/lib/nginx/modules/ngx_rtmp_module.so; user root;
events { worker_connections 256; }
rtmp { server { listen 127.0.0.1:$base; application live { live on; hls on; hls_path $place/hls; hls_fragment $1; hls_playlist_length 20s; } } }
http { access_log off; types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; text/html html; }
       server { listen 127.0.0.1:$((base + 3)); root $place; location /hls { add_header Cache-Control no-cache; } } }
END
  mkdir "$place/hls"
  chmod 755 "$place"
  echo '<!doctype html><body></body>' >"$place/index.html"
  nginx -e "$place/log" -c "$place/nginx.conf" &
  server=$!
  answers "http://127.0.0.1:$((base + 3))/"
  publish "rtmp://127.0.0.1:$base/live/alice"
  local playlist=http://127.0.0.1:$((base + 3))/hls/alice.m3u8
  answers "$playlist"
  said "$what" "fragment=$1"
  node "$here/glass_to_glass.mjs" "http://127.0.0.1:$((base + 3))/" "$joins" "$seconds" "$build/pages/node_modules/hls.js/dist/hls.min.js" "$playlist"
}
said() { # WHAT NAME=TEXT…
  /usr/bin/python3 "$here/machine.py" "command=glass_to_glass.sh $1" "joins=$joins" "${@:2}"
}
one() ( # WHAT, in a place of its own
  what=$1 place=$(mktemp -d) base=$((20000 + RANDOM % 10000))
  trap cleanup EXIT
  case $what in
    nginx-rtmp) peer 2s ;;
    *:source) ours "${what%:source}" source ;;
    *) ours "$what" 360p30:1500 ;;
  esac
)

for what in "$@"; do
  if [[ $what == nginx-rtmp && ! -e /usr/lib/nginx/modules/ngx_rtmp_module.so ]]; then
    echo "nginx-rtmp is not installed (apt install libnginx-mod-rtmp): not measured"
    continue
  fi
  result=$here/results/glass_to_glass-${what/:/-}.ndjson
  one "$what" | tee "$result.new"
  mv "$result.new" "$result"
done

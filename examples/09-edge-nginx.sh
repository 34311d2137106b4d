#!/bin/bash
# nginx in front of origind: three players ask for the part that comes next, and one request goes to origind.
# The configuration is edges/nginx.conf; only its addresses and folder are changed here.
set -euo pipefail
port=${1:-21882} origin=${2:-21881}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
PATH=$PATH:/usr/sbin

mkfifo "$work/ready"
mkdir "$work/live"
origind --live "$work/live" --http-port "$origin" --log-level warn --ready-fd 3 3>"$work/ready" &
server=$!
trap 'kill $server $edge $film 2>/dev/null || true; wait; rm -rf "$work"' EXIT
edge='' film=''
read -r _ <"$work/ready"

sed -e "s|listen 8080;|listen 127.0.0.1:$port;|" -e "s|127.0.0.1:8081|127.0.0.1:$origin|" -e "s|/var/cache/nginx|$work|" \
  "$here/edges/nginx.conf" >"$work/sluice.conf"
cat >"$work/nginx.conf" <<END
user $(id -un) $(id -gn); daemon off; pid $work/pid; error_log stderr; worker_rlimit_nofile 4000;
events { worker_connections 1000; }
http {
    client_body_temp_path $work/1; proxy_temp_path $work/2; fastcgi_temp_path $work/3; uwsgi_temp_path $work/4; scgi_temp_path $work/5;
    include $work/sluice.conf;
}
END
nginx -e stderr -c "$work/nginx.conf" 2> >(grep -v "user. directive" >&2) &
edge=$!

ffmpeg -v error -re -f lavfi -i testsrc2=size=320x180:rate=30 -c:v libx264 -preset ultrafast -g 30 -pix_fmt yuv420p -f nut - 2>/dev/null |
  segmenter "$work/live/demo" --part 1s 2>/dev/null &
film=$!

# waits for the edge, then for the stream, then for its first whole segment
master=$(curl -sf --retry 40 --retry-all-errors --retry-delay 1 "http://127.0.0.1:$port/live/demo/master.m3u8")
playlist=http://127.0.0.1:$port/live/demo/$(grep -v '^#' <<<"$master")
hint=$(curl -sf "$playlist" | sed -n 's/.*PRELOAD-HINT.*URI="\([0-9]*\)\.\([0-9]*\).*/_HLS_msn=\1\&_HLS_part=\2/p')
for player in 1 2 3; do
  curl -sf -o /dev/null -w "player $player: %header{x-cache}, after %{time_total} s\n" "$playlist?$hint" &
  players[player]=$!
done
wait "${players[@]}"

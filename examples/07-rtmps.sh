#!/bin/bash
# RTMP over TLS: a certificate (here one that openssl signs itself), and a publisher that checks it.
set -euo pipefail
port=${1:-19360}
work=$(mktemp -d)
echo 'secret-key alice' >"$work/keys"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
  -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null

mkfifo "$work/ready"
ingestd --key-file "$work/keys" --rtmp-port 0 --srt-port 0 --rtmps-port "$port" --tls-cert "$work/cert.pem" --tls-key "$work/key.pem" \
  --log-level warn --ready-fd 3 --exec "cat >$work/out.nut" 3>"$work/ready" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$work"' EXIT
read -r _ <"$work/ready"

ffmpeg -v error -re -f lavfi -i testsrc2=size=640x360:rate=30 -t 3 -c:v libx264 -preset ultrafast -g 60 -pix_fmt yuv420p \
  -tls_verify 1 -ca_file "$work/cert.pem" -f flv "rtmps://127.0.0.1:$port/live/secret-key"
kill "$server"
wait "$server" || true
ffprobe -v error -count_packets -show_entries stream=codec_name,nb_read_packets -of csv=p=0 "$work/out.nut"

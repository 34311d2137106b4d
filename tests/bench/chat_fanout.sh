#!/bin/bash
# One chat room: deliveries per server-CPU-second, latency and memory a member, chatd on one core and the load on the other.
# usage: tests/bench/chat_fanout.sh [BUILD_DIR]   Results: one JSON line a run, appended to tests/bench/results/chat_fanout.txt
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-${SLUICE_BUILD:-$here/../../build}}
seconds=${SECONDS_OF_CHAT:-10}
rows=${ROWS:-"irc,1000,20 irc,1000,100 irc,1000,500 json,1000,100 tcp,1000,100 irc,5000,20 irc,10000,10"}
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
results=$here/results/chat_fanout.txt
mkdir -p "$(dirname "$results")"
ulimit -n 20000

seed() { "$build/tests/store_seed" "sqlite:$work/store.db" "$@"; }
seed user ada >"$work/made"
seed channel demo ada >"$work/made"
SLUICE_TOKEN=$(seed token ada chat:read,chat:edit)
export SLUICE_TOKEN
ws=$((20000 + RANDOM % 5000)) irc=$((25000 + RANDOM % 5000))

{
  echo "# $(date -u +%FT%TZ) $(uname -mr) $(nproc) cores, $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2-), load $(cut -d' ' -f1 /proc/loadavg)"
  for row in $rows; do
    IFS=, read -r wire members rate <<<"$row"
    mkfifo "$work/ready"
    taskset -c 0 "$build/bin/chatd" --dir "$work" --ws-port "$ws" --irc-port "$irc" --wss-port 0 --ircs-port 0 --cooldown 0s --message-rate 100000 \
      --log-level warn --ready-fd 9 9>"$work/ready" >&2 &
    server=$!
    read -r <"$work/ready"
    taskset -c 1 "$build/tests/chat_load" "$wire" "$ws" "$irc" "$server" "$members" "$rate" "$seconds" || true
    kill -9 "$server"
    wait "$server" 2>/dev/null || true
    server=
    rm "$work/ready"
  done
} | tee -a "$results"

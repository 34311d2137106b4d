# shellcheck shell=bash
# sluice up and down.

declare -A keeper=()
socket_keeper=''

prepare_directory() {
  local why
  why=$(for each in '' /ledgers /live /logs /run /bus; do mkdir -p "$dir$each" 2>&1 || exit 1; done) ||
    fail "cannot make $dir: ${why##*: }" 'choose another --dir, or give yourself the right to write there'
  chmod 0700 "$dir/run" "$dir/bus"
  exec {lock}>"$dir/run/lock"
  flock -n "$lock" || fail "the platform in $dir is already up (pid $(cat "$dir/run/sluice.pid" 2>/dev/null || echo '?'))" "stop it with 'sluice down --dir $dir', or choose another --dir"
  # The programs of a killed supervisor end by themselves; they hold this lock shared until they have.
  exec {members}>"$dir/run/members"
  flock -w 1 "$members" || printf 'sluice: waiting for programs of an earlier run in %s to end\n' "$dir" >&2
  flock -w 15 "$members" || fail "programs of an earlier run in $dir do not end" "see 'ps', end them, and try again"
  flock -u "$members"
  rm -f "$dir"/run/*.state "$dir"/run/*.pid "$dir"/run/*.next "$dir"/run/*.upgrade "$dir"/run/*.keeper "$dir"/run/events "$dir"/run/quiet
  mkfifo -m 0600 "$dir/run/events" "$dir/run/quiet"
  exec {events}<>"$dir/run/events" {quiet}<>"$dir/run/quiet"
  printf '%s\n' "$$" >"$dir/run/sluice.pid"
  printf '%s\n' "$port_base" >"$dir/run/port-base"
}

# What a program listens on stays open while it is dead: who connects waits, and is not refused.
keep_sockets() {
  local deadline=$((SECONDS + 5))
  [[ -x $bin/../libexec/sluice/keep-sockets ]] || return 0 # programs say that theirs are not kept
  rm -f "$dir/run/sockets"
  env -i setpriv --pdeathsig TERM -- setsid sh -c "$unless_orphaned" "$$" \
    "$bin/../libexec/sluice/keep-sockets" "$dir/run/sockets" {lock}>&- {ready_fd}>&- </dev/null &
  socket_keeper=$!
  while [[ ! -S $dir/run/sockets ]] && kill -0 "$socket_keeper" 2>/dev/null && ((SECONDS < deadline)); do pause 0.01; done
}

start_keeper() { # NAME
  local without=() # the keys to S3 are vodarchive's alone, and the way to the other chats is chatd's
  [[ $1 == vodarchive ]] || without=(-u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN)
  if [[ $1 == chatd && $chat_bus ]]; then without+=("SLUICE_CHAT_BUS=$chat_bus"); else without+=(-u SLUICE_CHAT_BUS); fi
  flock -s "$members"
  dir=$dir bin=$bin port_base=${port_base:-} bind=${bind:-} public_url=${public_url:-} \
    vod=${vod:-} s3_endpoint=${s3_endpoint:-} s3_region=${s3_region:-} s3_credentials=${s3_credentials:-} media_url=${media_url:-} chat_bus=${chat_bus:+yes} redis_password_file=${redis_password_file:-} drain_time=$drain_time quiet=${setting[quiet]:-} \
    env -u SLUICE_CONFIG -u SLUICE_PUBLIC_URL -u SLUICE_BIND -u SLUICE_READY_FD -u SLUICE_MEDIA_URL "${without[@]}" \
    setpriv --pdeathsig TERM -- setsid bash "$self" _keep "$1" "$$" {lock}>&- {ready_fd}>&- </dev/null &
  keeper[$1]=$!
}

ready_line() ( # NAME
  printf '%-8s ready' "$1"
  for each in $(platform_programs | sed -n "s/^$1|//p"); do printf ' %s=%s' "$each" "$(port_of "$1" "$each")"; done
  printf '\n'
)

# next_event SECONDS: what a keeper says, within that time: sets what and who. Of a line that comes just when the time is over read(1) has
# taken the beginning: it is kept.
heard=''
next_event() {
  local line='' whole=1
  IFS= read -rt "$1" -u "$events" line || whole=''
  heard+=$line
  [[ $whole ]] || return 1
  line=$heard heard=''
  what=${line%% *} who=${line#* } who=${who%% *}
}

# Waits until NAME says it is ready; prints its line.
await_ready() { # NAME
  local what who deadline=$((SECONDS + 30))
  while ((SECONDS < deadline)); do
    [[ -z $stopping ]] || return 1
    if next_event 1; then
      [[ $who == "$1" ]] || continue
      case $what in
        ready)
          ready_line "$1"
          return 0
          ;;
        failed) return 1 ;;
      esac
    fi
  done
  return 1
}

stop_all() {
  local name
  kill -TERM "$socket_keeper" 2>/dev/null # first: who connects now is refused
  for name in "${!keeper[@]}"; do kill -TERM "${keeper[$name]}" 2>/dev/null; done
  for name in "${!keeper[@]}"; do
    while kill -0 "${keeper[$name]}" 2>/dev/null; do wait "${keeper[$name]}" 2>/dev/null; done
  done
  rm -f "$dir/run/sluice.pid" "$dir/run/events" "$dir/run/quiet" "$dir/run/sockets" "$dir"/run/*.state
}

# SIGHUP has the programs read their configuration again, unless it tells that the terminal is gone.
hang_up() {
  if [[ $terminal && ! -t $terminal ]]; then stopping=1; else hung_up=1; fi
}

reload_all() {
  # shellcheck disable=SC2046 # names are words
  warn_of_overruled $(platform_programs | cut -d'|' -f1)
  # shellcheck disable=SC2046 # names are words
  reload_programs $(platform_programs | cut -d'|' -f1) >&2 || true
}

# Looks after the keepers themselves: one that was killed is started again. A reload, which may have to wait for a program, goes on beside it.
watch_keepers() {
  local name what who reloading=''
  while [[ -z $stopping ]]; do
    if [[ $hung_up ]] && ! { [[ $reloading ]] && kill -0 "$reloading" 2>/dev/null; }; then
      hung_up=''
      reload_all {lock}>&- &
      reloading=$!
    fi
    if next_event 0.3; then
      if [[ $what == ready ]]; then ready_line "$who" || true; fi
    fi
    kill -0 "$socket_keeper" 2>/dev/null || keep_sockets # programs tell it of their sockets when they start
    for name in "${!keeper[@]}"; do
      [[ -z $stopping ]] || return 0
      if ! kill -0 "${keeper[$name]}" 2>/dev/null; then
        printf 'sluice: the keeper of %s was killed: starting both again\n' "$name" >&2
        start_keeper "$name"
      fi
    done
  done
}

# In a shell of its own: see the traps in sluice_up.
announce() (
  host=$(url_host)
  printf '\nwatch    %s\n' "${public_url:-http://$host:$(port_of webd http)}/"
  printf 'publish  rtmp://%s:%s/live  (stream key: chanctl key rotate CHANNEL)\n' "$host" "$(port_of ingestd rtmp)"
  printf '         rtmps://%s:%s/live  or  srt://%s:%s?streamid=KEY\n' "$host" "$(port_of ingestd rtmps)" "$host" "$(port_of ingestd srt)"
  printf 'chat     ws://%s:%s/  irc %s:%s  (over TLS wss://%s:%s/  irc %s:%s)\n' "$host" "$(port_of chatd ws)" "$host" "$(port_of chatd irc)" \
    "$host" "$(port_of chatd wss)" "$host" "$(port_of chatd ircs)"
)

# Before all of it is up.
give_up() {
  stop_all
  if [[ $stopping ]]; then exit 130; else exit 1; fi
}

sluice_up() {
  local name names stopping='' ready_fd missing hung_up='' terminal=''
  dir=${setting[dir]} port_base=${setting[port-base]:-} bind=${setting[bind]:-} public_url=${setting[public-url]:-}
  public_url=${public_url%/}
  vod=${setting[vod]:-} s3_endpoint=${setting[s3-endpoint]:-} s3_region=${setting[s3-region]} media_url=${setting[media-url]:-}
  s3_credentials=${setting[s3-credentials]:-}
  chat_bus=${setting[chat-bus]:-} redis_password_file=${setting[redis-password-file]:-}
  [[ -z $chat_bus || $chat_bus == redis://* ]] || fail_usage "--chat-bus: '${chat_bus%%:*}' is no Redis server" "write redis://HOST[:PORT]"
  [[ ${origin[chat-bus]:-} != 'command line' || $chat_bus != *@* ]] ||
    fail_usage "--chat-bus: a password on the command line can be seen by everybody" "put it into a file: --redis-password-file FILE"
  [[ -z $redis_password_file || $chat_bus ]] || fail_usage "--redis-password-file is given without --chat-bus" "it holds the password of that server"
  [[ -z $redis_password_file ]] || redis_password_file=$(realpath -m -- "$redis_password_file")
  [[ -z $media_url || $vod ]] || fail_usage "--media-url is given without --vod" "it is the address of what --vod uploads"
  drain_time=${setting[drain-time]}
  ready_fd=${setting[ready-fd]:-}
  if [[ $ready_fd ]]; then
    { : >&"$ready_fd"; } 2>/dev/null || fail_usage "--ready-fd: descriptor $ready_fd is not open"
  else
    exec {ready_fd}>/dev/null
  fi
  # shellcheck disable=SC2046 # names are words
  missing=$(missing_programs $(platform_programs | cut -d'|' -f1) "${started_by_others[@]}" chanctl)
  [[ -z $missing ]] || fail "missing in $bin:$missing" "build the platform with 'make build', or install it with 'make install'"
  [[ -z $s3_credentials ]] || s3_credentials=$(realpath -m -- "$s3_credentials")
  prepare_directory
  for name in 0 1 2; do
    if [[ -t $name ]]; then terminal=$name; fi
  done
  names=$(platform_programs | cut -d'|' -f1)
  # shellcheck disable=SC2086 # names are words
  warn_of_overruled $names
  # A trapped signal that comes just when a command substitution is read ends bash 5.2 with a syntax error: from here on, and in keepers, those
  # are left to shells of their own, which have no traps.
  trap 'stopping=1' INT TERM
  trap hang_up HUP
  keep_sockets
  for name in $names; do
    start_keeper "$name"
    if ! await_ready "$name"; then
      [[ $stopping ]] || printf 'sluice: %s did not become ready: see %s, or try sluice doctor\n' "$name" "$dir/logs/$name.log" >&2
      give_up
    fi
  done
  announce || give_up # a terminal's Ctrl-C is for all shells
  if [[ ${setting[demo]:-} ]]; then
    prepare_demo || give_up
    start_keeper demo
  fi
  printf '\n' >&"$ready_fd"
  exec {ready_fd}>&-
  exec {ready_fd}>/dev/null
  watch_keepers
  printf 'sluice: stopping\n' >&2
  stop_all
  exit 0
}

sluice_down() {
  local pid
  dir=${setting[dir]}
  [[ -d $dir/run ]] || fail "no platform in $dir" "name its directory with --dir"
  exec {lock}>"$dir/run/lock"
  if flock -n "$lock"; then
    printf 'nothing is up in %s\n' "$dir" >&2
    exit 0
  fi
  pid=$(cat "$dir/run/sluice.pid" 2>/dev/null) || fail "cannot read $dir/run/sluice.pid"
  kill -TERM "$pid" || fail "cannot stop process $pid"
  flock -w 60 "$lock" || fail "the platform in $dir has not stopped after 60 s" "end process $pid with kill -9: its programs end with it"
}

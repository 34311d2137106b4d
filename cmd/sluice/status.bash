# shellcheck shell=bash
# sluice status and logs: what the keepers wrote, and what ingestd says of its streams.

# read_state NAME: fills state, pid, restarts, since; "stopped" when nothing is known. A program whose keeper was killed died with
# it, and nobody has written that yet.
read_state() {
  state=stopped pid=0 restarts=0 since=''
  [[ ! -r $dir/run/$1.state ]] || read -r state pid restarts since <"$dir/run/$1.state" || true
  if [[ $state == ready ]] && [[ ! -d /proc/$pid ]]; then state=restarting pid=0; fi
}

is_up() {
  local lock result=0
  [[ -e $dir/run/lock ]] || return 1
  exec {lock}<"$dir/run/lock"
  if flock -n "$lock"; then result=1; fi
  exec {lock}<&-
  return "$result"
}

# is_stopped PID: whether somebody has stopped the process (SIGSTOP).
is_stopped() { grep -q '^State:[[:space:]]*[Tt]' "/proc/$1/status" 2>/dev/null; }

# look_at_health NAME PID: what a program that is ready cannot do, as its /health tells: adds to reason, where texts are as JSON has them, and to whole.
look_at_health() {
  local answer why rest unhealthy state pid restarts since
  unhealthy='"([a-z0-9_-]+)":\{"status":"unhealthy","latency_ms":[^,}]*(,"error":"(([^"\\]|\\.)*)")?(,"since":"([^"]*)")?\}(.*)'
  if ! answer_to "$1" health; then
    read_state "$1"
    [[ $state == ready && $pid == "$2" ]] || return 0 # it was just ending
    whole=degraded
    reason+="${reason:+; }$1 does not answer"
    ! is_stopped "$pid" || reason+=": process $pid was stopped (SIGSTOP), kill -CONT $pid lets it go on"
    return 0
  fi
  rest=$answer
  while [[ $rest =~ $unhealthy ]]; do
    whole=degraded
    reason+="${reason:+; }$1: ${BASH_REMATCH[1]}: ${BASH_REMATCH[3]:-not well}${BASH_REMATCH[6]:+, since ${BASH_REMATCH[6]}}"
    rest=${BASH_REMATCH[7]}
  done
}

# look_at_platform: fills whole (ready | starting | degraded | stopped), reason (why it is not ready), streams, ingestd's JSON list or
# null, and summary, the same for people. Everything that programs are asked is asked at once.
look_at_platform() {
  local name names state pid restarts since rest
  local -A states=() pids=()
  whole=ready reason='' streams='[]' summary=''
  if ! is_up; then
    whole=stopped
    [[ -d $dir/run ]] || reason='no platform is there'
    return
  fi
  names=$(platform_programs | cut -d'|' -f1)
  ask_ahead ingestd streams
  [[ ${setting[json]:-} ]] || ask_ahead ingestd summary
  for name in $names; do
    read_state "$name"
    states[$name]=$state pids[$name]=$pid
    [[ $state != ready ]] || ask_ahead "$name" health
  done
  # These first: they may be longer than a pipe holds, and who writes them has answer_limit, too.
  streams=$(live_streams)
  [[ ${setting[json]:-} ]] || summary=$(summarise_streams)
  for name in $names; do
    case ${states[$name]} in
      ready)
        look_at_health "$name" "${pids[$name]}"
        continue
        ;;
      starting) [[ $whole != ready ]] || whole=starting ;;
      *) whole=degraded ;;
    esac
    reason+="${reason:+; }$name is ${states[$name]}"
  done
  rest=$streams
  while [[ $rest =~ \"channel\":\"([^\"]*)\",\"stream\":\"[^\"]*\",\"state\":\"stalled\"[^{}]*\"stalled_because\":\"([^\"]*)\"(.*) ]]; do
    whole=degraded
    reason+="${reason:+; }the stream of ${BASH_REMATCH[1]} stands still: ${BASH_REMATCH[2]}"
    rest=${BASH_REMATCH[3]}
  done
}

# The ports the running platform was started with.
running_port() { # PROGRAM PORT-NAME
  port_base=$(cat "$dir/run/port-base" 2>/dev/null || true)
  port_of "$1" "$2"
}

# The JSON list that ingestd gives of its streams; null where it gives none: nobody knows of any.
live_streams() {
  local answer why
  answer_to ingestd streams || true
  answer=${answer#'{"streams":'}
  if [[ $answer == '['*']}' ]]; then printf '%s' "${answer%\}}"; else printf null; fi
}

# The same for people, a line each; what ingestd says here holds nothing that JSON escapes.
summarise_streams() {
  local answer why between='","' line=$'\n  '
  answer_to ingestd summary || true
  case $answer in
    '{"lines":[]}') echo 'no streams' ;;
    '{"lines":["'*'"]}')
      echo streams
      answer=${answer#'{"lines":["'}
      answer=${answer%'"]}'}
      printf '  %s\n' "${answer//"$between"/$line}"
      ;;
    *) echo 'streams unknown: ingestd does not answer' ;;
  esac
}

status_json() {
  local name port separator='' inner state pid restarts since names
  printf '{"dir":"%s","state":"%s","reason":"%s","programs":[' "${dir//\"/\\\"}" "$whole" "$reason"
  names=$(platform_programs | cut -d'|' -f1)
  [[ ! -e $dir/run/demo.state ]] || names+=' demo'
  for name in $names; do
    read_state "$name"
    [[ $whole != stopped ]] || state=stopped pid=0
    printf '%s{"name":"%s","pid":%s,"state":"%s","restarts":%s,"since":"%s","ports":{' "$separator" "$name" "$pid" "$state" "$restarts" "$since"
    separator=, inner=''
    if [[ $name != demo ]]; then
      for port in $(platform_programs | sed -n "s/^$name|//p") metrics; do
        printf '%s"%s":%s' "$inner" "$port" "$(running_port "$name" "$port")"
        inner=,
      done
    fi
    printf '}}'
  done
  printf '],"streams":%s}\n' "$streams"
}

sluice_status() {
  local name port ports state pid restarts since whole reason streams summary
  dir=${setting[dir]}
  look_at_platform
  if [[ ${setting[json]:-} ]]; then
    status_json
  else
    reason=$(plain "$reason")
    printf '%s  %s%s\n' "$dir" "$whole" "${reason:+: $reason}"
    if [[ ! -d $dir/run ]]; then
      printf "sluice: hint: name its directory with --dir, or make one with 'sluice up'\n" >&2
      return 1
    fi
    for name in $(platform_programs | cut -d'|' -f1); do
      read_state "$name"
      [[ $whole != stopped ]] || state=stopped pid=0
      ports=''
      for port in $(platform_programs | sed -n "s/^$name|//p"); do ports+=" $port=$(running_port "$name" "$port")"; done
      printf '  %-8s %-10s pid %-7s restarts %-3s since %s %s\n' "$name" "$state" "$pid" "$restarts" "${since:--}" "$ports"
    done
    [[ $whole == stopped ]] || printf '%s\n' "$summary"
  fi
  [[ $whole == ready ]]
}

sluice_logs() {
  local -a files=()
  local file
  dir=${setting[dir]}
  for file in "$dir"/logs/${positional:-*}.log; do
    [[ ! -f $file ]] || files+=("$file")
  done
  ((${#files[@]})) || fail "no logs${positional:+ of $positional} in $dir/logs" "programs: $(platform_programs | cut -d'|' -f1 | paste -sd' ')"
  if [[ ${setting[follow]:-} ]]; then
    exec tail -n 100 -F "${files[@]}"
  fi
  if ((${#files[@]} == 1)); then exec cat "${files[0]}"; fi
  for file in "${files[@]}"; do
    sed "s/^/$(printf '%-8s' "$(basename "$file" .log)") /" "$file"
  done
}

# shellcheck shell=bash
# sluice upgrade: programs are replaced by what is installed now, while they serve.
#
# ingestd and origind: the keeper starts another process, which takes over from the one that runs, and says how that went
# (note_upgrade). transcode and segmenter: ingestd gives
# each stream another pipeline, one after the other. The others are ended when they have drained, and started again.

# seconds: a minute for ledgers to be read, ten for pipelines to end and five for each of four steps beside, as both processes allow each other;
# the keeper's word comes before, unless one of them hangs
upgrade_time=120
turn_time=35    # seconds that the next stream's turn may take to come

upgrade_by_take_over() { # NAME
  local name=$1 pid state since restarts one what how deadline=$((SECONDS + upgrade_time))
  exec {one}>"$dir/run/$name.upgrade.lock"
  flock -n "$one" || fail "another 'sluice upgrade' is waiting for $name" "wait until it has ended"
  read_state "$name"
  [[ $state == ready ]] || fail "$name is not ready ($state)" "see 'sluice status --dir $dir'"
  rm -f "$dir/run/$name.upgrade"
  kill -USR1 "$(cat "$dir/run/$name.keeper")" || fail "the keeper of $name does not listen"
  while ((SECONDS < deadline)); do
    pause 0.05
    [[ -e $dir/run/$name.upgrade ]] || continue
    read -r what how <"$dir/run/$name.upgrade"
    case $what in
      replaced)
        printf '%s replaced: process %s goes on for %s\n' "$name" "${how% *}" "${how#* }"
        return 0
        ;;
      absent) fail "$name is just being started or stopped: there is nothing to replace" "see 'sluice status --dir $dir', and try again" ;;
      refused) fail "$name was not replaced: the one that runs goes on, the other ended ($how)" "its log says why: $dir/logs/$name.log" ;;
      died)
        fail "$name ended ($how) while it was being replaced, and is started anew: its publishers may have to connect again, and find their streams" \
          "see 'sluice status --dir $dir'; its log says why: $dir/logs/$name.log"
        ;;
    esac
  done
  fail "$name has not been replaced in $upgrade_time s: process $(cat "$dir/run/$name.next" 2>/dev/null), which is to take over, still tries, and the one that runs goes on" \
    "end the one that tries with 'kill', and see $dir/logs/$name.log"
}

upgrade_by_restart() { # NAME
  local name=$1 pid state since restarts before deadline=$((SECONDS + upgrade_time))
  read_state "$name"
  [[ $state == ready ]] || fail "$name is not ready ($state)" "see 'sluice status --dir $dir'"
  before=$pid
  kill -TERM "$before" || fail "cannot stop process $before"
  while ((SECONDS < deadline)) && [[ $state != failed ]]; do
    pause 0.05
    read_state "$name"
    if [[ $state == ready && $pid != "$before" ]]; then
      printf '%s started again: process %s after %s\n' "$name" "$pid" "$before"
      return 0
    fi
  done
  fail "$name has not come back" "its log says why: $dir/logs/$name.log"
}

# number NAME: of that name in answer.
number() {
  local rest=${answer#*"\"$1\":"}
  printf '%s' "${rest%%[!0-9]*}"
}

upgrade_pipelines() { # WHAT
  local answer why all left before deadline=$((SECONDS + turn_time))
  ask ingestd renew_pipelines || fail "ingestd gives no stream another pipeline: $why"
  all=$(number left) before=$all
  while left=$(number left) && ((left > 0)); do
    ((left == before)) || deadline=$((SECONDS + turn_time)) before=$left
    ((SECONDS < deadline)) || fail "$left of $all streams have no new pipeline yet" "the log says why: $dir/logs/ingestd.log"
    pause 0.1
    ask ingestd renewal || fail "ingestd does not say how far it is: $why"
  done
  left=$(number failed)
  ((left == 0)) || fail "$left of $all streams have no new pipeline yet" "the log says why: $dir/logs/ingestd.log"
  printf '%s replaced: new pipelines for %s streams\n' "$1" "$all"
}

# Each in a shell of its own: where one fails, the others are seen to all the same.
sluice_upgrade() {
  local name names=${positional:-ingestd} pipelines='' result=0
  dir=${setting[dir]}
  for name in $names; do
    known_program "$name" || [[ " ${started_by_others[*]} " == *" $name "* ]] ||
      fail_usage "the platform has no program '$name'" "one of: $(platform_programs | cut -d'|' -f1 | paste -sd' ') ${started_by_others[*]}"
  done
  is_up || fail "nothing is up in $dir" "start it with 'sluice up --dir $dir'"
  for name in $names; do
    case $name in
      ingestd | origind) (upgrade_by_take_over "$name") || result=1 ;;
      transcode | segmenter) pipelines+="${pipelines:+ and }$name" ;;
      automod)
        if ask chatd automod; then
          printf 'automod replaced: chatd asks another one\n'
        else
          (fail 'chatd does not take another automod' "the log says why: $dir/logs/chatd.log") || result=1
        fi
        ;;
      storyboard) printf 'storyboard: each picture is made by the one that is installed then\n' ;;
      *) (upgrade_by_restart "$name") || result=1 ;;
    esac
  done
  [[ -z $pipelines ]] || (upgrade_pipelines "$pipelines") || result=1
  return "$result"
}

# shellcheck shell=bash
# One keeper for each program: starts it, tells when it is ready, starts it again when it dies, and ends with it.
# The kernel tells a keeper when sluice dies, and a program when its keeper dies (PR_SET_PDEATHSIG), so nothing outlives
# a killed supervisor.

backoff=(0.1 0.5 1 2 5)        # seconds before the 1st, 2nd, … start again; the last one repeats
hopeless_after=8               # deaths in a row, each within short_life seconds of its start
short_life=3
log_limit=$((32 * 1024 * 1024)) # bytes; a longer log is set aside as NAME.log.1 at the next start
# For sh -c, behind setpriv(1), with the parent's pid: what is to end with its parent does not begin when that died before the kernel was asked to tell.
# shellcheck disable=SC2016 # for the inner shell
unless_orphaned='[ "$PPID" = "$0" ] || exit 1; exec "$@"'

# write_state NAME STATE PID RESTARTS: what `sluice status` reads, whole or not at all.
write_state() {
  local file=$dir/run/$1.state
  # Of a full disk, too, an earlier state is better than none.
  TZ=UTC0 printf '%s %s %s %(%Y-%m-%dT%H:%M:%SZ)T\n' "$2" "$3" "$4" -1 >"$file.new" && mv -f "$file.new" "$file"
  printf '%s %s %s\n' "$2" "$1" "$3" 1<>"$dir/run/events" 2>/dev/null || true
}

# pause SECONDS: waits without a child process. A signal with a trap ends it, which bash has read(1) do in POSIX mode only.
pause() {
  set -o posix
  read -rt "$1" <>"$dir/run/quiet" || true
  set +o posix
}

# rest SECONDS: a keeper's pause, which ends when it is to stop. A signal that comes just before read(1) waits does not end that, so it waits in steps.
rest() {
  local left=${1%.*}
  ((left > 0)) || pause "$1"
  while [[ -z $stopping ]] && ((left-- > 0)); do pause 1; done
}

keep() { # NAME
  local name=$1 pid='' next='' killer='' grace restarts=0 in_a_row=0 code started stopping='' delay state since how
  local -a older=() # those that were replaced, and have something left to do
  grace=$(seconds_of "$drain_time")
  # Each program reads NAME.conf in DIR, those that ingestd and origind start too; a file may come later (sluice reload).
  export SLUICE_CONFIG=$dir SLUICE_SOCKETS=$dir/run/sockets
  exec {console}>&2
  # A keeper that follows a killed one counts on: the program died with it.
  read_state "$name"
  [[ $state == stopped ]] || restarts=$((restarts + 1))
  pid=''
  printf '%s\n' "$$" >"$dir/run/$name.keeper"
  trap 'stopping=1; [[ -z $pid ]] || end_all' TERM
  trap replace USR1
  trap '' INT HUP
  while [[ -z $stopping ]]; do
    set_log_aside || true
    started=$SECONDS
    run_once
    restarts=$((restarts + 1))
    [[ -z $stopping ]] || break
    if ((SECONDS - started >= short_life)); then in_a_row=0; fi
    in_a_row=$((in_a_row + 1))
    if ((code == 2 || in_a_row >= hopeless_after)); then
      write_state "$name" failed 0 "$restarts"
      printf 'sluice: %s does not run (exit %s): its last words are in %s; sluice tries again every 30 s\n' \
        "$name" "$code" "$dir/logs/$name.log" >&2
      rest 30
      continue
    fi
    write_state "$name" restarting 0 "$restarts"
    delay=${backoff[in_a_row - 1 < ${#backoff[@]} ? in_a_row - 1 : ${#backoff[@]} - 1]}
    ending "$code"
    printf 'sluice: %s ended (%s): starting it again in %s s\n' "$name" "$how" "$delay" >&2
    rest "$delay"
  done
  write_state "$name" stopped 0 "$restarts"
}

# ending EXIT-CODE: sets how.
ending() {
  if (($1 > 128)); then how="killed by signal $(($1 - 128))"; else how="exit $1"; fi
}

# In a shell of its own: see the traps in sluice_up.
set_log_aside() (
  log=$dir/logs/$name.log
  if [[ -f $log ]] && (($(stat -c %s "$log") > log_limit)); then mv -f "$log" "$log.1"; fi
)

# seconds_of DURATION: "500ms" → 0.5
seconds_of() {
  case $1 in
    *ms) awk -v t="${1%ms}" 'BEGIN { print t / 1000 }' ;;
    *m) awk -v t="${1%m}" 'BEGIN { print t * 60 }' ;;
    *h) awk -v t="${1%h}" 'BEGIN { print t * 3600 }' ;;
    *) echo "${1%s}" ;;
  esac
}

# launch PID-FILE [OPTION...]: starts the program in the background; launched is its process.
launch() {
  local file=$1 ready_option=() said watch ours theirs
  shift
  [[ $name == demo ]] || ready_option=(--ready-fd 3)
  # Who waits for the word is the keeper's child: a program reaps no children that it has not started. That an earlier one, of a program that has
  # not said it, still waits is no fault.
  { coproc watch { IFS= read -r _ && became_ready "$file"; }; } 2>/dev/null
  theirs=${watch[0]} ours=${watch[1]}
  exec {said}>"/dev/fd/$ours" {ours}>&- {theirs}<&- # a copy of the co-process's own would be closed for other programs, too
  # Descriptor 3 says ready; output and errors go line by line to the log and, unless quiet, to the terminal.
  (
    printf '%s\n' "$BASHPID" >"$file"
    program_command "$name"
    exec setpriv --pdeathsig TERM -- sh -c "$unless_orphaned" "$$" "${command[@]}" "${ready_option[@]}" "$@"
  ) </dev/null \
    3>&"$said" {said}>&- \
    > >(write_log 3>&-) 2>&1 &
  launched=$!
  exec {said}>&-
}

# Lines to the log and the console; of a quiet one's, those that are no log but a program's last words, as it names itself. tee(1) would give up a file that could not be written once: a full disk costs the lines of its time.
write_log() {
  local line log
  exec {log}>>"$dir/logs/$name.log"
  while IFS= read -r line || [[ $line ]]; do
    printf '%s\n' "$line" >&"$log"
    [[ ${quiet:-} && $line != "$name: "* ]] || printf '%-8s %s\n' "$name" "$line" >&"$console"
  done 2>/dev/null
}

became_ready() { # PID-FILE
  local before
  if [[ $1 != "$dir/run/$name.pid" ]]; then
    before=$(cat "$dir/run/$name.pid")
    mv -f "$1" "$dir/run/$name.pid"
    note_upgrade replaced "$(cat "$dir/run/$name.pid") $before"
  fi
  write_state "$name" ready "$(cat "$dir/run/$name.pid")" "$restarts"
}

# note_upgrade replaced NEW OLD | refused HOW | died HOW | absent: what `sluice upgrade` waits for. What was said first holds.
note_upgrade() {
  printf '%s %s\n' "$1" "${2:-}" >"$dir/run/$name.upgrade.new"
  ln "$dir/run/$name.upgrade.new" "$dir/run/$name.upgrade" 2>/dev/null || true
  rm -f "$dir/run/$name.upgrade.new" # or the next word would be written into the same file
}

# Another process of the program takes over from the one that runs (sluice upgrade); that one may have something left to do.
replace() {
  promote
  if [[ -z $pid || -n $stopping ]]; then
    note_upgrade absent
    return 0
  fi
  [[ -z $next ]] || return 0
  launch "$dir/run/$name.next" --take-over
  next=$launched
}

# The next one is the program once it has said ready.
promote() {
  local said=''
  [[ -n $next ]] || return 0
  { read -r said <"$dir/run/$name.pid"; } 2>/dev/null || true
  [[ $said == "$next" ]] || return 0
  older+=("$pid")
  pid=$next next=''
}

# Takes ENDED off the list of those that have something left to do; failure when it is not there.
forget_older() { # ENDED
  local each left=() found=1
  for each in "${older[@]}"; do
    if [[ $each == "$1" ]]; then found=0; else left+=("$each"); fi
  done
  older=("${left[@]}")
  return "$found"
}

# Told to stop: everything has the drain time and two to three seconds more, then it is ended. Begun here, not after wait(1): a signal that comes
# just before that does not end it. Of a keeper that is killed meanwhile nothing is left to wait: an up that follows would wait for it.
end_all() {
  kill -TERM "$pid" "${older[@]}" ${next:+"$next"} 2>/dev/null
  [[ -z $killer ]] || return 0
  (
    until=$((SECONDS + ${grace%.*} + 3))
    while ((SECONDS < until)); do
      pause 0.25
      kill -0 "$$" 2>/dev/null || exit 0
    done
    kill -KILL "$pid" "${older[@]}" ${next:+"$next"} 2>/dev/null
  ) &
  killer=$!
}

# code_of ENDED: sets code. Of several that have ended wait -n tells one, and by its next bash may have forgotten the others; wait has not.
code_of() {
  { wait "$1"; } 2>/dev/null
  code=$?
}

# Starts the program, waits for its end, and for that of all of its processes when it is to stop. Sets pid while it runs and code after.
run_once() {
  local launched ended how
  write_state "$name" starting 0 "$restarts"
  launch "$dir/run/$name.pid"
  pid=$launched
  [[ $name != demo ]] || write_state "$name" ready "$pid" "$restarts"
  [[ -z $stopping ]] || end_all
  while :; do
    ended='' code=127
    if kill -0 "$pid" 2>/dev/null; then
      { wait -n -p ended "$pid" "${older[@]}" ${next:+"$next"}; } 2>/dev/null # bash would print the whole command when a signal ended it
      code=$?
    fi
    ended=${ended:-} # wait unsets it
    if [[ -z $ended ]] && ((code == 127)); then
      ended=$pid
      code_of "$pid"
    fi
    promote
    if [[ -z $ended ]] || forget_older "$ended"; then continue; fi
    ending "$code"
    if [[ $ended == "$next" ]]; then
      next=''
      rm -f "$dir/run/$name.next"
      pause 0.1 # the end of the one that runs is an end of the handover: what saw that may be gone first
      if kill -0 "$pid" 2>/dev/null; then
        note_upgrade refused "$how"
        printf 'sluice: %s was not replaced (%s): the one that runs goes on\n' "$name" "$how" >&2
        continue
      fi
      code_of "$pid"
      ending "$code"
      note_upgrade died "$how"
    elif [[ -n $next ]]; then
      # Gone well, it has handed over; the other says ready, or ends, too.
      ((code == 0)) || note_upgrade died "$how"
      pid=$next next=''
      continue
    fi
    if [[ -z $stopping || ${#older[@]} -eq 0 ]]; then break; fi
    pid=${older[0]}
    forget_older "$pid"
  done
  [[ -z $killer ]] || kill "$killer" 2>/dev/null
  [[ ! -e $dir/run/$name.next ]] || note_upgrade died 'exit 0' # it was told to stop, and what was to take over had no time to
  pid=''
  rm -f "$dir/run/$name.pid" "$dir/run/$name.next"
}

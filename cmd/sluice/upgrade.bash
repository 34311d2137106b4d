# shellcheck shell=bash
# sluice upgrade: has the keeper of a program start another process that takes over from the one that runs, and waits for the keeper's word
# of how that went (note_upgrade).

# seconds: a minute for ledgers to be read, ten for pipelines to end and five for each of four steps beside, as both processes allow each other;
# the keeper's word comes before, unless one of them hangs
upgrade_time=120

sluice_upgrade() {
  local name=${positional:-ingestd} pid state since restarts one what how deadline=$((SECONDS + upgrade_time))
  dir=${setting[dir]}
  [[ $name == ingestd ]] || fail_usage "$name cannot be replaced while it serves: ingestd can" \
    "end it, and its keeper starts what is installed now: kill \$(cat $dir/run/$name.pid)"
  is_up || fail "nothing is up in $dir" "start it with 'sluice up --dir $dir'"
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

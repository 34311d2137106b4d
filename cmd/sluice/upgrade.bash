# shellcheck shell=bash
# sluice upgrade: has the keeper of a program start another process that takes over from the one that runs.

upgrade_time=60 # seconds: pipelines may take ten to end

sluice_upgrade() {
  local name=${positional:-ingestd} pid state since restarts before deadline=$((SECONDS + upgrade_time))
  dir=${setting[dir]}
  [[ $name == ingestd ]] || fail_usage "$name cannot be replaced while it serves: ingestd can" \
    "end it, and its keeper starts what is installed now: kill \$(cat $dir/run/$name.pid)"
  is_up || fail "nothing is up in $dir" "start it with 'sluice up --dir $dir'"
  read_state "$name"
  [[ $state == ready ]] || fail "$name is not ready ($state)" "see 'sluice status --dir $dir'"
  before=$pid
  rm -f "$dir/run/$name.refused"
  kill -USR1 "$(cat "$dir/run/$name.keeper")" || fail "the keeper of $name does not listen"
  while ((SECONDS < deadline)); do
    pause 0.05
    read_state "$name"
    if [[ $state == ready && $pid != "$before" ]]; then
      printf '%s replaced: process %s goes on for %s\n' "$name" "$pid" "$before"
      return 0
    fi
    [[ ! -e $dir/run/$name.refused ]] || break
  done
  fail "$name was not replaced: the one that runs goes on" "its log says why: $dir/logs/$name.log"
}

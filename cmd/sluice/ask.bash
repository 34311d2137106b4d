# shellcheck shell=bash
# What is asked of running programs over their control sockets: reload, kick.

# asking PROGRAM REQUEST: the command line that asks it, in command.
asking() {
  command=("$bin/$1" --control "$dir/run/$1.sock" --ask "$2")
  [[ $1 != vodarchive ]] || command=("$bin/$1" serve "${command[@]:1}") # its other command is a tool
}

# ask PROGRAM REQUEST: its answer, in answer; failure when it has none, or it is an error: then why tells.
ask() {
  local -a command
  asking "$1" "$2"
  answer=$("${command[@]}" 2>&1)
  is_answer
}

answer_limit=3 # seconds that programs who are asked ahead have, a hundred times what they need
declare -A asked_ahead=()

# ask_ahead PROGRAM REQUEST: asks without waiting, so that several that are silent cost the time of one; answer_to has the answer.
ask_ahead() {
  local from
  local -a command
  asking "$1" "$2"
  exec {from}< <(exec timeout --foreground "$answer_limit" "${command[@]}" 2>&1)
  asked_ahead[$1 $2]=$from
}

# answer_to PROGRAM REQUEST: as ask, of what was asked ahead.
answer_to() {
  local from=${asked_ahead[$1 $2]}
  answer=$(cat <&"$from")
  exec {from}<&-
  answer=${answer:-"$1 does not answer"}
  is_answer
}

# Whether answer is one, and no error: else why tells.
is_answer() {
  local hint=''
  case $answer in
    '{"error":{"hint":"'*'","what":"'*'"}}')
      why=${answer#*'","what":"'}
      why=${why%'"}}'}
      hint=${answer#'{"error":{"hint":"'}
      hint=${hint%%'","what":"'*}
      why+=${hint:+" ($hint)"}
      why=${why//'\"'/'"'}
      ;;
    '{'*) return 0 ;;
    *) why=${answer%%$'\n'*} ;;
  esac
  return 1
}

# json_list NAME: the list of that name in answer, its words separated by spaces.
json_list() {
  local list=${answer#*"\"$1\":["}
  list=${list%%]*}
  list=${list//'"'/}
  printf '%s' "${list//,/ }"
}

# plain TEXT: a text as JSON has it, without its escapes.
plain() {
  local text=${1//'\"'/'"'}
  printf '%s' "${text//"\\\\"/"\\"}"
}

# known_program NAME: whether the platform has it.
known_program() { platform_programs | grep -q "^$1|"; }

# What ingestd's last reload changed of its streams' pipelines, and when that reaches them; nothing where nothing did.
tell_pipelines() {
  local answer why between='","' line=$'\n  '
  ask ingestd reloaded || return 0
  [[ $answer == '{"lines":["'*'"]}' ]] || return 0
  answer=${answer#'{"lines":["'}
  answer=${answer%'"]}'}
  answer=${answer//"$between"/$line}
  printf '  %s\n' "$(plain "$answer")"
}

# reload_programs NAME…: a line for each; failure when one keeps its old configuration.
reload_programs() {
  local name state pid restarts since answer why changed waiting result=0
  for name in "$@"; do
    read_state "$name"
    if [[ $state != ready ]]; then
      printf '%s is not ready (%s): it reads its configuration when it starts\n' "$name" "$state"
      result=1
    elif ask "$name" reload; then
      changed=$(json_list changed) waiting=$(json_list need_restart)
      printf '%s reloaded%s%s\n' "$name" "${changed:+, changed: $changed}" "${waiting:+; needs a restart: $waiting}"
      [[ $name != ingestd ]] || tell_pipelines
    else
      printf '%s refused, and keeps its configuration: %s\n' "$name" "$why"
      result=1
    fi
  done
  return "$result"
}

sluice_reload() {
  local name names command state pid restarts since
  dir=${setting[dir]}
  is_up || fail "nothing is up in $dir" "start it with 'sluice up --dir $dir'"
  names=${positional:-$(platform_programs | cut -d'|' -f1)}
  for name in $names; do
    known_program "$name" || fail_usage "the platform has no program '$name'" "one of: $(platform_programs | cut -d'|' -f1 | paste -sd' ')"
  done
  # shellcheck disable=SC2086 # names are words
  for name in $names; do
    read_state "$name"
    command=()
    { mapfile -d '' -t command <"/proc/$pid/cmdline"; } 2>/dev/null || true # what it was started with; one that is gone has nothing
    tell_overruled "$name"
  done
  # shellcheck disable=SC2086 # names are words
  reload_programs $names
}

sluice_kick() {
  local answer why
  dir=${setting[dir]}
  [[ $positional =~ ^[A-Za-z0-9_]+$ ]] || fail_usage "no channel is named" "sluice kick CHANNEL"
  is_up || fail "nothing is up in $dir" "start it with 'sluice up --dir $dir'"
  ask ingestd "kick channel=$positional" || fail "$why"
  printf 'the stream of %s was ended\n' "$positional"
}

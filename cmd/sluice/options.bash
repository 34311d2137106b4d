# shellcheck shell=bash
# The option table of sluice: it feeds the parser, --help and (through --options-json) the man page and completions.
# Columns: command | name | kind | metavar | default | help | choices

sluice_commands() {
  cat <<'TABLE'
up|start the platform and keep it running until interrupted
down|stop the platform of this directory
status|say what runs, on which ports, and which streams are live
reload [PROGRAM...]|have programs read their configuration again, all or those that are named, and say what came of it
upgrade [PROGRAM...]|replace programs by what is installed now, while they serve: ingestd unless others are named
kick CHANNEL|end a channel's stream and disconnect its publisher
logs [PROGRAM]|print the logs of one program, or of all
doctor|check this machine, and say what to do where something is missing
TABLE
}

sluice_options() {
  cat <<'TABLE'
|dir|path|DIR|@state@|the platform's directory: store, ledgers, sockets and logs
|help|flag|||print this help and exit|
|version|flag|||print the version and exit|
|config|path|FILE||read options from FILE, one 'name = value' a line, or from sluice.conf in a folder
|print-config|flag|||print every option's value, without the passwords of URLs, and where it came from, and exit|
up|demo|flag|||publish a moving picture with a clock and a tone, and print a key of your own|
up|port-base|integer|N||put the ports at N and up: RTMP N, RTMPS N+1, SRT N+2, web N+3, HLS N+4, chat N+5, IRC N+6, over TLS IRC N+7 and chat N+8, metrics N+10 to N+14
up|bind|text|ADDRESS||numeric address to listen on; repeat by commas (default: loopback only)
up|public-url|text|URL||where viewers reach the pages, handed out by pages and playlists
up|vod|text|URL||upload every stream to S3, s3://BUCKET or s3://BUCKET/PREFIX; without it nothing is uploaded
up|s3-endpoint|text|URL||the S3 service, http://HOST:PORT or https://HOST; without it Amazon's
up|s3-region|text|REGION|us-east-1|the region that requests to it are signed for
up|s3-credentials|path|FILE||file with its keys; without it AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
up|media-url|text|URL||where players reach what is uploaded: published playlists then name their segments there
up|chat-bus|text|URL||share the rooms of chat with other platforms by the Redis server redis://HOST[:PORT]: those with the same users and channels
up|redis-password-file|path|FILE||that server's password
up|ready-fd|integer|FD||write a newline to this descriptor when the whole platform serves
up|drain-time|duration|TIME|10s|how long a stopping program may finish what is under way
up|quiet|flag|||keep the programs' logs out of this terminal (they are in DIR/logs), but for why one does not start|
doctor|port-base|integer|N||look at the ports that 'up --port-base N' would use
status|json|flag|||print one JSON object|
logs|follow|flag|||go on printing as lines come|
TABLE
}

# The value that stands in the table for "depends on the user".
default_of() { # DEFAULT-COLUMN
  if [[ $1 == @state@ ]]; then
    printf '%s\n' "${XDG_STATE_HOME:-${HOME:-/root}/.local/state}/sluice"
  else
    printf '%s\n' "$1"
  fi
}

fail_usage() { # WHAT HINT
  printf 'sluice: %s\n' "$1" >&2
  printf 'sluice: hint: %s\n' "${2:-see 'sluice --help'}" >&2
  exit 2
}

fail() { # WHAT HINT
  printf 'sluice: %s\n' "$1" >&2
  [[ -z ${2:-} ]] || printf 'sluice: hint: %s\n' "$2" >&2
  exit 1
}

# option_row COMMAND NAME: the row of --NAME as COMMAND understands it, or failure.
option_row() {
  local command name rest
  while IFS='|' read -r command name rest; do
    if [[ $name == "$2" && ( -z $command || $command == "$1" ) ]]; then
      printf '%s|%s|%s\n' "$command" "$name" "$rest"
      return 0
    fi
  done < <(sluice_options)
  return 1
}

declare -A setting=() origin=()
command_name='' positional=''

# Fills command_name, positional, setting[] and origin[] from the command line, the environment, a file, the defaults.
parse_arguments() {
  local argument name value row kind
  while (($#)); do
    argument=$1
    shift
    case $argument in
      -h) argument=--help ;;
      -f) argument=--follow ;;
      --options-json)
        print_options_json
        exit 0
        ;;
    esac
    if [[ $argument == --* ]]; then
      name=${argument#--}
      value=${name#*=}
      [[ $name == *=* ]] || value=''
      name=${name%%=*}
      if ! row=$(option_row "$command_name" "$name"); then
        fail_usage "unknown option --$name" "see 'sluice ${command_name:+$command_name }--help'"
      fi
      IFS='|' read -r _ _ kind _ <<<"$row"
      if [[ $kind == flag ]]; then
        value=true
      elif [[ $argument != *=* ]]; then
        (($#)) || fail_usage "--$name wants a value"
        value=$1
        shift
      fi
      setting[$name]=$value origin[$name]='command line'
    elif [[ -z $command_name ]]; then
      command_name=$argument
      sluice_commands | grep -qE "^$command_name( |\\|)" ||
        fail_usage "no command '$command_name'" "one of: $(sluice_commands | sed 's/[ |].*//' | paste -sd' ')"
    elif [[ $command_name == @(reload|upgrade) ]]; then
      positional+=${positional:+ }$argument
    elif [[ $command_name == @(logs|kick) && -z $positional ]]; then
      positional=$argument
    else
      fail_usage "too many arguments: '$argument'"
    fi
  done
  [[ ${setting[help]:-} || ${setting[version]:-} ]] || layer_settings
}

# Environment over file over default, for what the command line left open; then every value is checked.
layer_settings() {
  local command name kind metavar default help variable file line number=0
  declare -A in_file=() at_line=()
  file=${setting[config]:-${SLUICE_CONFIG:-}}
  if [[ -d $file ]]; then
    file=${file%/}/sluice.conf
    [[ -e $file ]] || file=''
  fi
  if [[ $file ]]; then
    [[ -r $file ]] || fail_usage "cannot read $file" "--config names a file of 'name = value' lines"
    while IFS= read -r line || [[ $line ]]; do
      number=$((number + 1))
      [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
      [[ $line =~ ^[[:space:]]*([a-z-]+)[[:space:]]*=[[:space:]]*(.*[^[:space:]])?[[:space:]]*$ ]] ||
        fail_usage "$file:$number: no 'name = value'"
      sluice_options | grep -q "^[a-z]*|${BASH_REMATCH[1]}|" || fail_usage "$file:$number: sluice has no option '${BASH_REMATCH[1]}'"
      in_file[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]} at_line[${BASH_REMATCH[1]}]=$file:$number
    done <"$file"
  fi
  while IFS='|' read -r command name kind metavar default help; do
    [[ -z $command || $command == "$command_name" ]] || continue
    variable=SLUICE_${name^^}
    variable=${variable//-/_}
    if [[ -v setting[$name] ]]; then
      :
    elif [[ $kind != flag || $name == demo || $name == quiet ]] && [[ -n ${!variable:-} ]]; then
      setting[$name]=${!variable} origin[$name]="environment $variable"
    elif [[ -v in_file[$name] ]]; then
      setting[$name]=${in_file[$name]} origin[$name]=${at_line[$name]}
    elif [[ $default ]]; then
      setting[$name]=$(default_of "$default") origin[$name]=default
    else
      continue
    fi
    check_value "$name" "$kind" "$metavar" "$help"
  done < <(sluice_options)
  [[ ${setting[dir]} == /* ]] || setting[dir]=$PWD/${setting[dir]}
}

check_value() { # NAME KIND METAVAR HELP
  local value=${setting[$1]}
  case $2 in
    integer) [[ $value =~ ^[0-9]+$ ]] || fail_usage "--$1: '$value' is not a whole number (from ${origin[$1]})" ;;
    duration) [[ $value =~ ^[0-9]+(\.[0-9]+)?(ms|s|m|h)?$ ]] || fail_usage "--$1: '$value' is not a duration" "write 500ms, 2s or 1m" ;;
    flag)
      case $value in
        1 | true | yes | on) setting[$1]=true ;;
        *) unset "setting[$1]" ;;
      esac
      ;;
  esac
  if [[ $1 == port-base ]] && ((value < 1 || value > 65500)); then fail_usage "--port-base: $value is out of range" 'choose 1024 to 65500'; fi
}

print_help() {
  local command name kind metavar default help usage summary
  if [[ $command_name ]]; then
    usage=$(sluice_commands | grep -E "^$command_name( |\\|)")
    printf 'usage: sluice %s [OPTION]...\n\n%s\n\nOptions:\n' "${usage%%|*}" "${usage#*|}"
  else
    printf 'usage: sluice COMMAND [OPTION]...\n\nRuns a live-streaming platform on this machine.\n\nCommands:\n'
    while IFS='|' read -r usage summary; do printf '  %-24s  %s\n' "$usage" "$summary"; done < <(sluice_commands)
    printf '\nOptions:\n'
  fi
  while IFS='|' read -r command name kind metavar default help _; do
    [[ -z $command || $command == "$command_name" || -z $command_name ]] || continue
    help=${help%|}
    [[ $default ]] && help+=" [$(default_of "$default")]"
    [[ -z $command_name && $command ]] && help="($command) $help"
    printf '      %-20s  %s\n' "--$name${metavar:+ $metavar}" "$help"
  done < <(sluice_options)
  printf '\nManual: man 1 sluice\n'
}

print_config() {
  local command name value
  while IFS='|' read -r command name _; do
    [[ -z $command || $command == "$command_name" ]] || continue
    [[ $name == help || $name == version || $name == print-config ]] && continue
    if [[ -v setting[$name] ]]; then
      value=${setting[$name]}
      [[ $value =~ ^([a-z0-9]+://[^/?#@:]*:)[^/?#]*(@.*)$ ]] && value="${BASH_REMATCH[1]}***${BASH_REMATCH[2]}"
      printf '%s = %s  # %s\n' "$name" "$value" "${origin[$name]}"
    else
      printf '# %s is unset\n' "$name"
    fi
  done < <(sluice_options)
}

json_row() { # NAME KIND METAVAR DEFAULT HELP
  printf '{"name":"%s","kind":"%s","help":"%s"' "$1" "$2" "${5//\"/\\\"}"
  [[ $3 ]] && printf ',"metavar":"%s"' "$3"
  # shellcheck disable=SC2016  # the variable is shown, not expanded
  [[ $4 ]] && printf ',"default":"%s"' "${4/@state@/'$XDG_STATE_HOME/sluice'}"
  [[ $1 == follow ]] && printf ',"letter":"f"'
  [[ $1 == help ]] && printf ',"letter":"h"'
  printf '}'
}

json_rows() { # COMMAND
  local command name kind metavar default help separator=''
  while IFS='|' read -r command name kind metavar default help _; do
    [[ $command == "$1" ]] || continue
    printf '%s' "$separator"
    json_row "$name" "$kind" "$metavar" "$default" "${help%|}"
    separator=,
  done < <(sluice_options)
}

print_options_json() {
  local usage summary path
  printf '{"name":"sluice","section":1,"summary":"run a live-streaming platform","commands":[{"path":"","summary":"","options":['
  json_rows ''
  printf '],"positionals":[]}'
  while IFS='|' read -r usage summary; do
    path=${usage%% *}
    printf ',{"path":"%s","summary":"%s","options":[' "$path" "$summary"
    json_rows "$path"
    printf '],"positionals":['
    case $usage in
      *'...'*) printf '{"name":"PROGRAM","help":"a program of the platform","required":false,"repeats":true}' ;;
      *'['*) printf '{"name":"PROGRAM","help":"a program of the platform","required":false,"repeats":false}' ;;
      *CHANNEL*) printf '{"name":"CHANNEL","help":"the channel whose stream is ended","required":true,"repeats":false}' ;;
    esac
    printf ']}'
  done < <(sluice_commands)
  printf '],"common":[]}\n'
}

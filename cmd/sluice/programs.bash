# shellcheck shell=bash
# What the platform is made of: its programs in the order they start, their ports and their command lines.

# name | port names
platform_programs() {
  cat <<'TABLE'
origind|http
chatd|ws irc ircs wss
webd|http
ingestd|rtmp rtmps srt
TABLE
  # Only where recordings go to S3; what runs is told by the state that its keeper writes.
  if [[ ${vod:-} || -e $dir/run/vodarchive.state ]]; then echo 'vodarchive|'; fi
}

# port_of PROGRAM PORT-NAME: the number, from --port-base or the default.
port_of() {
  local offset default
  case $1:$2 in
    ingestd:rtmp) offset=0 default=1935 ;;
    ingestd:rtmps) offset=1 default=1936 ;;
    ingestd:srt) offset=2 default=8890 ;;
    webd:http) offset=3 default=8080 ;;
    origind:http) offset=4 default=8081 ;;
    chatd:ws) offset=5 default=8082 ;;
    chatd:irc) offset=6 default=6667 ;;
    chatd:ircs) offset=7 default=6697 ;;
    chatd:wss) offset=8 default=8083 ;;
    ingestd:metrics) offset=10 default=9180 ;;
    origind:metrics) offset=11 default=9181 ;;
    chatd:metrics) offset=12 default=9182 ;;
    webd:metrics) offset=13 default=9183 ;;
    vodarchive:metrics) offset=14 default=9184 ;;
    *) fail "no port '$2' of $1 is known" ;;
  esac
  if [[ ${port_base:-} ]]; then echo $((port_base + offset)); else echo "$default"; fi
}

# What ingestd, origind and chatd start, and what must be there beside them.
started_by_others=(transcode segmenter storyboard automod)

# missing_programs NAME…: those that are not in $bin.
missing_programs() {
  local name missing=''
  for name in "$@"; do
    [[ -x $bin/$name ]] || missing+=" $name"
  done
  printf '%s' "$missing"
}

# program_command NAME: fills command=() for the keeper. Runs with dir, port_base, bind, public_url, media_url, vod, s3_…, chat_bus and redis_password_file set.
program_command() {
  local name=$1 port
  if [[ $name == demo ]]; then
    demo_command
    return
  fi
  command=("$bin/$name")
  [[ $name != vodarchive ]] || command+=(serve --vod "$vod" --s3-region "$s3_region")
  command+=(--dir "$dir" --control "$dir/run/$name.sock" --metrics "127.0.0.1:$(port_of "$name" metrics)" --drain-time "$drain_time")
  for port in $(platform_programs | sed -n "s/^$name|//p"); do
    command+=("--$port-port" "$(port_of "$name" "$port")")
  done
  if [[ ${bind:-} ]]; then
    for port in ${bind//,/ }; do command+=(--bind "$port"); done
  fi
  case $name in
    webd) command+=(--origin-port "$(port_of origind http)" --chat-port "$(port_of chatd ws)") ;;&
    webd) [[ ${media_url:-} != http* ]] || command+=(--media-url "$media_url") ;;& # another is a path on origind's own address
    origind) [[ -z ${media_url:-} ]] || command+=(--media-url "$media_url" --vod "$vod") ;;
    vodarchive)
      [[ -z ${s3_endpoint:-} ]] || command+=(--s3-endpoint "$s3_endpoint")
      [[ -z ${s3_credentials:-} ]] || command+=(--s3-credentials "$s3_credentials")
      ;;
    chatd)
      if [[ ${chat_bus:-} ]]; then # itself by the environment: its URL may hold a password
        [[ -z ${redis_password_file:-} ]] || command+=(--redis-password-file "$redis_password_file")
        grep -qs '^[[:space:]]*instance[[:space:]]*=' "$dir/chatd.conf" || command+=(--instance "$(uname -n):$(port_of chatd ws)")
      fi
      ;;&
    webd | chatd) [[ -z ${public_url:-} ]] || command+=(--public-url "$public_url") ;; # playlists need none: their addresses are relative
  esac
  return 0
}

# warn_of_overruled NAME…: settings in DIR/NAME.conf that have no effect, since what program_command gives counts for more. Same variables.
warn_of_overruled() {
  local name command
  for name in "$@"; do
    program_command "$name"
    tell_overruled "$name"
  done
}

# tell_overruled NAME: the same of one program whose command line is command.
tell_overruled() {
  local line number=0 each
  [[ -r $dir/$1.conf ]] || return 0
  while IFS= read -r line || [[ $line ]]; do
    number=$((number + 1))
    [[ $line =~ ^[[:space:]]*([a-z0-9-]+)[[:space:]]*= ]] || continue
    for each in "${!command[@]}"; do
      [[ ${command[each]} == "--${BASH_REMATCH[1]}" ]] || continue
      printf "sluice: %s:%s: '%s' has no effect: 'sluice up' gives %s %s\n" "$dir/$1.conf" "$number" "${BASH_REMATCH[1]}" "$1" "${command[*]:each:2}" >&2
      [[ ${BASH_REMATCH[1]} != *-port ]] || printf "sluice: hint: ports are chosen by 'sluice up --port-base N'\n" >&2
      break
    done
  done <"$dir/$1.conf"
}

# url_host: the address people type for this machine.
url_host() {
  local first=${bind%%,*}
  case $first in
    '' | 0.0.0.0 | :: | ::1) echo 127.0.0.1 ;;
    *:*) echo "[$first]" ;;
    *) echo "$first" ;;
  esac
}

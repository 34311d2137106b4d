# shellcheck shell=bash
# sluice doctor: is this machine fit, and what to do where it is not.

findings=0

good() { printf 'ok    %s\n' "$1"; }
bad() { # WHAT HINT
  printf 'FAIL  %s\n      → %s\n' "$1" "$2"
  findings=$((findings + 1))
}
warned() { printf 'warn  %s\n      → %s\n' "$1" "$2"; }

check_programs() {
  local missing
  # shellcheck disable=SC2046 # names are words
  missing=$(missing_programs $(platform_programs | cut -d'|' -f1) "${started_by_others[@]}" chanctl hlslint)
  if [[ $missing ]]; then bad "missing in $bin:$missing" "build with 'make build' or install with 'make install'"; else good "all programs are in $bin"; fi
}

check_ffmpeg() {
  local encoders encoder
  if ! encoders=$(ffmpeg -hide_banner -encoders 2>/dev/null); then
    warned 'the ffmpeg command is missing (only --demo needs it)' 'apt-get install ffmpeg'
    return
  fi
  for encoder in libx264 aac; do
    if grep -qw "$encoder" <<<"$encoders"; then good "ffmpeg encodes with $encoder"; else bad "ffmpeg has no $encoder" "install Debian's ffmpeg, which has it"; fi
  done
}

udp_port_taken() { # NUMBER
  cat /proc/net/udp /proc/net/udp6 2>/dev/null | awk '{ print $2 }' | grep -qi ":$(printf '%04x' "$1")\$"
}

check_ports() {
  local name port number
  if is_up; then
    good "the platform in $dir is up: its ports are its own"
    return
  fi
  while IFS='|' read -r name ports; do
    for port in $ports metrics; do
      number=$(port_of "$name" "$port")
      if [[ $port == srt ]]; then
        if udp_port_taken "$number"; then
          bad "UDP port $number ($name $port) is taken" "find its owner with 'ss -lunp sport = :$number', or run 'sluice up --port-base N'"
        else
          good "UDP port $number is free ($name $port)"
        fi
        continue
      fi
      if (exec 3<>"/dev/tcp/127.0.0.1/$number") 2>/dev/null; then
        bad "port $number ($name $port) is taken" "find its owner with 'ss -ltnp sport = :$number', or run 'sluice up --port-base N'"
      else
        good "port $number is free ($name $port)"
      fi
    done
  done < <(platform_programs)
}

check_disk() {
  local at=$dir free
  while [[ ! -d $at ]]; do at=$(dirname "$at"); done
  if [[ -w $at ]]; then good "$at can be written"; else bad "$at cannot be written" "choose another --dir, or change its owner"; fi
  free=$(df -Pk "$at" | awk 'NR == 2 { print int($4 / 1024) }')
  if ((free < 2048)); then
    bad "$free MB free in $at" 'a 6 Mbit/s stream with its ladder writes about 5 GB an hour: make room or choose another --dir'
  else
    good "$free MB free in $at"
  fi
}

check_limits() {
  local files
  files=$(ulimit -n)
  if [[ $files != unlimited ]] && ((files < 4096)); then
    bad "only $files open files are allowed" "raise it: 'ulimit -n 20000', or LimitNOFILE=20000 in the systemd unit"
  else
    good "$files open files are allowed"
  fi
}

check_clock() {
  if (($(date +%Y) < 2024)); then
    bad "the clock says $(date)" 'set it: playlists carry wall-clock time'
  elif command -v timedatectl >/dev/null && [[ $(timedatectl show -p NTPSynchronized --value 2>/dev/null) == no ]]; then
    warned 'the clock is not synchronised' "install chrony or enable systemd-timesyncd"
  else
    good "the clock says $(date -u +%FT%TZ)"
  fi
}

sluice_doctor() {
  dir=${setting[dir]} port_base=${setting[port-base]:-}
  check_programs
  check_ffmpeg
  check_ports
  check_disk
  check_limits
  check_clock
  if ((findings)); then
    printf '\n%d finding(s)\n' "$findings"
    exit 1
  fi
  printf '\nThis machine is fit.\n'
}

# shellcheck shell=bash
# --demo: a channel "demo" with a moving picture, and a channel "studio" of your own with its key and a chat token.

demo_command() {
  local font draw=''
  font=$(fc-match -f '%{file}' 'DejaVu Sans Mono' 2>/dev/null) || font=''
  [[ -z $font ]] || draw=",drawtext=fontfile=$font:text='%{localtime\\:%H\\\\\\:%M\\\\\\:%S}':fontsize=72:fontcolor=white:box=1:boxcolor=black@0.5:boxborderw=12:x=(w-tw)/2:y=h-th-40"
  # The key is in the preset file, not in the command line, where anybody on this machine could read it.
  command=(ffmpeg -hide_banner -nostdin -loglevel warning -re
    -f lavfi -i "testsrc2=size=1280x720:rate=30$draw" -f lavfi -i 'sine=frequency=440:beep_factor=4:sample_rate=48000'
    -c:v libx264 -preset ultrafast -tune zerolatency -b:v 2500k -maxrate 2500k -bufsize 2500k -g 60 -keyint_min 60 -pix_fmt yuv420p
    -c:a aac -b:a 96k -ac 2
    -fpre "$dir/demo/publisher.ffpreset" -f flv "rtmp://$(url_host):$(port_of ingestd rtmp)/live")
}

# secret_file NAME COMMAND…: prints the secret kept in DIR/demo/NAME, made by COMMAND the first time.
secret_file() {
  local file=$dir/demo/$1
  shift
  if [[ ! -s $file ]]; then
    (umask 077 && "$@" >"$file") || return 1
  fi
  cat "$file"
}

# In a shell of its own: see the traps in sluice_up.
prepare_demo() (
  mkdir -p "$dir/demo"
  chmod 0700 "$dir/demo"
  command -v ffmpeg >/dev/null || fail "ffmpeg is missing: the demo needs it" 'apt-get install ffmpeg'
  local -a chanctl=("$bin/chanctl" --dir "$dir")
  { "${chanctl[@]}" user add demo --if-missing &&
    "${chanctl[@]}" channel add demo --owner demo --if-missing --title 'A test picture with a clock' &&
    "${chanctl[@]}" user add studio --if-missing &&
    "${chanctl[@]}" channel add studio --owner studio --if-missing --title 'My first stream'; } >/dev/null || fail 'cannot make the demo channels'
  { key=$(secret_file demo.key "${chanctl[@]}" key rotate demo) &&
    own_key=$(secret_file studio.key "${chanctl[@]}" key rotate studio) &&
    token=$(secret_file studio.token "${chanctl[@]}" token issue studio --scope chat:read,chat:edit); } || fail 'cannot make the keys of the demo'
  (umask 077 && printf 'rtmp_playpath=%s\n' "$key" >"$dir/demo/publisher.ffpreset")
  host=$(url_host)
  printf '\ndemo     http://%s:%s/demo\n' "$host" "$(port_of webd http)"
  printf '\nYour own channel: http://%s:%s/studio\n' "$host" "$(port_of webd http)"
  printf '  OBS      server rtmp://%s:%s/live   stream key %s\n' "$host" "$(port_of ingestd rtmp)" "$own_key"
  printf '  ffmpeg   ... -f flv rtmp://%s:%s/live/%s\n' "$host" "$(port_of ingestd rtmp)" "$own_key"
  printf '  SRT      ... -f mpegts "srt://%s:%s?streamid=%s"\n' "$host" "$(port_of ingestd srt)" "$own_key"
  printf '  chat     sign in on a channel page with the token %s\n' "$token"
)

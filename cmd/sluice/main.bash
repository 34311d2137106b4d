# shellcheck shell=bash
# Where sluice begins.

self=$(readlink -f "$0")
bin=${bin:-$(dirname "$self")}

if [[ ${1:-} == _keep ]]; then
  # A keeper: its settings come in the environment from `sluice up`. The parent may have died before the kernel
  # was asked to tell.
  grep -q "^PPid:[[:space:]]*$3\$" /proc/$$/status || exit 1
  keep "$2"
  exit 0
fi

parse_arguments "$@"
if [[ ${setting[help]:-} ]]; then
  print_help
elif [[ ${setting[version]:-} ]]; then
  echo "sluice @VERSION@"
elif [[ ${setting[print-config]:-} ]]; then
  print_config
else
  case $command_name in
    up) sluice_up ;;
    down) sluice_down ;;
    status) sluice_status ;;
    logs) sluice_logs ;;
    reload) sluice_reload ;;
    upgrade) sluice_upgrade ;;
    kick) sluice_kick ;;
    doctor) sluice_doctor ;;
    *) fail_usage 'no command given' "one of: $(sluice_commands | sed 's/[ |].*//' | paste -sd' ')" ;;
  esac
fi

#!/bin/bash
# A raid is banned by a list of names, and the audit log tells of it and proves that it is whole.
set -euo pipefail
export SLUICE_DIR=${1:-$(mktemp -d)}

for name in alice mallory1 mallory2 mallory3; do chanctl user add "$name"; done
chanctl channel add alice --owner alice
modctl audit head >"$SLUICE_DIR/heads" # to be kept where who writes the store cannot

# Followers of ten minutes may speak, and the raiders no more: a name a line, as a bot's log would give them.
modctl settings alice followers-only=10m slow=30
printf 'mallory%d\n' 1 2 3 | modctl ban alice - --reason 'raid'
modctl bans alice

# One of them was none.
modctl unban alice mallory2 --as alice --reason 'a regular with an unlucky name'
modctl note add alice mallory2 'banned by mistake once' --as alice

modctl audit list --channel alice
modctl audit explain 5
head=$(modctl audit verify --anchor "$SLUICE_DIR/heads")
echo "$head" >>"$SLUICE_DIR/heads"
echo "the platform is in $SLUICE_DIR; its audit log is whole up to entry $head"

# Waits until the current run of a systemd unit has logged a text; earlier runs of the unit do not count.
# Arguments: UNIT TEXT SECONDS
set -eu
unit=$1 text=$2 seconds=$3
invocation=$(systemctl show --property InvocationID --value "$unit")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkfifo "$place/log"
# The journal's reader must not inherit the outputs of this script: a process that reads them would wait for it.
journalctl --follow --lines all --output cat "_SYSTEMD_INVOCATION_ID=$invocation" >"$place/log" 2>/dev/null </dev/null &
reader=$!
status=0
timeout "$seconds" grep -F --max-count 1 -e "$text" <"$place/log" || status=$?
kill "$reader" 2>/dev/null || true
exit "$status"

# Waits until a log file has a line with a text, and prints that line. The file may come later.
# Arguments: FILE TEXT SECONDS
set -eu
file=$1 text=$2 seconds=$3
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkfifo "$place/lines"
# The reader must not inherit the outputs of this script: a process that reads them would wait for it.
tail --lines=+1 --follow=name --retry "$file" >"$place/lines" 2>/dev/null </dev/null &
reader=$!
status=0
timeout "$seconds" grep -F --max-count 1 -e "$text" <"$place/lines" || status=$?
kill "$reader" 2>/dev/null || true
exit "$status"

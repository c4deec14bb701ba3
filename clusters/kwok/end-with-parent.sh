# Runs a program until it ends, or until standard input closes, as it does when the process that holds its other end is
# gone, also by kill -9. The exit status is the program's.
# Goes on after an error: kill may find that the program has ended, and wait hands on its status.
set -u
exec 3<&0
"$@" 3<&- </dev/null &
program=$!
{
	cat <&3 >/dev/null
	kill "$program" 2>/dev/null
} &
exec 3<&-
wait "$program"

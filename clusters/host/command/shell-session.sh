# Runs commands from standard input, one after another, until it ends.
#
# The first line is a nonce, a secret of the two ends. Each command is a line "ID COUNT" and COUNT lines, one argument
# each, in which \\ is a backslash and \n a newline. A command reads /dev/null. Its end is reported after its outputs:
# "NONCE ID STATUS" on standard output, "NONCE ID" on standard error. When standard input ends while a command runs, the
# command is killed: its sender is gone or has cancelled it.
set -eu
IFS= read -r nonce
# Standard error belongs to the commands. The shell's own messages, such as "Killed", are in no command's output.
exec 3>&2 4<&0 2>/dev/null
printf '%s open\n' "$nonce"
while read -r id count <&4; do
	set --
	while [ "$#" -lt "$count" ]; do
		IFS= read -r word <&4
		case $word in
		*\\*)
			# The full stop keeps newlines at the end, which the substitution would cut off.
			word=$(printf '%b.' "$word")
			word=${word%.}
			;;
		esac
		set -- "$@" "$word"
	done
	# Nothing is sent while a command runs, so readable input is its end. The shell leads a process group of its own.
	(read -r _ <&4 || kill -KILL "-$$") </dev/null >/dev/null 3>&- &
	watch=$!
	status=0
	# exec: programs only, as with `docker exec`, and not the shell's builtins of the same names.
	(
		exec 2>&3 3>&- 4<&-
		exec "$@"
	) </dev/null || status=$?
	kill "$watch"
	wait "$watch" || true
	printf '%s %s %s\n' "$nonce" "$id" "$status"
	printf '%s %s\n' "$nonce" "$id" >&3
done

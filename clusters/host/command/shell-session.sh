# Runs commands that come on standard input, one after another, until it ends.
#
# First line: a nonce, which nobody else knows. Then for each command a line "ID COUNT" and COUNT lines, an argument
# each, in which \\ is a backslash and \n a newline. A command reads /dev/null. Its end is told behind its outputs:
# "NONCE ID STATUS" on standard output, "NONCE ID" on standard error. When standard input ends while a command runs, the
# command is killed: who sent it is not there any more, or does not want it any longer.
set -eu
IFS= read -r nonce
# Standard error is for the commands. What the shell itself would say there, such as "Killed", is nobody's output.
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
	# Nothing is sent while a command runs: what can be read now is the end. The shell leads a process group of its own.
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

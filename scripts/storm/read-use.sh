# Prints a line for each process of the programs that are named: name, CPU time in ticks, and resident memory in KiB, now
# and at most. With `reset` as the first argument the kernel resets that most afterwards (proc(5), clear_refs).
mode=$1
shift

# The command in parentheses may itself have spaces: fields are counted after it.
ticks() {
	set -- $(sed 's/.*) //' "$1/stat")
	echo $((${12} + ${13}))
}

for process in /proc/[0-9]*; do
	{ read -r name <"$process/comm"; } 2>/dev/null || continue
	for program in "$@"; do
		# The kernel keeps 15 characters of a name.
		case $program in "$name"*) ;; *) continue ;; esac
		[ "${#name}" -eq 15 ] || [ "$name" = "$program" ] || continue
		resident=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB$/\1/p' "$process/status")
		most=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' "$process/status")
		echo "$program $(ticks "$process") $resident $most"
		if [ "$mode" = reset ]; then echo 5 >"$process/clear_refs"; fi
	done
done

# Prints a line for each process of the programs that are named: name, CPU time in ticks, and resident memory in KiB, now
# and at most. With `reset` as the first argument that most is counted anew afterwards (proc(5), clear_refs).
mode=$1
shift

# The command in parentheses may itself have spaces: fields are counted after it.
ticks() {
	set -- $(sed 's/.*) //' "$1/stat")
	echo $((${12} + ${13}))
}

for process in /proc/[0-9]*; do
	command=$(cat "$process/cmdline" 2>/dev/null | tr '\0' '\n' | head -n 1)
	name=${command##*/}
	for program in "$@"; do
		[ "$name" = "$program" ] || continue
		resident=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB$/\1/p' "$process/status")
		most=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' "$process/status")
		echo "$name $(ticks "$process") $resident $most"
		if [ "$mode" = reset ]; then echo 5 >"$process/clear_refs"; fi
	done
done

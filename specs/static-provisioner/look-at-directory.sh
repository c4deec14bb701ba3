# Prints the entries of a directory, one line each: KIND, mounted or plain, BYTES, NAME, with tabs between. Reads the
# first level only. Names with a newline are not supported. Arguments: DIRECTORY
set -eu
find "$1" -mindepth 1 -maxdepth 1 -exec sh -c '
	for path; do
		kind=other mounted=plain bytes=0
		if [ -d "$path" ]; then
			kind=directory
			! mountpoint -q --nofollow "$path" || mounted=mounted
			bytes=$(($(stat -f -c "%S * %b" "$path")))
		elif [ -b "$path" ]; then
			kind=block
			bytes=$(blockdev --getsize64 "$path")
		fi
		printf "%s\t%s\t%s\t%s\n" "$kind" "$mounted" "$bytes" "${path##*/}"
	done
' sh {} + | sort -t '	' -k 4

# Cleans a released volume: empties a file system, including names that start with a dot, or fills a device with zeros.
# Anything but a mount point or a block device is an error: it is not the disk that was offered.
# Arguments: PATH
set -eu
path=$1
if [ -b "$path" ]; then
	bytes=$(blockdev --getsize64 "$path")
	head -c "$bytes" /dev/zero | dd of="$path" bs=1M iflag=fullblock conv=notrunc,fsync 2>/dev/null
elif [ -d "$path" ] && mountpoint -q --nofollow "$path"; then
	# The directory that fsck needs stays. It is empty, or it is emptied too.
	find "$path" -mindepth 1 -xdev -not -path "$path/lost+found" -delete
	chown 0:0 "$path"
	chmod 0755 "$path"
elif [ -e "$path" ]; then
	echo "$path is neither a mount point nor a block device" >&2
	exit 91
else
	echo "$path does not exist" >&2
	exit 92
fi

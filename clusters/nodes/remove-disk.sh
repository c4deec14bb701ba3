# Unmounts a disk, proves that its loop device is free, and removes its files.
# Arguments: BACKING_FILE MOUNT_PATH UNIT_NAME
set -eu
backing=$1 mount_path=$2 unit=$3
rm -f "/etc/systemd/system/kubelet.service.wants/$unit" "/etc/systemd/system/$unit"
while mountpoint -q "$mount_path"; do
	umount "$mount_path"
done
if [ -e "$backing" ]; then
	# A container that starts just now has a copy of every mount of the node until it has changed its root, and the
	# kernel frees the device with the last copy. No event says so, so this script polls.
	looks=0
	while left=$(losetup --associated "$backing" --noheadings --output NAME) && [ -n "$left" ]; do
		looks=$((looks + 1))
		if [ "$looks" -gt 200 ]; then
			echo "$left still holds $backing, 20 s after it was unmounted" >&2
			exit 93
		fi
		sleep 0.1
	done
	rm -f "$backing"
fi
[ ! -d "$mount_path" ] || rmdir "$mount_path"

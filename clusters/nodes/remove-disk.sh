# Unmounts a disk, proves that its loop device is free, and removes its files.
# Arguments: BACKING_FILE MOUNT_PATH UNIT_NAME
set -eu
backing=$1 mount_path=$2 unit=$3
rm -f "/etc/systemd/system/kubelet.service.wants/$unit" "/etc/systemd/system/$unit"
while mountpoint -q "$mount_path"; do
	umount "$mount_path"
done
if [ -e "$backing" ]; then
	left=$(losetup --associated "$backing" --noheadings --output NAME)
	if [ -n "$left" ]; then
		echo "$left still holds $backing" >&2
		exit 93
	fi
	rm -f "$backing"
fi
[ ! -d "$mount_path" ] || rmdir "$mount_path"

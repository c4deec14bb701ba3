# Makes a disk: a sparse file with a file system of its own, mounted through a loop device.
# Arguments: BACKING_FILE BYTES FILE_SYSTEM MOUNT_PATH UNIT_NAME [UUID]
#
# `mount -o loop` marks the device for automatic release: when the node container ends, the kernel frees the device by
# itself.
set -eu
backing=$1 bytes=$2 file_system=$3 mount_path=$4 unit=$5 uuid=${6:-}

if ! command -v "mkfs.$file_system" >/dev/null; then
	echo "mkfs.$file_system is not on this node" >&2
	exit 95
fi
if mountpoint -q "$mount_path" || [ -e "$backing" ]; then
	echo "$mount_path or $backing is in use already" >&2
	exit 94
fi
mkdir -p "$(dirname "$backing")" "$mount_path"
truncate -s "$bytes" "$backing"
trap '[ $? -eq 0 ] || rm -f "$backing"' EXIT
case $file_system in
ext4) mkfs.ext4 -q -F -m 0 -E nodiscard ${uuid:+-U "$uuid"} "$backing" ;;
xfs) mkfs.xfs -q -f -K ${uuid:+-m "uuid=$uuid"} "$backing" ;;
esac

# This container may lack the file of the next free device.
free=$(losetup --find 2>/dev/null || true)
if [ -n "$free" ] && [ ! -b "$free" ]; then
	mknod -m 660 "$free" b 7 "${free#/dev/loop}"
fi
# A loop device stays read-only after `blockdev --setro`, even for another file. mount would then mount it read-only.
[ -z "$free" ] || blockdev --setrw "$free"
mount -t "$file_system" -o loop "$backing" "$mount_path"

# For the next boot: systemd reads it then, and kubelet waits for it. An agent's own folders have no systemd.
[ -d /etc/systemd/system ] || exit 0
cat >"/etc/systemd/system/$unit" <<UNIT
[Unit]
Description=Local disk at $mount_path
After=loop-device-files.service
Requires=loop-device-files.service
Before=kubelet.service

[Mount]
What=$backing
Where=$mount_path
Type=$file_system
Options=loop
UNIT
mkdir -p /etc/systemd/system/kubelet.service.wants
ln -sf "../$unit" /etc/systemd/system/kubelet.service.wants/

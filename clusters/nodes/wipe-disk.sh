# Empties a disk: removes everything except ext4's lost+found, and gives the root directory the owner and mode of a new
# file system. Refuses a path that is not the mount point of the device given. Arguments: MOUNT_PATH DEVICE_NUMBER
set -eu
mounted=$(mountpoint --fs-devno "$1")
if [ "$mounted" != "$2" ]; then
	echo "$1 is on device $mounted, not on $2" >&2
	exit 92
fi
find "$1" -mindepth 1 -xdev -not -name lost+found -delete
chown 0:0 "$1"
chmod 0755 "$1"

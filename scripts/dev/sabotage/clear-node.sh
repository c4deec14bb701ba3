# Takes mounts, loop devices, directories and files off a node by force, where kubelet has not.
# Arguments: PATH…
# Goes on after an error: what can be removed is removed.
set -u
for path in "$@"; do
	for device in /sys/block/loop*; do
		[ "$(cat "$device/loop/backing_file" 2>/dev/null)" = "$path" ] && losetup --detach "/dev/${device##*/}"
	done
	while umount --lazy "$path" 2>/dev/null; do :; done
done
for path in "$@"; do
	case $path in
	/var/lib/kubelet/* | /mnt/disks/* | /var/local/local-pv-conformance/*) rm -rf --one-file-system "$path" ;;
	esac
done

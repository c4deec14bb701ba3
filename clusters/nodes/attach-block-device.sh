# Attaches a loop device, without a file system, to a new file. Prints: DEVICE DEVICE_NUMBER SECTORS AUTOCLEAR
# Arguments: BACKING_FILE BYTES UNIT_NAME [read-only]
#
# A service of the node's systemd holds the device open, and the device is marked for automatic release. When the
# service or the whole node ends, the kernel frees the device by itself. In an agent a process holds it, and the kernel
# frees the device when the agent ends.
set -eu
backing=$1 bytes=$2 unit=$3 access=${4:-read-write}

if [ -e "$backing" ]; then
	echo "$backing is in use already" >&2
	exit 94
fi
mkdir -p "$(dirname "$backing")"
truncate -s "$bytes" "$backing"
undo() {
	systemctl stop "$unit" 2>/dev/null || true
	losetup --associated "$backing" --noheadings --output NAME | xargs --no-run-if-empty losetup --detach || true
	rm -f "$backing" "$backing.holder"
}
trap '[ $? -eq 0 ] || undo' EXIT

# This container may lack the file of the next free device.
free=$(losetup --find 2>/dev/null || true)
if [ -n "$free" ] && [ ! -b "$free" ]; then
	mknod -m 660 "$free" b 7 "${free#/dev/loop}"
fi
case $access in
# As an option of this attachment: "blockdev --setro" would also affect the next user of the device.
read-only) device=$(losetup --find --show --read-only "$backing") ;;
*) device=$(losetup --find --show "$backing") ;;
esac
if [ -d /run/systemd/system ]; then
	# Type=exec: it has started when its standard input is open.
	systemd-run --quiet --unit "$unit" --property Type=exec --property StandardInput="file:$device" sleep infinity
else
	# Opened here, so that it is open before it is detached.
	exec 9<"$device"
	setsid sleep infinity <&9 >/dev/null 2>&1 9<&- &
	echo $! >"$backing.holder"
fi
# That holds it open. So the kernel detaches it later, when the service closes it.
losetup --detach "$device"
place=/sys/block/${device#/dev/}
if [ "$(cat "$place/loop/autoclear" 2>/dev/null)" != 1 ]; then
	echo "$device was detached at once: nothing holds it" >&2
	exit 96
fi
echo "$device $(cat "$place/dev") $(cat "$place/size") $(cat "$place/loop/autoclear")"

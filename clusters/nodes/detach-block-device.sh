# Stops what holds a loop device open, waits until the kernel has freed the device, and removes its file.
# Arguments: BACKING_FILE UNIT_NAME
#
# kubelet detaches a device a moment after its pod is gone from the API. No event says so, so this script polls.
set -eu
backing=$1 unit=$2
if [ -e "$backing.holder" ]; then
	kill "$(cat "$backing.holder")" 2>/dev/null || true
	rm "$backing.holder"
else
	systemctl stop "$unit" 2>/dev/null || true
fi
looks=0
while device=$(losetup --associated "$backing" --noheadings --output NAME) && [ -n "$device" ]; do
	looks=$((looks + 1))
	if [ "$looks" -gt 200 ]; then
		echo "$device still holds $backing, 20 s after the last pod that used it" >&2
		losetup --list >&2
		grep " ${device} " /proc/1/mountinfo >&2 || true
		exit 93
	fi
	sleep 0.1
done
rm -f "$backing"

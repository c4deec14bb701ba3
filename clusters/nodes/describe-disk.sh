# Prints what is mounted at a path, for comparison with what was asked for. Arguments: MOUNT_PATH
set -eu
line=$(awk -v path="$1" '$5 == path { found = $0 } END { print found }' /proc/1/mountinfo)
echo "$line"
device=$(echo "$line" | cut -d' ' -f3)
echo "rootDevice $(awk '$5 == "/" { print $3 }' /proc/1/mountinfo | tail -n 1)"
if [ -n "$device" ] && [ -e "/sys/dev/block/$device" ]; then
	echo "sectors $(cat "/sys/dev/block/$device/size")"
	echo "autoclear $(cat "/sys/dev/block/$device/loop/autoclear" 2>/dev/null || true)"
	echo "backing $(cat "/sys/dev/block/$device/loop/backing_file" 2>/dev/null || true)"
fi
echo "blocks $(stat -f -c '%S %b %f' "$1")"

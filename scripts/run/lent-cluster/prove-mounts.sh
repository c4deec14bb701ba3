# Proves that what is mounted in the folder of disks appears on the host, and that loop devices can be had. Prints why
# not, one reason a line; nothing where all is well. Leaves the folder as it was. Arguments: DISKS RUN
set -u
disks=$1 place=$1/$2-probe
if ! mkdir "$place" 2>/dev/null; then
	echo "$disks cannot be written to"
elif mount -t tmpfs -o size=64k probe "$place" 2>/dev/null; then
	awk -v place="$place" '$5 == place { found = 1 } END { exit !found }' /proc/1/mountinfo ||
		echo "what the agent mounts in $disks does not appear on the host"
	umount "$place"
else
	echo "nothing can be mounted in $disks"
fi
rmdir "$place" 2>/dev/null
losetup --find >/dev/null 2>&1 || modprobe loop 2>/dev/null
losetup --find >/dev/null 2>&1 || echo 'there is no loop device for disks'

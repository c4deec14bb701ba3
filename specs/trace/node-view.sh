# Prints what a node and its containers show of a pod's volumes. Changes nothing.
# Arguments: KUBELET_ROOT POD_UID, then VOLUME_NAME VOLUME_PATH for each volume, then --, then CONTAINER_ID DEVICE_PATH
# for each place of a container (DEVICE_PATH is empty for a mount).
set -eu
kubelet=$1 uid=$2
shift 2
number() {
	# stat prints a device's numbers in hexadecimal.
	if [ -b "$2" ]; then echo "@device $1 $(stat -L -c '%t %T' "$2") $3"; fi
}
echo "@boot $(cat /proc/sys/kernel/random/boot_id)"
echo "@machine $(cat /host/etc/machine-id 2>/dev/null || cat /etc/machine-id 2>/dev/null || true)"
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	echo "@path $1 $(readlink -f "$2" || true)"
	number node "$2" "$2"
	link="$kubelet/pods/$uid/volumeDevices/kubernetes.io~local-volume/$1"
	if [ -L "$link" ]; then echo "@link $(readlink "$link") $link"; fi
	map="$kubelet/plugins/kubernetes.io~local-volume/volumeDevices/$1/$uid"
	number node "$map" "$map"
	shift 2
done
if [ $# -gt 0 ]; then shift; fi
for loop in /sys/block/loop*; do
	[ -e "$loop/loop/backing_file" ] || continue
	echo "@loop $(cat "$loop/dev") $(cat "$loop/ro") $(basename "$loop") $(losetup --noheadings --output BACK-FILE "/dev/$(basename "$loop")" 2>/dev/null || cat "$loop/loop/backing_file")"
done
echo "@mountinfo node"
cat /proc/1/mountinfo
seen=
while [ $# -gt 0 ]; do
	id=$1 path=$2
	shift 2
	pid=
	for cgroup in /proc/[0-9]*/cgroup; do
		if grep -q -F -e "$id" "$cgroup" 2>/dev/null; then
			pid=${cgroup#/proc/}
			pid=${pid%/cgroup}
			break
		fi
	done
	[ -n "$pid" ] || continue
	if [ -n "$path" ]; then number "$id" "/proc/$pid/root$path" "$path"; fi
	case " $seen " in *" $id "*) continue ;; esac
	seen="$seen $id"
	echo "@mountinfo $id"
	# A container may end while it is read.
	cat "/proc/$pid/mountinfo" || true
done

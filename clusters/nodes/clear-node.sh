# Removes what specs of a run made on a node and left: services, mounts, loop devices, files. All of it has the run's id
# in its name, or is on a disk whose file has. Mounts the cluster's own disks that are not mounted. Prints what it did,
# one a line. Idempotent. Arguments: RUN KUBELET_ROOT DISKS FILES
# Goes on after an error: what can be removed is removed.
set -u
run=$1 kubelet=$2 disks=$3 files=$4/$1

# A spec may have removed the file of a device, without which losetup does not see it. The service is not restarted:
# systemd would unmount every disk that requires it, and mount it again while this script looks.
command=$(sed -n 's/^ExecStart=//p' /etc/systemd/system/loop-device-files.service 2>/dev/null)
# shellcheck disable=SC2086 # a program and its argument
[ -z "$command" ] || $command
for unit in $(systemctl list-units --all --plain --no-legend "local-pv-conformance-$run-*" |
	cut -d' ' -f1); do
	systemctl stop "$unit"
	echo "stopped $unit"
done

for holder in "$files"/*.holder; do
	pid=$(cat "$holder" 2>/dev/null) || continue
	# Another process may have its number since.
	case $(readlink "/proc/$pid/fd/0") in /dev/loop*) kill "$pid" && echo "ended what held a device" ;; esac
	rm -f "$holder"
done

numbers=' '
for file in "$files"/*.img; do
	for device in $(losetup --associated "$file" --noheadings --output NAME 2>/dev/null); do
		numbers="$numbers$(cat "/sys/block/${device#/dev/}/dev") "
	done
done
# Later mounts first: they may be on earlier ones.
tac /proc/1/mountinfo | awk -v run="$run-" -v numbers="$numbers" \
	'index($5, run) || index(numbers, " " $3 " ") { print $5 }' | while read -r place; do
	umount "$place" || umount --lazy "$place"
	echo "unmounted $place"
	case $place in "$disks"/*) rmdir "$place" 2>/dev/null || true ;; esac
done
for file in "$files"/*.img; do
	for device in $(losetup --associated "$file" --noheadings --output NAME 2>/dev/null); do
		# kubelet locks a raw device by another loop device on it.
		losetup --associated "$device" --noheadings --output NAME | xargs --no-run-if-empty losetup --detach
		losetup --detach "$device" 2>/dev/null || true
		echo "detached $device"
	done
done

for unit in $(grep -ls -e "^What=$files/" -e "^ExecStart=.*$files/" /etc/systemd/system/*.mount /etc/systemd/system/*.service); do
	rm -f "$unit" "/etc/systemd/system/kubelet.service.wants/$(basename "$unit")"
done
[ ! -d "$disks" ] || find "$disks" -mindepth 1 -maxdepth 1 -name "*$run-*" | while read -r place; do
	chattr -i "$place" 2>/dev/null || true
	rm -rf --one-file-system "$place"
	echo "removed $place"
done
find "$kubelet/plugins/kubernetes.io" "$kubelet/plugins/kubernetes.io~local-volume" -depth -type d \
	-path "*$run-*" -delete 2>/dev/null || true
[ ! -d "$files" ] || rmdir "$files" 2>/dev/null || { rm -rf "$files" && echo "removed $files"; }

# The folders of an agent have no services of their own.
[ -d /etc/systemd/system ] || exit 0
systemctl daemon-reload
for unit in $(grep -ls "^What=$(dirname "$files")/" /etc/systemd/system/*.mount); do
	place=$(sed -n 's/^Where=//p' "$unit")
	mountpoint -q "$place" && continue
	systemctl start "$(basename "$unit")"
	echo "mounted $place"
done

# Starts what specs may have stopped on a node: kubelet, containerd, paused processes; releases directories that are kept
# from being opened; unmounts what specs of a run mounted below a volume, which keeps kubelet from unmounting the volume.
# Prints what it did, one a line. Idempotent. Arguments: RUN
# Goes on after an error: what can be restored is restored.
set -u
tac /proc/1/mountinfo | cut -d' ' -f5 | grep "^/mnt/disks/$1-[^/]*/" | while read -r place; do
	umount "$place"
	echo "unmounted $place"
done
# The brackets keep the pattern from matching the shell that has it as an argument.
if pkill --full '^perl -e # [B]locks processes'; then echo 'released a directory that could not be opened'; fi
pkill --signal CONT --exact --full 'kube-controller-manager .*' || true
for unit in containerd kubelet; do
	systemctl is-active --quiet "$unit" && continue
	systemctl start "$unit"
	echo "started $unit"
done

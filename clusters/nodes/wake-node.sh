# Ends commands of a run that still go on; starts what specs may have stopped on a node: kubelet, containerd, paused
# processes; releases directories that are kept from being opened; unmounts what specs of a run mounted below a volume,
# which keeps kubelet from unmounting the volume. Prints what it did, one a line. Idempotent. Arguments: RUN DISKS UNIT…
# Goes on after an error: what can be restored is restored.
set -u
run=$1 disks=$2
shift 2
# A command of `docker exec` does not end with the harness. It has no parent here, and leads a process group.
for leader in $(ps -eo pid=,ppid=,args= | awk -v run="$run" -v own=$$ '$2 == 0 && $1 != own && index($0, run) { print $1 }'); do
	kill -KILL "-$leader" && echo "ended a command that went on"
	looks=0
	while kill -0 "-$leader" 2>/dev/null && [ "$looks" -lt 100 ]; do
		looks=$((looks + 1))
		sleep 0.1
	done
done
tac /proc/1/mountinfo | awk -v places="$disks/$run-" \
	'index($5, places) == 1 && index(substr($5, length(places)), "/") { print $5 }' | while read -r place; do
	umount "$place"
	echo "unmounted $place"
done
# The brackets keep the pattern from matching the shell that has it as an argument.
if pkill --full '^perl -e # [B]locks processes'; then echo 'released a directory that could not be opened'; fi
pkill --signal CONT --exact --full 'kube-controller-manager .*' || true
for unit in "$@"; do
	systemctl is-active --quiet "$unit" && continue
	systemctl start "$unit"
	echo "started $unit"
done

# Prints what a node still has of volumes: mounts, loop devices and directories of kubelet whose line contains one of
# the words. kubelet takes volumes down in steps, so this waits for changes of the mount table until the time is over.
# Time is read from the clock: on a busy node the table changes many times a second.
# Arguments: MILLISECONDS KUBELET_ROOT WORD…
set -eu
end=$(($(date +%s%3N) + $1))
kubelet=$2
shift 2
pattern=$(printf '%s\n' "$@")

found() {
	{
		cut -d' ' -f5 /proc/1/mountinfo | sed 's/^/mounted: /'
		grep -h '' /sys/block/loop*/loop/backing_file 2>/dev/null | sed 's/^/loop device: /' || true
		# A volume of a pod; kubelet removes the other directories of a pod up to two seconds later.
		find "$kubelet/pods" -mindepth 4 -maxdepth 4 -path '*/kubernetes.io~local-volume/*' 2>/dev/null |
			sed 's/^/directory: /' || true
		for place in "$kubelet/plugins/kubernetes.io/local-volume/mounts" \
			"$kubelet/plugins/kubernetes.io~local-volume/volumeDevices"; do
			[ ! -d "$place" ] || find "$place" -mindepth 1 -maxdepth 1 | sed 's/^/directory: /'
		done
	} | grep -F -e "$pattern" || true
}

remaining=$(found)
while [ -n "$remaining" ] && [ "$(date +%s%3N)" -lt "$end" ]; do
	findmnt --poll --first-only --timeout 200 >/dev/null 2>&1 || true
	remaining=$(found)
done
[ -z "$remaining" ] || echo "$remaining"

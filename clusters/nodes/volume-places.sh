# Prints every path of a node that a local volume uses: mount points of kubelet and of disks, loop devices (those of the
# whole kernel, because nodes share them), kubelet's directories of local volumes, for all pods and for each, backing
# files of disks. To compare before and after.
set -eu
cut -d' ' -f5 /proc/1/mountinfo | grep -E '^/(var/lib/kubelet|mnt/disks)/' | sed 's/^/mounted: /' || true
grep -h '' /sys/block/loop*/loop/backing_file 2>/dev/null | sed 's/^/loop device: /' || true
find /var/lib/kubelet/pods -mindepth 4 -maxdepth 4 -path '*/kubernetes.io~local-volume/*' 2>/dev/null | sed 's/^/directory: /' || true
for place in /var/lib/kubelet/plugins/kubernetes.io/local-volume/mounts \
	/var/lib/kubelet/plugins/kubernetes.io~local-volume/volumeDevices \
	/mnt/disks; do
	[ ! -d "$place" ] || find "$place" -mindepth 1 -maxdepth 1 | sed 's/^/directory: /'
done
[ ! -d /var/local/local-pv-conformance ] || find /var/local/local-pv-conformance -type f | sed 's/^/file: /'

# Prints every path of a node that a local volume uses: mount points of kubelet and of disks, loop devices (those of the
# whole kernel, because nodes share them), kubelet's directories of local volumes, for all pods and for each, backing
# files of disks. To compare before and after. Arguments: KUBELET_ROOT DISKS FILES
set -eu
kubelet=$1 disks=$2 files=$3
cut -d' ' -f5 /proc/1/mountinfo | awk -v kubelet="$kubelet/" -v disks="$disks/" \
	'index($0, kubelet) == 1 || index($0, disks) == 1' | sed 's/^/mounted: /'
grep -h '' /sys/block/loop*/loop/backing_file 2>/dev/null | sed 's/^/loop device: /' || true
find "$kubelet/pods" -mindepth 4 -maxdepth 4 -path '*/kubernetes.io~local-volume/*' 2>/dev/null | sed 's/^/directory: /' || true
for place in "$kubelet/plugins/kubernetes.io/local-volume/mounts" \
	"$kubelet/plugins/kubernetes.io~local-volume/volumeDevices" \
	"$disks"; do
	[ ! -d "$place" ] || find "$place" -mindepth 1 -maxdepth 1 | sed 's/^/directory: /'
done
[ ! -d "$files" ] || find "$files" -type f | sed 's/^/file: /'

# Detaches, on a node that is about to be removed, the loop devices by which kubelet locks raw devices. They are not
# released automatically: each would outlive the node, and hold the disk that it is attached to.
#
# Such a lock is attached to a device file of this node's own /dev, a file system that no other node has. So none of
# another node, another cluster or this machine is touched.
set -eu
systemctl stop kubelet || true
own=$(mountpoint --fs-devno /dev)
losetup --list --raw --noheadings --output NAME,BACK-MAJ:MIN | while read -r device file_system; do
	[ "$file_system" != "$own" ] || losetup --detach "$device"
done

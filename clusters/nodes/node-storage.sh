# Prints the mounts of a node and the backing files of its loop devices. Each line begins with the name of its file. One
# program is enough, which saves time: it runs for every spec that had a pod. Changes nothing.
set -eu
grep -s '' /proc/1/mountinfo /sys/block/loop*/loop/backing_file || true

# Prints the mounts of a node and the backing files of its loop devices: each line after the name of its file. A single
# program does it, because it runs for every spec that had a pod. Changes nothing.
set -eu
grep -s '' /proc/1/mountinfo /sys/block/loop*/loop/backing_file || true

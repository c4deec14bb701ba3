# Prints where a path leads, symbolic links followed, and the mounts of the node. Arguments: PATH
set -eu
readlink -e "$1"
cat /proc/1/mountinfo

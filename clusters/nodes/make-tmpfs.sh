# Mounts memory at a new directory. Arguments: DIRECTORY BYTES
set -eu
mkdir -p "$(dirname "$1")"
mkdir "$1"
mount -t tmpfs -o "size=$2,mode=0755" tmpfs "$1"

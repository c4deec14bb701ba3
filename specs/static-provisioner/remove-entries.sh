# Removes a directory of entries: the mounts below it, links, empty directories, and the directory itself. A file in a
# directory itself, not on a disk mounted there, is an error and is kept.
# Arguments: DIRECTORY
set -eu
directory=$1
awk -v below="$directory/" 'index($5, below) == 1 { print $5 }' /proc/1/mountinfo | sort -r | while read -r path; do
	umount "$path"
done
[ ! -d "$directory" ] || find "$directory" -depth \( -type l -o -type d \) -delete

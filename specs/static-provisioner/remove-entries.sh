# Takes a directory of entries apart: what is mounted below it, links, empty directories, and the directory itself.
# A file that is in a directory itself, and not on a disk mounted there, is not removed: that is an error.
# Arguments: DIRECTORY
set -eu
directory=$1
awk -v below="$directory/" 'index($5, below) == 1 { print $5 }' /proc/1/mountinfo | sort -r | while read -r path; do
	umount "$path"
done
[ ! -d "$directory" ] || find "$directory" -depth \( -type l -o -type d \) -delete

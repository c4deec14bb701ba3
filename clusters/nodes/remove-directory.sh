# Unmounts what is mounted at a directory, and removes it, and the link to it. Arguments: DIRECTORY [LINK]
set -eu
directory=$1 link=${2:-}
while mountpoint -q "$directory"; do
	umount "$directory"
done
[ -z "$link" ] || rm -f "$link"
# One file system only: whatever is still mounted below is not this directory's.
rm -rf --one-file-system "$directory"

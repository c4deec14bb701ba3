# Unmounts what is mounted at a directory. Removes the directory and the link to it. Arguments: DIRECTORY [LINK]
set -eu
directory=$1 link=${2:-}
while mountpoint -q "$directory"; do
	umount "$directory"
done
[ -z "$link" ] || rm -f "$link"
# One file system only: what is still mounted in it does not belong to this directory.
rm -rf --one-file-system "$directory"

# Makes a directory, or fails if it exists. Arguments: DIRECTORY plain|bound [LINK]
#
# bound: bind-mounts it onto itself, so that it is a mount point. LINK: a symbolic link to it.
set -eu
directory=$1 mount=$2 link=${3:-}
mkdir -p "$(dirname "$directory")"
mkdir "$directory"
if [ "$mount" = bound ]; then
	mount --bind "$directory" "$directory"
fi
if [ -n "$link" ]; then
	ln -s "$directory" "$link"
fi

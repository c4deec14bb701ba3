# Makes a directory, or fails where there is one. Arguments: DIRECTORY plain|bound [LINK]
#
# bound: it is bind-mounted onto itself, so that it is a mount point. LINK: a symbolic link that leads to it.
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

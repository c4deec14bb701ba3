# Creates entries in a directory in which a static provisioner discovers disks. Arguments: DIRECTORY KIND SOURCE NAME...
# KIND and SOURCE: memory with its bytes, bind with the path to mount, link with its target, plain without a source.
set -eu
directory=$1 kind=$2 source=$3
shift 3
mkdir -p "$directory"
for name; do
	path=$directory/$name
	case $kind in
	memory)
		mkdir "$path"
		mount -t tmpfs -o "size=$source,mode=0755" local-pv-conformance "$path"
		;;
	bind)
		mkdir "$path"
		mount --bind "$source" "$path"
		;;
	link) ln -s "$source" "$path" ;;
	plain) mkdir "$path" ;;
	*) exit 95 ;;
	esac
done

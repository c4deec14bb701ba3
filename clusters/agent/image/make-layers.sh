#!/bin/sh
# Makes the layers of two images from packages that mmdebstrap has unpacked into folder $1: /agent.tar with the programs
# of the list $2 and their libraries, /pod.tar with a static busybox. Called by mmdebstrap from outside of the folder.
set -eu
root=$1 list=$2
packed='--sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner'

# Debian makes this link when it configures the package.
ln -sf mawk "$root/usr/bin/awk"
# Inside of the folder, so that symbolic links lead to its own files.
# One word for each program: their names have no spaces.
# shellcheck disable=SC2046
chroot "$root" /bin/sh -eu -s -- $(grep -v '^#' "$list") >"$root/kept" <<'INSIDE'
loader=$(find /usr/lib -name 'ld-linux*.so.*' | head -n 1)
# Prints a file as its real folder has it, and where it leads to if it is a symbolic link.
keep() {
	echo ".$(readlink -f "$(dirname "$1")")/$(basename "$1")"
	echo ".$(readlink -f "$1")"
}
for program in "$@"; do
	if [ -x "/usr/bin/$program" ]; then
		found=/usr/bin/$program
	elif [ -x "/usr/sbin/$program" ]; then
		found=/usr/sbin/$program
	else
		echo "no package has the program $program" >&2
		exit 1
	fi
	keep "$found"
	for library in $("$loader" --list "$found" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p'); do
		keep "$library"
	done
done
for place in /usr/lib*/ld-linux* /bin /sbin /lib /lib64; do
	[ ! -e "$place" ] || keep "$place"
done
find /usr/lib/*/perl-base | sed 's/^/./'
echo ./etc/mke2fs.conf
INSIDE
agent=$root/agent
mkdir -p "$agent/tmp" "$agent/root" "$agent/run" "$agent/usr/local/bin"
chmod 1777 "$agent/tmp"
sort -u "$root/kept" | tar -C "$root" --no-recursion --verbatim-files-from -T - -cf - | tar -C "$agent" -xf -
echo 'root:x:0:0:root:/root:/bin/sh' >"$agent/etc/passwd"
echo 'root:x:0:' >"$agent/etc/group"

pod=$root/pod
mkdir -p "$pod/bin" "$pod/etc" "$pod/tmp" "$pod/root"
chmod 1777 "$pod/tmp"
cp "$root/bin/busybox" "$pod/bin/"
for applet in $(chroot "$root" /bin/busybox --list); do
	[ "$applet" = busybox ] || ln -s busybox "$pod/bin/$applet"
done
cp "$agent/etc/passwd" "$agent/etc/group" "$pod/etc/"

for layer in agent pod; do
	tar -C "$root/$layer" $packed -cf "$root/$layer.tar" .
done

# Prints what a node lacks for some types of local volumes: the feature, a tab, the reason; one line each. Changes
# nothing: modprobe only reports whether the kernel could load the module.
set -eu

lacks() {
	printf '%s\t%s\n' "$1" "$2"
}

has() {
	command -v "$1" >/dev/null 2>&1
}

knows() {
	grep -qw "$1" /proc/filesystems || modprobe --quiet --dry-run "$1" 2>/dev/null
}

# Prints why the opening of a directory cannot be blocked; nothing if it can. $1 is hold-directory.pl, which blocks it
# for 0 seconds.
why_no_holding() {
	if ! has perl; then
		echo 'perl is not there'
	elif ! said=$(perl -e "$1" /mnt 0 2>&1 >/dev/null); then
		printf 'opening a directory cannot be held up: %s' "$said" | tr '\n\t' '  '
	fi
}

if ! has mkfs.xfs; then
	lacks xfs 'mkfs.xfs is not there'
elif ! knows xfs; then
	lacks xfs 'the kernel has no xfs'
fi
if ! knows tmpfs; then lacks tmpfs 'the kernel has no tmpfs'; fi
no_holding=$(why_no_holding "$1")
if [ -n "$no_holding" ]; then lacks fanotify "$no_holding"; fi
if ! has losetup; then lacks block 'losetup is not there'; fi
if ! has mkfs.ext4; then lacks device-format 'mkfs.ext4 is not there, with which kubelet formats a raw device'; fi

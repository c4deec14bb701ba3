# The first process of an agent. Puts the folders of the host, which are at /host, at their own paths, so that a path
# means the same here, on the host and for kubelet. The agent's own stay: programs, configuration, processes, /run, /tmp.
# Mounts that are made below the folders of the host appear on the host too, and the host's appear here.
set -eu
host=/host
for place in "$host"/*; do
	path=${place#"$host"}
	case $path in
	/bin | /sbin | /lib | /lib?? | /libx32 | /usr | /etc | /proc | /sys | /dev | /run | /tmp | /host) continue ;;
	esac
	if [ -L "$place" ]; then
		[ -e "$path" ] || [ -L "$path" ] || ln -s "$(readlink "$place")" "$path"
	elif [ -d "$place" ]; then
		mkdir -p "$path"
		mount --rbind "$place" "$path"
	fi
done
# Not a volume of the pod: the runtime would put files into the host's /dev.
mount --rbind "$host/dev" /dev
if [ -e "$host/lib/modules" ]; then
	mkdir -p /lib/modules
	mount --bind "$host/lib/modules" /lib/modules
fi

# Programs that speak with services of the host run there. A host that lacks one says so.
cat >/usr/local/bin/on-host <<'PROGRAM'
#!/bin/sh
exec nsenter --target 1 --mount --uts --ipc --net -- "$(basename "$0")" "$@"
PROGRAM
chmod 755 /usr/local/bin/on-host
for program in systemctl systemd-run journalctl ctr containerd; do
	ln -sf on-host "/usr/local/bin/$program"
done
: >/run/agent-entered
exec sleep infinity

#!/bin/sh
# Finishes the root file system in folder $1, called by mmdebstrap from outside of it.
set -eu
root=$1

systemctl --root="$root" --quiet enable containerd.service kubelet.service
systemctl --root="$root" --quiet set-default multi-user.target
# A container has no hardware to probe and no logins at a console. Only the harness
# and kubelet may touch loop devices and file systems.
systemctl --root="$root" --quiet mask \
	apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
	console-getty.service getty.target getty@.service systemd-logind.service systemd-ask-password-wall.path \
	kmod-static-nodes.service systemd-modules-load.service modprobe@.service \
	systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udev-trigger.service \
	systemd-remount-fs.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
	dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount

# Which versions of the packages are in this image: the archives have others on other days.
dpkg-query --admindir="$root/var/lib/dpkg" --show --showformat='${Package}:${Architecture}=${Version}\n' >"$root/kind/packages"

: >"$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id" "$root/etc/hostname" "$root/etc/resolv.conf"
rm -rf "$root"/usr/lib/udev/hwdb.d "$root"/usr/lib/udev/hwdb.bin "$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/var/log/*

# Creates the loop device files that a node container lacks, now and at every boot.
#
# A container's /dev is a copy from its start. Loop devices that the kernel creates later have no file there, and `mount
# -o loop` then fails. Arguments: COUNT
set -eu
count=$1

cat >/usr/local/sbin/loop-device-files <<'SCRIPT'
#!/bin/sh
# Creates the missing ones of /dev/loop0 … up to the number given.
set -eu
index=0
while [ "$index" -lt "$1" ]; do
	[ -b "/dev/loop$index" ] || mknod -m 660 "/dev/loop$index" b 7 "$index"
	index=$((index + 1))
done
SCRIPT
chmod 755 /usr/local/sbin/loop-device-files

cat >/etc/systemd/system/loop-device-files.service <<UNIT
[Unit]
Description=Loop device files for local disks
DefaultDependencies=no
Before=local-fs.target kubelet.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/loop-device-files $count

[Install]
WantedBy=local-fs.target
UNIT
mkdir -p /etc/systemd/system/local-fs.target.wants
ln -sf ../loop-device-files.service /etc/systemd/system/local-fs.target.wants/
/usr/local/sbin/loop-device-files "$count"

import { waitFor } from '../../clusters/api/wait.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { run } from '../../clusters/host/command/commander.ts';
import { host } from '../../clusters/host/command/host.ts';
import { mountUnitName } from '../../clusters/nodes/disk.ts';
import { onNode } from '../../clusters/nodes/node.ts';
import { currentSpec, type DiskVolume, once, testCluster, verifyVolume, workTakenUp } from '../harness/index.ts';

/** Milliseconds until kubelet has started on a node that is restarted. */
const patience = 120_000;

/** The machine of a node, for specs that hold node3: never two at once, because then their addresses may change. */
export interface Machine extends AsyncDisposable {
  /**
   * Restarts it as a power cut does: every process is killed, every mount is gone, and systemd starts again, which
   * mounts the disks before it starts kubelet. Resolves when kubelet has taken up its work.
   */
  restart(): Promise<void>;
}

/** Returns the machine of a node. Declare it before the spec's disks: systemd forgets them when they are gone. */
export async function machineOf(nodeName: string): Promise<Machine> {
  const node = (await testCluster()).node(nodeName, 'restart');
  return {
    restart: () => restart(nodeName),
    // Since its start, systemd mounts with kubelet all that it found then, and would make the mount points again.
    [Symbol.asyncDispose]: async () => {
      await onNode(node, ['systemctl', 'daemon-reload']);
    },
  };
}

/** A disk that its node does not mount at its next start. */
export interface ForgottenDisk extends AsyncDisposable {
  /** Mounts it after the restart, as an administrator does who sees that it is missing; returns the disk as it is now. */
  mountLate(): Promise<DiskVolume>;
}

/**
 * Makes a node forget a disk of its own at its next start, like a line that is missing in fstab. At the end it is
 * mounted, and the node remembers it again; what was written to the empty directory meanwhile is removed.
 */
export async function forgetAtStart(disk: DiskVolume): Promise<ForgottenDisk> {
  const node = (await testCluster()).node(disk.node, 'restart');
  const unit = mountUnitName(disk.path);
  const link = `/etc/systemd/system/kubelet.service.wants/${unit}`;
  const mountLate = once(async () => {
    await onNode(node, ['sh', '-ceu', remember, 'sh', disk.path, unit, link]);
    return await verifyVolume(disk);
  });
  await onNode(node, ['rm', link]);
  return {
    mountLate,
    [Symbol.asyncDispose]: async () => {
      await mountLate();
    },
  };
}

/** Arguments: the mount path, the unit, and the link by which kubelet's start wants the unit. */
const remember = `
ln -sf "../$2" "$3"
mountpoint -q "$1" && exit
find "$1" -mindepth 1 -xdev -delete
systemctl daemon-reload
systemctl start "$2"
`;

/** A raw device that its node has again after a restart, under another name perhaps. */
export interface LastingDevice extends AsyncDisposable {
  /** A symbolic link to the device, as udev makes one by the device's id. */
  path: string;
  /** Returns the disk with the number of the device that the link leads to now. */
  now(): Promise<DiskVolume>;
}

/**
 * Makes a node attach the file of a raw device at its next start, before kubelet, and link to the device. Declare it after
 * the disk.
 */
export async function attachAtStart(disk: DiskVolume): Promise<LastingDevice> {
  const node = (await testCluster()).node(disk.node, 'restart');
  const path = `${node.places.disks}/${disk.name}-device`;
  const unit = `local-pv-conformance-${disk.name}-device.service`;
  await onNode(node, ['sh', '-ceu', installUnit, 'sh', disk.backingFile, path, unit, disk.device]);
  return {
    path,
    async now() {
      const device = (await onNode(node, ['readlink', path])).trim();
      const deviceNumber = (await onNode(node, ['cat', `/sys/block/${device.replace('/dev/', '')}/dev`])).trim();
      return { ...disk, path, device, deviceNumber };
    },
    [Symbol.asyncDispose]: async () => {
      await onNode(node, ['sh', '-ceu', removeUnit, 'sh', disk.backingFile, path, unit]);
    },
  };
}

/** Arguments: the file, the link, the unit, and the device for now. Another node may take a free device first. */
const installUnit = `
ln -s "$4" "$2"
cat >"/etc/systemd/system/$3" <<UNIT
[Unit]
After=loop-device-files.service
Requires=loop-device-files.service
Before=kubelet.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'until losetup --find "$1"; do sleep 0.1; done'
ExecStart=/bin/sh -c 'losetup --associated "$1" --noheadings --output NAME | xargs -I DEVICE ln -sfn DEVICE "$2"'
UNIT
ln -s "../$3" "/etc/systemd/system/kubelet.service.wants/$3"
`;

/** Arguments: the file, the link and the unit. */
const removeUnit = `
losetup --associated "$1" --noheadings --output NAME | xargs --no-run-if-empty losetup --detach
rm -f "$2" "/etc/systemd/system/$3" "/etc/systemd/system/kubelet.service.wants/$3"
`;

async function restart(nodeName: string): Promise<void> {
  const { facts, store, node } = await testCluster();
  const container = facts.nodes.find(({ name }) => name === nodeName)?.container;
  if (container === undefined) {
    throw new DomainError({ attempted: `restarting the node ${nodeName}`, seen: 'the cluster has no such node' });
  }
  const ref = { kind: 'Node', name: nodeName } as const;
  const starts = () => store.eventsOf(ref).filter(({ reason }) => reason === 'Starting');
  const known = new Set(starts().map(({ metadata }) => metadata.uid));
  const [engine = 'docker', ...leading] = facts.engine;
  await run(host, { argv: [engine, ...leading, 'restart', '-t', '0', container], deadline: patience });
  await waitFor(store, {
    what: `kubelet of ${nodeName} to say that it starts`,
    on: [ref],
    within: patience,
    signal: currentSpec().signal,
    until: () => starts().some(({ metadata }) => !known.has(metadata.uid)),
  });
  await workTakenUp(node(nodeName));
}

import { DomainError } from '../errors/domain-error.ts';
import { CommandFailed } from '../host/command/commander.ts';
import type { Progress } from '../text/progress.ts';
import { backingFile } from './disk.ts';
import { despiteLostRace } from './lost-race.ts';
import { type Node, nodeScript, onNode, scriptOnNode } from './node.ts';

/** A disk without a file system: a loop device of a node that is not mounted. */
export interface BlockDevice {
  /** New on its node: of letters, digits and hyphens. */
  name: string;
  /** Name of the node that it belongs to. All nodes share the machine's loop devices, so others can reach it too. */
  node: string;
  /** Such as /dev/loop7. */
  path: string;
  /** `major:minor`. */
  deviceNumber: string;
  bytes: number;
  /** The file on the node that its bytes are in. */
  backingFile: string;
  /** The service on the node that holds it open. */
  unit: string;
}

const scripts = {
  attach: nodeScript(import.meta.url, 'attach-block-device.sh'),
  detach: nodeScript(import.meta.url, 'detach-block-device.sh'),
};

/** A block device that is wanted. */
export interface BlockDeviceRequest {
  /** New on its node: of letters, digits and hyphens. */
  name: string;
  bytes: number;
  /** Whether the kernel refuses every write to it. */
  readOnly?: boolean;
}

/** Creates a loop device on a node, and returns it: `bytes` of zeros, no file system. */
export async function attachBlockDevice(
  node: Node,
  run: string,
  { name, bytes, readOnly = false }: BlockDeviceRequest,
  progress: Progress,
  signal?: AbortSignal,
): Promise<BlockDevice> {
  const backing = backingFile(node, run, name);
  const unit = `local-pv-conformance-${name}.service`;
  const attempt = () =>
    scriptOnNode(node, scripts.attach, [backing, String(bytes), unit, readOnly ? 'read-only' : 'read-write'], {
      signal,
    });
  const what = `attaching a loop device on ${node.name}`;
  const printed = await despiteLostRace(attempt, { what, lost: lostRace, progress, signal });
  return readAttached(printed, { name, node: node.name, bytes, backingFile: backing, unit });
}

/** Returns the device that attach-block-device.sh printed. @throws DomainError if it differs from `wanted` */
export function readAttached(printed: string, wanted: Omit<BlockDevice, 'path' | 'deviceNumber'>): BlockDevice {
  const [path = '', deviceNumber = '', sectors, autoclear] = printed.trim().split(' ');
  const differences = [
    !path.startsWith('/dev/loop') && `no loop device: "${path}"`,
    !/^7:\d+$/.test(deviceNumber) && `device number "${deviceNumber}"`,
    Number(sectors) * 512 !== wanted.bytes && `${Number(sectors) * 512} bytes, wanted ${wanted.bytes}`,
    autoclear !== '1' && 'it would outlive the node (autoclear is off)',
  ].filter((difference) => difference !== false);
  if (differences.length > 0) {
    throw new DomainError({
      attempted: 'attaching a loop device',
      on: `${wanted.backingFile} of ${wanted.node}`,
      seen: differences.join('\n'),
    });
  }
  return { ...wanted, path, deviceNumber };
}

function lostRace(error: unknown): boolean {
  return (
    error instanceof CommandFailed &&
    /losetup: .*(temporarily unavailable|busy|No such file|failed to set ?up loop device|cannot find an unused)/i.test(
      error.stderr,
    )
  );
}

/** Makes a device larger while it is used, as an administrator extends a logical volume: its file, then the device. */
export async function growBlockDevice(
  node: Node,
  device: Pick<BlockDevice, 'backingFile' | 'path'>,
  bytes: number,
): Promise<void> {
  await onNode(node, ['truncate', '-s', String(bytes), device.backingFile]);
  await onNode(node, ['losetup', '--set-capacity', device.path]);
}

/** Waits until the kernel has freed a device, which it detaches, and removes its file. */
export async function detachBlockDevice(node: Node, device: BlockDevice, signal?: AbortSignal): Promise<void> {
  await scriptOnNode(node, scripts.detach, [device.backingFile, device.unit], { signal });
}

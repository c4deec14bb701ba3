import { randomBytes } from 'node:crypto';
import { type Node, type NodeScript, onNode, scriptOnNode } from '../../clusters/nodes/node.ts';
import {
  type DiskVolume,
  expect,
  mappedDirectory,
  type PodHandle,
  placesOf,
  runInPod,
  testCluster,
  tryInPod,
  type VolumeHandle,
} from '../harness/index.ts';

/** What a node has of a device that kubelet has mapped for a pod. */
export interface Mapping {
  /** `major:minor` of what is bind-mounted at the plugin's path for the pod; undefined where there is nothing. */
  bound: string | undefined;
  /** Where the pod's symbolic link leads; undefined where there is none. */
  link: string | undefined;
  /** The loop devices that hold the bind mount: kubelet's locks. */
  locks: readonly string[];
}

/**
 * Returns where kubelet maps a device for a pod. Source: pkg/volume/local, GetGlobalMapPath and GetPodDeviceMapPath.
 */
export function mappedAt(
  node: string,
  podUid: string,
  volumeName: string,
): { globalMap: string; plugin: string; pod: string } {
  const globalMap = mappedDirectory(node, volumeName);
  return {
    globalMap,
    plugin: `${globalMap}/${podUid}`,
    pod: `${placesOf(node).kubelet}/pods/${podUid}/volumeDevices/kubernetes.io~local-volume/${volumeName}`,
  };
}

const describeMapping: NodeScript = {
  name: 'describe-mapping.sh',
  // stat prints a device's numbers in hexadecimal. A lock's file is known by its path, also when that has been deleted.
  text: `
set -eu
[ ! -b "$1" ] || echo "bound $(stat --format '%t %T' "$1")"
[ ! -L "$2" ] || echo "link $(readlink "$2")"
losetup --list --noheadings --output NAME,BACK-FILE | awk -v path="$1" '$2 == path { print "lock " $1 }'
`,
};

/** Returns what a node has of a pod's mapping now. */
export async function mappingOf(pod: { uid: string; volume: string; node: string }): Promise<Mapping> {
  const { node } = await testCluster();
  const { plugin, pod: link } = mappedAt(pod.node, pod.uid, pod.volume);
  return readMapping(await scriptOnNode(node(pod.node), describeMapping, [plugin, link]));
}

function readMapping(printed: string): Mapping {
  const facts = printed.split('\n').flatMap((line) => {
    const [key, ...rest] = line.split(' ');
    return key ? [{ key, text: rest.join(' ') }] : [];
  });
  const number = facts.find(({ key }) => key === 'bound')?.text;
  return {
    bound: number
      ?.split(' ')
      .map((hex) => Number.parseInt(hex, 16))
      .join(':'),
    link: facts.find(({ key }) => key === 'link')?.text,
    locks: facts.filter(({ key }) => key === 'lock').map(({ text }) => text),
  };
}

/**
 * Returns the loop devices on a node that hold a device or anything that kubelet has made of its volume: kubelet's locks,
 * and what it may have attached by mistake, such as a loop device on the device itself.
 */
export async function loopDevicesOn({ node, path }: DiskVolume, volume: VolumeHandle): Promise<string[]> {
  const list = 'losetup --list --noheadings --output NAME,BACK-FILE';
  const script = `${list} | awk -v device="$1" -v volume="$2" '$2 == device || index($2, volume) { print $1 }'`;
  const found = await onNode((await testCluster()).node(node), ['sh', '-ceu', script, 'sh', path, volume.name]);
  return found.split('\n').filter(Boolean).sort();
}

const awaitUnmapped: NodeScript = {
  name: 'await-unmapped.sh',
  text: `
set -eu
looks=0
while [ -e "$1" ] || [ -L "$2" ] || { [ -n "$5" ] && [ -e "$5" ]; } || losetup --list --noheadings --output BACK-FILE | grep --quiet --fixed-strings "$3"; do
	looks=$((looks + 1))
	if [ "$looks" -gt "$4" ]; then
		[ ! -e "$1" ] || echo "a bind mount at $1"
		[ ! -L "$2" ] || echo "a link at $2"
		[ -z "$5" ] || [ ! -e "$5" ] || echo "the volume's own directory $5"
		losetup --list --noheadings --output NAME,BACK-FILE | grep --fixed-strings "$3" | sed 's/^/a lock: /'
		exit 0
	fi
	sleep 0.2
done
`,
};

/**
 * Waits until nothing of a pod's mapping is left on its node: no bind mount, no link, no lock. kubelet takes the last
 * of it away after the pod has gone from the API and reports it nowhere, so the node itself looks, every fifth of a
 * second. Of the volume's last pod, the volume's own directory is waited for, too: kubelet removes it after the pod's
 * mapping, in an operation of its own (UnmapDevice). The wait is shorter than what a spec may take, so that it ends first.
 * @throws AssertionError with what is left
 */
export async function unmapped(
  node: Node,
  { uid, volume, within = 45_000, isLast = false }: { uid: string; volume: string; within?: number; isLast?: boolean },
): Promise<void> {
  const { plugin, pod, globalMap } = mappedAt(node.name, uid, volume);
  const looks = String(Math.ceil(within / 200));
  const left = await scriptOnNode(node, awaitUnmapped, [plugin, pod, uid, looks, isLast ? globalMap : ''], {
    deadline: within + 20_000,
  });
  expect(left, `what is left on ${node.name} of the mapping for pod ${uid}, ${within / 1000} s after the pod`).to.equal(
    '',
  );
}

/** Returns what `mappingOf` and `unmapped` need to know of a pod, also when it has gone. */
export function mappedPod(pod: PodHandle, volume: VolumeHandle): { uid: string; volume: string; node: string } {
  return { uid: pod.now.metadata.uid, volume: volume.name, node: pod.now.spec?.nodeName ?? '' };
}

/** Returns the number of the pod's device, as `major:minor`. */
export async function numberInPod(pod: PodHandle, path = '/dev/data'): Promise<string> {
  const hex = (await runInPod(pod, ['stat', '-c', '%t %T', path])).trim().split(' ');
  return hex.map((text) => Number.parseInt(text, 16)).join(':');
}

/** Removes a path of a node at the end, a link or an empty directory, if it is there. */
export async function removedAtTheEnd(nodeName: string, path: string): Promise<AsyncDisposable> {
  const { node } = await testCluster();
  return {
    [Symbol.asyncDispose]: async () => {
      await onNode(node(nodeName), ['rm', '--force', '--dir', path]);
    },
  };
}

/** Removes the device file of a disk from its node, as udev does when a disk is unplugged; makes it again at the end. */
export async function deviceFileGone({ node: name, device, deviceNumber }: DiskVolume): Promise<AsyncDisposable> {
  const node = (await testCluster()).node(name);
  const [major = '', minor = ''] = deviceNumber.split(':');
  await onNode(node, ['rm', device]);
  return {
    [Symbol.asyncDispose]: async () => {
      await onNode(node, ['mknod', '-m', '660', device, 'b', major, minor]);
    },
  };
}

/** Bytes that `writeSector` takes. */
export const sectorBytes = 512;

/** Returns text that fills a sector, and stands nowhere else. */
export function textOfSector(): string {
  return randomBytes(sectorBytes / 2).toString('hex');
}

/** Writes a sector of the pod's device, and has it on the disk before it returns. */
export async function writeSector(pod: PodHandle, text: string, sector = 0): Promise<void> {
  const { status, stderr } = await tryToWriteSector(pod, text, sector);
  if (status !== 0) throw new Error(`sector ${sector} of the device of ${pod} could not be written: ${stderr}`);
}

/** Tries to write a sector of the pod's device, for specs that expect a refusal. */
export function tryToWriteSector(
  pod: PodHandle,
  text: string,
  sector = 0,
): Promise<{ status: number; stderr: string }> {
  const script = 'printf %s "$1" | dd of=/dev/data bs=512 seek="$2" count=1 iflag=fullblock conv=notrunc,fsync';
  return tryInPod(pod, ['sh', '-c', script, 'sh', text, String(sector)]);
}

/** Reads a sector of the pod's device. */
export function readSector(pod: PodHandle, sector = 0): Promise<string> {
  const argv = ['dd', 'if=/dev/data', `bs=${sectorBytes}`, `skip=${sector}`, 'count=1'];
  return runInPod(pod, argv, { repeatable: true });
}

/** Reads a sector of the disk where its bytes are at last: from the file behind the device, on the node. */
export async function sectorOfDisk({ node, backingFile }: DiskVolume, sector = 0): Promise<string> {
  const argv = ['dd', `if=${backingFile}`, `bs=${sectorBytes}`, `skip=${sector}`, 'count=1', 'status=none'] as const;
  return onNode((await testCluster()).node(node), argv);
}

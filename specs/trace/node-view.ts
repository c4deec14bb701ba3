import { type Mount, parseMountinfo } from '../../clusters/nodes/mountinfo.ts';
import { type Node, nodeScript, scriptOnNode } from '../../clusters/nodes/node.ts';
import type { Subject } from './subject.ts';

const script = nodeScript(import.meta.url, 'node-view.sh');

/** A loop device of the machine. */
export interface LoopDevice {
  path: string;
  device: string;
  backingFile: string;
  readOnly: boolean;
}

/** What a node shows of a pod's volumes. */
export interface NodeView {
  node: string;
  bootId: string;
  machineId: string;
  mounts: readonly Mount[];
  loops: readonly LoopDevice[];
  /** The targets of the volumes' paths after following links, by the volume's name. */
  paths: Readonly<Record<string, string>>;
  /** Block devices on the node: their `major:minor`, by path. */
  devices: Readonly<Record<string, string>>;
  /** Symbolic links and their targets. */
  links: Readonly<Record<string, string>>;
  /** What containers see, by container id: their mounts, and the numbers of block devices by path. */
  containers: Readonly<Record<string, { mounts: readonly Mount[]; devices: Readonly<Record<string, string>> }>>;
}

/** Returns what the node of a pod shows of its volumes. Only reads. */
export async function readNodeView(node: Node, subject: Subject, signal?: AbortSignal): Promise<NodeView> {
  return parseNodeView(
    await scriptOnNode(node, script, argumentsFor(node.places.kubelet, subject), { signal }),
    node.name,
  );
}

/** Returns the arguments of node-view.sh for a pod. */
function argumentsFor(kubelet: string, { pod, volumes, containers }: Subject): string[] {
  const named = volumes.flatMap(({ volumeName, volume }) => {
    const path = volume?.spec?.local?.path;
    return volumeName === undefined || path === undefined ? [] : [volumeName, path];
  });
  const places = [...containers].flatMap(([id, container]) => {
    const devices = volumes
      .filter(({ mode }) => mode === 'Block')
      .flatMap((volume) => volume.places.filter((place) => place.container === container).map(({ path }) => path));
    return (devices.length > 0 ? devices : ['']).flatMap((path) => [id, path]);
  });
  return [kubelet, pod.metadata.uid, ...named, '--', ...places];
}

/** Parses the output of node-view.sh. */
export function parseNodeView(printed: string, node: string): NodeView {
  const facts = { bootId: '', machineId: '' };
  const loops: LoopDevice[] = [];
  const paths: Record<string, string> = {};
  const links: Record<string, string> = {};
  const devices: Record<string, Record<string, string>> = { node: {} };
  const mountinfo: Record<string, string[]> = {};
  let current: string[] | undefined;
  for (const line of printed.split('\n')) {
    const [, key, rest = ''] = /^@(\w+) (.*)$/.exec(line) ?? [];
    if (key === undefined) {
      current?.push(line);
      continue;
    }
    const [first = '', second = '', third = ''] = rest.split(' ');
    const after = (words: number): string => rest.split(' ').slice(words).join(' ');
    if (key === 'boot') facts.bootId = rest;
    if (key === 'machine') facts.machineId = rest;
    if (key === 'path') paths[first] = after(1);
    if (key === 'link') links[after(1)] = first;
    if (key === 'loop')
      loops.push({ device: first, readOnly: second === '1', path: `/dev/${third}`, backingFile: after(3) });
    if (key === 'device') {
      const number = [second, third].map((hex) => Number.parseInt(hex, 16)).join(':');
      devices[first] = { ...devices[first], [after(3)]: number };
    }
    if (key === 'mountinfo') {
      current = [];
      mountinfo[first] = current;
    }
  }
  const mountsOf = (place: string): Mount[] => parseMountinfo((mountinfo[place] ?? []).join('\n'));
  const ids = Object.keys(mountinfo).filter((place) => place !== 'node');
  return {
    node,
    ...facts,
    mounts: mountsOf('node'),
    loops,
    paths,
    devices: devices.node ?? {},
    links,
    containers: Object.fromEntries(ids.map((id) => [id, { mounts: mountsOf(id), devices: devices[id] ?? {} }])),
  };
}

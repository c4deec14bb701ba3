import { type Mount, mountAt, mountHolding, type Propagation } from '../../clusters/nodes/mountinfo.ts';
import type { NodeView } from './node-view.ts';
import type { ContainerPlace, Subject, SubjectVolume } from './subject.ts';

/** A place at which a volume's bytes can be reached, and the places made from it. */
export interface MountPlace {
  kind: 'file' | 'device' | 'mount' | 'link' | 'lock' | 'container';
  /** What the place is, such as `loop device` or `kubelet’s bind mount for the pod`. */
  title: string;
  path: string;
  /** `major:minor` of the file system, or of the device itself. */
  device?: string;
  /** The mounted directory of the file system. */
  root?: string;
  fileSystem?: string;
  options?: string[];
  /** Such as `shared:186`; `private` for none. */
  propagation?: string;
  /** What is wrong with it. */
  wrong?: string;
  children: MountPlace[];
}

/** The places from a volume's disk to a pod's containers. */
export interface MountGraph {
  /** The PersistentVolume, or the claim's name where there is none. */
  volume: string;
  node: string | null;
  mode: 'Filesystem' | 'Block';
  roots: MountPlace[];
  /** Expected places that are absent or could not be read. */
  missing: string[];
}

/** Returns the graph of each local volume of a pod. */
export function mountGraphs(view: NodeView | { unread: string } | undefined, subject: Subject): MountGraph[] {
  return subject.volumes.map((volume): MountGraph => {
    const name = volume.volumeName ?? volume.claimName;
    const graph = { volume: name, node: subject.pod.spec?.nodeName ?? null, mode: volume.mode, roots: [] };
    if (view === undefined) return { ...graph, missing: ['the pod has no node yet: nothing is mounted'] };
    if ('unread' in view) return { ...graph, missing: [`the node was not looked at: ${view.unread}`] };
    if (volume.volumeName === undefined) return { ...graph, missing: ['the claim has no volume'] };
    return { ...graph, ...(volume.mode === 'Block' ? device(view, volume, subject) : files(view, volume, subject)) };
  });
}

type Drawn = Pick<MountGraph, 'roots' | 'missing'>;

function files(view: NodeView, volume: SubjectVolume, { pod, containers }: Subject): Drawn {
  const { uid } = pod.metadata;
  const missing: string[] = [];
  const name = volume.volumeName ?? '';
  const path = volume.volume?.spec?.local?.path ?? '';
  const real = view.paths[name] ?? path;
  const base = mountHolding(view.mounts, real);
  const directory = view.mounts.findLast(({ mountPoint }) =>
    mountPoint.endsWith(`/pods/${uid}/volumes/kubernetes.io~local-volume/${name}`),
  );
  const staged = view.devices[path] === undefined ? undefined : stagedMount(view, name);
  const source = staged ?? base;
  const children: MountPlace[] = [];
  if (directory) {
    const pods = mountPlace('kubelet’s bind mount for the pod', directory, source?.device);
    pods.children = inContainers(view, volume, { uid, containers, directory }, missing);
    children.push(pods);
  } else missing.push(`nothing is mounted at …/pods/${uid}/volumes/kubernetes.io~local-volume/${name}`);
  if (!source)
    return { roots: children, missing: [`nothing is mounted on ${view.node} that holds ${path}`, ...missing] };
  const title = staged
    ? 'kubelet’s mount of the device'
    : real === source.mountPoint
      ? 'mount of the disk'
      : 'mount that holds the path';
  const mount = mountPlace(title, source, undefined);
  if (real === source.mountPoint || staged) mount.children = children;
  else {
    const root =
      source.root === '/' ? real.slice(source.mountPoint.length) : source.root + real.slice(source.mountPoint.length);
    mount.children = [{ kind: 'mount', title: 'directory of it', path, device: source.device, root, children }];
  }
  return { roots: [behind(view, source.device, source.source, mount)], missing };
}

/**
 * Returns where kubelet mounts a device for all pods of its node. Source: pkg/volume/local, "mounts" under the plugin's
 * directory.
 */
function stagedMount(view: NodeView, name: string): Mount | undefined {
  return view.mounts.findLast(({ mountPoint }) => mountPoint.endsWith(`/kubernetes.io/local-volume/mounts/${name}`));
}

function inContainers(
  view: NodeView,
  volume: SubjectVolume,
  of: { uid: string; containers: Subject['containers']; directory: Mount },
  missing: string[],
): MountPlace[] {
  const places: MountPlace[] = [];
  for (const place of volume.places) {
    const seen = seenBy(view, of.containers, place.container);
    const mount = seen && mountAt(seen.mounts, place.path);
    if (!mount) {
      missing.push(
        `${place.path} in container ${place.container}: ${seen ? 'nothing is mounted there' : 'it does not run'}`,
      );
      continue;
    }
    const inside = mountPlace(`container ${place.container}`, mount, of.directory.device);
    inside.kind = 'container';
    const part = place.subPath === undefined ? undefined : subPathMount(view, of.uid, volume, place);
    places.push(
      part
        ? {
            ...mountPlace(`kubelet’s bind mount of subPath ${place.subPath}`, part, of.directory.device),
            children: [inside],
          }
        : inside,
    );
  }
  return places;
}

/**
 * Source: pkg/volume/util/subpath, "volume-subpaths" under the pod's directory: volume, container, number of the mount.
 */
function subPathMount(view: NodeView, uid: string, volume: SubjectVolume, place: ContainerPlace): Mount | undefined {
  const end = `/pods/${uid}/volume-subpaths/${volume.volumeName}/${place.container}/${place.index}`;
  return view.mounts.findLast(({ mountPoint }) => mountPoint.endsWith(end));
}

function device(view: NodeView, volume: SubjectVolume, { pod, containers }: Subject): Drawn {
  const { uid } = pod.metadata;
  const missing: string[] = [];
  const name = volume.volumeName ?? '';
  const path = volume.volume?.spec?.local?.path ?? '';
  const number = view.devices[path];
  if (number === undefined) return { roots: [], missing: [`${path} is no block device on ${view.node}`] };
  const children: MountPlace[] = [];
  const map = view.mounts.findLast(({ mountPoint }) =>
    mountPoint.endsWith(`/kubernetes.io~local-volume/volumeDevices/${name}/${uid}`),
  );
  if (map) {
    const bound = mountPlace('kubelet’s bind mount of the device file', map, undefined);
    const own = view.devices[map.mountPoint];
    if (own !== undefined && own !== number) bound.wrong = `it is device ${own}, not ${number}`;
    bound.device = own ?? map.device;
    bound.children = view.loops
      .filter(({ backingFile }) => backingFile === map.mountPoint)
      .map((lock) => ({
        kind: 'lock',
        title: 'kubelet’s lock: a loop device on it',
        path: lock.path,
        device: lock.device,
        children: [],
      }));
    children.push(bound);
  } else missing.push(`nothing is bound at …/volumeDevices/${name}/${uid}`);
  const [link, target] =
    Object.entries(view.links).find(([at]) =>
      at.endsWith(`/pods/${uid}/volumeDevices/kubernetes.io~local-volume/${name}`),
    ) ?? [];
  const inside: MountPlace[] = [];
  for (const place of volume.places) {
    const seen = seenBy(view, containers, place.container);
    const own = seen?.devices[place.path];
    if (own === undefined)
      missing.push(`${place.path} in container ${place.container}: ${seen ? 'no block device' : 'it does not run'}`);
    else
      inside.push({
        kind: 'container',
        title: `container ${place.container}, a device file of its own`,
        path: place.path,
        device: own,
        ...(own === number ? {} : { wrong: `it is device ${own}, not ${number}` }),
        children: [],
      });
  }
  if (link === undefined)
    missing.push(`there is no link at …/pods/${uid}/volumeDevices/kubernetes.io~local-volume/${name}`);
  children.push(
    ...(link === undefined
      ? inside
      : [{ kind: 'link' as const, title: `the pod’s link to ${target}`, path: link, children: inside }]),
  );
  return { roots: [behind(view, number, path, undefined, children)], missing };
}

/** Returns the device behind a mount, and the file behind a loop device. */
function behind(
  view: NodeView,
  number: string,
  source: string,
  mount: MountPlace | undefined,
  children: MountPlace[] = [],
): MountPlace {
  const loop = view.loops.find(({ device: own }) => own === number);
  const next = mount ? [mount] : children;
  if (!loop) {
    if (!source.startsWith('/'))
      return mount ?? { kind: 'device', title: 'device', path: source, device: number, children };
    return { kind: 'device', title: 'block device', path: source, device: number, children: next };
  }
  const title = loop.readOnly ? 'loop device, read-only' : 'loop device';
  return {
    kind: 'file',
    title: 'backing file',
    path: loop.backingFile,
    children: [{ kind: 'device', title, path: loop.path, device: loop.device, children: next }],
  };
}

function seenBy(
  view: NodeView,
  containers: Subject['containers'],
  container: string,
): NodeView['containers'][string] | undefined {
  const [id] = [...containers].findLast(([known, name]) => name === container && view.containers[known]) ?? [];
  return id === undefined ? undefined : view.containers[id];
}

function mountPlace(title: string, mount: Mount, wanted: string | undefined): MountPlace {
  const { mountPoint, device: number, root, fileSystem, options, propagation } = mount;
  return {
    kind: 'mount',
    title,
    path: mountPoint,
    device: number,
    root,
    fileSystem,
    options,
    propagation: propagationText(propagation),
    ...(wanted === undefined || wanted === number ? {} : { wrong: `it is device ${number}, not ${wanted}` }),
    children: [],
  };
}

function propagationText(fields: readonly Propagation[]): string {
  const texts = fields.map((field) => (field.kind === 'unbindable' ? field.kind : `${field.kind}:${field.peerGroup}`));
  return texts.length > 0 ? texts.join(' ') : 'private';
}

import { waitFor } from '../../clusters/api/wait.ts';
import { onNode } from '../../clusters/nodes/node.ts';
import { ownershipLabels } from '../../fixtures/isolate-names.ts';
import { eventually } from '../harness/eventually.ts';
import { type ClassHandle, Handle, type VolumeHandle } from '../harness/handles.ts';
import type { SpecNamespace } from '../harness/spec-namespace.ts';
import { currentSpec, newName, ownPrefix } from '../runner/current-spec.ts';
import { testCluster } from '../runner/test-cluster.ts';
import { EntriesDirectory } from './entries.ts';
import { chosenProvisioner, ProgramProvisioner } from './program.ts';
import { ReferenceProvisioner } from './reference.ts';
import { type ClassDirectory, provisionedBy, type StaticProvisioner } from './static-provisioner.ts';

/**
 * Creates a directory of this spec on a node, for a static provisioner to discover disks in. It and its mounts are
 * removed at the end.
 */
export async function leaseEntriesDirectory(nodeName: string): Promise<EntriesDirectory> {
  const { node } = await testCluster();
  const name = newName('entries');
  const directory = new EntriesDirectory(node(nodeName), `/mnt/disks/${name}`);
  await directory.plain();
  return directory;
}

/** Creates the StorageClass of this spec with a reclaim policy. Its volumes are bound immediately by default. */
export function offeredClass(
  namespace: SpecNamespace,
  reclaimPolicy: 'Delete' | 'Retain',
  { mode = 'Immediate', name }: { mode?: 'Immediate' | 'WaitForFirstConsumer'; name?: string } = {},
): Promise<ClassHandle> {
  return namespace.storageClass(mode, {
    ...(name !== undefined && { name }),
    change: (manifest) => {
      manifest.reclaimPolicy = reclaimPolicy;
    },
  });
}

/**
 * Starts the static provisioner of a node for some of its directories. specs/static-provisioner/provisioner.yaml
 * chooses which one.
 */
export async function startProvisioner(
  namespace: SpecNamespace,
  nodeName: string,
  classes: readonly ClassDirectory[],
  { startupTaint }: { startupTaint?: string } = {},
): Promise<StaticProvisioner> {
  const { facts, client, store, node, nodes } = namespace.cluster;
  const id = ownPrefix();
  const provision = {
    node: node(nodeName),
    classes,
    labels: { [ownershipLabels.run]: facts.run, [ownershipLabels.spec]: currentSpec().id },
    ...(startupTaint === undefined ? {} : { startupTaint }),
  };
  const choice = await chosenProvisioner();
  if (choice.kind === 'reference')
    return new ReferenceProvisioner({ ...provision, client, store, signal: namespace.signal });
  const [controlPlane = provision.node] = nodes;
  const kubeconfig = await onNode(controlPlane, ['cat', '/etc/kubernetes/admin.conf']);
  return ProgramProvisioner.start({ ...provision, path: choice.path, kubeconfig, id });
}

/**
 * Waits until the volume for a path of a node exists and is Available or Bound, and returns it. With `after`, the uid
 * of an earlier volume, it must be another one, even of the same name.
 */
export async function offeredVolume(
  namespace: SpecNamespace,
  { name, path }: { name: string; path: string },
  { after }: { after?: string } = {},
): Promise<VolumeHandle> {
  const { store } = namespace.cluster;
  const handle = new Handle({ kind: 'PersistentVolume', name }, name, store);
  await waitFor(store, {
    what: `${path} to be offered as ${handle}`,
    on: [handle.ref],
    within: 45_000,
    signal: namespace.signal,
    until: (view) => {
      const now = view.get(handle.ref);
      const phase = now?.status?.phase ?? '';
      return now?.spec?.local?.path === path && now.metadata.uid !== after && ['Available', 'Bound'].includes(phase);
    },
  });
  return handle;
}

/** Returns the paths of the existing volumes of a class, each with its capacity. */
export function offeredPaths(namespace: SpecNamespace, storageClass: ClassHandle): Record<string, string | undefined> {
  const volumes = namespace.cluster.store.list('PersistentVolume', {
    where: ({ spec }) => spec?.storageClassName === storageClass.name,
  });
  return Object.fromEntries(volumes.map(({ spec }) => [spec?.local?.path, spec?.capacity?.storage]));
}

/** Removes the users of a volume and waits until the volume was seen Released. */
export async function release(
  namespace: SpecNamespace,
  volume: VolumeHandle,
  ...users: readonly Handle[]
): Promise<void> {
  for (const user of users) await namespace.remove(user);
  await eventually(volume, `${volume} to be Released`, (view) =>
    view.history(volume.ref).some(({ object }) => object.status?.phase === 'Released'),
  );
}

/** Follows a provisioner's volumes until disposal, and calls `look` as soon as one is Released. */
export function lookWhenReleased(
  namespace: SpecNamespace,
  provisioners: readonly StaticProvisioner[],
  className: string,
) {
  const { store } = namespace.cluster;
  const failures: unknown[] = [];
  const seen = new Set<string>();
  const asked = new Set<StaticProvisioner>();
  const looking = new Map<StaticProvisioner, Promise<unknown>>();
  // All volumes that are released during one look are handled by one more look.
  const ask = (provisioner: StaticProvisioner) => {
    if (asked.has(provisioner)) return;
    asked.add(provisioner);
    const next = (looking.get(provisioner) ?? Promise.resolve()).then(() => {
      asked.delete(provisioner);
      return provisioner.look().catch((error: unknown) => failures.push(error));
    });
    looking.set(provisioner, next);
  };
  const check = () => {
    const released = store.list('PersistentVolume', {
      where: ({ metadata, spec, status }) =>
        spec?.storageClassName === className && status?.phase === 'Released' && !seen.has(metadata.uid),
    });
    for (const { metadata } of released) {
      seen.add(metadata.uid);
      const its = provisioners.find(({ name }) => name === metadata.annotations?.[provisionedBy]);
      if (its) ask(its);
    }
  };
  const unfollow = store.onChange(check);
  check();
  return {
    async [Symbol.asyncDispose]() {
      unfollow();
      await Promise.all(looking.values());
      if (failures.length > 0) throw failures[0];
    },
  };
}

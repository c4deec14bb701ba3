import { stringify } from 'yaml';
import { pullPolicyOf } from '../../clusters/agent/agent-pod.ts';
import { type KubernetesManifest, type ObjectRef, refOf } from '../../clusters/api/kinds.ts';
import type { StoreView } from '../../clusters/api/object-history.ts';
import { isReady } from '../../clusters/api/object-state.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { CommandFailed } from '../../clusters/host/command/commander.ts';
import { nodeScript, onNode, scriptOnNode, usualPlaces } from '../../clusters/nodes/node.ts';
import { provisionerImage } from '../../clusters/static-provisioner/build.ts';
import { ownershipLabels } from '../../fixtures/isolate-names.ts';
import type { Manifest, ManifestOf } from '../../fixtures/schema.ts';
import { type ClassHandle, Handle, type PodHandle } from '../harness/handles.ts';
import { hostnameOf, oneNode, placesOf } from '../harness/nodes.ts';
import { once } from '../harness/promises.ts';
import { gone } from '../harness/removal.ts';
import type { SpecNamespace } from '../harness/spec-namespace.ts';
import { assertAssigned, currentSpec } from '../runner/current-spec.ts';
import { evidence } from '../runner/evidence.ts';
import type { EntriesDirectory } from './entries.ts';

/** A directory whose entries are volumes of one class. */
export interface ClassDirectory {
  /** Its reclaim policy and mount options become those of the volumes. */
  storageClass: ClassHandle;
  directory: EntriesDirectory;
  /** The mode of the volumes, `Filesystem` by default. */
  volumeMode?: 'Filesystem' | 'Block';
  /** A shell command that cleans the device `$LOCAL_PV_BLKDEVICE`; it writes zeros where not given. */
  cleaner?: string;
}

const awaitLine = nodeScript(import.meta.url, 'await-line.sh');

/** A pod of a program, and its node. */
interface ProgramPod {
  handle: PodHandle;
  node: string;
}

/** A program of sig-storage-local-static-provisioner that runs in pods of a spec's namespace. */
export class RunningProgram implements AsyncDisposable {
  readonly #namespace: SpecNamespace;
  readonly #pods: readonly ProgramPod[];
  /** In the order of their removal. */
  readonly #objects: readonly ObjectRef[];

  constructor(namespace: SpecNamespace, pods: readonly ProgramPod[], objects: readonly ObjectRef[]) {
    this.#namespace = namespace;
    this.#pods = pods;
    this.#objects = objects;
  }

  /** Waits until it has logged a text; returns the line. @throws DomainError where it has not within 90 s */
  async says(text: string): Promise<string> {
    const [pod] = this.#pods;
    if (pod === undefined) throw new Error('the program has no pod');
    const node = this.#namespace.cluster.node(pod.node);
    const args = [this.#log(pod), text, '90'];
    try {
      return await scriptOnNode(node, awaitLine, args, { deadline: 120_000, signal: this.#namespace.signal });
    } catch (error) {
      // timeout(1) exits with 124 when the time is over.
      if (!(error instanceof CommandFailed) || error.status !== 124) throw error;
      const attempted = `waiting for ${pod.handle} to log "${text}", at most 90 s`;
      const seen = (await this.said()).slice(-10).join('\n');
      throw new DomainError({ attempted, on: node.place, seen }, { cause: error, exit: 'doesNotConform' });
    }
  }

  /** Returns its log so far, one line each, without the times that the container runtime puts in front. */
  async said(): Promise<string[]> {
    const logs = this.#pods.map((pod) => onNode(this.#namespace.cluster.node(pod.node), ['cat', this.#log(pod)]));
    return (await Promise.all(logs))
      .flatMap((log) => log.split('\n'))
      .filter(Boolean)
      .map((line) => line.split(' ').slice(3).join(' '));
  }

  /** Returns where the node keeps the log of the pod's only container. It has not been started again. */
  #log({ handle }: ProgramPod): string {
    const { name, namespace, uid } = handle.now.metadata;
    return `/var/log/pods/${namespace}_${name}_${uid}/program/0.log`;
  }

  /** Keeps the log as evidence, removes the program and what it was given, and waits until it has ended. */
  [Symbol.asyncDispose] = once(async (): Promise<void> => {
    const { client, store } = this.#namespace.cluster;
    evidence.keep('log-of-the-program', (await this.said().catch((error: unknown) => [String(error)])).join('\n'));
    for (const ref of this.#objects) await client.remove(ref, { absentIsFine: true });
    for (const { handle } of this.#pods) await gone(store, handle);
  });
}

/** Starts the static provisioner on some nodes, for directories that they all have; resolves when it runs. */
export function startProvisioner(
  namespace: SpecNamespace,
  nodes: readonly string[],
  classes: readonly ClassDirectory[],
): Promise<RunningProgram> {
  const storageClassMap = Object.fromEntries(
    classes.map(({ storageClass, directory, volumeMode = 'Filesystem', cleaner = fillWithZeros }) => [
      storageClass.name,
      {
        hostDir: directory.path,
        mountDir: directory.path,
        volumeMode,
        blockCleanerCommand: ['/bin/sh', '-c', cleaner],
      },
    ]),
  );
  const labels = { [ownershipLabels.run]: namespace.cluster.facts.run, [ownershipLabels.spec]: currentSpec().id };
  const settings = { storageClassMap: stringify(storageClassMap), labelsForPV: stringify(labels) };
  return start(namespace, {
    nodes,
    fixture: 'static-provisioner/provisioner.yaml',
    kinds: ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'ConfigMap', 'DaemonSet'],
    change: (manifest) => {
      if (manifest.kind === 'ConfigMap') manifest.data = { ...manifest.data, ...settings };
      if (manifest.kind === 'DaemonSet') seeDisks(manifest.spec.template.spec, placesOf(nodes[0] ?? '').disks);
    },
  });
}

/** Gives a program the folder of the nodes in which this run makes disks, at the same path. */
function seeDisks({ containers, volumes = [] }: ManifestOf<'Pod'>['spec'], folder: string): void {
  const { disks: usual } = usualPlaces;
  for (const { hostPath } of volumes) if (hostPath?.path === usual) hostPath.path = folder;
  for (const mount of containers.flatMap(({ volumeMounts = [] }) => volumeMounts))
    if (mount.mountPath === usual) mount.mountPath = folder;
}

/** dd ends with an error at the end of the device. */
export const fillWithZeros = 'dd if=/dev/zero of="$LOCAL_PV_BLKDEVICE" bs=1M; sync';

/** Starts the clean-up after deleted nodes for some classes; `delay` is in seconds. Resolves when it runs. */
export function startNodeCleanup(
  namespace: SpecNamespace,
  { storageClasses, delay }: { storageClasses: readonly string[]; delay: number },
): Promise<RunningProgram> {
  const args = [`--storageclass-names=${storageClasses.join()}`, `--pvc-deletion-delay=${delay}s`];
  return start(namespace, {
    nodes: [oneNode()],
    fixture: 'static-provisioner/node-cleanup.yaml',
    kinds: ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Deployment'],
    change: (manifest) => {
      if (manifest.kind === 'Deployment')
        for (const container of manifest.spec.template.spec.containers) container.args?.push(...args);
    },
  });
}

interface Program {
  /** Where it runs, one pod on each. */
  nodes: readonly string[];
  fixture: string;
  /** The kinds of the fixture's objects, in the order of their creation; the last one makes the pods. */
  kinds: readonly Manifest['kind'][];
  change: (manifest: Manifest) => void;
}

/** Creates the objects of a program, and waits until its pods are Ready. What fails half way is removed. */
async function start(namespace: SpecNamespace, { nodes, fixture, kinds, change }: Program): Promise<RunningProgram> {
  nodes.forEach(assertAssigned);
  const { client, store, facts, node } = namespace.cluster;
  const programs = facts.staticProvisioner;
  if (programs === undefined)
    throw new DomainError({
      attempted: 'starting the static provisioner',
      seen: 'this run has no such program',
      remedy: 'give the requirement the feature `provisioner` in its catalogue',
    });
  const images = nodes.map((name) =>
    'image' in programs ? programs.image : provisionerImage(node(name), programs, facts.podImage),
  );
  const [image = ''] = await Promise.all(images);
  const server = apiServerAddress(store);
  if (server === undefined && !facts.lent)
    throw new DomainError({
      attempted: 'finding the API server for a program',
      seen: 'no node of the control plane has an address',
    });
  const objects: ObjectRef[] = [];
  try {
    for (const kind of kinds) {
      const manifest = await namespace.manifest(kind, fixture, (wanted) => {
        change(wanted);
        if (wanted.kind === 'DaemonSet' || wanted.kind === 'Deployment')
          placePods(wanted.spec.template.spec, { nodes, image, server });
      });
      const created = await client.create(manifest as KubernetesManifest);
      objects.unshift(refOf(created));
    }
    const running = await waitFor(store, {
      what: `the program of ${fixture} to run on ${nodes.join(', ')}`,
      within: 90_000,
      signal: namespace.signal,
      until: (view) => {
        const ready = view.list('Pod', { namespace: namespace.name, where: isReady });
        const ours = ready.filter(({ spec }) => spec?.containers.some((container) => container.image === image));
        return ours.length === nodes.length && ours;
      },
    });
    const pods = running.map(({ metadata: { name }, spec }) => ({
      handle: new Handle({ kind: 'Pod', name, namespace: namespace.name }, name, store),
      node: spec?.nodeName ?? '',
    }));
    evidence.keep('program', `sig-storage-local-static-provisioner ${programs.version}, image ${image}`);
    return new RunningProgram(namespace, pods, objects);
  } catch (error) {
    for (const ref of objects) await client.remove(ref, { absentIsFine: true });
    throw error;
  }
}

/**
 * Changes the pods of a program: which nodes they run on, their image, and where they find the API server, if not where
 * its Service is.
 */
function placePods(
  spec: ManifestOf<'Pod'>['spec'],
  { nodes, image, server }: { nodes: readonly string[]; image: string; server: string | undefined },
): void {
  const hostname = { key: 'kubernetes.io/hostname', operator: 'In', values: nodes.map(hostnameOf) };
  spec.affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] },
    },
  };
  for (const container of spec.containers) {
    Object.assign(container, { image, imagePullPolicy: pullPolicyOf(image) });
    if (server === undefined) continue;
    const address = { KUBERNETES_SERVICE_HOST: server, KUBERNETES_SERVICE_PORT: '6443' };
    container.env = [...(container.env ?? []), ...Object.entries(address).map(([name, value]) => ({ name, value }))];
  }
}

/**
 * Returns the address of a node of the control plane: without kube-proxy, that of the Service leads nowhere. Undefined on a
 * cluster whose control plane is on none of its nodes.
 */
function apiServerAddress(store: StoreView): string | undefined {
  const [controlPlane] = store.list('Node', { labels: { 'node-role.kubernetes.io/control-plane': '' } });
  return controlPlane?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
}

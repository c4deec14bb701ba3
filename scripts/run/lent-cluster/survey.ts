import { type ImagePurpose, wantedImages } from '../../../clusters/agent/image/images.ts';
import type { ClusterAccess } from '../../../clusters/api/access/access.ts';
import type { ClusterClient, ResourceAttributes } from '../../../clusters/api/client.ts';
import { isReady } from '../../../clusters/api/object-state.ts';
import type { Kind, Node } from '../../../clusters/api/objects.ts';
import type { Versions } from '../../../clusters/configuration/versions.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { type NodePlaces, usualPlaces } from '../../../clusters/nodes/node.ts';
import { ownedKinds } from '../../../fixtures/isolate-names.ts';
import type { ClusterAbilities } from '../../../specs/catalogue/features.ts';
import type { OtherNode, RunNode } from '../../../specs/runner/test-cluster.ts';
import { leaseRef } from './lease.ts';

/** What was found out of a cluster that a user has lent, before anything is created on it. */
export interface Survey extends Required<ClusterAbilities> {
  access: ClusterAccess;
  /** The names of the images, as nodes know them or pull them. */
  images: Images;
  /** Folders of the nodes for what specs make. */
  folders: Omit<NodePlaces, 'kubelet'>;
  /** Why the run starts no agents; undefined where it does. */
  withoutAgents: string | undefined;
  /** Whether the user lets specs change nodes, and stop and start services of them. */
  disruptive: boolean;
  /** The nodes that specs use, in the order of their roles. */
  nodes: RunNode[];
  otherNodes: OtherNode[];
  /** As the nodes report it, where all of them agree. */
  containerRuntime: string | undefined;
}

/** The name of each image that specs use. */
export type Images = Readonly<Record<ImagePurpose, string>>;

/** What the user has said about the run, beside how the cluster is reached. */
export interface LentOptions {
  /** The nodes that specs use. */
  nodes?: readonly string[] | undefined;
  /** False: no agents, whatever is allowed. */
  agent?: boolean | undefined;
  disruptive?: boolean | undefined;
  /** The registry that the images are in, and a path in it. */
  registry?: string | undefined;
  agentImage?: string | undefined;
  /** The folder of the nodes in which disks are mounted. */
  disks?: string | undefined;
}

const rbacGroup = 'rbac.authorization.k8s.io';

/** What is done to objects of a kind. */
interface Wanted {
  group: string;
  resource: string;
  subresource?: string;
  verbs: readonly string[];
  namespace?: string;
}

/** What a run on the API alone does to objects of each kind. */
export const wanted: readonly Wanted[] = [
  { group: '', resource: 'namespaces', verbs: ['create', 'delete', 'list', 'watch'] },
  { group: '', resource: 'persistentvolumes', verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'] },
  { group: '', resource: 'persistentvolumeclaims', verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'] },
  { group: '', resource: 'pods', verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'] },
  { group: '', resource: 'events', verbs: ['list', 'watch'] },
  { group: '', resource: 'nodes', verbs: ['get', 'list', 'watch'] },
  { group: '', resource: 'serviceaccounts', verbs: ['list', 'watch'] },
  { group: 'storage.k8s.io', resource: 'storageclasses', verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'] },
  { group: 'storage.k8s.io', resource: 'volumeattachments', verbs: ['list', 'watch'] },
  { group: 'scheduling.k8s.io', resource: 'priorityclasses', verbs: ['list', 'watch'] },
  { group: 'apps', resource: 'statefulsets', verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'] },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['create', 'delete', 'get', 'patch'],
    namespace: leaseRef.namespace,
  },
];

/** What agents need beside that. */
export const wantedForAgents: readonly Wanted[] = [
  { group: '', resource: 'serviceaccounts', verbs: ['create'] },
  { group: '', resource: 'pods', subresource: 'exec', verbs: ['get', 'create'] },
  { group: '', resource: 'nodes', subresource: 'proxy', verbs: ['get'] },
];

/** What specs do that change nodes. */
export const wantedForNodes: readonly Wanted[] = [
  { group: '', resource: 'nodes', verbs: ['patch'] },
  { group: '', resource: 'pods', subresource: 'proxy', verbs: ['create'] },
];

/** What the static provisioner needs; who grants a permission must have it. */
export const wantedForProvisioner: readonly Wanted[] = [
  { group: rbacGroup, resource: 'clusterroles', verbs: ['create', 'delete', 'list', 'watch'] },
  { group: rbacGroup, resource: 'clusterrolebindings', verbs: ['create', 'delete', 'list', 'watch'] },
  { group: '', resource: 'events', verbs: ['create', 'update', 'patch'] },
  { group: 'apps', resource: 'daemonsets', verbs: ['create', 'delete'] },
];

/** What specs call the nodes that they use. */
const roles = ['first', 'second', 'third'];

/** Why much is not done: the end of a sentence. */
const there = 'on a cluster that the harness did not create';

/**
 * Finds out what specs can do on a cluster: its version, its nodes, and what this user may do. Nothing is created.
 * @throws DomainError (badUsage) where the user may not do what every spec does, or where nodes named are not fit
 */
export async function surveyCluster(
  client: ClusterClient,
  access: ClusterAccess,
  { options, images }: { options: LentOptions; images: Images },
  signal?: AbortSignal,
): Promise<Survey> {
  const { gitVersion } = await client.version({ signal });
  await assertAllowed(client, access, signal);
  const { items } = await client.list('Node', { signal });
  const nodes = chooseNodes(items, options.nodes);
  const others = items.filter(({ metadata }) => !nodes.includes(metadata.name));
  const { withoutAgents, notProvisioned } = await surveyRemains(client, options, signal);
  const notDisruptive = options.disruptive
    ? forbidden('changes of nodes', await notAllowed(client, wantedForNodes, signal))
    : 'it changes nodes or stops their services, which --disruptive allows';
  const runtimes = new Set(items.map(({ status }) => status?.nodeInfo?.containerRuntimeVersion));
  return {
    access,
    kubernetes: gitVersion,
    nodes: nodes.map((name) => ({ name, hostname: hostnameIn(items, name) })),
    otherNodes: others.map((node) => ({ name: node.metadata.name, refusal: refusalOf(node) })),
    containerRuntime: runtimes.size === 1 ? [...runtimes][0] : undefined,
    images,
    folders: foldersOf(options.disks),
    disruptive: options.disruptive ?? false,
    withoutAgents,
    withheld: {
      ...(withoutAgents !== undefined && { agent: withoutAgents }),
      ...(notDisruptive !== undefined && { nodes: notDisruptive, restart: notDisruptive }),
      'control-plane': `no processes of the control plane are touched ${there}`,
    },
    lacking: {
      ...(notProvisioned !== undefined && { provisioner: notProvisioned }),
      'node-deletion': `no Node is deleted ${there}: pods of others would go with it`,
      'machine-restart': `no machine is restarted ${there}`,
      preemption: `no PriorityClass is created ${there}: its pods might take the place of others`,
      'admission-policy': `no admission policy is created ${there}`,
      'classless-claims': `no claims without a class are created ${there}: they might take volumes of others`,
      'default-class': `no default class is created ${there}: claims of others would get it`,
      'schedulable-control-plane': 'no node with the control plane is known that pods may run on',
    },
  };
}

/** Finds out what may be done about what runs leave: whether agents may be started, and what may be listed. */
export async function surveyRemains(
  client: ClusterClient,
  { agent }: Pick<LentOptions, 'agent'>,
  signal?: AbortSignal,
): Promise<Pick<Survey, 'withoutAgents'> & { notProvisioned: string | undefined }> {
  const withoutAgents =
    agent === false
      ? 'no agent was wanted (--no-agent)'
      : forbidden('agents', await notAllowed(client, wantedForAgents, signal));
  const refused = await notAllowed(client, wantedForProvisioner, signal);
  return { withoutAgents, notProvisioned: forbidden('the static provisioner', refused) };
}

/** Returns the kinds of what specs create on a cluster that is lent: their pods take the place of no other. */
export function createdKinds(notProvisioned: string | undefined): Kind[] {
  const ofSpecs = ownedKinds.filter((kind) => kind !== 'PriorityClass');
  // Without the permission to create them there are none, and they may not be listed.
  return notProvisioned === undefined ? [...ofSpecs, 'ClusterRoleBinding', 'ClusterRole'] : ofSpecs;
}

/** Returns the names of the images of a run: of `lpv images`, but for what the user names. */
export async function imagesFor(versions: Versions, { registry, agentImage }: LentOptions): Promise<Images> {
  const names = (await wantedImages(versions, registry)).map(({ purpose, name }) => [purpose, name] as const);
  return {
    ...(Object.fromEntries(names) as Record<ImagePurpose, string>),
    ...(agentImage !== undefined && { agent: agentImage }),
  };
}

/** Asks the API server for everything that specs do. @throws DomainError with what is not allowed */
async function assertAllowed(client: ClusterClient, access: ClusterAccess, signal?: AbortSignal): Promise<void> {
  const lines = await notAllowed(client, wanted, signal);
  if (lines.length === 0) return;
  throw new DomainError(
    {
      attempted: 'asking what this user may do',
      on: `context ${access.name} (${access.server})`,
      seen: `not allowed:\n${lines.join('\n')}`,
      why: 'specs create namespaces, volumes, classes and pods of their own, and follow what becomes of them',
      remedy: 'use a user who may, or --as one',
    },
    { exit: 'badUsage' },
  );
}

/** Asks the API server for each of these; returns what is not allowed, a line each. */
async function notAllowed(client: ClusterClient, all: readonly Wanted[], signal?: AbortSignal): Promise<string[]> {
  const questions: ResourceAttributes[] = all.flatMap(({ verbs, ...of }) => verbs.map((verb) => ({ verb, ...of })));
  const answers = await Promise.all(
    questions.map(async (question) => ({ question, ...(await client.mayI(question, { signal })) })),
  );
  return answers
    .filter(({ allowed }) => !allowed)
    .map(({ question: { verb, group, resource, subresource, namespace }, reason }) => {
      const what = `${resource}${subresource === undefined ? '' : `/${subresource}`}${group && `.${group}`}`;
      return `${verb} ${what} in ${namespace ?? 'all namespaces'}${reason && `: ${reason}`}`;
    });
}

function forbidden(what: string, [first]: readonly string[]): string | undefined {
  return first === undefined ? undefined : `${what} are not allowed to this user: ${first}`;
}

/** Returns the folders of the nodes for what specs make; those of clusters of ours where none is given. */
export function foldersOf(disks: string | undefined): Omit<NodePlaces, 'kubelet'> {
  const { kubelet: _found, ...usual } = usualPlaces;
  return disks === undefined ? usual : { disks, files: `${disks}/.local-pv-conformance` };
}

/**
 * Returns the names of the nodes that specs use, three where there are as many: those that are named, and else the first,
 * by name, that are fit. @throws DomainError (badUsage) where there is none, or one that is named is not fit
 */
export function chooseNodes(all: readonly Node[], names: readonly string[] | undefined): string[] {
  const asked = names ?? all.map(({ metadata }) => metadata.name).toSorted();
  const found = asked.map((name) => ({ name, why: unfit(all.find(({ metadata }) => metadata.name === name)) }));
  const fit = found.filter(({ why }) => why === undefined).map(({ name }) => name);
  if (fit.length > 0 && (names === undefined || fit.length === names.length)) return fit.slice(0, 3);
  throw new DomainError(
    {
      attempted: 'choosing the nodes for the specs',
      seen: [
        `fit: ${fit.join(', ') || 'none'}`,
        ...found.flatMap(({ name, why }) => (why === undefined ? [] : [`${name}: ${why}`])),
      ].join('\n'),
      why: 'specs use up to three nodes: Linux, Ready, schedulable and without taints',
      remedy: names === undefined ? 'make one fit, or better three' : 'name nodes that are: --nodes A,B,C',
    },
    { exit: 'badUsage' },
  );
}

/** Returns why specs cannot use a node; undefined where they can. */
function unfit(node: Node | undefined): string | undefined {
  if (!node) return 'there is no such node';
  if (node.status?.nodeInfo?.operatingSystem !== 'linux') return 'it is not a Linux node';
  if (!isReady(node)) return 'it is not Ready';
  const refusal = refusalOf(node);
  return refusal === 'podAffinity' ? undefined : `it is ${refusal}`;
}

/**
 * Checks that the nodes of a run are still as specs need them: somebody else may have drained or deleted one.
 * @throws DomainError that says which, and why
 */
export async function assertStillFit(client: ClusterClient, nodes: readonly RunNode[]): Promise<void> {
  const { items } = await client.list('Node');
  const lost = nodes.flatMap(({ name }) => {
    const why = unfit(items.find(({ metadata }) => metadata.name === name));
    return why === undefined ? [] : [`${name}: ${why}`];
  });
  if (lost.length === 0) return;
  throw new DomainError({
    attempted: 'looking at the nodes of the run after a spec has failed',
    seen: lost.join('\n'),
    why: 'the run has not done this: it changes no node of this cluster',
    remedy: 'run again when the nodes are free, or name others: --nodes A,B,C',
  });
}

/** Returns what the scheduler says first of a node against a pod that has to be elsewhere. */
export function refusalOf({ spec }: Node): OtherNode['refusal'] {
  if (spec?.unschedulable) return 'cordoned';
  const hard = (spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
  return hard.length > 0 ? 'tainted' : 'podAffinity';
}

function hostnameIn(all: readonly Node[], name: string): string {
  const node = all.find(({ metadata }) => metadata.name === name);
  return node?.metadata.labels?.['kubernetes.io/hostname'] ?? name;
}

/** Returns the plan of a run on a cluster as lines for its user: what is used, created, touched and skipped. */
export function planText(
  { access, kubernetes, nodes, otherNodes, images, folders, withoutAgents, disruptive }: Survey,
  { run, skipped }: { run: number; skipped: readonly string[] },
): string[] {
  const reasons = new Map<string, number>();
  for (const reason of skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const named = ({ name, hostname }: RunNode) => (name === hostname ? name : `${name} (hostname ${hostname})`);
  const { impersonation } = access;
  return [
    `context     ${access.name}, from ${access.origin}`,
    `server      ${access.server}`,
    `user        ${access.user.name || '(none)'}${impersonation ? `, as ${impersonation.user}` : ''}`,
    `Kubernetes  ${kubernetes}`,
    `nodes       ${nodes.map((node, index) => `${roles[index]} ${named(node)}`).join(', ')}`,
    ...(otherNodes.length > 0 ? [`not used    ${otherNodes.map(({ name }) => name).join(', ')}`] : []),
    'created     a namespace for each spec, with claims, pods and StatefulSets; PersistentVolumes and StorageClasses;',
    `            a Lease in ${leaseRef.namespace}. All of it bears the run’s label, and is removed at the end`,
    ...(withoutAgents === undefined
      ? [
          'privileged  an agent on each of these nodes, as root and with the host’s folders, in a namespace of its own:',
          `            ${images.agent}`,
          `disks       in ${folders.disks} of these nodes, their files in ${folders.files}`,
        ]
      : [`privileged  nothing: ${withoutAgents}`]),
    ...(disruptive
      ? [
          'disruptive  these nodes are labelled, tainted and cordoned; their kubelet and container runtime are stopped and',
          '            started: pods of others may be evicted from them',
        ]
      : ['disruptive  nothing: no node, no component and no object of others is changed']),
    `run         ${run} requirements`,
    ...[...reasons].map(([reason, count]) => `skipped     ${String(count).padStart(3)}: ${reason}`),
  ];
}

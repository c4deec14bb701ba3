import { type ImagePurpose, wantedImages } from '../../../clusters/agent/image/images.ts';
import type { ClusterAccess } from '../../../clusters/api/access/access.ts';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import type { Versions } from '../../../clusters/configuration/versions.ts';
import { type NodePlaces, usualPlaces } from '../../../clusters/nodes/node.ts';
import type { ClusterAbilities } from '../../../specs/catalogue/features.ts';
import type { OtherNode, RunNode } from '../../../specs/runner/test-cluster.ts';
import type { ClusterFact } from '../../report/model/kind-of-cluster.ts';
import { distributionOf } from '../recognise-cluster.ts';
import { chooseNodes, hostnameIn, refusalOf } from './chosen-nodes.ts';
import {
  assertAllowed,
  forbidden,
  notAllowed,
  wantedForAgents,
  wantedForNodes,
  wantedForProvisioner,
} from './permissions.ts';

/** What was found out of a cluster that a user has lent, before anything is created on it. */
export interface Survey extends Required<ClusterAbilities> {
  access: ClusterAccess;
  /** The names of the images, as nodes know them or pull them. */
  images: Images;
  /** Folders of the nodes for what specs make. */
  folders: Omit<NodePlaces, 'kubelet'>;
  /** Why the run starts no agents; undefined where it does. */
  withoutAgents: string | undefined;
  /** The only namespace that specs may use; undefined: each has one of its own. */
  namespace: string | undefined;
  /** Whether the user lets specs change nodes, and stop and start services of them. */
  disruptive: boolean;
  /** What Kubernetes was packaged or set up as. */
  distribution: ClusterFact;
  /** The nodes that specs use, in the order of their roles. */
  nodes: RunNode[];
  otherNodes: OtherNode[];
}

/** The name of each image that specs use. */
export type Images = Readonly<Record<ImagePurpose, string>>;

/** What the user has said about the run, beside how the cluster is reached. */
export interface LentOptions {
  /** The nodes that specs use. */
  nodes?: readonly string[] | undefined;
  /** The only namespace that may be used. */
  namespace?: string | undefined;
  /** The node of the pod that the harness runs in; undefined outside of the cluster. */
  ownNode?: string | undefined;
  /** False: no agents, whatever is allowed. */
  agent?: boolean | undefined;
  disruptive?: boolean | undefined;
  /** The registry that the images are in, and a path in it. */
  registry?: string | undefined;
  agentImage?: string | undefined;
  /** The folder of the nodes in which disks are mounted. */
  disks?: string | undefined;
}

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
  await assertAllowed(client, access, options.namespace, signal);
  const { items } = await client.list('Node', { signal });
  const nodes = chooseNodes(items, options.nodes, options.disruptive ? options.ownNode : undefined);
  const others = items.filter(({ metadata }) => !nodes.includes(metadata.name));
  const { withoutAgents, notProvisioned } = await surveyRemains(client, options, signal);
  const notDisruptive = options.disruptive
    ? forbidden('changes of nodes', await notAllowed(client, wantedForNodes, signal))
    : 'it changes nodes or stops their services, which --disruptive allows';
  return {
    access,
    kubernetes: gitVersion,
    distribution: distributionOf(gitVersion, items),
    nodes: nodes.map((name) => ({ name, hostname: hostnameIn(items, name) })),
    otherNodes: others.map((node) => ({ name: node.metadata.name, refusal: refusalOf(node) })),
    images,
    folders: foldersOf(options.disks),
    namespace: options.namespace,
    disruptive: options.disruptive ?? false,
    withoutAgents,
    withheld: {
      ...(withoutAgents !== undefined && { agent: withoutAgents }),
      ...(notDisruptive !== undefined && { nodes: notDisruptive, restart: notDisruptive }),
      'control-plane': `no processes of the control plane are touched ${there}`,
    },
    lacking: {
      ...(notProvisioned !== undefined && { provisioner: notProvisioned }),
      ...(options.namespace !== undefined && oneNamespace(options.namespace)),
      'node-deletion': `no Node is deleted ${there}: pods of others would go with it`,
      'machine-restart': `no machine is restarted ${there}`,
      preemption: `no PriorityClass is created ${there}: its pods might take the place of others`,
      'admission-policy': `no admission policy is created ${there}`,
      'classless-claims': `no claims without a class are created ${there}: they might take volumes of others`,
      'default-class': `no default class is created ${there}: claims of others would get it`,
      'schedulable-control-plane': `no node that has less room for pods than the others is looked for ${there}`,
    },
  };
}

/** Returns what specs lack that have one namespace for all of them. */
function oneNamespace(namespace: string): Record<string, string> {
  const elsewhere = 'the only one that may be used (--namespace)';
  return {
    'own-namespace': `it needs a namespace of its own: ${namespace} is ${elsewhere}`,
    // Events about what is in no namespace are in `default`.
    ...(namespace !== 'default' && { 'volume-events': `its events are in default: ${namespace} is ${elsewhere}` }),
  };
}

/** Finds out what may be done about what runs leave: whether agents may be started, and what may be listed. */
export async function surveyRemains(
  client: ClusterClient,
  { agent, namespace }: Pick<LentOptions, 'agent' | 'namespace'>,
  signal?: AbortSignal,
): Promise<Pick<Survey, 'withoutAgents'> & { notProvisioned: string | undefined }> {
  if (namespace !== undefined) {
    const why = `agents need a namespace of their own: ${namespace} is the only one that may be used (--namespace)`;
    return { withoutAgents: why, notProvisioned: why };
  }
  const withoutAgents =
    agent === false
      ? 'no agent was wanted (--no-agent)'
      : forbidden('agents', await notAllowed(client, wantedForAgents, signal));
  const refused = await notAllowed(client, wantedForProvisioner, signal);
  return { withoutAgents, notProvisioned: forbidden('the static provisioner', refused) };
}

/** Returns the names of the images of a run: of `lpv images`, but for what the user names. */
export async function imagesFor(versions: Versions, { registry, agentImage }: LentOptions): Promise<Images> {
  const names = (await wantedImages(versions, registry)).map(({ purpose, name }) => [purpose, name] as const);
  return {
    ...(Object.fromEntries(names) as Record<ImagePurpose, string>),
    ...(agentImage !== undefined && { agent: agentImage }),
  };
}

/** Returns the folders of the nodes for what specs make; those of clusters of ours where none is given. */
export function foldersOf(disks: string | undefined): Omit<NodePlaces, 'kubelet'> {
  const { kubelet: _found, ...usual } = usualPlaces;
  return disks === undefined ? usual : { disks, files: `${disks}/.local-pv-conformance` };
}

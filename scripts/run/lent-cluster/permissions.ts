import type { ClusterAccess } from '../../../clusters/api/access/access.ts';
import type { ClusterClient, ResourceAttributes } from '../../../clusters/api/client.ts';
import { kinds } from '../../../clusters/api/kinds.ts';
import type { Kind } from '../../../clusters/api/objects.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { ownedKinds } from '../../../fixtures/isolate-names.ts';
import { kindsWithin } from '../../../specs/runner/test-cluster.ts';
import type { RunObjects } from '../cluster/used-cluster.ts';
import { leaseOf } from './lease.ts';

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
  { group: 'storage.k8s.io', resource: 'csinodes', verbs: ['list'] },
  { group: 'scheduling.k8s.io', resource: 'priorityclasses', verbs: ['list', 'watch'] },
  { group: 'apps', resource: 'statefulsets', verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'] },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['create', 'delete', 'get', 'patch'],
    namespace: leaseOf(undefined).namespace,
  },
];

/** What it does where it may use one namespace only. */
export function wantedWithin(namespace: string): Wanted[] {
  const plurals = new Set<string>(
    [...kindsWithin, 'CSINode' as const, 'Lease' as const].map((kind) => kinds[kind].plural),
  );
  const inside = new Set(
    Object.values(kinds).flatMap(({ plural, namespaced }) => (namespaced ? [plural as string] : [])),
  );
  return wanted
    .filter(({ resource }) => plurals.has(resource))
    .map((each) => (inside.has(each.resource) ? { ...each, namespace } : each));
}

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

/** Asks the API server for everything that specs do. @throws DomainError with what is not allowed */
export async function assertAllowed(
  client: ClusterClient,
  access: ClusterAccess,
  namespace: string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const lines = await notAllowed(client, namespace === undefined ? wanted : wantedWithin(namespace), signal);
  if (lines.length === 0) return;
  throw new DomainError(
    {
      attempted: 'asking what this user may do',
      on: `context ${access.name} (${access.server})`,
      seen: `not allowed:\n${lines.join('\n')}`,
      why: 'specs create volumes, classes, claims and pods of their own, and follow what becomes of them',
      remedy:
        namespace === undefined
          ? 'use a user who may, or --as one; for a user of one namespace: --namespace NAME'
          : `use a user who may: \`lpv rbac --tier api --namespace ${namespace}\``,
    },
    { exit: 'badUsage' },
  );
}

/** Asks the API server for each of these; returns what is not allowed, a line each. */
export async function notAllowed(
  client: ClusterClient,
  all: readonly Wanted[],
  signal?: AbortSignal,
): Promise<string[]> {
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

export function forbidden(what: string, [first]: readonly string[]): string | undefined {
  return first === undefined ? undefined : `${what} are not allowed to this user: ${first}`;
}

/**
 * Returns where the objects are that specs create on a cluster that is lent: their pods take the place of no other.
 * `namespace` is the only one that they may use.
 */
export function createdObjects(notProvisioned: string | undefined, namespace: string | undefined): RunObjects {
  const ofSpecs = ownedKinds.filter((kind) => kind !== 'PriorityClass');
  if (namespace !== undefined) return { kinds: ofSpecs.filter((kind) => kind !== 'Namespace'), namespace };
  // Without the permission to create them there are none, and they may not be listed.
  const kinds: Kind[] = notProvisioned === undefined ? [...ofSpecs, 'ClusterRoleBinding', 'ClusterRole'] : ofSpecs;
  return { kinds, namespace };
}

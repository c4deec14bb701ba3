import { fileURLToPath } from 'node:url';
import { type Document, parseAllDocuments, stringify } from 'yaml';
import { readSource } from '../yaml/strict-yaml.ts';

/** What a user wants to run, from less to more: a tier needs the permissions of those before it too. */
export const tiers = ['api', 'agent', 'nodes'] as const;
export type Tier = (typeof tiers)[number];

/** Who gets the permissions. */
export type Subject =
  | { kind: 'User' | 'Group'; name: string }
  | { kind: 'ServiceAccount'; namespace: string; name: string };

const rolesFile = fileURLToPath(new URL('roles.yaml', import.meta.url));

const group = 'rbac.authorization.k8s.io';

/** Returns the ClusterRoles that a tier needs, and with a subject their bindings, as YAML for `kubectl apply`. */
export async function rolesFor(tier: Tier, subject?: Subject): Promise<string> {
  const wanted = tiers.slice(0, tiers.indexOf(tier) + 1).map((each) => `local-pv-conformance-${each}`);
  const roles = (await readRoles()).filter(({ name }) => wanted.includes(name));
  // As they are in the file, with their comments.
  const bindings = subject === undefined ? [] : wanted.map((name) => stringify(bindingOf(name, subject)));
  return [...roles.map(({ document }) => document.toString({ directives: false })), ...bindings].join('---\n');
}

/**
 * Returns what tier api needs of a user who has one namespace, as YAML for `kubectl apply`: a Role there, and a ClusterRole
 * for what is in no namespace. With a subject their bindings, too.
 */
export async function rolesWithin(namespace: string, subject?: Subject): Promise<string> {
  const roles = (await readRoles()).filter(({ name }) => within.includes(name));
  for (const { document } of roles)
    if (document.get('kind') === 'Role') document.setIn(['metadata', 'namespace'], namespace);
  const bindings = subject === undefined ? [] : within.map((name) => stringify(bindingOf(name, subject, namespace)));
  return [...roles.map(({ document }) => document.toString({ directives: false })), ...bindings].join('---\n');
}

/** The names of the ClusterRole and the Role of a user who has one namespace. */
const namespaced = 'local-pv-conformance-namespaced';
const within = ['local-pv-conformance-volumes', namespaced];

async function readRoles(): Promise<{ name: string; document: Document }[]> {
  const { text } = await readSource(rolesFile);
  return parseAllDocuments(text).map((document) => ({ name: String(document.getIn(['metadata', 'name'])), document }));
}

/** Returns a name for the binding of a role that no other subject has: a second user takes nothing from the first. */
function bindingName(role: string, subject: Subject): string {
  const named = subject.kind === 'ServiceAccount' ? `${subject.namespace}:${subject.name}` : subject.name;
  // What the API server refuses in a name.
  return `${role}:${subject.kind.toLowerCase()}:${named.replaceAll(/[/%]/g, '-')}`;
}

function bindingOf(role: string, subject: Subject, namespace?: string) {
  const inside = role === namespaced;
  return {
    apiVersion: `${group}/v1`,
    kind: inside ? 'RoleBinding' : 'ClusterRoleBinding',
    metadata: { name: bindingName(role, subject), ...(inside && { namespace }) },
    roleRef: { apiGroup: group, kind: inside ? 'Role' : 'ClusterRole', name: role },
    subjects: [subject.kind === 'ServiceAccount' ? subject : { apiGroup: group, ...subject }],
  };
}

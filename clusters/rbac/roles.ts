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

interface Role {
  kind: 'ClusterRole' | 'Role';
  metadata: { name: string; namespace?: string };
}

const rolesFile = fileURLToPath(new URL('roles.yaml', import.meta.url));

const group = 'rbac.authorization.k8s.io';

/** Returns the ClusterRoles that a tier needs, and with a subject their bindings, as YAML for `kubectl apply`. */
export async function rolesFor(tier: Tier, subject?: Subject): Promise<string> {
  const wanted = tiers.slice(0, tiers.indexOf(tier) + 1);
  return asYaml(await readRoles(wanted), subject);
}

/**
 * Returns what tier api needs of a user who has one namespace, as YAML for `kubectl apply`: a Role there, and a ClusterRole
 * for what is in no namespace. With a subject their bindings, too.
 */
export async function rolesWithin(namespace: string, subject?: Subject): Promise<string> {
  const roles = await readRoles(['volumes', 'namespaced']);
  for (const role of roles) if (role.get('kind') === 'Role') role.setIn(['metadata', 'namespace'], namespace);
  return asYaml(roles, subject);
}

async function readRoles(names: readonly string[]): Promise<Document[]> {
  const { text } = await readSource(rolesFile);
  const wanted = names.map((name) => `local-pv-conformance-${name}`);
  return parseAllDocuments(text).filter((role) => wanted.includes(String(role.getIn(['metadata', 'name']))));
}

/** Returns roles as they are in the file, with their comments, and after them their bindings. */
function asYaml(roles: readonly Document[], subject: Subject | undefined): string {
  const bindings = subject === undefined ? [] : roles.map((role) => stringify(bindingOf(role.toJS() as Role, subject)));
  return [...roles.map((role) => role.toString({ directives: false })), ...bindings].join('---\n');
}

/** Returns a name for the binding of a role that no other subject has: a second user takes nothing from the first. */
function bindingName(role: string, subject: Subject): string {
  const named = subject.kind === 'ServiceAccount' ? `${subject.namespace}:${subject.name}` : subject.name;
  // What the API server refuses in a name.
  return `${role}:${subject.kind.toLowerCase()}:${named.replaceAll(/[/%]/g, '-')}`;
}

function bindingOf({ kind, metadata: { name, namespace } }: Role, subject: Subject) {
  return {
    apiVersion: `${group}/v1`,
    kind: `${kind}Binding`,
    metadata: { name: bindingName(name, subject), ...(namespace !== undefined && { namespace }) },
    roleRef: { apiGroup: group, kind, name },
    subjects: [subject.kind === 'ServiceAccount' ? subject : { apiGroup: group, ...subject }],
  };
}

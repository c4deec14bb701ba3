import { fileURLToPath } from 'node:url';
import { parseAllDocuments, stringify } from 'yaml';
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
  const { text } = await readSource(rolesFile);
  const wanted = tiers.slice(0, tiers.indexOf(tier) + 1).map((each) => `local-pv-conformance-${each}`);
  const roles = parseAllDocuments(text).filter((role) => wanted.includes(String(role.getIn(['metadata', 'name']))));
  // As they are in the file, with their comments.
  const bindings = subject === undefined ? [] : wanted.map((name) => stringify(bindingOf(name, subject)));
  return [...roles.map((role) => role.toString({ directives: false })), ...bindings].join('---\n');
}

function bindingOf(role: string, subject: Subject) {
  return {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: role },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
    subjects: [subject.kind === 'ServiceAccount' ? subject : { apiGroup: group, ...subject }],
  };
}

import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { kinds } from '../api/kinds.ts';
import { rolesFor, rolesWithin, tiers } from './roles.ts';

interface Role {
  kind: string;
  metadata: { name: string };
  rules?: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  subjects?: unknown[];
}

const read = async (...args: Parameters<typeof rolesFor>) =>
  parseAllDocuments(await rolesFor(...args)).map((document) => document.toJS() as Role);

describe('the roles of a tier', () => {
  it('have those of the tiers before it', async () => {
    const names = await Promise.all(tiers.map(async (tier) => (await read(tier)).map(({ metadata }) => metadata.name)));
    expect(names.map(({ length }) => length)).to.deep.equal([1, 2, 3]);
    expect(names[2]).to.include.members(names[1] ?? []);
  });

  it('are bound to a subject, each of them', async () => {
    const account = { kind: 'ServiceAccount', namespace: 'ci', name: 'lpv' } as const;
    const bindings = (await read('nodes', account)).filter(({ kind }) => kind === 'ClusterRoleBinding');
    expect(bindings.map(({ subjects }) => subjects)).to.deep.equal(Array(3).fill([account]));
    const [binding] = (await read('api', { kind: 'Group', name: 'sre' })).slice(-1);
    expect(binding?.subjects).to.deep.equal([{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'sre' }]);
  });

  it('are bound to each user by a binding of its own', async () => {
    const namesFor = async (name: string) => {
      const all = await read('api', { kind: 'User', name });
      return all.filter(({ kind }) => kind === 'ClusterRoleBinding').map(({ metadata }) => metadata.name);
    };
    expect(await namesFor('oidc:team/jane@example.org')).to.deep.equal([
      'local-pv-conformance-api:user:oidc:team-jane@example.org',
    ]);
    expect(await namesFor('tom')).to.deep.equal(['local-pv-conformance-api:user:tom']);
  });

  it('let every kind of the harness be read, but Secrets, and limits, which only a test of others makes', async () => {
    const rules = (await read('nodes')).flatMap((role) => role.rules ?? []);
    const readable = (group: string, plural: string) =>
      rules.some(
        ({ apiGroups, resources, verbs }) =>
          apiGroups.includes(group) &&
          resources.includes(plural) &&
          ['get', 'list', 'watch'].every((verb) => verbs.includes(verb)),
      );
    const unread = Object.entries(kinds).filter(
      ([, { apiVersion, plural }]) =>
        !readable(apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '', plural),
    );
    expect(unread.map(([kind]) => kind)).to.deep.equal(['Secret', 'LimitRange']);
  });

  it('are a Role in the namespace of a user who has one, and a ClusterRole for what is in none', async () => {
    const text = await rolesWithin('team', { kind: 'User', name: 'jane' });
    const all = parseAllDocuments(text).map((document) => document.toJS() as Role & { roleRef?: object });
    expect(all.map(({ kind, metadata }) => [kind, metadata])).to.deep.equal([
      ['ClusterRole', { name: 'local-pv-conformance-volumes' }],
      ['Role', { name: 'local-pv-conformance-namespaced', namespace: 'team' }],
      ['ClusterRoleBinding', { name: 'local-pv-conformance-volumes:user:jane' }],
      ['RoleBinding', { name: 'local-pv-conformance-namespaced:user:jane', namespace: 'team' }],
    ]);
    const [clusterRole] = all;
    const plurals = (clusterRole?.rules ?? []).flatMap(({ resources }) => resources);
    const inNone = Object.values(kinds).flatMap(({ plural, namespaced }) => (namespaced ? [] : [plural as string]));
    expect(plurals).to.have.members(['persistentvolumes', 'storageclasses', 'nodes', 'csinodes']);
    expect(inNone).to.include.members(plurals);
    expect(all.at(-1)?.roleRef).to.deep.include({ kind: 'Role', name: 'local-pv-conformance-namespaced' });
  });

  it('allow nothing by a wildcard', async () => {
    const within = parseAllDocuments(await rolesWithin('team')).map((document) => document.toJS() as Role);
    for (const { resources, verbs, apiGroups } of [...(await read('nodes')), ...within].flatMap(
      (role) => role.rules ?? [],
    ))
      expect([...resources, ...verbs, ...apiGroups]).to.not.include('*');
  });
});

import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { kinds } from '../../../clusters/api/kinds.ts';
import { rolesFor, rolesWithin, type Tier } from '../../../clusters/rbac/roles.ts';
import {
  createdObjects,
  wanted,
  wantedForAgents,
  wantedForNodes,
  wantedForProvisioner,
  wantedWithin,
} from './permissions.ts';

describe('what a run does', () => {
  type Rules = { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  const rulesOf = async (tier: Tier): Promise<Rules> =>
    parseAllDocuments(await rolesFor(tier)).flatMap((role) => (role.toJS() as { rules: Rules }).rules);
  const refusedBy = (rules: Rules, asked: typeof wanted) =>
    asked.flatMap(({ group, resource, subresource, verbs }) => {
      const name = subresource === undefined ? resource : `${resource}/${subresource}`;
      const of = rules.filter(({ apiGroups, resources }) => apiGroups.includes(group) && resources.includes(name));
      return verbs.filter((verb) => !of.some((rule) => rule.verbs.includes(verb))).map((verb) => `${verb} ${name}`);
    });

  it('is allowed by the roles that `lpv rbac` prints for it', async () => {
    expect(refusedBy(await rulesOf('api'), wanted)).to.deep.equal([]);
    expect(refusedBy(await rulesOf('agent'), wantedForAgents)).to.deep.equal([]);
    expect(refusedBy(await rulesOf('nodes'), [...wantedForNodes, ...wantedForProvisioner])).to.deep.equal([]);
  });

  it('is allowed in one namespace by the Role of that, and elsewhere only what is in no namespace', async () => {
    const [clusterRole, role] = parseAllDocuments(await rolesWithin('team')).map(
      (document) => (document.toJS() as { rules: Rules }).rules,
    );
    const within = wantedWithin('team');
    const inside = within.filter(({ namespace }) => namespace === 'team');
    const outside = within.filter(({ namespace }) => namespace === undefined);
    expect(within).to.have.length(inside.length + outside.length);
    expect(inside.map(({ resource }) => resource)).to.include.members(['pods', 'persistentvolumeclaims', 'leases']);
    expect(refusedBy(role ?? [], inside)).to.deep.equal([]);
    expect(refusedBy(clusterRole ?? [], outside)).to.deep.equal([]);
    const followed = within.map(({ resource }) => resource);
    for (const kind of createdObjects('not allowed', 'team').kinds) expect(followed).to.include(kinds[kind].plural);
  });

  it('is more than a lesser role allows', async () => {
    expect(refusedBy(await rulesOf('api'), wantedForAgents)).not.to.deep.equal([]);
    const agent = await rulesOf('agent');
    for (const more of [wantedForNodes, wantedForProvisioner]) expect(refusedBy(agent, more)).not.to.deep.equal([]);
  });
});

import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import type { Node } from '../../../clusters/api/objects.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { rolesFor, type Tier } from '../../../clusters/rbac/roles.ts';
import {
  assertStillFit,
  chooseNodes,
  foldersOf,
  planText,
  refusalOf,
  type Survey,
  wanted,
  wantedForAgents,
  wantedForNodes,
  wantedForProvisioner,
} from './survey.ts';

interface Odd {
  taint?: string;
  cordoned?: boolean;
  ready?: 'True' | 'False';
  system?: string;
}

function node(name: string, { taint, cordoned, ready = 'True', system = 'linux' }: Odd = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-11-27T12:00:00Z' },
    spec: {
      ...(taint !== undefined && { taints: [{ key: 'role', effect: taint }] }),
      ...(cordoned && { unschedulable: true }),
    },
    status: {
      conditions: [{ type: 'Ready', status: ready }],
      nodeInfo: { operatingSystem: system },
    },
  } as Node;
}

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

  it('is more than a lesser role allows', async () => {
    expect(refusedBy(await rulesOf('api'), wantedForAgents)).not.to.deep.equal([]);
    const agent = await rulesOf('agent');
    for (const more of [wantedForNodes, wantedForProvisioner]) expect(refusedBy(agent, more)).not.to.deep.equal([]);
  });
});

it('disks are in the folder that is named, with their files; else where clusters of ours have them', () => {
  expect(foldersOf(undefined)).to.deep.equal({ disks: '/mnt/disks', files: '/var/local/local-pv-conformance' });
  expect(foldersOf('/var/mnt')).to.deep.equal({ disks: '/var/mnt', files: '/var/mnt/.local-pv-conformance' });
});

describe('choosing the nodes of a cluster that a user has lent', () => {
  const all = [
    node('d'),
    node('c', { taint: 'PreferNoSchedule' }),
    node('b'),
    node('a', { taint: 'NoSchedule' }),
    node('e'),
  ];

  it('takes the first three that are fit, by name', () => {
    expect(chooseNodes(all, undefined)).to.deep.equal(['b', 'c', 'd']);
  });

  it('takes those that are named, in that order', () => {
    expect(chooseNodes(all, ['e', 'b', 'd'])).to.deep.equal(['e', 'b', 'd']);
  });

  it('takes one or two where there are no more', () => {
    expect(chooseNodes([node('b'), node('a', { cordoned: true })], undefined)).to.deep.equal(['b']);
    expect(chooseNodes(all, ['e', 'b'])).to.deep.equal(['e', 'b']);
  });

  it('refuses where none is fit or one named is not, and says of each node why', () => {
    const few = [
      node('b', { taint: 'NoExecute' }),
      node('c', { cordoned: true }),
      node('d', { ready: 'False' }),
      node('e', { system: 'windows' }),
    ];
    const refused = (names?: readonly string[]) =>
      expect(() => chooseNodes(few, names))
        .to.throw(DomainError)
        .with.property('message');
    for (const line of [
      'fit: none',
      'b: it is tainted',
      'c: it is cordoned',
      'd: it is not Ready',
      'e: it is not a Linux',
    ])
      refused().that.includes(line);
    refused(['a', 'x', 'b']).that.includes('x: there is no such node');
    expect(() => chooseNodes(all, ['a', 'b', 'c', 'd'])).to.throw('a: it is tainted');
  });

  it('says of nodes that somebody else has drained or deleted that the run has lost them', async () => {
    const look = (...items: Node[]) =>
      assertStillFit({ list: async () => ({ items }) } as unknown as ClusterClient, [
        { name: 'a', hostname: 'a' },
        { name: 'b', hostname: 'b' },
      ]).catch((error: unknown) => error);
    expect(await look(node('a'), node('b'), node('c', { cordoned: true }))).to.equal(undefined);
    const lost = await look(node('a', { cordoned: true }));
    expect(lost).to.be.instanceOf(DomainError).and.to.include({ exit: 'environment' });
    expect(String(lost)).to.match(/a: it is cordoned\n.*b: there is no such node/);
  });

  it('knows what the scheduler says of the others', () => {
    const others = [node('a', { cordoned: true, taint: 'NoSchedule' }), node('b', { taint: 'NoSchedule' }), node('c')];
    expect(others.map(refusalOf)).to.deep.equal(['cordoned', 'tainted', 'podAffinity']);
  });
});

it('the plan of a run says which cluster, what is used and created, and why the rest is skipped', () => {
  const survey = {
    access: {
      name: 'staging',
      origin: '/home/me/.kube/config',
      server: 'https://api.example:6443',
      user: { name: 'me', user: {} },
      impersonation: { user: 'tester', groups: [], uid: undefined, extra: {} },
    },
    kubernetes: 'v1.37.2',
    nodes: [
      { name: 'a', hostname: 'a' },
      { name: 'b', hostname: 'rack-7' },
      { name: 'c', hostname: 'c' },
    ],
    otherNodes: [{ name: 'control', refusal: 'tainted' }],
    images: { agent: 'registry.example/agent:1' },
    folders: { disks: '/mnt/disks', files: '/var/files' },
    withoutAgents: undefined,
    disruptive: false,
  } as unknown as Survey;
  const text = planText(survey, { run: 2, skipped: ['no agent', 'no agent', 'other minor'] }).join('\n');
  for (const line of [
    'context     staging, from /home/me/.kube/config',
    'server      https://api.example:6443',
    'user        me, as tester',
    'nodes       first a, second b (hostname rack-7), third c',
    'not used    control',
    'privileged  an agent on each of these nodes',
    'registry.example/agent:1',
    'disks       in /mnt/disks of these nodes, their files in /var/files',
    'disruptive  nothing',
    'run         2 requirements',
    'skipped       2: no agent',
    'skipped       1: other minor',
  ])
    expect(text).to.include(line);
});

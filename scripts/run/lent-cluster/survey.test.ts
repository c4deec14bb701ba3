import { expect } from 'chai';
import { parseDocument } from 'yaml';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import type { Node } from '../../../clusters/api/objects.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { rolesFor } from '../../../clusters/rbac/roles.ts';
import { assertStillFit, chooseNodes, planText, refusalOf, type Survey, wanted } from './survey.ts';

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

describe('what a run on the API alone does', () => {
  it('is allowed by the role that `lpv rbac` prints for it', async () => {
    const role = parseDocument(await rolesFor('api')).toJS() as {
      rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
    };
    const refused = wanted.flatMap(({ group, resource, verbs }) => {
      const rules = role.rules.filter(
        ({ apiGroups, resources }) => apiGroups.includes(group) && resources.includes(resource),
      );
      return verbs
        .filter((verb) => !rules.some((rule) => rule.verbs.includes(verb)))
        .map((verb) => `${verb} ${resource}`);
    });
    expect(refused).to.deep.equal([]);
  });
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

import { expect } from 'chai';
import { ownProduct } from '../../report/formats/conformance/product.ts';
import { planText } from './plan-text.ts';
import type { Survey } from './survey.ts';

it('the plan of a run says which cluster, what is used and created, and why the rest is skipped', () => {
  const survey = {
    access: {
      name: 'staging',
      origin: '/home/me/.kube/config',
      server: 'https://api.example:6443',
      user: { name: 'me', user: {} },
      impersonation: { user: 'tester', groups: [], uid: undefined, extra: {} },
    },
    kubernetes: 'v1.37.2+k3s1',
    distribution: { is: 'k3s', seenIn: 'version v1.37.2+k3s1' },
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
  const skipped = ['no agent', 'no agent', 'other minor'];
  const text = planText(survey, { run: 2, skipped, product: undefined }).join('\n');
  for (const line of [
    'context     staging, from /home/me/.kube/config',
    'server      https://api.example:6443',
    'user        me, as tester',
    'product     k3s cluster; --product FILE names yours',
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
  const product = { ...ownProduct('v1.2'), name: 'Some Kubernetes', vendor: 'Some Vendor' };
  const within = planText({ ...survey, namespace: 'team' }, { run: 2, skipped: [], product }).join('\n');
  expect(within).to.include('product     Some Kubernetes v1.2, by Some Vendor');
  expect(within).to.match(/created {5}claims, .* in team; PersistentVolumes.*\n {12}a Lease in team\./);
  expect(text).to.match(/created {5}a namespace for each spec.*\n {12}a Lease in default\./);
});

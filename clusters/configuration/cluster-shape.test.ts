import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { BadConfiguration, renderProblem } from '../yaml/bad-configuration.ts';
import {
  parseClusterConfiguration,
  readClusterConfiguration,
  renderKindConfiguration,
  threeNodeFile,
} from './cluster-shape.ts';

const good = readFileSync(threeNodeFile, 'utf8');

function problemsOf(text: string): string[] {
  try {
    parseClusterConfiguration({ file: 'three-node.yaml', text });
  } catch (error) {
    if (error instanceof BadConfiguration) return error.problems.map(renderProblem);
    throw error;
  }
  return [];
}

/** The good file with one change, which must change something. */
function changed(from: string | RegExp, to: string): string {
  const text = good.replace(from, to);
  expect(text).not.to.equal(good);
  return text;
}

describe('cluster shape', () => {
  it('knows the three nodes of the scenario, their labels and their roles', async () => {
    const { shape } = await readClusterConfiguration();
    expect(shape.nodes).to.deep.equal([
      { name: 'node1', role: 'control-plane', labels: { diskType: 'ssd' }, hostnameLabel: 'node1' },
      { name: 'node2', role: 'worker', labels: { diskType: 'ssd' }, hostnameLabel: 'node2' },
      { name: 'node3', role: 'worker', labels: {}, hostnameLabel: 'node3' },
    ]);
  });

  it('makes every node schedulable and skips what no spec uses', async () => {
    const { document } = await readClusterConfiguration();
    expect(parse(document.nodes[0]?.kubeadmConfigPatches[0] ?? '')).to.deep.equal({
      kind: 'InitConfiguration',
      nodeRegistration: { name: 'node1', taints: [] },
      skipPhases: ['preflight', 'addon/coredns', 'addon/kube-proxy'],
    });
  });

  const table: readonly [string, () => string, RegExp][] = [
    [
      'an unknown key',
      () => changed('networking:', 'netwrking:'),
      /netwrking is not a key that is known here; did you mean networking\?/,
    ],
    [
      'an API server on all addresses',
      () => changed('127.0.0.1', '0.0.0.0'),
      /apiServerAddress: 0\.0\.0\.0 is not this machine/,
    ],
    [
      'an unknown role',
      () => changed('role: worker', 'role: wroker'),
      /role: wroker is not one of control-plane, worker; did you mean worker\?/,
    ],
    ['two nodes of one name', () => changed('name: node3', 'name: node2'), /two nodes are called node2/],
    [
      'capitals in a node name',
      () => changed('name: node3', 'name: Node3'),
      /:\d+:17: nodeRegistration\.name: Node3 is no node name/,
    ],
    [
      'a slip in a patch',
      () => changed('nodeRegistration:', 'nodeRegistation:'),
      /nodeRegistation is not a key that is known here; did you mean nodeRegistration\?/,
    ],
    [
      'a patch of an unknown kind',
      () => changed('kind: JoinConfiguration', 'kind: JoinConfigration'),
      /did you mean JoinConfiguration\?/,
    ],
    [
      'a patch with an apiVersion',
      () => changed('failCgroupV1: false', 'apiVersion: kubelet.config.k8s.io/v1'),
      /apiVersion: leave it out/,
    ],
    [
      'a worker without a name',
      () => changed(/kind: JoinConfiguration\n\s+nodeRegistration:\n\s+name: node3/, 'kind: KubeletConfiguration'),
      /nodes\[2\]: a worker has its name from a patch of kind JoinConfiguration/,
    ],
    [
      'no control plane',
      () => changed('role: control-plane', 'role: worker'),
      /there are 0 nodes with role control-plane/,
    ],
    [
      'a label that is none',
      () => changed('diskType: ssd', 'diskType: "s s d"'),
      /labels\.diskType: s s d cannot be the value of a label/,
    ],
    ['a patch that is no YAML', () => changed('failCgroupV1: false', 'failCgroupV1: ['), /not valid YAML/],
  ];
  for (const [what, text, expected] of table) {
    it(`refuses ${what}`, () => expect(problemsOf(text()).join('\n')).to.match(expected));
  }

  it('places what is wrong in a patch at its line of the file', () => {
    const text = changed('failCgroupV1: false', 'apiVersion: v1');
    const line = text.split('\n').findIndex((content) => content.includes('apiVersion: v1')) + 1;
    expect(problemsOf(text)[0]).to.match(new RegExp(`^three-node\\.yaml:${line}:17: `));
  });

  describe('rendered for a run', () => {
    it('is the file itself, where nothing is changed', async () => {
      const { document } = await readClusterConfiguration();
      expect(parse(renderKindConfiguration(document))).to.deep.equal({
        ...parse(good),
        nodes: parse(good).nodes.map((node: object) => ({ labels: {}, ...node })),
      });
    });
  });
});

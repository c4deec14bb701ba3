import { expect } from 'chai';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import { ApiRefusal } from '../../../clusters/api/refusal.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { silent } from '../../../clusters/text/progress.ts';
import { agentsStep, type RunAgents } from './agents-step.ts';
import { agentsForTests } from './nodes-for-tests.ts';
import type { Survey } from './survey.ts';

const images = { agent: 'agent:1', pod: 'pod:1', provisioner: 'provisioner:1' };
const survey = {
  images,
  folders: { disks: '/mnt/disks', files: '/var/files' },
  nodes: [
    { name: 'node1', hostname: 'node1' },
    { name: 'node2', hostname: 'node2' },
  ],
} as unknown as Survey;
const context = { progress: silent, signal: new AbortController().signal };
const logs = { journalctl: 'kubelet: started\n' };
/** kubelet logs at verbosity 2. */
const client = {
  kubeletConfiguration: async () => ({ kubeletconfig: { logging: { verbosity: 2 } } }),
} as unknown as ClusterClient;

type Answers = Parameters<typeof agentsForTests>[1];

function step(of: { answers?: Answers; units?: string[]; unusable?: [string, string][]; refusal?: Error } = {}) {
  const { answers = { node1: logs, node2: logs }, units, unusable = [], refusal } = of;
  const seen: string[] = [];
  const result: RunAgents = { agents: undefined, found: { lacking: {}, withheld: {} } };
  const { start } = agentsForTests(seen, answers, units);
  const action = agentsStep({
    survey,
    client,
    run: 'abc',
    removeObjects: async () => void seen.push('objects are removed'),
    result,
    by: {
      startAgents: refusal ? () => Promise.reject(refusal) : start,
      unusableImages: async () => new Map(unusable),
    },
  });
  return { seen, result, perform: () => action.perform(context), undo: async () => await action.undo?.(context) };
}

describe('the step that starts agents', () => {
  it('finds nothing lacking where nodes can do everything', async () => {
    const { result, perform } = step();
    await perform();
    expect(result.agents?.nodes.map(({ name }) => name)).to.deep.equal(['node1', 'node2']);
    expect(result.found).to.deep.equal({ withheld: {}, lacking: {} });
  });

  it('finds out what a node cannot do: that is skipped, with the reason and the node', async () => {
    for (const [of, found] of [
      [
        { answers: { node1: logs, node2: { ...logs, 'prove-mounts.sh': '/mnt/disks cannot be written to\n' } } },
        { withheld: { agent: '/mnt/disks cannot be written to: node2' }, lacking: {} },
      ],
      [
        { unusable: [[images.pod, 'pod:1 on node1: ErrImageNeverPull']] },
        { withheld: { agent: 'pod:1 on node1: ErrImageNeverPull' }, lacking: {} },
      ],
      [
        { unusable: [[images.provisioner, 'provisioner:1 on node1: ErrImageNeverPull']] },
        { withheld: {}, lacking: { provisioner: 'provisioner:1 on node1: ErrImageNeverPull' } },
      ],
      [
        { answers: { node1: logs, node2: { ...logs, 'kept-hostname.sh': 'it would lose its label\n' } } },
        { withheld: { restart: 'it would lose its label: node2' }, lacking: {} },
      ],
      [{ units: [] }, { withheld: { restart: 'kubelet is no service of systemd: node1, node2' }, lacking: {} }],
      [
        { answers: { node1: { ...logs, 'lacking.sh': 'xfs\tmkfs.xfs is not there\n' }, node2: logs } },
        { withheld: {}, lacking: { xfs: 'mkfs.xfs is not there: node1' } },
      ],
      [
        { answers: { node1: logs } },
        { withheld: {}, lacking: { 'kubelet-log': 'kubelet of node2 logs nothing to the journal of systemd' } },
      ],
    ] as [Parameters<typeof step>[0], RunAgents['found']][]) {
      const { result, perform } = step(of);
      await perform();
      expect(result.found).to.deep.equal(found);
    }
  });

  it('goes on without agents where they are refused: what needs them is skipped in the words of the refusal', async () => {
    const message = 'admission webhook "pods.policy" denied the request: no privileged pods here';
    const refusal = new ApiRefusal('creating an object', 'Pod a/b', 403, JSON.stringify({ message }));
    const { seen, result, perform, undo } = step({ refusal });
    await perform();
    expect(result.agents).to.equal(undefined);
    expect(result.found.lacking).to.deep.equal({});
    expect(result.found.withheld.agent).to.match(/^no agent could be started: .*no privileged pods here/);
    await undo();
    expect(seen).to.deep.equal([]);
  });

  it('is undone in order: services, objects, disks, the folders that it has made, agents', async () => {
    const { seen, perform, undo } = step({ answers: { node1: { ...logs, test: { status: 1 } }, node2: logs } });
    await perform();
    expect(seen.filter((line) => line.endsWith(' mkdir'))).to.deep.equal(['node1 mkdir', 'node1 mkdir']);
    const before = seen.length;
    await undo();
    expect(seen.slice(before)).to.deep.equal([
      'node1 wake-node.sh',
      'node2 wake-node.sh',
      'objects are removed',
      'node1 clear-node.sh',
      'node2 clear-node.sh',
      'node1 volume-places.sh',
      'node2 volume-places.sh',
      'node1 rmdir',
      'node1 rmdir',
      'agents of abc end',
    ]);
  });

  it('keeps the agents where something of the run is left on a node: the next run needs their record', async () => {
    const places = '/mnt/disks/abc-lv-bind-05-disk-1\n/mnt/disks/theirs\n';
    const { seen, perform, undo } = step({ answers: { node1: logs, node2: { ...logs, 'volume-places.sh': places } } });
    await perform();
    const error = await undo().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(DomainError);
    expect(String(error)).to.include('node2: /mnt/disks/abc-lv-bind-05-disk-1').and.not.include('theirs');
    expect(seen).not.to.include('agents of abc end');
  });
});

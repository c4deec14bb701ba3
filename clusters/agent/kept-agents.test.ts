import { expect } from 'chai';
import type { ClusterClient } from '../api/client.ts';
import { systemClock } from '../api/clock.ts';
import { settle } from '../api/manual-clock.ts';
import { ObjectHistory } from '../api/object-history.ts';
import type { Pod } from '../api/objects.ts';
import type { OpenExec } from '../api/pod-exec.ts';
import { DomainError, messageOf } from '../errors/domain-error.ts';
import { AgentNode } from './agent-node.ts';
import { keep } from './kept-agents.ts';
import type { AgentPod } from './outlast-kubelet.ts';

const namespace = 'lpv-abc-agent';
const placeOf = (pod: string): AgentPod => ({ namespace, pod, container: 'agent', address: '10.0.0.1' });
const facts = { kubelet: '/var/lib/kubelet', kernel: '6.1', boot: 'b', machine: 'm', init: 'systemd', units: [] };

/** A container whose commands print the name of its pod. */
const sayPod: OpenExec = async ({ pod }, { stdout }, onStatus) => {
  stdout.end(pod);
  setImmediate(() => onStatus({ status: 'Success' }));
  return { readyState: 1, addEventListener: () => {}, close: () => {} };
};

/** The agents of two nodes, what the store says of their pods, and the agents that are started instead. */
function twoAgents() {
  const made = [
    { node: 'node1', pod: 'agent-1' },
    { node: 'node2', pod: 'agent-2' },
  ];
  const store = Object.assign(new ObjectHistory(systemClock), { [Symbol.asyncDispose]: async () => {} });
  let version = 0;
  const send = (type: 'ADDED' | 'MODIFIED' | 'DELETED', name: string, status: object = { phase: 'Running' }): void => {
    const metadata = { namespace, name, uid: name, resourceVersion: String(++version) };
    store.record('Pod', { type, observed: 'watch', object: { kind: 'Pod', metadata, status } as unknown as Pod });
  };
  for (const { pod } of made) send('ADDED', pod);
  const starts: { node: string; pod: string; ready(): void; fail(error: Error): void; signal: AbortSignal }[] = [];
  const told: string[] = [];
  let removed = 0;
  const agents = keep(
    made.map((each) => ({
      pod: each.pod,
      node: new AgentNode(
        each.node,
        {} as ClusterClient,
        placeOf(each.pod),
        facts,
        { disks: '/d', files: '/f' },
        sayPod,
      ),
    })),
    {
      store,
      namespace,
      progress: { note: () => {}, retried: (step, attempt, reason) => void told.push(`${step} ${attempt} ${reason}`) },
      remove: async () => {
        removed += 1;
      },
      start: (node, name, signal) =>
        new Promise((resolve, reject) => {
          starts.push({ node, pod: name, ready: () => resolve(placeOf(name)), fail: reject, signal });
        }),
    },
  );
  const [one, two] = agents.nodes;
  if (!one || !two) throw new Error('no agents');
  /** Returns the pod in which a command runs, or why it does not. */
  const reach = (node: AgentNode) =>
    node.attempt({ argv: ['hostname'], stdin: '', deadline: 10_000 }).then(({ stdout }) => stdout, messageOf);
  return { agents, one, two, starts, told, send, reach, removed: () => removed };
}

describe('agents that are kept', () => {
  it('are made again, once each, when somebody deletes or evicts them: commands wait for the new one', async () => {
    const { agents, one, two, starts, told, send, reach } = twoAgents();
    expect(agents.lastLoss()).to.equal(undefined);
    expect(await reach(two)).to.equal('agent-2');
    send('MODIFIED', 'agent-2', { phase: 'Failed', reason: 'Evicted', message: 'the node is low on memory' });
    send('DELETED', 'agent-2');
    expect(starts.map(({ node, pod }) => [node, pod])).to.deep.equal([['node2', 'agent-2.1']]);
    expect(told).to.deep.equal(['the agent on node2 1 Evicted: the node is low on memory']);
    const lost = agents.lastLoss() ?? Number.NaN;
    const waiting = reach(two);
    let answered = false;
    void waiting.then(() => {
      answered = true;
    });
    expect(await reach(one), 'the other agent').to.equal('agent-1');
    await settle();
    expect(answered, 'a command without an agent').to.equal(false);
    send('ADDED', 'agent-2.1');
    starts[0]?.ready();
    expect(await waiting).to.equal('agent-2.1');
    expect(agents.lastLoss()).to.be.above(lost);
    expect(agents.lost()).to.equal(undefined);
    // The new one is looked after as well.
    send('DELETED', 'agent-2.1');
    expect(starts.map(({ pod }) => pod)).to.deep.equal(['agent-2.1', 'agent-2.2']);
  });

  it('are lost where one cannot be made again: commands for its node say so', async () => {
    const { agents, one, two, starts, send, reach } = twoAgents();
    send('DELETED', 'agent-1');
    starts[0]?.fail(new Error('the node is gone'));
    expect(await reach(one)).to.include('its agent is gone: the node is gone');
    expect(await reach(two)).to.equal('agent-2');
    expect(agents.lost()).to.be.instanceOf(DomainError);
    expect(String(agents.lost())).to.include('the agent on node1').and.include('the node is gone');
  });

  it('are not made again once their end has begun', async () => {
    const { agents, starts, send, removed } = twoAgents();
    send('DELETED', 'agent-1');
    const ending = agents[Symbol.asyncDispose]();
    expect(starts[0]?.signal.aborted).to.equal(true);
    starts[0]?.fail(new Error('aborted'));
    await ending;
    expect(agents.lost()).to.equal(undefined);
    expect(removed()).to.equal(1);
    expect(starts).to.have.length(1);
  });
});

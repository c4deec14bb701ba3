/**
 * Proves the agent on a cluster that the harness did not make, reached by a kubeconfig only, with exactly the permissions
 * that `lpv rbac` prints. What the agent says is compared with what the container engine says of the same node.
 *
 *   npm run test:any
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';
import type { AgentNode } from '../../../clusters/agent/agent-node.ts';
import { type AgentsRequest, startAgents } from '../../../clusters/agent/agents.ts';
import { removeAgents, runsWithAgents } from '../../../clusters/agent/agents-of-runs.ts';
import { type ClusterClient, connect } from '../../../clusters/api/client.ts';
import { ObjectStore } from '../../../clusters/api/object-store.ts';
import { waitFor } from '../../../clusters/api/wait.ts';
import { pollUntil } from '../../../clusters/host/poll-until.ts';
import { awaitNothingLeft, clearNode, volumePlaces } from '../../../clusters/nodes/leftovers.ts';
import { mountAt } from '../../../clusters/nodes/mountinfo.ts';
import { EngineNode, nodeMounts, onNode, outlastKubelet } from '../../../clusters/nodes/node.ts';
import { type VolumeTypeKey, volumeTypes } from '../../../clusters/nodes/volume-types.ts';
import { silent } from '../../../clusters/text/progress.ts';
import { ForeignCluster } from './foreign-cluster.ts';

const signal = new AbortController().signal;

describe('the agent on a cluster of others', function () {
  this.timeout(300_000);
  let cluster: ForeignCluster;
  let control: string;
  let elsewhere: string;
  /** Of a user with exactly the permissions of the tier `nodes`. */
  let kubeconfig: string;
  let image: string;
  let client: ClusterClient;

  before(async function () {
    this.timeout(900_000);
    const configuration = parse(await readFile(new URL('any-cluster.yaml', import.meta.url), 'utf8')) as object;
    cluster = await ForeignCluster.create(() => configuration, {}, signal);
    control = cluster.control;
    elsewhere = `${cluster.name}-worker`;
    // As its owner would: the harness gets the kubeconfig only.
    image = (await cluster.loadImages(['pod', 'agent'])).agent ?? '';
    kubeconfig = await cluster.kubeconfigOf('nodes', 'user-of-nodes');
    client = await connect({ kubeconfig });
  });

  after(async function () {
    this.timeout(120_000);
    client?.[Symbol.dispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  const start = (name: string, nodes: readonly string[] = [control, elsewhere], more: Partial<AgentsRequest> = {}) =>
    startAgents({ client, run: name, nodes, image, progress: silent, ...more });
  const first = (nodes: readonly AgentNode[]): AgentNode => {
    if (nodes[0]) return nodes[0];
    throw new Error('no agent');
  };

  it('runs on each node, finds kubelet’s folder, and sees the mounts that the node sees', async () => {
    await using agents = await start('look');
    const [one, other] = agents.nodes;
    expect(one?.places).to.include({ kubelet: '/var/lib/kubelet', disks: '/mnt/disks' });
    expect(other?.places).to.include({ kubelet: '/var/lib/elsewhere/kubelet' });
    for (const node of agents.nodes) {
      using engine = new EngineNode(node.name, node.name);
      expect(node.units).to.deep.equal(['containerd.service', 'kubelet.service']);
      expect(await nodeMounts(node)).to.deep.equal(await nodeMounts(engine));
    }
  });

  it('passes on input, environment, folder, status and both outputs', async () => {
    await using agents = await start('pipe', [elsewhere]);
    const script = 'cat; pwd; printf "%s" "$WORD"; echo wrong >&2; exit 3';
    const given = { stdin: 'in\n', env: { WORD: "it's\na b" }, directory: '/mnt', deadline: 20_000 };
    const result = await first(agents.nodes).attempt({ argv: ['sh', '-c', script], ...given });
    expect(result).to.include({ status: 3, stdout: "in\n/mnt\nit's\na b", stderr: 'wrong\n' });
  });

  it('makes every type of volume on a node, in folders of choice, and removes it without a trace', async () => {
    const folders = { disks: '/var/lib/our-disks', files: '/var/lib/our-files' };
    await using agents = await start('make', [elsewhere], { folders });
    const node = first(agents.nodes);
    using engine = new EngineNode(elsewhere, elsewhere);
    const before = await volumePlaces(node);
    for (const [key, { make, leastBytes }] of Object.entries(volumeTypes)) {
      const name = `make-${(key as VolumeTypeKey).toLowerCase()}`;
      const made = await make(node, { run: 'make', name, bytes: Math.max(leastBytes, 8 * 2 ** 20), progress: silent });
      // What the node itself has at the path is what the agent says that it has made.
      const kindOf = made.kind === 'device' ? 'block special file' : 'directory';
      const seen = await onNode(engine, ['stat', '--dereference', '--format', '%F', made.path]);
      expect(seen.trim(), `${key} at ${made.path}`).to.equal(kindOf);
      if (made.fileSystem !== null && made.kind === 'directory' && made.root === '/')
        expect(mountAt(await nodeMounts(engine), made.path)).to.include({ device: made.deviceNumber });
      await made.remove();
    }
    expect(await volumePlaces(node)).to.deep.equal(before);
  });

  it('sees a volume mounted below kubelet’s folder, and proves that it is gone after its pod', async () => {
    await using agents = await start('left', [elsewhere]);
    const node = first(agents.nodes);
    const bytes = 16 * 2 ** 20;
    const disk = await volumeTypes.LOOP.make(node, { run: 'left', name: 'left-disk', bytes, progress: silent });
    const pod = await usePod(client, agents.namespace, elsewhere, disk.path);
    const place = `${node.places.kubelet}/pods/${pod.uid}/volumes/kubernetes.io~local-volume/${pod.volume}`;
    expect(mountAt(await nodeMounts(node), place)).to.include({ device: disk.deviceNumber });
    const left = await awaitNothingLeft(node, [pod.uid], 1_000).catch((error: { left: string[] }) => error.left);
    expect(left).to.include(`mounted: ${place}`);
    await pod.remove();
    await awaitNothingLeft(node, [pod.uid, pod.volume], 60_000);
    await disk.remove();
  });

  it('stops and starts kubelet and the container runtime, and works on meanwhile', async () => {
    await using agents = await start('stop', [elsewhere]);
    const node = first(agents.nodes);
    using engine = new EngineNode(elsewhere, elsewhere);
    const state = async (unit: string) =>
      (await engine.attempt({ argv: ['systemctl', 'is-active', unit], deadline: 20_000 })).stdout.trim();
    {
      await using _outlast = await outlastKubelet(node);
      await onNode(node, ['systemctl', 'stop', 'kubelet']);
      expect(await state('kubelet')).to.equal('inactive');
      expect(await nodeMounts(node)).to.deep.equal(await nodeMounts(engine));
      await onNode(node, ['systemctl', 'restart', 'containerd']);
    }
    expect([await state('kubelet'), await state('containerd')]).to.deep.equal(['active', 'active']);
    expect(await onNode(node, ['echo', 'through kubelet again'])).to.equal('through kubelet again\n');
  });

  it('starts kubelet by itself when the harness was killed, and the next run removes what it left', async () => {
    const harness = fork(fileURLToPath(new URL('killed-agent-run.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, LPV_ANY: JSON.stringify({ kubeconfig, node: elsewhere, image }) },
    });
    const [said] = (await once(harness, 'message')) as [string];
    expect(said).to.equal('kubelet is stopped');
    harness.kill('SIGKILL');
    using engine = new EngineNode(elsewhere, elsewhere);
    const look = async () => {
      const { stdout } = await engine.attempt({ argv: ['systemctl', 'is-active', 'kubelet'], deadline: 20_000 });
      return stdout.trim() === 'active' ? { answer: true } : { notYet: stdout.trim() };
    };
    expect(await look()).to.have.property('notYet');
    expect(await pollUntil(look, { within: 120_000, every: 1_000 })).to.deep.equal({ answer: true });
    const runs = await runsWithAgents(client);
    expect(runs.map((each) => [each.run, each.nodes])).to.deep.equal([['killed', [elsewhere]]]);
    await cluster.ready();
    await using agents = await start('next', runs[0]?.nodes);
    const cleared = await clearNode(first(agents.nodes), 'killed');
    expect(cleared.join('\n')).to.match(/unmounted \/mnt\/disks\/killed-disk/);
    await removeAgents(client, 'killed');
    expect((await runsWithAgents(client)).map((each) => each.run)).to.deep.equal(['next']);
    const places = await volumePlaces(first(agents.nodes));
    expect(places.filter((each) => each.includes('killed'))).to.deep.equal([]);
  });

  it('explains what a user may not do, and what a node does not have', async () => {
    using limited = await connect({ kubeconfig: await cluster.kubeconfigOf('agent', 'user-of-agents') });
    {
      await using agents = await start('less', [elsewhere], { client: limited });
      const refused = await outlastKubelet(first(agents.nodes)).catch((error: Error) => error.message);
      expect(refused).to.match(/reaching an agent without the kubelet.*pods\/proxy/s);
    }
    const absent = await start('none', [elsewhere], { image: 'localhost/no-such:1' }).catch(
      (error: Error) => error.message,
    );
    expect(absent).to.match(/ErrImageNeverPull.*lpv -- images --save/s);
    expect(await runsWithAgents(client)).to.deep.equal([]);
  });
});

/** Creates a pod on a node that has a local volume at a path, and waits until it runs. */
async function usePod(client: ClusterClient, namespace: string, node: string, path: string) {
  const name = 'any-user';
  const nodeAffinity = {
    required: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] }],
    },
  };
  const size = { storage: '16Mi' };
  const common = { accessModes: ['ReadWriteOnce'], storageClassName: '', volumeMode: 'Filesystem' };
  await client.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: { ...common, capacity: size, local: { path }, nodeAffinity, claimRef: { namespace, name } },
  });
  await client.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: { ...common, resources: { requests: size }, volumeName: name },
  });
  const pod = await client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      serviceAccountName: 'agent',
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'user',
          image: 'localhost/local-pv-conformance/busybox:1',
          imagePullPolicy: 'Never',
          command: ['sleep', '3600'],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
    },
  });
  await using store = new ObjectStore({ client, kinds: ['Pod', 'Event'], namespace });
  await store.start();
  const ref = { kind: 'Pod', namespace, name } as const;
  await waitFor(store, {
    what: 'the pod to run',
    on: [ref],
    within: 120_000,
    until: (view) => view.get(ref)?.status?.phase === 'Running',
    explain: (view) =>
      view
        .eventsOf(ref)
        .map(({ reason, message }) => `${reason}: ${message}`)
        .join('\n'),
  });
  const remove = async () => {
    for (const kind of ['Pod', 'PersistentVolumeClaim'] as const) await client.remove({ kind, namespace, name });
    await client.remove({ kind: 'PersistentVolume', name });
  };
  return { uid: pod.metadata.uid ?? '', volume: name, remove };
}

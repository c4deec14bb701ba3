/**
 * Runs the catalogue with agents on a cluster of five nodes that others have made, as a user with exactly the roles that
 * `lpv rbac` prints; lets a policy refuse privileged pods, and gives a user one namespace; evicts an agent, drains a node,
 * kills a run that has disks. What others have on the cluster must be as before, after each run.
 *
 *   npm run test:any -- --grep 'five nodes'
 *   LPV_WHOLE_RUN=on npm run test:any -- --grep 'whole'     also the whole catalogue, as every night
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { agentLabel } from '../../../clusters/agent/agent-pod.ts';
import { selectorOf } from '../../../clusters/agent/agents-of-runs.ts';
import { type ClusterClient, connect } from '../../../clusters/api/client.ts';
import { ObjectStore } from '../../../clusters/api/object-store.ts';
import type { Node } from '../../../clusters/api/objects.ts';
import { EngineNode, onNode } from '../../../clusters/nodes/node.ts';
import type { Trace } from '../../../specs/trace/trace.ts';
import { readProduct } from '../../report/formats/conformance/product.ts';
import { ForeignCluster } from './foreign-cluster.ts';
import { passedIn, slowness } from './harness-process.ts';
import { settleStrangers, theirFolder, theirPod } from './strangers.ts';

const signal = new AbortController().signal;

/** The only namespace that one of the users may use. */
const team = 'team';

/** A policy as Kyverno's or Gatekeeper's, for one user: no privileged pods, in any namespace. */
const noPrivilegedPods = (user: string) => [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'no-privileged-pods' },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
      matchConditions: [
        { name: 'of-the-user', expression: `request.userInfo.username == 'system:serviceaccount:default:${user}'` },
      ],
      validations: [
        {
          expression:
            'object.spec.containers.all(c, !(has(c.securityContext) && c.securityContext.?privileged.orValue(false)))',
          message: 'no privileged pods here',
        },
      ],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'no-privileged-pods' },
    spec: { policyName: 'no-privileged-pods', validationActions: ['Deny'] },
  },
];

/** The line of the first spec that has passed: their order is shuffled. */
const aSpec = /✓ (LV|SEED)-/;
/** Some minutes of specs with disks and pods on every node. */
const some = ['--chapter=block,stateful-set', '--jobs=3'];

describe('a cluster of others with five nodes', function () {
  this.timeout(slowness * 2_700_000);
  let cluster: ForeignCluster;
  let owner: ClusterClient;
  /** Kubeconfigs of users with exactly the permissions of a tier. */
  let users: { nodes: string; withoutPrivileged: string; ofTeam: string };

  /** Returns the name of one of its nodes. */
  const nodeNamed = (end: string): string => `${cluster.name}-${end}`;

  before(async () => {
    const configuration = parse(await readFile(new URL('five-nodes.yaml', import.meta.url), 'utf8')) as object;
    cluster = await ForeignCluster.create(() => configuration, {}, signal);
    await cluster.loadImages(['pod', 'agent', 'provisioner']);
    await cluster.kubectl(['create', 'namespace', team]);
    // What stops nodes evicts pods there: this one is not among those that runs use.
    await settleStrangers(cluster, nodeNamed('worker4'));
    users = {
      nodes: await cluster.kubeconfigOf('nodes', 'of-nodes'),
      withoutPrivileged: await cluster.kubeconfigOf('nodes', 'without-privileged'),
      ofTeam: await cluster.kubeconfigOf({ namespace: team }, 'of-team'),
    };
    await cluster.apply(...noPrivilegedPods('without-privileged'));
    owner = await connect({ kubeconfig: cluster.kubeconfig });
  });

  after(async () => {
    owner?.[Symbol.dispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  /** Declares what is done to the cluster, after which all of it must be as before, and nothing of a run is left. */
  const leavesAlone = (title: string, work: () => Promise<void>): void => {
    it(title, () => cluster.leftAlone(work));
  };

  leavesAlone('a user of one namespace proves there what the API alone proves', async () => {
    const run = cluster.lpv([`--namespace=${team}`], users.ofTeam);
    await run.endsWith('conforms', [/0 failed/, /the only one that may be used/], 900_000);
    expect(passedIn(run.output)).to.be.at.least(125);
  });

  leavesAlone('a user who may create no privileged pods proves what needs no agent', async () => {
    const run = cluster.lpv([], users.withoutPrivileged);
    await run.endsWith('conforms', [/no agent could be started: .*no privileged pods here/, /0 failed/], 900_000);
    expect(passedIn(run.output)).to.be.at.least(125);
  });

  leavesAlone('its owner evicts an agent in mid-run: there is one new agent, and no spec fails for that', async () => {
    await using store = new ObjectStore({
      client: owner,
      kinds: ['Pod'],
      own: { kinds: ['Pod'], labelSelector: selectorOf(agentLabel) },
    });
    await store.start();
    const run = cluster.lpv(some, users.nodes);
    await run.says(aSpec);
    const [second] = store.list('Pod', { where: ({ metadata }) => metadata.name === 'agent-2' });
    const { namespace = '', name = '' } = second?.metadata ?? {};
    await owner.evict({ kind: 'Pod', name, namespace });
    await run.endsWith(['conforms', 'environment'], [/the agent on .* failed, attempt 1 follows/, /0 failed/], 900_000);
    const made = store.changes('Pod').map(({ object }) => object.metadata.name);
    const others = new Set(made.filter((each) => each.startsWith('agent-') && !['agent-1', 'agent-3'].includes(each)));
    expect([...others]).to.deep.equal(['agent-2', 'agent-2.1']);
  });

  /** Returns what is in the folders of disks on the nodes that runs use, as the nodes themselves see it. */
  const disksIn = async (...folders: readonly string[]): Promise<string> => {
    const list = ['sh', '-c', `ls -A ${folders.join(' ')} 2>/dev/null || true`] as const;
    const perNode = ['worker', 'worker2', 'worker3'].map(async (each) => {
      using node = new EngineNode(nodeNamed(each), nodeNamed(each));
      return await onNode(node, list);
    });
    return (await Promise.all(perNode)).join('');
  };

  leavesAlone('disks are in a folder of choice, and nothing is left there', async () => {
    const folder = '/var/our-disks';
    const run = cluster.lpv(['--chapter=block,provisioner,access', `--disks=${folder}`], users.nodes);
    await run.endsWith('conforms', [/0 failed/], 900_000);
    expect(await disksIn(folder, '/mnt/disks')).to.equal('');
    const { environment } = (await cluster.reportOf(run)).report;
    expect(environment.staticProvisioner).to.match(/static-provisioner@v/);
  });

  leavesAlone('a killed run has left disks, agents and objects: the next run removes them', async () => {
    const run = cluster.lpv(['--chapter=access', '--jobs=6'], users.nodes);
    await run.says(aSpec);
    run.send('SIGKILL');
    await run.ended();
    expect(await cluster.left(), 'what the killed run left').not.to.equal('');
    expect(await disksIn('/mnt/disks'), 'what it left on nodes').not.to.equal('');
    const next = cluster.lpv(['--grep=LV-ACCESS-LOOP-01'], users.nodes);
    await next.endsWith('conforms', [/has died here/, /1 passed/]);
    expect(await disksIn('/mnt/disks')).to.equal('');
  });

  leavesAlone('its owner drains a node that has an agent: the run ends, and no spec fails for that', async () => {
    const run = cluster.lpv(some, users.nodes);
    await run.says(aSpec);
    await using _drained = await cluster.drain(nodeNamed('worker2'));
    await run.endsWith('environment', [/it is cordoned/, /0 failed/]);
  });

  leavesAlone('a pod of others is traced to the folder of its node, by an agent that goes with the trace', async () => {
    const trace = cluster.start(['trace', '--pod', theirPod, '--agent', '--json', '--kubeconfig', users.nodes]);
    await trace.endsWith('conforms', [/an agent on the node of the pod is created, and removed/]);
    const { mounts } = JSON.parse(trace.output.slice(trace.output.indexOf('{'))) as Trace;
    expect(JSON.stringify(mounts)).to.include(theirFolder).and.include('/data');
  });

  leavesAlone('its report says what it is, what each tier came to, and how the run is repeated', async () => {
    const chosen = '--grep=LV-VALID-01,LV-ACCESS-LOOP-01,LV-SCHED-36';
    const run = cluster.lpv([chosen], users.nodes);
    await run.endsWith('conforms', [/2 passed, 0 failed, 1 skipped/]);
    const { report, folder } = await cluster.reportOf(run);
    const { environment, tiers, reproduce, leftOvers } = report;

    const { items } = JSON.parse(await cluster.kubectl(['get', 'nodes', '-o', 'json'])) as { items: Node[] };
    const [info] = items.map(({ status }) => status?.nodeInfo);
    expect(environment).to.include({
      kubernetes: info?.kubeletVersion,
      containerRuntime: info?.containerRuntimeVersion,
      kernel: info?.kernelVersion,
    });
    const used = ['worker', 'worker2', 'worker3'].map(nodeNamed);
    const kind = { is: 'kind', seenIn: 'providerID kind://…' };
    const { podNetwork, featureGates, ...rest } = environment.cluster ?? {};
    expect(rest).to.deep.equal({
      madeBy: 'others',
      provider: kind,
      distribution: kind,
      nodeSets: [
        {
          count: 5,
          kubelet: info?.kubeletVersion,
          containerRuntime: info?.containerRuntimeVersion,
          operatingSystem: info?.osImage,
          kernel: info?.kernelVersion,
          architecture: info?.architecture,
        },
      ],
      usedNodes: used.map((name, index) => ({
        name,
        hostname: index === 1 ? 'rack-7' : name,
        roles: [],
        kubeletRoot: {
          is: index === 0 ? '/var/lib/elsewhere/kubelet' : '/var/lib/kubelet',
          seenIn: `the node ${name}`,
        },
      })),
      unusedNodes: [
        { count: 1, roles: ['control-plane'], why: 'tainted', names: [cluster.control] },
        { count: 1, roles: [], why: 'specs use no more nodes', names: [nodeNamed('worker4')] },
      ],
    });
    // kind's own network is known by its DaemonSet, which an image that was built here does not have.
    expect(podNetwork)
      .to.have.property('is')
      .that.matches(/^(kindnet|ptp)/);
    expect(featureGates?.apiServer).to.deep.equal({ notKnown: 'this user may not read it' });
    expect(leftOvers).to.deep.equal({ lookedAt: used, atEnd: true, notLookedAt: [] });

    const results = tiers?.map(({ name, statistics: { passed, skipped } }) => ({ name, passed, skipped }));
    expect(results).to.deep.equal([
      { name: 'api', passed: 1, skipped: 0 },
      { name: 'agent', passed: 1, skipped: 0 },
      { name: 'nodes', passed: 0, skipped: 1 },
    ]);
    expect(reproduce.at(-1)).to.include(`--kubeconfig ${users.nodes} `).and.include(chosen.replace('=', ' '));
    const product = await readProduct(join(folder, 'conformance', 'v1.37', 'kind-cluster', 'PRODUCT.yaml'));
    expect(product).to.include({ vendor: 'kind', name: 'kind cluster', version: info?.kubeletVersion });
  });

  if (process.env.LPV_WHOLE_RUN === 'on') {
    leavesAlone('a user of tier nodes proves at least 300 requirements in a whole run', async () => {
      const run = cluster.lpv([], users.nodes);
      await run.endsWith('conforms', [/0 failed/], 1_800_000);
      expect(passedIn(run.output)).to.be.at.least(300);
    });

    leavesAlone('whose whole run may change and stop nodes, at least 325 requirements', async () => {
      const run = cluster.lpv(['--disruptive'], users.nodes);
      await run.endsWith('conforms', [/0 failed/], 2_400_000);
      expect(passedIn(run.output)).to.be.at.least(325);
    });
  }
});

/**
 * Runs the catalogue on a cluster of others that admits little: Pod Security `restricted` everywhere, a quota and limits
 * in each new namespace, a default class of its own; on two nodes and on one, also what stops nodes. Then breaks what a
 * run there depends on. What others have on the cluster must be as before, after each run.
 *
 *   npm run test:any -- --grep 'strict'
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { connect } from '../../../clusters/api/client.ts';
import { ObjectStore } from '../../../clusters/api/object-store.ts';
import { ownershipLabels } from '../../../fixtures/isolate-names.ts';
import { ForeignCluster } from './foreign-cluster.ts';
import { passedIn, slowness } from './harness-process.ts';
import { settleStrangers } from './strangers.ts';

const signal = new AbortController().signal;

const failCgroupV1 = 'kind: KubeletConfiguration\nfailCgroupV1: false\n';
const admission = `kind: ClusterConfiguration
apiServer:
  extraArgs: [{ name: admission-control-config-file, value: /etc/admission/admission.yaml }]
  extraVolumes: [{ name: admission, hostPath: /etc/admission, mountPath: /etc/admission, readOnly: true }]
`;
const elsewhere = `kind: JoinConfiguration
nodeRegistration:
  kubeletExtraArgs: [{ name: root-dir, value: /var/lib/elsewhere/kubelet }]
`;

/** Two workers and a tainted control plane, whose API server lets through only what Pod Security calls restricted. */
const strict = (folder: string) => ({
  kind: 'Cluster',
  apiVersion: 'kind.x-k8s.io/v1alpha4',
  kubeadmConfigPatches: [failCgroupV1, admission],
  nodes: [
    { role: 'control-plane', extraMounts: [{ hostPath: folder, containerPath: '/etc/admission' }] },
    { role: 'worker', kubeadmConfigPatches: [elsewhere] },
    { role: 'worker' },
  ],
});

const podSecurity = {
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AdmissionConfiguration',
  plugins: [
    {
      name: 'PodSecurity',
      configuration: {
        apiVersion: 'pod-security.admission.config.k8s.io/v1',
        kind: 'PodSecurityConfiguration',
        defaults: { enforce: 'restricted', 'enforce-version': 'latest' },
        exemptions: { namespaces: ['kube-system'] },
      },
    },
  ],
};

/** What each new namespace gets: the limits first, as the quota refuses pods without any. */
const policies = [
  {
    kind: 'LimitRange',
    apiVersion: 'v1',
    metadata: { name: 'for-everybody' },
    spec: {
      limits: [
        {
          type: 'Container',
          default: { cpu: '500m', memory: '128Mi' },
          defaultRequest: { cpu: '10m', memory: '16Mi' },
          max: { cpu: '1', memory: '512Mi' },
        },
        { type: 'PersistentVolumeClaim', max: { storage: '1Ti' } },
      ],
    },
  },
  {
    kind: 'ResourceQuota',
    apiVersion: 'v1',
    metadata: { name: 'for-everybody' },
    spec: {
      hard: {
        pods: '40',
        persistentvolumeclaims: '60',
        'requests.cpu': '2',
        'requests.memory': '2Gi',
        'limits.cpu': '20',
        'limits.memory': '4Gi',
      },
    },
  },
];

/** The line of the first spec that has passed: their order is shuffled. */
const aSpec = /✓ LV-/;
/** A minute or two of specs on the API alone: the run goes on while something is broken. */
const some = [`--grep=${[21, 22, 23, 24, 25, 26, 27, 28, 12, 46].map((id) => `LV-BIND-${id}`)}`, '--jobs=2'];

describe('a strict cluster of others', function () {
  this.timeout(slowness * 900_000);
  let cluster: ForeignCluster;
  let quotas: AsyncDisposable;
  /** Kubeconfigs of users with the permissions of tier api, and of one who may change nodes. */
  let users: { usual: string; changed: string; expiring: string; nodes: string };

  before(async () => {
    cluster = await ForeignCluster.create(strict, { 'admission.yaml': podSecurity }, signal);
    await cluster.loadImages(['pod', 'agent', 'provisioner']);
    // Runs drain and stop the others.
    await settleStrangers(cluster, cluster.control);
    users = {
      usual: await cluster.kubeconfigOf('api', 'usual'),
      changed: await cluster.kubeconfigOf('api', 'changed'),
      expiring: await cluster.kubeconfigOf('api', 'expiring'),
      nodes: await cluster.kubeconfigOf('nodes', 'of-nodes'),
    };
    quotas = await givePolicies(cluster.kubeconfig);
  });

  after(async () => {
    await quotas?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  /** Declares what is done to the cluster, after which all of it must be as before, and nothing of a run is left. */
  const leavesAlone = (title: string, work: () => Promise<void>): void => {
    it(title, () => cluster.leftAlone(work));
  };

  leavesAlone('runs on its two nodes what needs no more, with the permissions of tier api', async () => {
    const run = cluster.lpv(['--needs=api'], users.usual);
    await run.endsWith('conforms', [/1\d\d passed, 0 failed/, /it needs 3 nodes, and specs have 2/], 900_000);
  });

  leavesAlone('runs on one node what needs one', async () => {
    const run = cluster.lpv(['--needs=api', `--nodes=${cluster.name}-worker2`]);
    await run.endsWith('conforms', [/1\d\d passed, 0 failed/, /it needs 2 nodes, and specs have 1/], 900_000);
  });

  leavesAlone('lets a run change its two nodes and stop them: what needs no more is proven', async () => {
    const run = cluster.lpv(['--disruptive', '--feature=disruptive'], users.nodes);
    await run.endsWith('conforms', [/0 failed/, /it needs 3 nodes, and specs have 2/], 900_000);
    expect(passedIn(run.output)).to.be.at.least(18);
  });

  leavesAlone(
    'has a kubeconfig that is changed to another server during the run: the run keeps the first',
    async () => {
      const run = cluster.lpv(some, users.changed);
      await run.says(aSpec);
      await writeFile(
        users.changed,
        (await readFile(users.changed, 'utf8')).replace(/server: .*/, 'server: https://127.0.0.1:1'),
      );
      await run.endsWith('conforms', [/0 failed/]);
    },
  );

  leavesAlone('is taken by one run: another is refused', async () => {
    const run = cluster.lpv(some);
    await run.says(aSpec);
    await cluster.lpv(some).endsWith('environment', [/has just renewed it/]);
    await run.endsWith('conforms', [/0 failed/]);
  });

  leavesAlone('loses its API server for a minute: no spec fails for that', async () => {
    const run = cluster.lpv(some);
    await run.says(aSpec);
    await cluster.engine.run(['pause', cluster.control], { signal });
    await pause(60_000);
    await cluster.engine.run(['unpause', cluster.control], { signal });
    // Where no request fell into the minute, all was shown.
    await run.endsWith(['conforms', 'environment'], [/0 failed/]);
  });

  leavesAlone('has a node that its owner drains in mid-run: the run ends, and no spec fails for that', async () => {
    const run = cluster.lpv(some);
    await run.says(aSpec);
    await using _drained = await cluster.drain(`${cluster.name}-worker`);
    await run.endsWith('environment', [/it is cordoned/, /0 failed/]);
  });

  leavesAlone('has what a killed run left: the next run removes it', async () => {
    const run = cluster.lpv(some);
    await run.says(aSpec);
    run.send('SIGKILL');
    await run.ended();
    expect(await cluster.left(), 'what the killed run left').not.to.equal('');
    await cluster.lpv(['--grep=LV-VALID-01']).endsWith('conforms', [/1 passed/]);
  });

  leavesAlone('takes the credentials away in mid-run: the run ends, and the next removes what it left', async () => {
    const run = cluster.lpv(some, users.expiring);
    await run.says(aSpec);
    await cluster.kubectl(['delete', 'secret', 'expiring']);
    await run.endsWith('environment', [/401/, /0 failed/]);
    await cluster.lpv(['--grep=LV-VALID-01']).endsWith('conforms', [/1 passed/]);
  });
});

/** Gives each new namespace of a run limits and a quota, as strict clusters do, until the result is disposed. */
async function givePolicies(kubeconfig: string): Promise<AsyncDisposable> {
  const client = await connect({ kubeconfig });
  const store = new ObjectStore({ client, kinds: ['Namespace'] });
  const given = new Set<string>();
  const give = async (namespace: string): Promise<void> => {
    for (const policy of policies) await client.create({ ...policy, metadata: { ...policy.metadata, namespace } });
  };
  const look = (): void => {
    for (const { metadata } of store.list('Namespace')) {
      const { name, labels } = metadata;
      if (given.has(name) || labels?.[ownershipLabels.run] === undefined) continue;
      given.add(name);
      // A namespace that is gone again needs none.
      give(name).catch(() => {});
    }
  };
  store.onChange(look);
  await store.start();
  return {
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      client[Symbol.dispose]();
    },
  };
}

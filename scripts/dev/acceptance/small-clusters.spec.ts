/**
 * Runs the catalogue with agents on clusters of others that have one node, and two of which one has the control plane.
 *
 *   npm run test:any -- --grep 'small'
 */
import { expect } from 'chai';
import { ForeignCluster } from './foreign-cluster.ts';
import { passedIn, slowness } from './harness-process.ts';

const signal = new AbortController().signal;

for (const { title, workers, args, least, fewer } of [
  { title: 'one node', workers: 0, args: [], least: 250, fewer: /it needs 2 nodes, and specs have 1/ },
  {
    title: 'two nodes, the control plane on one of them',
    workers: 1,
    args: ['--disruptive', '--feature=disruptive'],
    least: 18,
    fewer: /it needs 3 nodes, and specs have 2/,
  },
])
  describe(`a small cluster of others: ${title}`, function () {
    this.timeout(slowness * 1_800_000);
    let cluster: ForeignCluster;
    let user: string;

    before(async () => {
      const kubelet = 'kind: KubeletConfiguration\nfailCgroupV1: false\n';
      const configuration = {
        kind: 'Cluster',
        apiVersion: 'kind.x-k8s.io/v1alpha4',
        kubeadmConfigPatches: [kubelet],
        nodes: [{ role: 'control-plane' }, ...Array.from({ length: workers }, () => ({ role: 'worker' }))],
      };
      cluster = await ForeignCluster.create(() => configuration, {}, signal);
      // kind taints it where there is another.
      if (workers > 0)
        await cluster.kubectl(['taint', 'node', cluster.control, 'node-role.kubernetes.io/control-plane-']);
      await cluster.loadImages(['pod', 'agent', 'provisioner']);
      user = await cluster.kubeconfigOf('nodes', 'of-nodes');
    });

    after(async () => {
      await cluster?.[Symbol.asyncDispose]();
    });

    it('conforms in what needs no more nodes, and is left as it was', () =>
      cluster.leftAlone(async () => {
        const run = cluster.lpv(args, user);
        await run.endsWith('conforms', [/0 failed/, fewer], 1_500_000);
        expect(passedIn(run.output)).to.be.at.least(least);
      }));
  });

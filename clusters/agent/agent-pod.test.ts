import { expect } from 'chai';
import { namespaceManifest, podManifest, serviceAccountManifest } from './agent-pod.ts';

const pod = { run: 'k3x9qd', name: 'agent-1', node: 'worker.example' };

describe('the manifests of an agent', () => {
  it('are all in a namespace of the run, which lets pods be privileged, and have its label', () => {
    const all = [
      namespaceManifest('k3x9qd', ['worker.example'], { disks: '/mnt/disks', files: '/var/files' }),
      serviceAccountManifest('k3x9qd'),
      podManifest({ ...pod, image: 'i' }),
    ];
    for (const { metadata } of all) expect(metadata.labels).to.include({ 'local-pv-conformance/agents-of': 'k3x9qd' });
    const [namespace, ...inside] = all;
    expect(namespace?.metadata.labels).to.include({ 'pod-security.kubernetes.io/enforce': 'privileged' });
    for (const { metadata } of inside) expect(metadata.namespace).to.equal(namespace?.metadata.name);
  });

  it('end by themselves, and name no nodes, where they are for who only reads', () => {
    const places = { disks: '/mnt/disks', files: '/var/files' };
    const namespace = namespaceManifest('k3x9qd', ['worker.example'], places, 300);
    expect(namespace.metadata.annotations).to.deep.equal({ 'local-pv-conformance/ends-after': '300' });
    expect(podManifest({ ...pod, image: 'i', endsAfter: 300 })).to.have.nested.property(
      'spec.activeDeadlineSeconds',
      300,
    );
    expect(podManifest({ ...pod, image: 'i' })).not.to.have.nested.property('spec.activeDeadlineSeconds');
  });

  it('pull an image of a registry only if the node lacks it, and never a local one', () => {
    const policies = ['localhost/local-pv-conformance/agent:1', 'registry.example/lpv/agent:1'].map((image) => {
      const { spec } = podManifest({ ...pod, image }) as unknown as {
        spec: { containers: { imagePullPolicy: string }[] };
      };
      return spec.containers[0]?.imagePullPolicy;
    });
    expect(policies).to.deep.equal(['Never', 'IfNotPresent']);
  });
});

import { expect } from 'chai';
import { loadManifests } from '../../fixtures/load.ts';
import type { ManifestOf } from '../../fixtures/schema.ts';
import { confine, manifests, type PodRequest, podChange, runAs } from './manifests.ts';

async function specOf(request: PodRequest): Promise<ManifestOf<'Pod'>['spec']> {
  const [pod] = (await loadManifests(manifests.pod)) as ManifestOf<'Pod'>[];
  if (!pod) throw new Error('the fixture is empty');
  podChange('user', request)(pod);
  return pod.spec;
}

describe('a pod that is wanted', () => {
  it('has its claims as directories in every container', async () => {
    const { volumes, containers } = await specOf({
      claims: ['one', { name: 'two' }],
      containers: [{}, { name: 'too' }],
    });
    expect(volumes).to.deep.equal([
      { name: 'data', persistentVolumeClaim: { claimName: 'one' } },
      { name: 'data-2', persistentVolumeClaim: { claimName: 'two' } },
    ]);
    expect(containers.map(({ name }) => name)).to.deep.equal(['main', 'too']);
    for (const { volumeMounts, volumeDevices } of containers) {
      expect(volumeMounts?.map(({ mountPath }) => mountPath)).to.deep.equal(['/data', '/data-2']);
      expect(volumeDevices).to.equal(undefined);
    }
  });

  it('has them as devices where it asks for that', async () => {
    const [main] = (await specOf({ claims: ['one'], as: 'devices' })).containers;
    expect(main?.volumeDevices).to.deep.equal([{ name: 'data', devicePath: '/dev/data' }]);
    expect(main).not.to.have.property('volumeMounts');
  });

  it('replaces a container’s fields, and of its security context only those that are given', async () => {
    const volumeMounts = [{ name: 'data', mountPath: '/part', subPathExpr: '$(PART)', readOnly: true }];
    const { containers, initContainers } = await specOf({
      claims: ['one'],
      readOnly: true,
      initContainers: [{ name: 'before' }],
      containers: [{ ...runAs(1000), volumeMounts }],
    });
    const [main] = containers;
    expect(main?.volumeMounts).to.deep.equal(volumeMounts);
    expect(main?.securityContext).to.deep.include({ runAsUser: 1000, runAsGroup: 1000, readOnlyRootFilesystem: true });
    expect(initContainers?.[0]?.securityContext).to.deep.include({ runAsUser: 0 });
  });

  it('is pinned by its node’s hostname, and has the spec and the change of its request at last', async () => {
    const spec = await specOf({
      hostPath: '/mnt/disks/none',
      node: 'node3',
      spec: { restartPolicy: 'Always' },
      change: (manifest) => {
        expect(manifest.spec.restartPolicy).to.equal('Always');
        manifest.spec.priority = 1;
      },
    });
    expect(spec).to.include({ restartPolicy: 'Always', priority: 1 });
    expect(spec.nodeSelector).to.deep.equal({ 'kubernetes.io/hostname': 'node3' });
    expect(spec.volumes).to.deep.equal([{ name: 'data', hostPath: { path: '/mnt/disks/none', type: 'Directory' } }]);
  });

  it('is kept to the nodes of the run, in each of the alternatives that it has', async () => {
    const hostname = { key: 'kubernetes.io/hostname', operator: 'In', values: ['a', 'b'] };
    const plain = await specOf({});
    confine(plain, ['a', 'b']);
    expect(plain.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution).to.deep.equal({
      nodeSelectorTerms: [{ matchExpressions: [hostname] }],
    });
    const zone = { key: 'zone', operator: 'In' as const, values: ['z'] };
    const terms = [{ matchExpressions: [zone] }, { matchExpressions: [{ ...zone, key: 'rack' }] }];
    const preferredDuringSchedulingIgnoredDuringExecution = [{ weight: 1, preference: { matchExpressions: [zone] } }];
    const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: terms };
    const own = await specOf({
      spec: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution,
            preferredDuringSchedulingIgnoredDuringExecution,
          },
        },
      },
    });
    confine(own, ['a', 'b']);
    const { nodeAffinity } = own.affinity ?? {};
    expect(
      nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms.map(
        ({ matchExpressions }) => matchExpressions,
      ),
    ).to.deep.equal([
      [zone, hostname],
      [{ ...zone, key: 'rack' }, hostname],
    ]);
    expect(nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution).to.have.lengthOf(1);
  });
});

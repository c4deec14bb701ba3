import { expect } from 'chai';
import { parse } from 'yaml';
import { readClusterConfiguration } from './cluster-shape.ts';
import { withFlags } from './component-flags.ts';
import type { KindDocument } from './kind-document.ts';

/** The patches of a document for one version of kubeadm's configuration, those for any version among them. */
function patchesFor(version: string, { kubeadmConfigPatches }: KindDocument): Record<string, unknown>[] {
  const patches = kubeadmConfigPatches.map((text) => parse(text) as Record<string, unknown>);
  return patches.filter(({ apiVersion }) => apiVersion === undefined || apiVersion === `kubeadm.k8s.io/${version}`);
}

describe('flags of components', () => {
  it('are a list for v1beta4, with those that the cluster has, and a map for v1beta3', async () => {
    const { document } = await readClusterConfiguration();
    const scheduler = [
      { name: 'leader-elect', value: 'true' },
      { name: 'v', value: '4' },
    ];
    const changed = withFlags(document, { scheduler, controllerManager: [{ name: 'kube-api-qps', value: '20' }] });
    const [list, map] = ['v1beta4', 'v1beta3'].map((version) => patchesFor(version, changed).at(-1));
    expect(list?.scheduler).to.deep.equal({ extraArgs: scheduler });
    expect(list?.controllerManager).to.deep.equal({
      extraArgs: [
        { name: 'kube-api-burst', value: '200' },
        { name: 'kube-api-qps', value: '20' },
      ],
    });
    expect(map?.scheduler).to.deep.equal({ extraArgs: { 'leader-elect': 'true', v: '4' } });
  });

  it('of three-node.yaml are the same for each version', async () => {
    const { document } = await readClusterConfiguration();
    const flagsOf = (version: string) =>
      ['controllerManager', 'scheduler'].map((component) =>
        patchesFor(version, document).flatMap((patch) => {
          const { extraArgs = {} } = (patch[component] ?? {}) as { extraArgs?: object };
          if (!Array.isArray(extraArgs)) return Object.entries(extraArgs);
          return extraArgs.map(({ name, value }) => [name, value]);
        }),
      );
    expect(flagsOf('v1beta4')).to.deep.equal(flagsOf('v1beta3'));
    for (const patch of patchesFor('v1beta3', document)) expect(patch).to.not.have.property('encryptionAlgorithm');
  });
});

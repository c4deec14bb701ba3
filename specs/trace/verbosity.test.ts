import { expect } from 'chai';
import { parse } from 'yaml';
import {
  parseClusterConfiguration,
  readClusterConfiguration,
  renderKindConfiguration,
} from '../../clusters/configuration/cluster-shape.ts';
import { levelOfArguments, levelOfKubelet, withVerbosity } from './verbosity.ts';

describe('verbosity of a trace', () => {
  const verbosity = {
    'kube-controller-manager': { pv_controller: 4 },
    'kube-scheduler': { schedule_one: 3, binder: 5 },
    kubelet: { local: 4 },
  };

  it('is added to the cluster’s own configuration, file by file', async () => {
    const { document } = await readClusterConfiguration();
    const traced = withVerbosity(document, verbosity);
    expect(traced.kubeadmConfigPatches.slice(0, document.kubeadmConfigPatches.length)).to.deep.equal(
      document.kubeadmConfigPatches,
    );
    const added = traced.kubeadmConfigPatches
      .slice(document.kubeadmConfigPatches.length)
      .map((text): unknown => parse(text));
    const flags = { controllerManager: 'pv_controller=4', scheduler: 'binder=5,schedule_one=3' };
    const [list, map, kubelet] = added as [Record<string, { extraArgs: unknown[] }>, Record<string, unknown>, unknown];
    for (const [component, value] of Object.entries(flags)) {
      expect(list[component]?.extraArgs, 'beside those of the cluster').to.deep.include({ name: 'vmodule', value });
      expect(map[component]).to.deep.equal({ extraArgs: { vmodule: value } });
    }
    expect(kubelet).to.deep.equal({
      kind: 'KubeletConfiguration',
      logging: { vmodule: [{ filePattern: 'local', verbosity: 4 }] },
    });
  });

  it('makes a configuration that is still valid', async () => {
    const { document, shape } = await readClusterConfiguration();
    const text = renderKindConfiguration(withVerbosity(document, verbosity));
    expect(parseClusterConfiguration({ file: 'traced.yaml', text }).shape).to.deep.equal(shape);
  });
});

describe('how much a component logs', () => {
  it('is in its arguments', () => {
    expect(levelOfArguments(['kube-scheduler', '--v=2', '--vmodule=binder=5,schedule_one=3'])).to.deep.equal({
      verbosity: 2,
      files: { binder: 5, schedule_one: 3 },
    });
    expect(levelOfArguments(['kube-scheduler', '-v', '4', '--leader-elect=true'])).to.deep.equal({
      verbosity: 4,
      files: {},
    });
    expect(levelOfArguments(['kube-scheduler', '--version=true'])).to.deep.equal({ verbosity: 0, files: {} });
  });

  it('is in what kubelet says of its configuration', () => {
    const logging = { format: 'text', verbosity: 1, vmodule: [{ filePattern: 'local', verbosity: 4 }] };
    expect(levelOfKubelet({ kubeletconfig: { logging, other: 1 } })).to.deep.equal({
      verbosity: 1,
      files: { local: 4 },
    });
    expect(levelOfKubelet({ kubeletconfig: { logging: { verbosity: 0 } } })).to.deep.equal({ verbosity: 0, files: {} });
    expect(() => levelOfKubelet({})).to.throw();
  });
});

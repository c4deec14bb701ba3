import { expect } from 'chai';
import { readHostFacts } from './agent-node.ts';

describe('the facts of a host', () => {
  it('have the folder of kubelet as it is written, and units once', () => {
    const printed = [
      'kubelet /var/snap/a\\040b/kubelet',
      'boot b1',
      'kernel 6.1.0',
      'machine ',
      'init systemd',
      'runtime k3s.service',
      'unit k3s.service',
    ].join('\n');
    expect(readHostFacts(`${printed}\n`)).to.deep.equal({
      kubelet: '/var/snap/a b/kubelet',
      boot: 'b1',
      kernel: '6.1.0',
      machine: '',
      init: 'systemd',
      units: ['k3s.service'],
    });
  });

  it('are none where kubelet’s mounts do not reach the host', () => {
    expect(readHostFacts('boot b1\nkernel 6.1.0\n')).to.equal(undefined);
  });
});

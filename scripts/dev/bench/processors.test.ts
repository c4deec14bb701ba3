import { expect } from 'chai';
import { ProcessorTimes, processorsAsText, processTime } from './processors.ts';

const node = `/docker/${'5e'.repeat(32)}`;

/** A line of /proc/PID/stat. */
function stat(pid: number, name: string, ticks: readonly [user: number, system: number], started = 500): string {
  return `${pid} (${name}) S 1 1 1 0 -1 4194560 21 0 0 0 ${ticks.join(' ')} 0 0 20 0 12 0 ${started} 2299269120 228879`;
}

describe('the processor time of a process', () => {
  for (const [name, cgroup, component] of [
    ['kube-apiserver', `2:cpuacct:${node}/kubelet.slice/kubelet-kubepods.slice/x.scope`, 'kube-apiserver'],
    ['kube-controller', `0::/system.slice/docker-${'5e'.repeat(32)}.scope/kubelet.slice`, 'kube-controller-manager'],
    ['containerd', `2:cpuacct:${node}`, 'containerd of the nodes'],
    ['sh', `2:cpuacct:${node}/kubelet.slice/kubelet-kubepods.slice/x.scope`, 'pods of specs'],
    ['mount', `2:cpuacct:${node}`, 'programs that end within a second or two'],
    ['containerd', '2:cpuacct:/', 'container engine'],
    ['node', '2:cpuacct:/', 'harness (Node.js)'],
  ] as const) {
    it(`of ${name} in ${cgroup.slice(0, 24)} is that of: ${component}`, () => {
      const main = name === 'node' ? 7 : 1;
      expect(processTime(stat(7, name, [40, 2]), cgroup, main)).to.deep.equal({ key: '7@500', component, ticks: 42 });
    });
  }

  it('is of no interest where it has to do with no cluster', () => {
    expect(processTime(stat(7, 'vi (1)', [40, 2]), '0::/user.slice', 1)).to.equal(undefined);
  });
});

describe('the processor times of components', () => {
  const etcd = (ticks: number, key = '7@500') => ({ key, component: 'etcd', ticks });

  it('are what processes use from the first look on, also those that come later and end', () => {
    const times = new ProcessorTimes();
    times.add([etcd(1000)], true);
    times.add([etcd(1100), etcd(50, '8@900')]);
    times.add([etcd(1300), etcd(20, '8@1200')]);
    const short = 'programs that end within a second or two';
    expect(times.seconds(10)).to.deep.equal([
      [short, 6.3],
      ['etcd', 3.7],
    ]);
  });

  it('are shown with their shares', () => {
    const shown = processorsAsText(
      [
        ['etcd', 30],
        ['kubelets', 10],
      ],
      25,
    );
    expect(shown.split('\n')).to.deep.equal([
      '    30.0 s  75 %  etcd',
      '    10.0 s  25 %  kubelets',
      '    40.0 s of processors in 25 s',
    ]);
  });
});

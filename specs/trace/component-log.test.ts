import { expect } from 'chai';
import { parseJournal, parsePodLog } from './component-log.ts';
import { recordedText } from './recorded-for-tests.ts';

describe('logs of components', () => {
  it('are read from what the API gives, with the component’s own time', () => {
    const lines = parsePodLog(recordedText('1.37', 'kube-scheduler.log'), 'kube-scheduler', 'node1');
    const line = lines.find(({ text }) => text.includes('Waiting for binding') && text.includes('pv-wait'));
    expect(line).to.deep.equal({
      component: 'kube-scheduler',
      node: 'node1',
      at: '2026-11-23T07:46:25.013193Z',
      origin: 'binder.go:555',
      text: '"Updated PersistentVolume with claim. Waiting for binding to complete" pod="trace-wait/reader" PV="pv-wait" PVC="trace-wait/claim"',
    });
  });

  it('are read from a node’s journal, inner quotes without backslashes', () => {
    const kubelet = parseJournal(recordedText('1.36', 'kubelet-node2.log'), 'kubelet', 'node2');
    expect(kubelet.length).to.be.greaterThan(20);
    const started = kubelet.find(({ text }) => text.startsWith('"operationExecutor.MountVolume started'));
    expect(started?.text).to.include('for volume "pv-wait" (UniqueName: "kubernetes.io/local-volume/pv-wait")');
    const containerd = parseJournal(recordedText('1.36', 'containerd-node2.log'), 'containerd', 'node2');
    expect(containerd.at(-1)?.text).to.match(/^StartContainer for "[0-9a-f]{64}" returns successfully$/);
    expect(containerd.at(-1)?.at).to.equal('2026-11-23T07:49:14.600603Z');
  });

  it('leave out what is not in the component’s form', () => {
    expect(parsePodLog('no time\n2026-11-23T07:46:25Z {"json":true}\n\n', 'kube-scheduler', 'node1')).to.deep.equal([]);
    expect(parseJournal('1795419989.1 node kernel: hello\n-- Boot --\n', 'kubelet', 'node2')).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import { makeTrace } from './make-trace.ts';
import type { MountPlace } from './mount-graph.ts';
import { parseNodeView } from './node-view.ts';
import { recorded, recordedText } from './recorded-for-tests.ts';

/** A tree as lines: depth, title, device and root of each place. */
function outline(places: readonly MountPlace[], depth = 0): string[] {
  return places.flatMap(({ title, device, root, children }) => [
    `${'  '.repeat(depth)}${[title, device, root].filter(Boolean).join(' ')}`,
    ...outline(children, depth + 1),
  ]);
}

describe('mounts of recorded pods', () => {
  it('lead from the backing file to the container', async () => {
    const [graph] = makeTrace(await recorded('1.37', 'wait')).mounts;
    expect(outline(graph?.roots ?? [])).to.deep.equal([
      'backing file',
      '  loop device 7:9',
      '    mount of the disk 7:9 /',
      '      kubelet’s bind mount for the pod 7:9 /',
      '        container reader 7:9 /',
    ]);
    expect(graph?.missing).to.deep.equal([]);
  });

  it('of a device have kubelet’s bind mount with its lock, the link, and a device file', async () => {
    const [graph] = makeTrace(await recorded('1.37', 'block')).mounts;
    expect(outline(graph?.roots ?? [])).to.deep.equal([
      'backing file',
      '  loop device 7:5',
      '    kubelet’s bind mount of the device file 7:5 /loop5',
      '      kubelet’s lock: a loop device on it 7:12',
      '    the pod’s link to /dev/loop5',
      '      container reader, a device file of its own 7:5',
    ]);
  });

  it('of a directory, by subPath and read-only, show each root, option and propagation', async () => {
    const [graph] = makeTrace(await recorded('1.37', 'sub')).mounts;
    expect(outline(graph?.roots ?? []).slice(2)).to.deep.equal([
      '    mount that holds the path 7:9 /',
      '      directory of it 7:9 /inside',
      '        kubelet’s bind mount for the pod 7:9 /inside',
      '          kubelet’s bind mount of subPath sub 7:9 /inside/sub',
      '            container reader 7:9 /inside/sub',
      '          container reader 7:9 /inside',
    ]);
    const text = JSON.stringify(graph);
    expect(text).to.include(
      '"path":"/all","device":"7:9","root":"/inside","fileSystem":"ext4","options":["ro","relatime"],"propagation":"master:186"',
    );
  });

  it('that are another file system than the disk’s are called wrong', async () => {
    const records = await recorded('1.37', 'wait');
    const printed = recordedText('1.37', 'node-view-wait.txt').replace(/ 7:9 (\/ \/data )/, ' 254:0 $1');
    const [graph] = makeTrace({ ...records, node: parseNodeView(printed, 'node2') }).mounts;
    expect(JSON.stringify(graph)).to.include('"wrong":"it is device 254:0, not 7:9"');
  });

  it('that are not there are named', async () => {
    const records = await recorded('1.37', 'wait');
    const printed = recordedText('1.37', 'node-view-wait.txt')
      .split('\n')
      .filter((line) => !line.includes('kubernetes.io~local-volume'))
      .join('\n');
    const [graph] = makeTrace({ ...records, node: parseNodeView(printed, 'node2') }).mounts;
    expect(graph?.missing.join())
      .to.include('nothing is mounted at')
      .and.include('volumes/kubernetes.io~local-volume/pv-wait');
  });
});

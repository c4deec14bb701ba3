import {
  evidence,
  expect,
  filesOnNode,
  leaseVolume,
  mountPointsWith,
  onNode,
  provesCase,
  readChapter,
  readInPod,
  runAs,
  runInPod,
  SpecNamespace,
  tryInPod,
  writeChecked,
} from '../harness/index.ts';
import { groupAndMode } from './node-directories.ts';

const chapter = readChapter('access');

/** Two groups, and the users of two pods, that nothing else has. */
const [group, otherGroup] = [1234, 4321];
const [user, otherUser] = [1000, 2000];

describe(chapter.chapter, () => {
  provesCase(chapter, 'LV-ACCESS-*-01', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', lease);
    const pod = await namespace.pod('only', { claims: [claim] });
    await expect(pod).to.runOn(nodeName);
    await expect(pod).to.mount(volume, { from: lease });

    const node = namespace.cluster.node(nodeName);
    const writeAndRead = 'printf %s "$1" >/data/file && cat /data/file';
    for (const text of ['first words', 'second thoughts']) {
      expect(await runInPod(pod, ['sh', '-c', writeAndRead, 'sh', text])).to.equal(text);
      expect(await onNode(node, ['cat', `${filesOnNode(lease, volume)}/file`]), 'on the node').to.equal(text);
    }
  });

  provesCase(chapter, 'LV-ACCESS-*-02', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    expect(claim.now.spec?.accessModes, 'one node, not one pod').to.deep.equal(['ReadWriteOnce']);
    const [one, two] = [
      await namespace.pod('one', { claims: [claim] }),
      await namespace.pod('two', { claims: [claim] }),
    ];
    await expect(one).to.runOn(nodeName);
    await expect(two).to.runOn(nodeName);

    await runInPod(one, ['sh', '-c', 'echo from one >/data/one']);
    expect(await runInPod(two, ['sh', '-c', 'cat /data/one; echo from two >/data/two'])).to.equal('from one\n');
    expect(await readInPod(one, '/data/two')).to.equal('from two\n');
  });

  provesCase(chapter, 'LV-ACCESS-*-03', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', lease);
    const writer = await namespace.pod('writer', { claims: [claim] });
    await expect(writer).to.runOn(nodeName);
    const sum = await writeChecked(writer, '/data/payload', 2 ** 17);
    const { uid } = writer.now.metadata;
    await namespace.remove(writer);
    expect(await mountPointsWith(nodeName, uid), 'what is left of the first pod').to.deep.equal([]);

    const reader = await namespace.pod('reader', { claims: [claim] });
    await expect(reader).to.runOn(nodeName);
    expect((await runInPod(reader, ['sha256sum', '/data/payload'])).split(' ')[0]).to.equal(sum);
    await expect(reader).to.mount(volume, { from: lease });
  });

  provesCase(chapter, 'LV-ACCESS-*-04', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const podOf = (name: string, runAsUser: number) =>
      namespace.pod(name, {
        claims: [claim],
        spec: { securityContext: { fsGroup: group } },
        containers: [runAs(runAsUser)],
      });
    const [one, two] = [await podOf('one', user), await podOf('two', otherUser)];
    await expect(one).to.runOn(nodeName);
    await expect(two).to.runOn(nodeName);

    const make = 'umask 002; echo from one >/data/shared && stat -c "%g %a" /data && stat -c "%u %g" /data/shared';
    const [directory, file] = (await runInPod(one, ['sh', '-c', make])).trim().split('\n');
    expect(directory, 'group, setgid bit, and what the group may').to.match(
      new RegExp(`^${group} [37]77\\d$|^${group} 277\\d$`),
    );
    expect(file, 'made by one user, of the group').to.equal(`${user} ${group}`);
    const append = 'echo from two >>/data/shared && stat -c %g /data && cat /data/shared';
    expect(await runInPod(two, ['sh', '-c', append])).to.equal(`${group}\nfrom one\nfrom two\n`);
  });

  provesCase(chapter, 'LV-ACCESS-*-05', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', lease);
    const podOf = (name: string, fsGroup: number) =>
      namespace.pod(name, { claims: [claim], spec: { securityContext: { fsGroup } } });
    const groups = ['sh', '-c', 'stat -c %g /data; stat -c %g /data/file'];
    const first = await podOf('first', group);
    await expect(first).to.runOn(nodeName);
    await runInPod(first, ['touch', '/data/file']);
    expect(await runInPod(first, groups)).to.equal(`${group}\n${group}\n`);
    const { uid } = first.now.metadata;
    await namespace.remove(first);
    // kubelet looks for mounts of other pods: as long as there is one, it leaves the group as it is.
    expect(await mountPointsWith(nodeName, uid), 'what is left of the first pod').to.deep.equal([]);
    if (lease.kind === 'directory')
      expect(await groupAndMode(nodeName, lease.path), 'the group stays on the disk').to.match(
        new RegExp(`^${group} `),
      );

    const second = await podOf('second', otherGroup);
    await expect(second).to.runOn(nodeName);
    expect(await runInPod(second, groups)).to.equal(`${otherGroup}\n${otherGroup}\n`);
    await expect(second).to.mount(volume, { from: lease });
  });

  provesCase(chapter, 'LV-ACCESS-*-06', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', lease);
    const podOf = (name: string, fsGroup: number) =>
      namespace.pod(name, { claims: [claim], spec: { securityContext: { fsGroup } }, containers: [runAs(user)] });
    const first = await podOf('first', group);
    await expect(first).to.runOn(nodeName);
    const second = await podOf('second', otherGroup);
    const warning = `The requested fsGroup is ${otherGroup}, but the volume ${volume.name} has GID ${group}. The volume may not be shareable.`;
    evidence.keep('warning', await expect(second).to.reportEvent('AlreadyMountedVolume', warning));
    await expect(second).to.runOn(nodeName);

    expect(await runInPod(second, ['stat', '-c', '%g', '/data'])).to.equal(`${group}\n`);
    const refused = await tryInPod(second, ['touch', '/data/file']);
    expect(refused.stderr, 'neither owner nor group').to.include('Permission denied');
    await runInPod(first, ['touch', '/data/file']);
  });
});

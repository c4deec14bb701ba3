import {
  evidence,
  expect,
  filesOnNode,
  groupAndMode,
  leaseBackEnd,
  mountedFrom,
  mountsLeftOf,
  onNode,
  pairAt,
  podWith,
  provesCase,
  readChapter,
  readInPod,
  runAs,
  runInPod,
  SpecNamespace,
  tryInPod,
  writeChecked,
} from '../harness/index.ts';

const chapter = readChapter('access');

/** Two groups, and the users of two pods, that nothing else has. */
const [group, otherGroup] = [1234, 4321];
const [user, otherUser] = [1000, 2000];

describe(chapter.chapter, () => {
  provesCase(chapter, 1, 'Filesystem', async (backEnd, nodeName) => {
    await using lease = await leaseBackEnd(nodeName, backEnd);
    await using namespace = await SpecNamespace.open();
    const { volume, claim } = await pairAt(namespace, lease.disk);
    const pod = await podWith(namespace, 'only', [claim]);
    await expect(pod).to.runOn(nodeName);
    await mountedFrom(lease.disk, pod, volume);

    const node = namespace.cluster.node(nodeName);
    const writeAndRead = 'printf %s "$1" >/data/file && cat /data/file';
    for (const text of ['first words', 'second thoughts']) {
      expect(await runInPod(pod, ['sh', '-c', writeAndRead, 'sh', text])).to.equal(text);
      expect(await onNode(node, ['cat', `${filesOnNode(lease.disk, volume)}/file`]), 'on the node').to.equal(text);
    }
  });

  provesCase(chapter, 2, 'Filesystem', async (backEnd, nodeName) => {
    await using lease = await leaseBackEnd(nodeName, backEnd);
    await using namespace = await SpecNamespace.open();
    const { claim } = await pairAt(namespace, lease.disk);
    expect(claim.now.spec?.accessModes, 'one node, not one pod').to.deep.equal(['ReadWriteOnce']);
    const [one, two] = [await podWith(namespace, 'one', [claim]), await podWith(namespace, 'two', [claim])];
    await expect(one).to.runOn(nodeName);
    await expect(two).to.runOn(nodeName);

    await runInPod(one, ['sh', '-c', 'echo from one >/data/one']);
    expect(await runInPod(two, ['sh', '-c', 'cat /data/one; echo from two >/data/two'])).to.equal('from one\n');
    expect(await readInPod(one, '/data/two')).to.equal('from two\n');
  });

  provesCase(chapter, 3, 'Filesystem', async (backEnd, nodeName) => {
    await using lease = await leaseBackEnd(nodeName, backEnd);
    await using namespace = await SpecNamespace.open();
    const { volume, claim } = await pairAt(namespace, lease.disk);
    const writer = await podWith(namespace, 'writer', [claim]);
    await expect(writer).to.runOn(nodeName);
    const sum = await writeChecked(writer, '/data/payload', 2 ** 17);
    const { uid } = writer.now.metadata;
    await namespace.remove(writer);
    expect(await mountsLeftOf(uid, nodeName), 'what is left of the first pod').to.deep.equal([]);

    const reader = await podWith(namespace, 'reader', [claim]);
    await expect(reader).to.runOn(nodeName);
    expect((await runInPod(reader, ['sha256sum', '/data/payload'])).split(' ')[0]).to.equal(sum);
    await mountedFrom(lease.disk, reader, volume);
  });

  provesCase(chapter, 4, 'Filesystem', async (backEnd, nodeName) => {
    await using lease = await leaseBackEnd(nodeName, backEnd);
    await using namespace = await SpecNamespace.open();
    const { claim } = await pairAt(namespace, lease.disk);
    const podOf = (name: string, runAsUser: number) =>
      podWith(namespace, name, [claim], {}, (manifest) => {
        manifest.spec.securityContext = { fsGroup: group };
        for (const container of manifest.spec.containers) runAs(container, runAsUser);
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

  provesCase(chapter, 5, 'Filesystem', async (backEnd, nodeName) => {
    await using lease = await leaseBackEnd(nodeName, backEnd);
    await using namespace = await SpecNamespace.open();
    const { volume, claim } = await pairAt(namespace, lease.disk);
    const podOf = (name: string, fsGroup: number) =>
      podWith(namespace, name, [claim], {}, (manifest) => {
        manifest.spec.securityContext = { fsGroup };
      });
    const groups = ['sh', '-c', 'stat -c %g /data; stat -c %g /data/file'];
    const first = await podOf('first', group);
    await expect(first).to.runOn(nodeName);
    await runInPod(first, ['touch', '/data/file']);
    expect(await runInPod(first, groups)).to.equal(`${group}\n${group}\n`);
    const { uid } = first.now.metadata;
    await namespace.remove(first);
    // kubelet looks for mounts of other pods: as long as there is one, it leaves the group as it is.
    expect(await mountsLeftOf(uid, nodeName), 'what is left of the first pod').to.deep.equal([]);
    if (lease.disk.at === 'directory')
      expect(await groupAndMode(nodeName, lease.disk.path), 'the group stays on the disk').to.match(
        new RegExp(`^${group} `),
      );

    const second = await podOf('second', otherGroup);
    await expect(second).to.runOn(nodeName);
    expect(await runInPod(second, groups)).to.equal(`${otherGroup}\n${otherGroup}\n`);
    await mountedFrom(lease.disk, second, volume);
  });

  provesCase(chapter, 6, 'Filesystem', async (backEnd, nodeName) => {
    await using lease = await leaseBackEnd(nodeName, backEnd);
    await using namespace = await SpecNamespace.open();
    const { volume, claim } = await pairAt(namespace, lease.disk);
    const podOf = (name: string, fsGroup: number) =>
      podWith(namespace, name, [claim], {}, (manifest) => {
        manifest.spec.securityContext = { fsGroup };
        for (const container of manifest.spec.containers) runAs(container, user);
      });
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

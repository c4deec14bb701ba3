import {
  evidence,
  expect,
  filesOnNode,
  leaseVolume,
  mountPointsWith,
  onNode,
  type PodHandle,
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

/** Matches what `stat -c '%g %a'` prints of a directory of this group, with the setgid bit, that the group may write to. */
const ofGroup = (gid: number) => new RegExp(`^${gid} [2367][0-7]7[0-7]$`);

/**
 * Returns kubelet's warnings that another pod has the volume mounted with another group, once kubelet has reported the
 * start of the container: it reports in order, and has mounted the volume before.
 */
async function warningsOfGroup(pod: PodHandle): Promise<unknown[]> {
  await expect(pod).to.reportEvent('Started');
  return pod.store.eventsOf(pod.ref).filter(({ reason }) => reason === 'AlreadyMountedVolume');
}

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
    const { volume, claim } = await namespace.boundVolume('data', lease);
    const podOf = (name: string, runAsUser: number) =>
      namespace.pod(name, {
        claims: [claim],
        spec: { securityContext: { fsGroup: group } },
        containers: [runAs(runAsUser)],
      });
    const [one, two] = [await podOf('one', user), await podOf('two', otherUser)];
    await expect(one).to.runOn(nodeName);
    await expect(two).to.runOn(nodeName);

    // What a pod makes while it runs is its own affair: kubelet changes only what is there when it mounts.
    const make = 'umask 002; echo from one >/data/shared && stat -c "%g %a" /data && stat -c "%u %g" /data/shared';
    const [directory, file] = (await runInPod(one, ['sh', '-c', make])).trim().split('\n');
    expect(directory, 'the group, and its right to write').to.match(ofGroup(group));
    expect(file, 'made by one user, of the group').to.equal(`${user} ${group}`);
    const append = 'echo from two >>/data/shared && echo own >/data/own && stat -c %g /data/own && cat /data/shared';
    expect(await runInPod(two, ['sh', '-c', append])).to.equal(`${group}\nfrom one\nfrom two\n`);
    const sum = await writeChecked(two, '/data/payload', 2 ** 20);
    const onDisk = await onNode(namespace.cluster.node(nodeName), [
      'sha256sum',
      `${filesOnNode(lease, volume)}/payload`,
    ]);
    expect(onDisk.split(' ')[0], 'what a user who is not root has written, on the node').to.equal(sum);
    for (const pod of [one, two])
      expect(await warningsOfGroup(pod), `${pod}: the groups are the same`).to.deep.equal([]);
  });

  provesCase(chapter, 'LV-ACCESS-*-05', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', lease);
    const podOf = (name: string, fsGroup: number, runAsUser: number) =>
      namespace.pod(name, { claims: [claim], spec: { securityContext: { fsGroup } }, containers: [runAs(runAsUser)] });
    const first = await podOf('first', group, user);
    await expect(first).to.runOn(nodeName);
    // For its owner alone, at the top and two directories below. Following the link would open the file to everyone: it
    // comes after the file, and its own mode is 777.
    const leave = `umask 077; cd /data && mkdir -p outer/inner && echo first >top && echo first >outer/inner/deep
      ln -s inner/deep outer/link; echo exit >program && chmod 705 program
      stat -c "%u %g %a" top outer outer/inner outer/inner/deep program`;
    expect(await runInPod(first, ['sh', '-c', leave]), 'what the first pod has left').to.equal(
      `${user} ${group} 600\n${user} ${group} 2700\n${user} ${group} 2700\n${user} ${group} 600\n${user} ${group} 705\n`,
    );
    const { uid } = first.now.metadata;
    await namespace.remove(first);
    // kubelet looks for mounts of other pods: as long as there is one, it leaves the group as it is.
    expect(await mountPointsWith(nodeName, uid), 'what is left of the first pod').to.deep.equal([]);
    if (lease.kind === 'directory')
      expect(await groupAndMode(nodeName, lease.path), 'the group stays on the disk').to.match(ofGroup(group));

    const second = await podOf('second', otherGroup, otherUser);
    await expect(second).to.runOn(nodeName);
    const seen = await runInPod(second, [
      'sh',
      '-c',
      'cd /data && stat -c "%g %a" . && stat -c "%u %g %a" top outer outer/inner outer/inner/deep program && stat -c %g outer/link',
    ]);
    const [directory, ...below] = seen.trim().split('\n');
    expect(directory).to.match(ofGroup(otherGroup));
    const [files, directories] = [`${user} ${otherGroup} 660`, `${user} ${otherGroup} 2770`];
    expect(below, 'owner, group and mode of all that was there').to.deep.equal([
      files,
      directories,
      directories,
      files,
      // What the file allowed before, it still allows.
      `${user} ${otherGroup} 765`,
      String(otherGroup),
    ]);
    const append =
      'cd /data/outer/inner && echo second >>/data/top && echo second >>deep && cat /data/top deep && touch new';
    expect(await runInPod(second, ['sh', '-c', append]), 'another user, of the group').to.equal(
      'first\nsecond\nfirst\nsecond\n',
    );
    expect(await warningsOfGroup(second), 'no other pod has it mounted').to.deep.equal([]);
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

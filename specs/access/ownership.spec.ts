import {
  assignedNode,
  eventTime,
  eventually,
  evidence,
  expect,
  leaseVolume,
  oneNode,
  onNode,
  podVolumeDirectory,
  readChapter,
  runAs,
  runInPod,
  SpecNamespace,
  type StoreView,
  testCluster,
  tryInPod,
  unmounted,
} from '../harness/index.ts';
import { blockDirectory, groupAndMode, mountAgain } from './node-directories.ts';

const { chapter, proves } = readChapter('access');

/** A user, a group, and the group of files that were there before, that nothing else has. */
const [user, group, before] = [1000, 1234, 999];

describe(chapter, () => {
  proves('LV-ACCESS-12', async () => {
    const here = assignedNode();
    await using disk = await leaseVolume(here, 'DIR');
    await using namespace = await SpecNamespace.open();
    const at = (name: string) => ({ ...disk, path: `${disk.path}/${name}`, root: `${disk.root}/${name}` });
    // Each with a file two directories below, for root alone. What kubelet compares is the volume's own directory.
    const make = `cd "$1" && for place in data other closed plain always usual; do
      mkdir -p "$place/outer" && touch "$place/outer/file" && chmod 600 "$place/outer/file" && chmod 700 "$place/outer"
    done
    chgrp -R "$3" . && chgrp "$2" data closed plain always usual
    chmod 2775 data other always usual && chmod 2755 closed && chmod 775 plain`;
    const node = namespace.cluster.node(here);
    await onNode(node, ['sh', '-ceu', make, 'sh', disk.path, String(group), String(before)]);
    await namespace.storageClass();
    const matching = await namespace.boundVolume('data', at('data'));
    const other = await namespace.boundVolume('other', at('other'));
    const closed = await namespace.boundVolume('closed', at('closed'));
    const plain = await namespace.boundVolume('plain', at('plain'));
    const always = await namespace.boundVolume('always', at('always'));
    const usual = await namespace.boundVolume('usual', at('usual'));
    const sparing = await namespace.pod('sparing', {
      claims: [matching.claim, other.claim, closed.claim, plain.claim],
      spec: { securityContext: { fsGroup: group, fsGroupChangePolicy: 'OnRootMismatch' } },
    });
    const thorough = await namespace.pod('thorough', {
      claims: [always.claim],
      spec: { securityContext: { fsGroup: group, fsGroupChangePolicy: 'Always' } },
    });
    const silent = await namespace.pod('silent', {
      claims: [usual.claim],
      spec: { securityContext: { fsGroup: group } },
    });
    for (const pod of [sparing, thorough, silent]) await expect(pod).to.runOn(here);

    const below = async (name: string) => [
      await groupAndMode(here, `${disk.path}/${name}/outer`),
      await groupAndMode(here, `${disk.path}/${name}/outer/file`),
    ];
    const [kept, changed] = [
      [`${before} 700`, `${before} 600`],
      [`${group} 2770`, `${group} 660`],
    ];
    expect(await below('data'), 'OnRootMismatch, and the directory has group and mode').to.deep.equal(kept);
    expect(await below('other'), 'OnRootMismatch, and the directory has another group').to.deep.equal(changed);
    expect(await below('closed'), 'OnRootMismatch, and the group may not write there').to.deep.equal(changed);
    expect(await below('plain'), 'OnRootMismatch, and the directory has no setgid bit').to.deep.equal(changed);
    expect(await below('always'), 'Always, and the directory has group and mode').to.deep.equal(changed);
    expect(await below('usual'), 'no policy, and the directory has group and mode').to.deep.equal(changed);
  });

  proves('LV-ACCESS-20', async function () {
    this.timeout(360_000);
    // On a node of its own: kubelet has a few locks for all local volumes, so that others would wait, too.
    await using lease = await leaseVolume(oneNode(), 'DIR');
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(oneNode());
    const { path } = lease;
    const make = 'cd "$1" && mkdir large && touch large/file && chgrp -R "$2" .';
    await onNode(node, ['sh', '-c', make, 'sh', path, String(before)]);
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', lease);
    await using held = await blockDirectory(node, `${path}/large`);
    const pod = await namespace.pod('patient', { claims: [claim], spec: { securityContext: { fsGroup: group } } });
    const what = `an event VolumePermissionChangeInProgress about ${pod}`;
    const ofSlowChange = (store: StoreView) =>
      store.eventsOf(pod.ref).find(({ reason }) => reason === 'VolumePermissionChangeInProgress');
    const event = await eventually(pod, what, ofSlowChange, { within: 180_000 });
    const directory = `${pod.now.metadata.uid}/volumes/kubernetes.io~local-volume/${volume.name}`;
    expect(event.message).to.equal(
      `Setting volume ownership for ${directory} is taking longer than expected, consider using OnRootMismatch - ` +
        'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/' +
        '#configure-volume-permission-and-ownership-change-policy-for-pods',
    );
    evidence.keep('kubelet-message', event.message ?? '');
    const waited = eventTime(event) - Date.parse(pod.now.metadata.creationTimestamp ?? '');
    expect(waited, 'milliseconds until then, of moments in whole seconds').to.be.at.least(29_000);
    await expect(pod).to.waitBecause('ContainerCreating');
    const groupOf = async (name: string) => (await groupAndMode(oneNode(), `${path}/${name}`)).split(' ')[0];
    expect(await groupOf('large/file'), 'what kubelet has not come to').to.equal(String(before));

    await held.release();
    await expect(pod).to.runOn(oneNode());
    expect(await groupAndMode(oneNode(), `${path}/large/file`)).to.equal(`${group} 664`);
    expect(await groupAndMode(oneNode(), `${path}/large`)).to.equal(`${group} 2775`);
  });

  proves('LV-ACCESS-30', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    const node = (await testCluster()).node(here);
    await using second = await mountAgain(node, lease.path);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    for (const [index, path] of [lease.path, second.path].entries()) {
      const { volume, claim } = await namespace.boundVolume(`by-path-${index}`, { ...lease, path });
      const own = group + index;
      const pod = await namespace.pod(`user-${index}`, {
        claims: [claim],
        spec: { securityContext: { fsGroup: own } },
      });
      await expect(pod).to.runOn(here);
      expect(await groupAndMode(here, lease.path), `with the volume at ${path}`).to.equal(`${own} 2775`);
      // kubelet reports in order: a warning would have come before this.
      await expect(pod).to.reportEvent('Started');
      expect(pod.store.eventsOf(pod.ref).map(({ reason }) => reason)).not.to.include('AlreadyMountedVolume');
      const directory = podVolumeDirectory(here, pod.now.metadata.uid, volume.name);
      await namespace.remove(pod);
      await unmounted(here, directory);
    }
  });

  proves('LV-ACCESS-14', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const pod = await namespace.pod('stranger', { claims: [claim], containers: [runAs(user)] });
    await expect(pod).to.runOn(here);
    expect(await runInPod(pod, ['stat', '-c', '%u %g %a', '/data'])).to.equal('0 0 755\n');
    const { stderr } = await tryInPod(pod, ['touch', '/data/file']);
    expect(stderr).to.include('Permission denied');
  });

  proves('LV-ACCESS-18', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const pod = await namespace.pod('reader', {
      claims: [claim],
      readOnly: true,
      spec: { securityContext: { fsGroup: group } },
    });
    await expect(pod).to.runOn(here);
    expect(await runInPod(pod, ['stat', '-c', '%g %a', '/data'])).to.equal('0 755\n');
    expect(await groupAndMode(here, lease.path)).to.equal('0 755');
  });

  proves('LV-ACCESS-28', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'DIR');
    await using namespace = await SpecNamespace.open();
    const ofGroup = 'chgrp "$2" "$1" && chmod 770 "$1"';
    await onNode(namespace.cluster.node(here), ['sh', '-c', ofGroup, 'sh', lease.path, String(group)]);
    await namespace.storageClass();
    const annotated = await namespace.boundVolume('annotated', {
      ...lease,
      volume: {
        change: ({ metadata }) => {
          metadata.annotations = { 'pv.beta.kubernetes.io/gid': String(group) };
        },
      },
    });
    const plain = await namespace.boundVolume('plain', lease);
    const podWith = (name: string, { claim }: typeof plain) =>
      namespace.pod(name, { claims: [claim], containers: [runAs(user)] });
    const [member, stranger] = [await podWith('member', annotated), await podWith('stranger', plain)];
    for (const pod of [member, stranger]) await expect(pod).to.runOn(here);
    expect((await runInPod(member, ['id', '-G'])).trim().split(' '), 'the groups of the user').to.include(
      String(group),
    );
    await runInPod(member, ['touch', '/data/file']);
    expect((await tryInPod(stranger, ['touch', '/data/other'])).stderr).to.include('Permission denied');
  });
});

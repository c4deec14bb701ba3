import {
  containerMounts,
  expect,
  leaseVolume,
  mountAt,
  onNode,
  provesCase,
  readChapter,
  runInPod,
  SpecNamespace,
  tryInPod,
  writeChecked,
} from '../harness/index.ts';

const chapter = readChapter('access');

/** What a shell says when it may not write: of a file system that is mounted read-only, EROFS. */
const readOnly = 'Read-only file system';

describe(chapter.chapter, () => {
  provesCase(chapter, 'LV-ACCESS-*-07', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', lease);
    await onNode(namespace.cluster.node(nodeName), ['sh', '-c', putOnDisk, 'sh', lease.path]);
    const pod = await namespace.pod('reader', {
      claims: [claim],
      readOnly: true,
      containers: [
        {
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            { name: 'data', mountPath: '/part', subPath: 'directory' },
          ],
        },
      ],
    });
    await expect(pod).to.runOn(nodeName);

    const { kubelet, container } = await expect(pod).to.mount(volume, { from: lease });
    expect(kubelet.options, 'on the node').to.include('ro');
    expect(container.options, 'in the container').to.include('ro');
    expect(await runInPod(pod, ['cat', '/data/file', '/part/inner'])).to.equal('whole\npart\n');
    for (const path of ['/data/file', '/data/new', '/part/inner', '/part/new']) {
      const { stderr } = await tryInPod(pod, ['sh', '-c', 'echo changed >>"$1"', 'sh', path]);
      expect(stderr, `writing to ${path}`).to.include(readOnly);
    }
  });

  provesCase(chapter, 'LV-ACCESS-*-08', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', lease);
    const pod = await namespace.pod('parts', {
      claims: [claim],
      // What the parts are of: an init container has the whole volume, and has ended before they are mounted.
      initContainers: [{ name: 'before', command: ['sh', '-c', putOnDisk, 'sh', '/data'] }],
      containers: [
        {
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            { name: 'data', mountPath: '/existing', subPath: 'directory' },
            { name: 'data', mountPath: '/missing', subPath: 'made/by/kubelet' },
            { name: 'data', mountPath: '/file', subPath: 'file' },
            { name: 'data', mountPath: '/read-only', subPath: 'directory', readOnly: true },
            { name: 'data', mountPath: '/all-read-only', readOnly: true },
          ],
        },
        // Its part stands where the first container has another one.
        {
          name: 'second',
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            { name: 'data', mountPath: '/own', subPath: 'of-second' },
          ],
        },
      ],
    });
    await expect(pod).to.runOn(nodeName);

    const mounts = await containerMounts(pod);
    const below = (directory: string) => `${lease.root === '/' ? '' : lease.root}/${directory}`;
    for (const [path, root] of [
      ['/existing', below('directory')],
      ['/missing', below('made/by/kubelet')],
      ['/file', below('file')],
      ['/read-only', below('directory')],
    ] as const) {
      expect(mountAt(mounts, path), path).to.include({ device: lease.deviceNumber, root });
    }
    const own = mountAt(await containerMounts(pod, 'second'), '/own');
    expect(own, 'of the second container').to.include({ device: lease.deviceNumber, root: below('of-second') });
    await expect(pod).to.mount(volume, { from: lease });
    const seen =
      'cat /existing/inner /file; echo new >/missing/file; cat /data/made/by/kubelet/file; echo more >>/file; cat /data/file';
    expect(await runInPod(pod, ['sh', '-c', seen])).to.equal('part\nwhole\nnew\nwhole\nmore\n');
    for (const place of ['/read-only/inner', '/all-read-only/directory/inner']) {
      const write = ['sh', '-c', 'cat "$1" && echo changed >"$1"', 'sh', place];
      const { stdout, stderr } = await tryInPod(pod, write);
      expect(stdout, place).to.equal('part\n');
      expect(stderr, `writing to ${place}`).to.include(readOnly);
    }
  });

  provesCase(chapter, 'LV-ACCESS-*-10', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('data', lease);
    const [one, two] = [
      await namespace.pod('one', { claims: [claim] }),
      await namespace.pod('two', { claims: [claim] }),
    ];
    await expect(one).to.runOn(nodeName);
    await expect(two).to.runOn(nodeName);

    const bytes = 2 ** 19;
    const sums = await Promise.all([writeChecked(one, '/data/one', bytes), writeChecked(two, '/data/two', bytes)]);
    const [first, second] = sums.map((sum, index) => `${sum}  /data/${index === 0 ? 'one' : 'two'}\n`);
    const check = ['sha256sum', '/data/one', '/data/two'];
    expect(await runInPod(one, check), 'seen by the first').to.equal(`${first}${second}`);
    await namespace.remove(one);
    const sum = await writeChecked(two, '/data/two', bytes);
    expect(await runInPod(two, check), 'seen by the second').to.equal(`${first}${sum}  /data/two\n`);
    await expect(two).to.mount(volume, { from: lease });
  });
});

/** A file, and a directory with another; the argument is where to put them. */
const putOnDisk = 'mkdir "$1/directory" && echo whole >"$1/file" && echo part >"$1/directory/inner"';

import {
  containerMounts,
  expect,
  leaseBackEnd,
  mountAt,
  mountedFrom,
  onNode,
  pairAt,
  podWith,
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
  provesCase(chapter, 7, 'Filesystem', async (backEnd, nodeName) => {
    await using lease = await leaseBackEnd(nodeName, backEnd);
    await using namespace = await SpecNamespace.open();
    const { volume, claim } = await pairAt(namespace, lease.disk);
    await onNode(namespace.cluster.node(nodeName), ['sh', '-c', putOnDisk, 'sh', lease.disk.path]);
    const pod = await podWith(namespace, 'reader', [claim], {}, (manifest) => {
      for (const { persistentVolumeClaim } of manifest.spec.volumes ?? [])
        if (persistentVolumeClaim) persistentVolumeClaim.readOnly = true;
      for (const { volumeMounts } of manifest.spec.containers)
        volumeMounts?.push({ name: 'data', mountPath: '/part', subPath: 'directory' });
    });
    await expect(pod).to.runOn(nodeName);

    const { kubelet, container } = await mountedFrom(lease.disk, pod, volume);
    expect(kubelet.options, 'on the node').to.include('ro');
    expect(container.options, 'in the container').to.include('ro');
    expect(await runInPod(pod, ['cat', '/data/file', '/part/inner'])).to.equal('whole\npart\n');
    for (const path of ['/data/file', '/data/new', '/part/inner', '/part/new']) {
      const { stderr } = await tryInPod(pod, ['sh', '-c', 'echo changed >>"$1"', 'sh', path]);
      expect(stderr, `writing to ${path}`).to.include(readOnly);
    }
  });

  provesCase(chapter, 8, 'Filesystem', async (backEnd, nodeName) => {
    await using lease = await leaseBackEnd(nodeName, backEnd);
    await using namespace = await SpecNamespace.open();
    const { volume, claim } = await pairAt(namespace, lease.disk);
    const pod = await podWith(namespace, 'parts', [claim], {}, (manifest) => {
      const [main] = manifest.spec.containers;
      if (!main) throw new Error('the fixture has a container');
      // What the parts are of: an init container has the whole volume, and is through before they are mounted.
      manifest.spec.initContainers = [
        { ...structuredClone(main), name: 'before', command: ['sh', '-c', putOnDisk, 'sh', '/data'] },
      ];
      main.volumeMounts?.push(
        { name: 'data', mountPath: '/existing', subPath: 'directory' },
        { name: 'data', mountPath: '/missing', subPath: 'made/by/kubelet' },
        { name: 'data', mountPath: '/file', subPath: 'file' },
        { name: 'data', mountPath: '/read-only', subPath: 'directory', readOnly: true },
      );
    });
    await expect(pod).to.runOn(nodeName);

    const mounts = await containerMounts(pod);
    const below = (directory: string) => `${lease.disk.root === '/' ? '' : lease.disk.root}/${directory}`;
    for (const [path, root] of [
      ['/existing', below('directory')],
      ['/missing', below('made/by/kubelet')],
      ['/file', below('file')],
      ['/read-only', below('directory')],
    ] as const) {
      expect(mountAt(mounts, path), path).to.include({ device: lease.disk.deviceNumber, root });
    }
    await mountedFrom(lease.disk, pod, volume);
    const seen =
      'cat /existing/inner /file; echo new >/missing/file; cat /data/made/by/kubelet/file; echo more >>/file; cat /data/file';
    expect(await runInPod(pod, ['sh', '-c', seen])).to.equal('part\nwhole\nnew\nwhole\nmore\n');
    const { stderr } = await tryInPod(pod, ['sh', '-c', 'cat /read-only/inner && echo changed >/read-only/inner']);
    expect(stderr, 'the same directory, read-only').to.include(readOnly);
  });

  provesCase(chapter, 9, 'Filesystem', async (backEnd, nodeName) => {
    await using lease = await leaseBackEnd(nodeName, backEnd);
    await using namespace = await SpecNamespace.open();
    const { volume, claim } = await pairAt(namespace, lease.disk);
    const pod = await podWith(namespace, 'runner', [claim]);
    await expect(pod).to.runOn(nodeName);
    // A binary, too: for a script, noexec would have to keep the kernel from its first line only.
    const make =
      'cp /bin/busybox /data/echo && printf "#!/bin/sh\\necho run by \\$0\\n" >/data/script && chmod 755 /data/script';
    await runInPod(pod, ['sh', '-c', make]);
    expect(await runInPod(pod, ['/data/script'])).to.equal('run by /data/script\n');
    expect(await runInPod(pod, ['/data/echo', 'from', 'the', 'volume'])).to.equal('from the volume\n');
    expect((await mountedFrom(lease.disk, pod, volume)).container.options).not.to.include('noexec');
  });

  provesCase(chapter, 10, 'Filesystem', async (backEnd, nodeName) => {
    await using lease = await leaseBackEnd(nodeName, backEnd);
    await using namespace = await SpecNamespace.open();
    const { claim } = await pairAt(namespace, lease.disk);
    const [one, two] = [await podWith(namespace, 'one', [claim]), await podWith(namespace, 'two', [claim])];
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
  });
});

/** A file, and a directory with another; the argument is where to put them. */
const putOnDisk = 'mkdir "$1/directory" && echo whole >"$1/file" && echo part >"$1/directory/inner"';

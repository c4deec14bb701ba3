import {
  ApiRefusal,
  assignedNode,
  containerMounts,
  eventually,
  evidence,
  expect,
  leaseVolume,
  minorOf,
  mountAt,
  mountPointsWith,
  onNode,
  type PodHandle,
  readChapter,
  readInPod,
  runAs,
  runInPod,
  SpecNamespace,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('access');

/** Waits until that container of the pod runs, or waits for the reason that the message names; returns the message. */
function containerIn(pod: PodHandle, container: string, state: 'running' | 'waiting', message = ''): Promise<string> {
  return eventually(
    pod,
    `container ${container} of ${pod} to be ${state}${message && ` with "${message}"`}`,
    (store) => {
      const found = store.get(pod.ref)?.status?.containerStatuses?.find(({ name }) => name === container)?.state;
      const { reason = '', message: said = '' } = found?.waiting ?? {};
      if (state === 'running') return found?.running && 'running';
      return reason === 'CreateContainerConfigError' && said.includes(message) && said;
    },
  );
}

describe(chapter, () => {
  proves('LV-ACCESS-07', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const links =
      'cd "$1" && mkdir own && echo own >own/file && ln -s /etc absolute && ln -s ../../../etc upwards && ln -s /etc/passwd file && ln -s own inside';
    await onNode(namespace.cluster.node(here), ['sh', '-c', links, 'sh', lease.path]);
    const ways = ['absolute', 'upwards', 'file', 'inside'];
    const pod = await namespace.pod('ways-out', {
      claims: [claim],
      containers: ways.map((name) => ({ name, volumeMounts: [{ name: 'data', mountPath: '/part', subPath: name }] })),
    });

    await containerIn(pod, 'inside', 'running');
    expect(await readInPod(pod, '/part/file', { container: 'inside' })).to.equal('own\n');
    // Upwards leads to a place that is not there; before 1.37 kubelet tries to make it, and refuses that.
    const [, minor] = minorOf(namespace.cluster.facts.kubernetes);
    for (const name of ['absolute', 'upwards', 'file']) {
      const refused = `failed to ${name === 'upwards' && minor < 37 ? 'create subPath directory' : 'prepare subPath'} for volumeMount "data" of container "${name}"`;
      evidence.keep(`refused-${name}`, await containerIn(pod, name, 'waiting', refused));
    }
  });

  proves('LV-ACCESS-08', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'DIR');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    for (const [subPath, message] of [
      ['..', "must not contain '..'"],
      ['own/../../other', "must not contain '..'"],
      ['/etc', 'must be a relative path'],
    ] as const) {
      const refusal = await namespace
        .pod('refused', {
          claims: [claim],
          containers: [{ volumeMounts: [{ name: 'data', mountPath: '/data', subPath }] }],
        })
        .catch((error: unknown) => error);
      expect(refusal, subPath).to.be.instanceOf(ApiRefusal);
      const { status, causes } = refusal as ApiRefusal;
      expect(status).to.equal(422);
      expect(causes.map(({ field }) => field)).to.deep.equal(['spec.containers[0].volumeMounts.subPath']);
      expect(causes[0]?.message).to.include(message);
    }

    const pod = await namespace.pod('by-variable', {
      claims: [claim],
      containers: [
        {
          env: [{ name: 'WAY', value: '..' }],
          volumeMounts: [{ name: 'data', mountPath: '/data', subPathExpr: '$(WAY)/other' }],
        },
      ],
    });
    evidence.keep('refused-by-kubelet', await containerIn(pod, 'main', 'waiting', "must not contain '..'"));
  });

  proves('LV-ACCESS-09', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const put = 'mkdir "$1/directory" && echo single >"$1/file"';
    await onNode(namespace.cluster.node(here), ['sh', '-c', put, 'sh', lease.path]);
    const life = "trap 'exit 0' TERM; rm -f /directory/sick; echo started >>/directory/log; sleep infinity & wait";
    const pod = await namespace.pod('probed', {
      claims: [claim],
      spec: { restartPolicy: 'Always' },
      containers: [
        {
          command: ['sh', '-c', life],
          volumeMounts: [
            { name: 'data', mountPath: '/directory', subPath: 'directory' },
            { name: 'data', mountPath: '/file', subPath: 'file' },
          ],
          livenessProbe: {
            exec: { command: ['test', '!', '-e', '/directory/sick'] },
            periodSeconds: 1,
            timeoutSeconds: 60,
            failureThreshold: 1,
          },
        },
      ],
    });
    await expect(pod).to.runOn(here);
    await runInPod(pod, ['sh', '-c', 'echo more >>/file']);
    // On the node: a shell in the container would end with it.
    await onNode(namespace.cluster.node(here), ['touch', `${lease.path}/directory/sick`]);
    await eventually(pod, `the container of ${pod} to have been restarted and to be ready`, (store) => {
      const [status] = store.get(pod.ref)?.status?.containerStatuses ?? [];
      return status?.restartCount === 1 && status.ready;
    });
    await expect(pod).to.reportEvent('Unhealthy', 'Liveness probe failed');
    expect(await runInPod(pod, ['cat', '/directory/log', '/file'])).to.equal('started\nstarted\nsingle\nmore\n');
    const mounts = await containerMounts(pod);
    expect(mountAt(mounts, '/directory')).to.include({ device: lease.deviceNumber, root: '/directory' });
    expect(mountAt(mounts, '/file')).to.include({ device: lease.deviceNumber, root: '/file' });
  });

  proves('LV-ACCESS-10', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const pod = await namespace.pod('on-a-part', {
      claims: [claim],
      containers: [{ volumeMounts: [{ name: 'data', mountPath: '/data', subPath: 'part' }] }],
    });
    await expect(pod).to.runOn(here);
    const node = namespace.cluster.node(here);
    await runInPod(pod, ['touch', '/data/file']);
    await onNode(node, ['rm', '-r', `${lease.path}/part`]);
    const { uid } = pod.now.metadata;
    expect((await mountPointsWith(here, uid)).join('\n')).to.include(`/volume-subpaths/`);
    await namespace.remove(pod);
    expect(await mountPointsWith(here, uid), 'what is left of the pod').to.deep.equal([]);
  });

  proves('LV-ACCESS-25', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const env = [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }];
    const volumeMounts = [{ name: 'data', mountPath: '/own', subPathExpr: 'pods/$(POD_NAME)' }];
    // A user who is not root: a directory that kubelet makes has the mode of the volume's own, which fsGroup has opened.
    const podOf = (name: string) =>
      namespace.pod(name, {
        claims: [claim],
        spec: { securityContext: { fsGroup: 1234 } },
        containers: [{ ...runAs(1000), env, volumeMounts }],
      });
    const pods = [await podOf('one'), await podOf('two')];
    for (const pod of pods) await expect(pod).to.runOn(here);
    for (const pod of pods) {
      const root = `/pods/${pod.name}`;
      expect(mountAt(await containerMounts(pod), '/own'), root).to.include({ device: lease.deviceNumber, root });
      await runInPod(pod, ['sh', '-c', 'echo "$1" >/own/name', 'sh', pod.name]);
    }
    const found = await onNode(namespace.cluster.node(here), [
      'sh',
      '-c',
      'cd "$1" && grep "" */name',
      'sh',
      `${lease.path}/pods`,
    ]);
    expect(found.trim().split('\n').sort(), 'a directory for each').to.deep.equal(
      pods.map(({ name }) => `${name}/name:${name}`).sort(),
    );
  });
});

import { expect } from 'chai';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../clusters/api/objects.ts';
import { violations } from './binding-invariant.ts';

const stored = (name: string, kind: string) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, uid: `uid-of-${name}`, resourceVersion: '1', creationTimestamp: '2026-11-23T12:00:00Z' },
});

const claim = (name: string, volumeName?: string): PersistentVolumeClaim => ({
  ...stored(name, 'PersistentVolumeClaim'),
  spec: { ...(volumeName && { volumeName }) },
  status: { phase: volumeName ? 'Bound' : 'Pending' },
});

const volume = (name: string, of?: string, phase = 'Bound'): PersistentVolume => ({
  ...stored(name, 'PersistentVolume'),
  spec: of === undefined ? {} : { claimRef: { name: of, uid: `uid-of-${of}` } },
  status: { phase },
});

const pod = (name: string, claimName: string, phase = 'Running', nodeName?: string): Pod => ({
  ...stored(name, 'Pod'),
  spec: {
    containers: [],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    ...(nodeName && { nodeName }),
  },
  status: { phase },
});

describe('what must not be of claims, volumes and pods', () => {
  it('is nothing where each claim has its volume and each volume its pod', () => {
    const claims = [claim('a', 'one'), claim('b', 'two'), claim('c')];
    const volumes = [volume('one', 'a'), volume('two', 'b'), volume('three')];
    const pods = [pod('pa', 'a', 'Running', 'node2'), pod('pb', 'b', 'Running', 'node2'), pod('pc', 'c', 'Pending')];
    expect(violations({ claims, volumes, pods })).to.deep.equal([]);
  });

  it('is two claims bound to one volume', () => {
    const claims = [claim('a', 'one'), claim('b', 'one')];
    expect(violations({ claims, volumes: [], pods: [] })).to.deep.equal(['claims a and b are both bound to one']);
  });

  it('is a claim with two volumes, but not one whose former volume is released', () => {
    const taken = [volume('one', 'a'), volume('two', 'a')];
    expect(violations({ claims: [], volumes: taken, pods: [] })).to.deep.equal([
      'volumes one and two are both of claim a',
    ]);
    const former = [volume('one', 'a', 'Released'), volume('two', 'a')];
    expect(violations({ claims: [], volumes: former, pods: [] })).to.deep.equal([]);
  });

  it('is two live pods on one volume through different claims; pods that share a claim may', () => {
    const claims = [claim('a', 'one'), { ...claim('b', 'one'), status: { phase: 'Pending' } }];
    const live = [pod('pa', 'a', 'Running', 'node2'), pod('pb', 'b', 'Running', 'node2')];
    expect(violations({ claims, volumes: [], pods: live })).to.deep.equal(['pods pa and pb both use one']);
    const ended = [pod('pa', 'a', 'Succeeded', 'node2'), pod('pb', 'b', 'Running', 'node2')];
    expect(violations({ claims, volumes: [], pods: ended })).to.deep.equal([]);
    const shared = [pod('pa', 'a', 'Running', 'node2'), pod('pb', 'a', 'Running', 'node2')];
    expect(violations({ claims, volumes: [], pods: shared })).to.deep.equal([]);
  });
});

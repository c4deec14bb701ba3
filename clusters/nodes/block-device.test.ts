import { expect } from 'chai';
import { DomainError } from '../errors/domain-error.ts';
import { readAttached } from './block-device.ts';

const wanted = {
  name: 'raw',
  node: 'node2',
  bytes: 32 * 2 ** 20,
  backingFile: '/var/local/local-pv-conformance/run/raw.img',
  unit: 'local-pv-conformance-raw.service',
};

describe('A loop device that was attached', () => {
  it('is read back with path and device number', () => {
    expect(readAttached('/dev/loop7 7:7 65536 1\n', wanted)).to.deep.equal({
      ...wanted,
      path: '/dev/loop7',
      deviceNumber: '7:7',
    });
  });

  it('is refused where it is not what was asked for', () => {
    expect(() => readAttached('/dev/loop7 7:7 65535 1\n', wanted)).to.throw(DomainError, '33553920 bytes, wanted');
    expect(() => readAttached('/dev/loop7 7:7 65536 0\n', wanted)).to.throw(DomainError, 'autoclear is off');
    expect(() => readAttached('\n', wanted)).to.throw(DomainError, 'no loop device');
  });
});

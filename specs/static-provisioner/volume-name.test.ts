import { expect } from 'chai';
import { fnv1a32, volumeName } from './volume-name.ts';

describe('the name of a provisioned volume', () => {
  it('is made with FNV-1a of 32 bits', () => {
    // Published test values of FNV-1a.
    expect(fnv1a32('')).to.equal(0x811c9dc5);
    expect(fnv1a32('a')).to.equal(0xe40c292c);
    expect(fnv1a32('foobar')).to.equal(0xbf9cf968);
  });

  it('hashes bytes, not characters', () => {
    expect(fnv1a32('é')).not.to.equal(fnv1a32('\u00c3'));
    expect(fnv1a32('é')).to.equal(fnv1a32(Buffer.from([0xc3, 0xa9]).toString('utf8')));
  });

  it('depends on entry, node and class, in that order', () => {
    expect(volumeName('foo', 'b', 'ar')).to.equal('local-pv-bf9cf968');
    expect(volumeName('ar', 'b', 'foo')).not.to.equal('local-pv-bf9cf968');
  });

  it('writes the hash without leading zeros', () => {
    expect(fnv1a32('disk-8'.padEnd(6)).toString(16)).to.match(/^[1-9a-f]/);
    expect(volumeName('vol-a', 'node2', 'local')).to.match(/^local-pv-[1-9a-f][0-9a-f]{0,7}$/);
  });
});

import { expect } from 'chai';
import { klogMoment, millisecondsOf, momentOf } from './moment.ts';

describe('moments', () => {
  it('keep microseconds there and back', () => {
    for (const text of ['2026-11-23T07:46:24.967511Z', '1999-12-31T23:59:59.999999Z', '2026-11-23T00:00:00.000001Z'])
      expect(momentOf(millisecondsOf(text))).to.equal(text);
    expect(momentOf(millisecondsOf('2026-11-23T08:46:24.9675119+01:00'))).to.equal('2026-11-23T07:46:24.967512Z');
    expect(momentOf(millisecondsOf('2026-11-23T07:46:24Z'), 0)).to.equal('2026-11-23T07:46:24Z');
  });

  it('are refused where they are none', () => {
    for (const text of ['', 'now', '2026-11-23', '2026-11-23 07:46:24Z'])
      expect(() => millisecondsOf(text)).to.throw(RangeError);
  });

  const taken = millisecondsOf('2026-11-23T07:46:25.010Z');
  for (const [zone, head] of [
    ['UTC', '1123 07:46:24.967511'],
    ['Vienna', '1123 08:46:24.967511'],
    ['Kathmandu', '1123 13:31:24.967511'],
  ] as const) {
    it(`of klog, which has no zone, are completed from when they were read: ${zone}`, () =>
      expect(momentOf(klogMoment(head, taken))).to.equal('2026-11-23T07:46:24.967511Z'));
  }

  it('of klog just before a quarter of an hour, taken in after it', () =>
    expect(momentOf(klogMoment('1123 07:59:59.900000', millisecondsOf('2026-11-23T08:00:00.200Z')))).to.equal(
      '2026-11-23T07:59:59.900000Z',
    ));
});

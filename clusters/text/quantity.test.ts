import { expect } from 'chai';
import { bytesToQuantity, quantityToBytes } from './quantity.ts';

describe('quantity', () => {
  for (const [text, bytes] of [
    ['0', 0],
    ['1048576', 1048576],
    ['64Ki', 65536],
    ['64Mi', 67108864],
    ['1Gi', 1073741824],
    ['1.5Gi', 1610612736],
    ['1k', 1000],
    ['500M', 500_000_000],
    ['2T', 2_000_000_000_000],
    ['1Pi', 1125899906842624],
    ['0.1Ki', 103],
  ] as const) {
    it(`reads ${text} as ${bytes} bytes`, () => expect(quantityToBytes(text)).to.equal(bytes));
  }

  for (const text of [
    '',
    '10Gib',
    'Mi',
    '-1Mi',
    '+1',
    '1 Gi',
    ' 1Gi',
    '1e3',
    '100m',
    '1,5Gi',
    '1KI',
    'constructor',
    '16Ei',
  ]) {
    it(`does not read "${text}"`, () => expect(quantityToBytes(text)).to.equal(undefined));
  }

  it('writes bytes with the largest suffix that is exact', () => {
    expect(bytesToQuantity(67108864)).to.equal('64Mi');
    expect(bytesToQuantity(1610612736)).to.equal('1536Mi');
    expect(bytesToQuantity(1000)).to.equal('1000');
    expect(bytesToQuantity(0)).to.equal('0');
    expect(bytesToQuantity(64_000_000, 'decimal')).to.equal('64M');
  });

  it('reads what it writes', () => {
    for (const bytes of [1, 1023, 1024, 314572800, 1099511627776, Number.MAX_SAFE_INTEGER]) {
      expect(quantityToBytes(bytesToQuantity(bytes))).to.equal(bytes);
      expect(quantityToBytes(bytesToQuantity(bytes, 'decimal'))).to.equal(bytes);
    }
  });

  it('refuses what is no number of bytes', () => {
    expect(() => bytesToQuantity(1.5)).to.throw(RangeError, '1.5 is not a number of bytes');
  });
});

import { expect } from 'chai';
import { MarkedOutput } from './shell-session-output.ts';

const nonce = 'a1b2c3';
const shown = (parts: ReturnType<MarkedOutput['feed']>) =>
  parts.map(({ output, words }) => [output.toString(), ...words]);

describe('the output of a shell', () => {
  it('ends at the marker, with or without a newline before it', () => {
    const output = new MarkedOutput(nonce);
    expect(shown(output.feed(Buffer.from('line\na1b2c3 1 0\nhalfa1b2c3 2 7\na1b2c3 3\nmore')))).to.deep.equal([
      ['line\n', '1', '0'],
      ['half', '2', '7'],
      ['', '3'],
    ]);
    expect(output.rest.toString()).to.equal('more');
  });

  it('is the same however it is cut into chunks', () => {
    const bytes = Buffer.from('ä a1b2 a1b2c a1b2c3 1 0\n\0\na1b2c3 2 0\n');
    for (let size = 1; size <= bytes.length; size++) {
      const output = new MarkedOutput(nonce);
      const parts: ReturnType<MarkedOutput['feed']> = [];
      for (let at = 0; at < bytes.length; at += size) parts.push(...output.feed(bytes.subarray(at, at + size)));
      expect(shown(parts), `chunks of ${size}`).to.deep.equal([
        ['ä a1b2 a1b2c ', '1', '0'],
        ['\0\n', '2', '0'],
      ]);
    }
  });
});

import { expect } from 'chai';
import { lackingFeatures, lackingOf } from './lacking.ts';
import type { Node } from './node.ts';

describe('what a cluster lacks', () => {
  it('is what any of its nodes lacks, with the reason and the nodes', () => {
    expect(
      lackingOf([
        { node: 'node1', lines: '' },
        { node: 'node2', lines: 'xfs\tmkfs.xfs is not there\n' },
        { node: 'node3', lines: 'xfs\tmkfs.xfs is not there\nblock\tlosetup is not there\n' },
      ]),
    ).to.deep.equal({ xfs: 'mkfs.xfs is not there: node2, node3', block: 'losetup is not there: node3' });
  });

  it('is nothing where nodes have everything', () => {
    expect(lackingOf([{ node: 'node1', lines: '' }])).to.deep.equal({});
  });

  it('is not guessed where a node cannot be asked', async () => {
    const broken = {
      name: 'node1',
      place: 'node1',
      attempt: async () => ({ status: 126, stdout: '', stderr: 'no sh', argv: [], milliseconds: 1 }),
    } as unknown as Node;
    const thrown = await lackingFeatures([broken]).catch(String);
    expect(thrown).to.include('node1').and.include('126');
  });
});

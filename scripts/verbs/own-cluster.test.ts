import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { endAdvice, keptAdvice } from './own-cluster.ts';

describe('what a run says at its end', () => {
  it('is how to open the report, and how to keep the cluster', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lpv end '));
    try {
      await writeFile(join(folder, 'report.html'), '');
      expect(endAdvice(folder, true).split('\n')).to.deep.equal([
        `   open it in a browser: file://${folder.replaceAll(' ', '%20')}/report.html`,
        '   the cluster was removed; with --keep=failure or --keep=always it stays',
      ]);
      expect(endAdvice(folder, false)).not.to.contain('--keep');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('names no report that was not written', () => expect(endAdvice('/nowhere', false)).to.equal(''));

  it('is how to go on with a cluster that stays', () =>
    expect(keptAdvice({ cluster: 'lpv-dev', kubeconfig: '/r/kubeconfig' })).to.match(
      /lpv-dev stays:\n.*KUBECONFIG=\/r\/kubeconfig\n.* run --use dev\n.* down dev$/,
    ));
});

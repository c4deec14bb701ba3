import { expect } from 'chai';
import { nearest, suggestion } from './nearest.ts';

describe('nearest', () => {
  const verbs = ['doctor', 'image', 'up', 'run', 'down', 'clean', 'list'];

  it('finds a word with a slip in it', () => {
    expect(nearest('docotr', verbs)).to.equal('doctor');
    expect(nearest('clena', verbs)).to.equal('clean');
    expect(nearest('mountpath', ['mountPath', 'name'])).to.equal('mountPath');
    expect(nearest('nod3', ['node1', 'node2', 'node3'])).to.equal('node3');
  });

  it('finds a word that was cut short', () => {
    expect(nearest('doc', verbs)).to.equal('doctor');
  });

  it('says nothing rather than something far away', () => {
    expect(nearest('teardown', verbs)).to.equal(undefined);
    expect(nearest('x', ['a'])).to.equal(undefined);
    expect(nearest('', verbs)).to.equal(undefined);
  });

  it('falls back on the list of the known words', () => {
    expect(suggestion('zzzzzz', ['ext4', 'xfs'])).to.equal('known: ext4, xfs');
    expect(suggestion('ext', ['ext4', 'xfs'])).to.equal('did you mean ext4?');
  });
});

import { expect } from 'chai';
import { parseSpecTitle } from './spec-title.ts';

describe('the title of a spec', () => {
  for (const [title, id, sentence] of [
    ['SEED-4 a local PersistentVolume belongs to nodes', 'SEED-4', 'a local PersistentVolume belongs to nodes'],
    ['MOUNT-RO-12b a mount is read-only', 'MOUNT-RO-12b', 'a mount is read-only'],
  ] as const) {
    it(`${id} is taken apart`, () => expect(parseSpecTitle(title)).to.deep.equal({ id, sentence }));
  }
  for (const title of ['a claim is bound', 'SEED-4', 'SEED a claim', 'seed-4 a claim', 'SEED-x a claim', '']) {
    it(`${JSON.stringify(title)} has no id`, () => expect(parseSpecTitle(title)).to.equal(undefined));
  }
});

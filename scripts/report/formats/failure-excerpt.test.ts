import { expect } from 'chai';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { failureOf } from '../../../specs/runner/spec-failure.ts';
import { failureExcerpt } from './failure-excerpt.ts';

const view = [
  'Pod demo/p: Pending, not scheduled, created 45 s ago',
  ...Array.from({ length: 20 }, (_, index) => `  line ${index}`),
].join('\n');
const conclusion =
  'claim demo/c is bound to pv, which belongs to node3; the pod that uses it must run on node2: no node satisfies both.';
const concluded = [
  'So: claim demo/c is bound to pv, which belongs to node3; the pod that uses it must run on node2: no node',
  '    satisfies both.',
];
const late = new DomainError({
  attempted: 'waiting for Pod demo/p to be Ready on node2, at most 45 s',
  on: 'Pod demo/p',
  seen: 'Pod demo/p: Pending, not scheduled; 2 changes seen',
  why: view,
  conclusion,
  remedy: 'change what is named above',
});
const essence = ['Pod demo/p: Pending, not scheduled', ...concluded].join('\n');
const evidence = ['evidence/SEED-1/01-objects.yaml', 'evidence/SEED-1/02-diagnosis.txt'];
const place = 'specs/binding/binding.spec.ts:41:7';
const folder = '/r';

/** What `await using` throws where a body fails, and cleaning up after it, too. */
function cleanUpAfter(suppressed: unknown, error: unknown = new Error('x')): Error {
  return Object.assign(new Error('suppressed'), { name: 'SuppressedError', error, suppressed });
}

describe('the lines of a failure in the terminal', () => {
  const of = (thrown: unknown, more: { essence?: string } = {}, files: string[] = []) =>
    failureExcerpt({ error: { ...failureOf(thrown), ...more }, evidence: files }, { place, folder });

  it('are what was seen, the conclusion, the place and where the rest is', () => {
    expect(of(late, { essence }, evidence)).to.deep.equal([
      'waiting for Pod demo/p to be Ready on node2, at most 45 s',
      '  on:   Pod demo/p',
      '  seen: Pod demo/p: Pending, not scheduled; 2 changes seen',
      ...concluded,
      'at specs/binding/binding.spec.ts:41:7',
      'all of it: /r/evidence/SEED-1/02-diagnosis.txt',
    ]);
  });

  it('name the object where the message does not', () => {
    expect(of('expected false to be true', { essence }, evidence).slice(0, 3)).to.deep.equal([
      'expected false to be true',
      'Pod demo/p: Pending, not scheduled',
      concluded[0],
    ]);
  });

  it('take the conclusion from the message where there is no diagnosis', () => {
    expect(of(late).slice(3)).to.deep.equal([
      ...concluded,
      'at specs/binding/binding.spec.ts:41:7',
      'all of it: /r/e2e.log',
    ]);
  });

  it('are all there is, where that is little', () => {
    expect(of('expected 1 to equal 2\ncaused by: x')).to.deep.equal([
      'expected 1 to equal 2',
      'caused by: x',
      'at specs/binding/binding.spec.ts:41:7',
    ]);
  });

  it('are ten for every message, and say how many lines are left out', () => {
    const final = new DomainError({
      attempted: 'Pod demo/p was scheduled to node1',
      seen: view,
      why: 'that is final',
      conclusion,
    });
    const long = Array.from({ length: 40 }, (_, index) => `${index}`).join('\n');
    for (const thrown of [late, final, long, cleanUpAfter(long)]) {
      for (const more of [{}, { essence }, { essence: long }]) {
        expect(of(thrown, more, evidence).length, String(thrown)).to.be.at.most(10);
      }
    }
    expect(of(long)).to.include('… and 33 more lines').and.have.length(10);
  });

  it('keep that cleaning up failed, too', () => {
    const left = new DomainError({ attempted: 'a mount is left', on: 'node2' });
    expect(of(cleanUpAfter(late, left), { essence }, evidence)).to.include(
      'afterwards, cleaning up failed: a mount is left',
    );
  });

  it('are cut where they are long, but for the path', () => {
    const deep = `/${'x'.repeat(300)}`;
    const lines = failureExcerpt({ error: { message: 'y'.repeat(300) }, evidence: [] }, { folder: deep });
    expect(lines).to.deep.equal([`${'y'.repeat(200)}…`, `all of it: ${deep}/e2e.log`]);
  });
});

import { expect as chaiExpect, use } from 'chai';
import type { Handle } from './handles.ts';
import { words } from './words.ts';

type Words = typeof words;

/** The words whose subject may be a handle of type `H`, without that subject. */
type WordsFor<H> = {
  [Word in keyof Words as [H] extends [Parameters<Words[Word]>[0]] ? Word : never]: Words[Word] extends (
    subject: never,
    ...rest: infer Rest
  ) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

interface Expect extends Chai.ExpectStatic {
  <H extends Handle>(subject: H, message?: string): { to: WordsFor<H> };
}

use((chai) => {
  for (const [word, expectation] of Object.entries(words)) {
    chai.Assertion.addMethod(word, function (this: Chai.AssertionStatic & { _obj: unknown }, ...rest: unknown[]) {
      return (expectation as (subject: unknown, ...rest: unknown[]) => Promise<unknown>)(this._obj, ...rest);
    });
  }
});

/**
 * chai's `expect`; for objects of the cluster with the words of `words.ts`, which wait. An object has the words of its
 * kind only: `expect(volume).to.runOn('node2')` does not compile.
 * @example
 * await expect(claim).to.bindTo(volume);
 * await expect(pod).to.runOn('node2');
 * expect(pod.now.status?.phase).to.equal('Running');
 */
export const expect = chaiExpect as Expect;

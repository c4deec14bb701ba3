import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { silent } from '../../clusters/text/progress.ts';
import { checksStep } from './awaited-checks.ts';

describe('the step that waits for the checks', () => {
  const child = (env: Record<string, string> = { LPV_AWAIT_CHECKS: 'yes' }) =>
    Object.assign(new EventEmitter(), { env, send: () => true }) as unknown as EventEmitter &
      NonNullable<Parameters<typeof checksStep>[0]>;
  const perform = async (of: ReturnType<typeof child>, then: () => void, signal = new AbortController().signal) => {
    const [step] = checksStep(of);
    const performed = step?.perform({ progress: silent, signal });
    then();
    return await performed;
  };

  it('is there only where npm test has begun the run', () => {
    expect(checksStep(child())).to.have.length(1);
    expect(checksStep(child({}))).to.deep.equal([]);
    expect(checksStep({ env: { LPV_AWAIT_CHECKS: 'yes' }, on: process.on })).to.deep.equal([]);
  });

  it('ends when they have passed, also where they did so before it began', async () => {
    const process = child();
    await perform(process, () => process.emit('message', { checks: 'passed' }));
    const [step] = checksStep(process);
    process.emit('message', { type: 'dependency' });
    process.emit('message', { checks: 'passed' });
    await step?.perform({ progress: silent, signal: new AbortController().signal });
  });

  for (const [what, event, said] of [
    ['one of them has failed', ['message', { checks: 'failed' }], 'one of them has failed'],
    ['npm test was killed', ['disconnect'], 'it has ended'],
  ] as const) {
    it(`fails where ${what}`, async () => {
      const process = child();
      const [name, ...args] = event;
      const error = await perform(process, () => process.emit(name, ...args)).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(DomainError).and.have.property('message').that.includes(said);
    });
  }

  it('ends with an interruption', async () => {
    const interruption = new AbortController();
    const reason = new Error('interrupted by SIGINT');
    const error = await perform(child(), () => interruption.abort(reason), interruption.signal).catch((e) => e);
    expect(error).to.equal(reason);
  });
});

import { DomainError, messageOf } from '../../../clusters/errors/domain-error.ts';
import type { Engine } from '../../../clusters/host/engine/engine.ts';
import { type AcquireRequest, acquireNodeImage, type NodeImage } from '../../../clusters/host/node-image/acquire.ts';
import { type PullResult, pullImage } from '../../../clusters/host/node-image/pull.ts';
import { silent } from '../../../clusters/text/progress.ts';

/** One thing to prove: what is done with the real engine, and what must come of it. */
export interface Case {
  title: string;
  /** Resolves with what came of it, in a word that {@link Case.expected} is compared with, and what the engine said. */
  perform(): Promise<{ outcome: string; said: string }>;
  expected: string;
}

export interface CaseResult {
  title: string;
  held: boolean;
  outcome: string;
  expected: string;
  said: string;
  milliseconds: number;
}

/** Performs the cases one after the other, each from the same start; what a case throws is its outcome. */
export async function performCases(
  cases: readonly Case[],
  reader: { seen: (result: CaseResult) => void; afterEach: () => Promise<void> },
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const { title, expected, perform } of cases) {
    const begun = performance.now();
    const { outcome, said } = await perform().catch((error) => ({ outcome: 'an error', said: messageOf(error) }));
    const milliseconds = performance.now() - begun;
    const result = { title, held: outcome === expected, outcome, expected, said, milliseconds };
    results.push(result);
    reader.seen(result);
    await reader.afterEach();
  }
  return results;
}

/** A pull of an image, with the kind of its result as outcome. A pulled image must have the id that was pushed. */
export function pullCase(
  engine: Engine,
  title: string,
  reference: string,
  expected: PullResult['kind'],
  options: { id?: string; firstWord?: number; signal?: AbortSignal | undefined } = {},
): Case {
  return {
    title,
    expected,
    async perform() {
      const result = await pullImage(engine, reference, silent, options);
      if (result.kind !== 'pulled') {
        const said = result.kind === 'silent' ? `nothing within ${result.seconds} s` : result.said;
        return { outcome: result.kind, said };
      }
      const id = await engine.imageId(reference);
      if (options.id !== undefined && id !== options.id) return { outcome: 'another image', said: `${id}` };
      return { outcome: 'pulled', said: `${id}` };
    },
  };
}

/** `--image auto` where the published image cannot be had: what is used in the end, or why nothing is. */
export function autoCase(
  title: string,
  request: Omit<AcquireRequest, 'progress' | 'wish'>,
  expected: `${NodeImage['origin']} image` | `error: ${string}`,
): Case {
  return {
    title,
    expected,
    async perform() {
      const notes: string[] = [];
      const progress = { ...silent, note: (text: string) => void notes.push(text) };
      try {
        const { origin } = await acquireNodeImage({ ...request, wish: { kind: 'auto' }, progress });
        return { outcome: `${origin} image`, said: notes.join('\n') };
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        return { outcome: `error: ${error.details.why}`, said: error.message };
      }
    },
  };
}

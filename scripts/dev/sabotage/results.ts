import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../../../clusters/host/write-atomically.ts';
import { type Defect, matching, type Requirements } from './defect.ts';

/** What came of the spec of a requirement while a defect was on. */
const judgementSchema = z.strictObject({
  id: z.string(),
  outcome: z.enum(['red', 'green', 'not run']),
  /** First line of the error, or why the spec was not run. */
  message: z.string().exactOptional(),
  seconds: z.number(),
});
export type Judgement = z.infer<typeof judgementSchema>;

const defectResultSchema = z.strictObject({
  /** What the defect did: a changed defect is judged again. */
  digest: z.string(),
  judgements: z.array(judgementSchema),
  /** From switching on to the proof that the cluster is healthy again. */
  seconds: z.number(),
  /** Why it could not be judged. */
  error: z.string().exactOptional(),
});
export type DefectResult = z.infer<typeof defectResultSchema>;

const resultsSchema = z.strictObject({
  kubernetes: z.string(),
  /** Requirements without any defect, as last run. */
  control: z.record(z.string(), judgementSchema),
  defects: z.record(z.string(), defectResultSchema),
});
/** What the suite has found out so far; kept in a file, so that it can be continued. */
export type Results = z.infer<typeof resultsSchema>;

/** Returns what a folder of results has; nothing where it has none. @throws ZodError where it is none of ours */
export async function readResults(folder: string, kubernetes: string): Promise<Results> {
  const path = join(folder, 'results.json');
  const empty = { kubernetes, control: {}, defects: {} };
  if (!existsSync(path)) return empty;
  const results = resultsSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  return results.kubernetes === kubernetes ? results : empty;
}

export function writeResults(folder: string, results: Results): void {
  writeAtomically(join(folder, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
}

/** Whether the requirements that name a promise have seen that it is broken. */
export type Verdict = 'caught' | 'caught by others' | 'survived' | 'not judged';

/** What a defect came to. */
export interface Judged {
  defect: Defect;
  verdict: Verdict;
  /** Requirements that turned red, and are green without the defect. */
  red: Judgement[];
  /** Patterns of `caughtBy` for which none turned red. */
  missed: string[];
  seconds: number;
  error?: string;
}

/**
 * How an error begins that says nothing about the promise: one that a spec meets before it comes to what it asserts, or
 * that its time is over, whatever it was doing.
 */
const ofNoPromise =
  /^(running the spec to its end|waiting for (PersistentVolume \S+ to be Available or Bound|\S+ \S+ to be seen|the default ServiceAccount|kubelet to log)|starting the static provisioner|Timeout of)/;

/**
 * Returns what a defect came to: caught where every pattern of `caughtBy` has a requirement that turned red and is green
 * without a defect.
 */
export function judgedBy(defect: Defect, { control, defects }: Results, known: Requirements): Judged {
  const result = defects[defect.name];
  const fresh = result?.digest === defect.digest ? result : undefined;
  const red = (fresh?.judgements ?? []).filter(
    ({ id, outcome, message }) =>
      outcome === 'red' && control[id]?.outcome === 'green' && !ofNoPromise.test(message ?? ''),
  );
  const ids = new Set(red.map(({ id }) => id));
  const missed = defect.caughtBy.filter((pattern) => !matching(pattern, known).some((id) => ids.has(id)));
  const verdict = verdictOf();
  const error = fresh?.error;
  return { defect, verdict, red, missed, seconds: fresh?.seconds ?? 0, ...(error !== undefined && { error }) };

  function verdictOf(): Verdict {
    if (fresh === undefined || fresh.error !== undefined) return 'not judged';
    if (missed.length === 0) return 'caught';
    return red.length > 0 ? 'caught by others' : 'survived';
  }
}

/** Returns the ids of the requirements that a defect is judged by: those that must turn red first. */
export function nearOf({ caughtBy, near }: Defect, known: Requirements): string[] {
  return [...new Set([...caughtBy, ...near].flatMap((pattern) => matching(pattern, known)))];
}

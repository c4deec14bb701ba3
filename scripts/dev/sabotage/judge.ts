import type { Requirement } from '../../../specs/catalogue/catalogue.ts';
import { whyNotRun } from '../../../specs/catalogue/features.ts';
import { EventStream, type SpecFailure } from '../../../specs/runner/events.ts';
import { assertHealthy } from '../../../specs/runner/health.ts';
import type { DeclaredSpec } from '../../../specs/runner/registry.ts';
import { runSpecs } from '../../../specs/runner/run-specs.ts';
import { clusterFacts } from '../../../specs/runner/test-cluster.ts';
import type { Judgement } from './results.ts';

/** The folders before a file of this project, in an error of any checkout of it. */
const folderOfTheTree = /\/[^\s()]*\/(?=(?:clusters|fixtures|scripts|specs)\/)/g;

/** How many specs run side by side, unless the user says otherwise. */
export const usualJobs = 8;

/** How specs are run. */
interface Judging {
  jobs: number;
  signal: AbortSignal;
  /**
   * Returns after how many milliseconds each wait of a requirement's spec ends, so that the spec says itself what a defect
   * has kept from happening; as long as the spec says where not given.
   */
  longestWait?: (id: string) => number;
}

/** Milliseconds that a whole spec may take, unless it asks for more itself: enough for several waits. */
const longestSpec = 90_000;

/** Runs specs on the cluster of this process as it is, and returns what came of each. */
export async function judge(
  specs: readonly DeclaredSpec[],
  { jobs, signal, longestWait }: Judging,
): Promise<Judgement[]> {
  for (const { test } of specs) test.timeout(longestSpec);
  const events = new EventStream();
  const judgements: Judgement[] = [];
  events.subscribe((event) => {
    if (event.kind !== 'spec-finished') return;
    const { spec, result } = event;
    const seconds = Math.round(result.milliseconds / 100) / 10;
    if (result.outcome === 'passed') judgements.push({ id: spec.id, outcome: 'green', seconds });
    else if (result.outcome === 'failed')
      judgements.push({ id: spec.id, outcome: 'red', message: inOneLine(result.error), seconds });
    // A promise that Kubernetes breaks today says nothing about the defect.
    else
      judgements.push({
        id: spec.id,
        outcome: 'not run',
        message: 'reason' in result ? result.reason : 'a known issue',
        seconds,
      });
  });
  await runSpecs([specs], {
    events,
    signal,
    seed: 1,
    jobs,
    kubernetes: clusterFacts().kubernetes,
    nodes: clusterFacts().nodes.map(({ name }) => name),
    whyNotRun: (requirement: Requirement) => whyNotRun(requirement, clusterFacts()),
    assertHealthy,
    ...(longestWait && { longestWait: ({ id }: Requirement) => longestWait(id) }),
  });
  return judgements;
}

/** Returns what an error says first: what was attempted, and what was seen; of a spec that had no time left, its objects. */
function inOneLine({ message, diagnosis }: SpecFailure): string {
  const [first = '', ...rest] = message.split('\n');
  const seen = rest.find((line) => /^ {2}seen:/.test(line))?.replace(/^ {2}seen:\s*/, '');
  const late = /not through after|^Timeout of/.test(`${seen}${first}`);
  const essence = late ? diagnosis?.essence.split('\n').map((line) => line.trim()) : undefined;
  // The table is read on other machines.
  const text = [first, seen, ...(essence ?? [])].filter(Boolean).join(': ').replace(folderOfTheTree, '');
  return text.length > 300 ? `${text.slice(0, 297)}...` : text;
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { grouped } from '../../clusters/text/collections.ts';
import type { RunEvent } from '../../specs/runner/events.ts';
import type { LocalVolumeConformanceReport, ReportedRequirement } from '../report/model/report.ts';
import { knownIssueLine } from '../report/model/requirements.ts';
import { resultsFile } from '../runner-image/manifests.ts';

// What Sonobuoy's worker takes from a plugin: progress over HTTP, and results once the file `done` names them.
// Source: github.com/vmware-tanzu/sonobuoy v0.57.5, pkg/worker, pkg/plugin/interface.go, pkg/client/results/item.go.

/** A node of the tree in that file; only leaves have a status of their own, Sonobuoy adds up the others. */
interface Item {
  name: string;
  status: 'passed' | 'failed' | 'skipped' | 'unknown';
  meta?: Record<string, string>;
  details?: Record<string, string>;
  items?: Item[];
}

/**
 * Returns the results as Sonobuoy's tree: chapters, and in them requirements by their ids. What failed beside requirements
 * is a leaf of its own, and so is the verdict of a run that ended badly without a failure.
 */
export function resultTree(report: LocalVolumeConformanceReport): Item {
  const chapters = [...grouped(report.requirements, ({ chapter }) => chapter)].map(([name, all]): Item => {
    const items = all.map(leaf);
    return { name, status: items.some(({ status }) => status === 'failed') ? 'failed' : 'passed', items };
  });
  const beside: Item[] = report.outside.map(({ id, title, message }) => ({
    name: `${id} ${title}`,
    status: 'failed',
    details: { failure: message },
  }));
  const failed = [...chapters, ...beside].some(({ status }) => status === 'failed');
  if (report.exitStatus !== 'conforms' && !failed)
    beside.push({ name: 'the run', status: 'failed', details: { failure: report.verdict } });
  const items = [...chapters, ...beside];
  const status = items.some((item) => item.status === 'failed') ? 'failed' : 'passed';
  return { name: 'local-pv-conformance', status, meta: { verdict: report.verdict }, items };
}

function leaf(requirement: ReportedRequirement): Item {
  const { id, sentence, level, result, reason, failure } = requirement;
  const known = knownIssueLine(requirement);
  const details = {
    ...(reason !== undefined && { reason }),
    ...(failure !== undefined && { failure: failure.message }),
    ...(known !== undefined && { 'known-issue': known }),
  };
  return {
    name: `${id} ${sentence}`,
    status: result === 'passed' || result === 'failed' ? result : 'skipped',
    meta: { id, level, result },
    ...(Object.keys(details).length > 0 && { details }),
  };
}

/** Writes the tree of a run that did not begin, in which the reason is the only leaf. */
export function writeNoResults(folder: string, failure: string): void {
  const item: Item = { name: 'the run begins', status: 'failed', details: { failure } };
  writeTree(folder, { name: 'local-pv-conformance', status: 'failed', items: [item] });
}

export function writeTree(folder: string, tree: Item): void {
  writeFileSync(join(folder, resultsFile), stringify(tree, { lineWidth: 0 }));
}

/** Tells the worker that the results are complete, and where they are. Nothing may be written there any more. */
export function writeDone(results: string, folder: string): void {
  writeFileSync(join(results, 'done'), folder);
}

/** What has been done so far, as the worker takes it. */
interface Progress {
  msg: string;
  total: number;
  completed: number;
  failures: string[];
}

/**
 * Returns the reader of a run's events that tells Sonobuoy's worker about its progress, one request at a time: what comes
 * meanwhile is in the next. A worker that does not answer changes nothing; progress is not the result.
 */
export function progressReader(post: (progress: Progress) => Promise<unknown>): (event: RunEvent) => void {
  let progress: Progress = { msg: '', total: 0, completed: 0, failures: [] };
  let under = false;
  let again = false;
  const send = async (): Promise<void> => {
    if (under) {
      again = true;
      return;
    }
    under = true;
    do {
      again = false;
      await post(progress).catch(() => undefined);
    } while (again);
    under = false;
  };
  return (event) => {
    if (event.kind === 'specs-planned') progress = { ...progress, msg: 'running the specs', total: event.count };
    else if (event.kind === 'action-started') progress = { ...progress, msg: event.title };
    else if (event.kind === 'spec-finished') {
      const failed = event.result.outcome === 'failed';
      progress = {
        ...progress,
        completed: progress.completed + 1,
        ...(failed && { failures: [...progress.failures, event.spec.id] }),
      };
    } else return;
    void send();
  };
}

/** Posts progress to the worker beside this container. */
export async function postProgress(port: string, progress: Progress): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/progress`, {
    method: 'POST',
    body: JSON.stringify(progress),
    signal: AbortSignal.timeout(5_000),
  });
}

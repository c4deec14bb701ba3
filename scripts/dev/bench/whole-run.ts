import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readClusterConfiguration } from '../../../clusters/configuration/cluster-shape.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { allRequirements } from '../../../specs/catalogue/catalogue.ts';
import { durationsFile, readDurations } from '../../../specs/catalogue/durations.ts';
import { lowerBounds } from '../../../specs/runner/bounds.ts';
import type { LocalVolumeConformanceReport } from '../../report/model/report.ts';
import { readReport } from '../../report/model/report-file.ts';
import { occupation, phasesOf, simulate, type TimedSpec } from './schedule.ts';

/** How many specs run at the same time in the runs that are worked out. */
const widths = [4, 8, 10, 12, 16];

/** The orders that are worked out for each. */
const seeds = [1, 2, 3];

/** What a report says of the specs that ran. */
interface Measured {
  report: LocalVolumeConformanceReport;
  /** In the order of the catalogue; `began` counts from the first of them. */
  specs: TimedSpec[];
}

/** Reads when specs began and how long they took. @throws DomainError where the report does not say it */
async function readTimes(path: string): Promise<Measured> {
  const report = await readReport(path);
  const promised = new Map(allRequirements().map((requirement) => [requirement.id, requirement]));
  const ran = report.requirements.flatMap(({ id, began, milliseconds }): TimedSpec[] => {
    const requirement = promised.get(id);
    if (!requirement || began === undefined || milliseconds === 0) return [];
    return [{ requirement, began: began / 1000, seconds: milliseconds / 1000 }];
  });
  if (ran.length === 0) {
    throw new DomainError({
      attempted: `reading when specs began, in ${path}`,
      seen: 'no requirement of the catalogue with `began`',
      why: 'reports of earlier versions of the harness do not say it',
      remedy: 'choose the report of a newer run',
    });
  }
  const start = Math.min(...ran.map(({ began }) => began));
  return { report, specs: ran.map((spec) => ({ ...spec, began: spec.began - start })) };
}

/** Writes how long specs took in a run, for the plans of later runs; what it has not run stays as it was. */
async function renew(path: string): Promise<void> {
  const { specs } = await readTimes(path);
  const seconds = new Map(readDurations());
  for (const { requirement, seconds: taken } of specs) seconds.set(requirement.id, Math.round(taken * 10) / 10);
  const known = allRequirements().flatMap(({ id }) => (seconds.has(id) ? [`${id}: ${seconds.get(id)}`] : []));
  await writeFile(
    durationsFile,
    [
      '# Seconds that specs took in a whole run. `npm run bench:plan -- --renew report.yaml` writes this.',
      ...known,
      '',
    ].join('\n'),
  );
}

/** Prints where the time of a whole run went, from its report.yaml, and what the present plan would make of it. */
async function explain(path: string): Promise<void> {
  const { report, specs } = await readTimes(path);
  const jobs = report.jobs ?? 1;
  const { shape } = await readClusterConfiguration();
  const nodes = shape.nodes.map(({ name }) => name);

  const lines = [`${specs.length} specs in ${rounded(endOf(specs))} s, ${jobs} side by side`, '', 'phases'];
  for (const { what, count, seconds, from, to } of phasesOf(specs))
    lines.push(`  ${rounded(from)} to ${rounded(to)} s  ${what}: ${count} specs, ${rounded(seconds)} s in all`);
  lines.push('', 'lower bounds, whatever the order');
  for (const { because, seconds } of lowerBounds(specs, { jobs, nodes: nodes.length }))
    lines.push(`  ${rounded(seconds)} s  ${because}`);
  lines.push('', 'at the same time');
  for (const { from, lanes, most } of occupation(specs, 10))
    lines.push(`  ${rounded(from)} s  ${lanes.toFixed(1).padStart(4)}  ${most.join(' ')}`);
  lines.push('', 'with the present plan and these durations');
  for (const width of widths) {
    const ends = await Promise.all(
      seeds.map(async (seed) => endOf(await simulate(specs, { jobs: width, seed, nodes }))),
    );
    lines.push(`  ${width} side by side: ${ends.map(rounded).join(', ')} s`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

function endOf(specs: readonly TimedSpec[]): number {
  return Math.max(...specs.map(({ began, seconds }) => began + seconds));
}

function rounded(seconds: number): string {
  return String(Math.round(seconds)).padStart(4);
}

const { values, positionals } = parseArgs({ options: { renew: { type: 'boolean' } }, allowPositionals: true });
const [path, ...more] = positionals;
if (path === undefined || more.length > 0) {
  process.stderr.write('usage: npm run bench:plan -- [--renew] reports/<time>-<run>/report.yaml\n');
  process.exitCode = 2;
} else await (values.renew ? renew(path) : explain(path));

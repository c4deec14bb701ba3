import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { grouped } from '../../../clusters/text/collections.ts';
import { redactedText, withTexts } from '../../../clusters/text/redact.ts';
import { noResult, runResult } from '../model/build-report.ts';
import { countsOf } from '../model/counts.ts';
import { endingOf } from '../model/ending.ts';
import { mergedKind, mergedLeftOvers } from '../model/kind-of-cluster.ts';
import type { LocalVolumeConformanceReport, ReportedRequirement, ReportedStep } from '../model/report.ts';
import { specListOf } from '../model/requirements.ts';
import { emptySummary, type FinishedAction } from '../model/summary.ts';

type Report = LocalVolumeConformanceReport;
type ReportOfShard = Report & { shard: NonNullable<Report['shard']> };

/** A report, and the name that the user has given it by. */
export interface NamedReport {
  name: string;
  report: Report;
}

/**
 * Returns the reports of all shards of one selection, in the order of the shards.
 * @throws DomainError (badUsage) that names what does not belong together, is missing or is there twice
 */
export function shardsAmong(named: readonly NamedReport[]): ReportOfShard[] {
  const problems = [
    ...named.flatMap(({ name, report }) => {
      if (!report.shard) return `${name}: is no report of a shard`;
      return report.exitStatus === null ? `${name}: its run had not ended when it was written` : [];
    }),
    ...differencesAmong(named),
  ];
  if (problems.length > 0) throw notOneRun(problems);
  const reports = named.map(({ report }) => report as ReportOfShard);
  const incomplete = [...gapsAmong(named, reports), ...requirementsAmiss(reports)];
  if (incomplete.length > 0) throw notOneRun(incomplete);
  return reports.toSorted((a, b) => a.shard.index - b.shard.index);
}

/** What all shards of a run have in common; null is what a run that ended early has not found out. */
const inCommon: Readonly<Record<string, (report: Report) => string | null | undefined>> = {
  harness: ({ harness: { version, commit, modified } }) =>
    `${version}${commit === null ? '' : `, commit ${commit}`}${modified ? ', with changes' : ''}`,
  Kubernetes: ({ environment }) => environment.kubernetes,
  'node image': ({ environment: { nodeImage } }) => nodeImage?.reference,
  'what was tested': ({ implementation: { organization, project } }) => `${organization} ${project}`,
  'number of shards': ({ shard }) => shard && String(shard.of),
  selection: ({ shard }) =>
    shard && `${shard.selection.length} requirements, ${specListOf(identified(shard.selection))}`,
  '--strict': ({ shard }) => shard && (shard.strict ? 'given' : 'not given'),
};

const identified = (ids: readonly string[]) => ids.map((id) => ({ id, sentence: '' }));

function differencesAmong(named: readonly NamedReport[]): string[] {
  return Object.entries(inCommon).flatMap(([what, factOf]) => {
    const known = named.filter(({ report }) => factOf(report) != null);
    const values = grouped(known, ({ report }) => factOf(report));
    if (values.size < 2) return [];
    return [...values].map(([value, those]) => `${what}: ${value} in ${those.map(({ name }) => name).join(', ')}`);
  });
}

/** Returns which shards are missing, and which are there more than once. */
function gapsAmong(named: readonly NamedReport[], reports: readonly ReportOfShard[]): string[] {
  const of = reports[0]?.shard.of ?? 0;
  return Array.from({ length: of }, (_, index) => index + 1).flatMap((index) => {
    const having = named.filter(({ report }) => report.shard?.index === index).map(({ name }) => name);
    if (having.length === 0) return `shard ${index} of ${of} is missing`;
    return having.length > 1 ? `shard ${index} of ${of} is there twice: ${having.join(', ')}` : [];
  });
}

/** Returns which requirements of the selection no shard has, several have, or do not belong to it. */
function requirementsAmiss(reports: readonly ReportOfShard[]): string[] {
  const selection = reports[0]?.shard.selection ?? [];
  const having = grouped(
    reports.flatMap(({ requirements }) => requirements),
    ({ id }) => id,
  );
  const few = (ids: readonly string[]) =>
    `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? `, ${ids.length - 5} more` : ''}`;
  const missing = selection.filter((id) => !having.has(id));
  const twice = [...having].filter(([, those]) => those.length > 1).map(([id]) => id);
  const foreign = [...having.keys()].filter((id) => !selection.includes(id));
  return [
    ...(missing.length > 0 ? [`in no shard: ${few(missing)}`] : []),
    ...(twice.length > 0 ? [`in several shards: ${few(twice)}`] : []),
    ...(foreign.length > 0 ? [`not in the selection: ${few(foreign)}`] : []),
  ];
}

function notOneRun(problems: readonly string[]): DomainError {
  return new DomainError(
    {
      attempted: 'merging the reports of shards',
      seen: problems.join('\n'),
      why: 'one report can only be made of every shard of the same selection, once each, on the same Kubernetes',
      remedy: 'give the report of each shard; run a shard again where its report is missing',
    },
    { exit: 'badUsage' },
  );
}

/**
 * Returns the report that one run of the whole selection would have made, from those of its shards: result, verdict
 * and counts follow from all requirements. Steps, steps tried again and leaks are those of every shard, and say of which.
 * Texts of the environment that shards do not share are all there.
 */
export function mergeReports(shards: readonly ReportOfShard[], run: string): Report {
  const [first] = shards;
  if (!first) throw new Error('there is no report to merge');
  const began = Math.min(...shards.map(({ date }) => Date.parse(date)));
  const ended = Math.max(...shards.map(({ date, milliseconds }) => Date.parse(date) + milliseconds));
  const requirements = inSelection(shards, began);
  const outside = shards.flatMap((report) => report.outside);
  const steps = shards.flatMap((report) =>
    report.steps.map((step) => ({ ...step, title: within(report, step.title) })),
  );
  const counts = countsOf(requirements);
  const interruptedBy = shards.find((report) => report.interruptedBy !== undefined)?.interruptedBy;
  const ending = endingOf(
    {
      ...emptySummary,
      strict: first.shard.strict,
      ...(interruptedBy !== undefined && { interrupted: interruptedBy }),
      actions: shards.flatMap((report) => report.steps.map((step) => actionOf(report, step))),
      planned: requirements.filter(({ reason }) => reason === `not run: ${noResult}`).length,
    },
    { requirements, outside },
  );
  const { apiVersion, kind, implementation, harness, catalogue, shard } = first;
  const leftOvers = mergedLeftOvers(shards.flatMap((report) => report.leftOvers ?? []));
  const stolen = shards.flatMap(({ cpuSteal }) => cpuSteal ?? []);
  const merged: Report = {
    apiVersion,
    kind,
    date: new Date(began).toISOString(),
    run,
    implementation,
    harness,
    result: runResult(ending.exitStatus, counts.statistics),
    verdict: ending.verdict,
    exitStatus: ending.exitStatus,
    ...(interruptedBy !== undefined && { interruptedBy }),
    complete: shard.selection.length === catalogue,
    catalogue,
    specList: specListOf(requirements),
    mergedFrom: shards.map(({ run, date, milliseconds, seed, jobs, requirements }) => ({
      ...{ run, date, milliseconds, seed, jobs },
      requirements: requirements.map(({ id }) => id),
    })),
    milliseconds: ended - began,
    ...counts,
    requirements,
    outside,
    environment: environmentOf(shards),
    seed: onlyOne(shards.map(({ seed }) => seed)),
    jobs: onlyOne(shards.map(({ jobs }) => jobs)),
    reproduce: [...new Set(shards.flatMap(({ reproduce }) => reproduce))],
    steps,
    retries: shards.flatMap((report) =>
      report.retries.map((retry) => ({ ...retry, step: within(report, retry.step) })),
    ),
    leaks: shards.flatMap((report) => report.leaks.map((leak) => within(report, leak))),
    ...(leftOvers && { leftOvers }),
    // The highest: it is there to say that durations may not compare.
    ...(stolen.length > 0 && { cpuSteal: Math.max(...stolen) }),
    podStarts: shards.flatMap(({ podStarts }) => podStarts),
  };
  // The files may come from anywhere.
  return withTexts(merged, redactedText);
}

const within = ({ shard: { index, of } }: ReportOfShard, text: string): string => `shard ${index} of ${of}: ${text}`;

/** Returns the requirements of all shards in the order of the selection; they began after the first shard did. */
function inSelection(shards: readonly ReportOfShard[], began: number): ReportedRequirement[] {
  const all = new Map(
    shards.flatMap(({ date, requirements }) =>
      requirements.map((one) => {
        const since = one.began !== undefined && { began: one.began + Date.parse(date) - began };
        return [one.id, { ...one, ...since }] as const;
      }),
    ),
  );
  return shards[0]?.shard.selection.flatMap((id) => all.get(id) ?? []) ?? [];
}

/** Returns a reported step as the action that it was; its error has the exit status that the shard's run ended with. */
function actionOf(report: ReportOfShard, step: ReportedStep): FinishedAction {
  const { title, direction, outcome, milliseconds, message = '' } = step;
  const exit = report.exitStatus === 'badUsage' ? 'badUsage' : 'environment';
  const error = outcome === 'failed' && { error: new DomainError({ attempted: message }, { exit }) };
  const at = new Date(report.date);
  return {
    kind: 'action-finished',
    at,
    action: '',
    title: within(report, title),
    direction,
    outcome,
    milliseconds,
    ...error,
  };
}

/** Returns the facts of all shards: a text in which they differ names each, a number is the least. */
function environmentOf(shards: readonly ReportOfShard[]): Report['environment'] {
  const all = shards.map(({ environment }) => environment);
  const texts = (values: readonly (string | null)[]): string | null => {
    const known = [...new Set(values.filter((value) => value !== null))];
    return known.length === 0 ? null : known.join(', ');
  };
  const hosts = all.map(({ host }) => host);
  const images = all.flatMap(({ nodeImage }) => nodeImage ?? []);
  return {
    kubernetes: texts(all.map(({ kubernetes }) => kubernetes)),
    nodeImage: images[0]
      ? {
          reference: images[0].reference,
          digest: onlyOne(images.map(({ digest }) => digest)),
          id: onlyOne(images.map(({ id }) => id)),
        }
      : null,
    nodeImagePin: texts(all.map(({ nodeImagePin }) => nodeImagePin)),
    kind: texts(all.map(({ kind }) => kind)),
    containerRuntime: texts(all.map(({ containerRuntime }) => containerRuntime)),
    engine: texts(all.map(({ engine }) => engine)),
    staticProvisioner: texts(all.map(({ staticProvisioner }) => staticProvisioner)),
    kernel: texts(all.map(({ kernel }) => kernel)),
    cgroupVersion: onlyOne(all.flatMap(({ cgroupVersion }) => cgroupVersion ?? [])),
    node: texts(all.map(({ node }) => node)) ?? '',
    cluster: mergedKind(all.flatMap(({ cluster }) => cluster ?? [])),
    host: {
      operatingSystem: texts(hosts.map(({ operatingSystem }) => operatingSystem)) ?? '',
      architecture: texts(hosts.map(({ architecture }) => architecture)) ?? '',
      cpus: Math.min(...hosts.map(({ cpus }) => cpus)),
      memoryBytes: Math.min(...hosts.map(({ memoryBytes }) => memoryBytes)),
    },
  };
}

/** Returns the value that all have; null where they differ or there is none. */
function onlyOne<T>(values: readonly (T | null)[]): T | null {
  const [first = null, ...others] = new Set(values);
  return others.length === 0 ? first : null;
}

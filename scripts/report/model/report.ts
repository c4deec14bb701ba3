import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type ExitStatus, exitStatus } from '../../../clusters/errors/exit-status.ts';
import { subjects } from '../../../specs/catalogue/catalogue.ts';
import { skipCauses } from '../../../specs/catalogue/features.ts';
import { needNames } from '../../../specs/catalogue/needs.ts';
import { kindOfCluster, leftOvers } from './kind-of-cluster.ts';

/** What the file says of itself; readers refuse another version. */
export const reportVersion = { apiVersion: 'local-volume-conformance/v1alpha3', kind: 'LocalVolumeConformanceReport' };

const text = z.string();
const milliseconds = z.number().nonnegative().describe('Milliseconds.');
const count = z.int().nonnegative();

/**
 * How a requirement ended in this run. `skipped` has not been shown: it never counts as passed. `notApplicable` is
 * promised for other versions of Kubernetes than the one tested. `knownIssue`: the promise is broken, as an open issue
 * of Kubernetes says it is in this minor; it is neither passed nor held against what was tested.
 */
const outcome = z.enum(['passed', 'failed', 'knownIssue', 'skipped', 'notApplicable']);

/**
 * `success`: all that apply passed, or are known issues of Kubernetes. `partial`: none failed, some were skipped.
 * `failure`: some failed, or nothing was shown.
 */
const result = z.enum(['success', 'partial', 'failure']);

const statistics = z.strictObject({
  passed: count,
  failed: count,
  knownIssue: count,
  skipped: count,
  notApplicable: count,
});

/** The requirements of one subject. */
const subject = z.strictObject({ name: z.enum(subjects), statistics });

/** The requirements whose specs ask for this of a cluster, and for nothing that comes after it. */
const tier = z.strictObject({ name: z.enum(needNames), statistics });

/** The requirements of one level in one chapter. */
const part = z.strictObject({
  result,
  statistics,
  failed: z.array(text).describe('Ids of requirements that do not hold.'),
  skipped: z.array(z.strictObject({ id: text, reason: text })),
  notApplicable: z.array(z.strictObject({ id: text, reason: text })),
});

/** A chapter of the catalogue. A level is absent where none of its requirements was chosen for the run. */
const profile = z.strictObject({ name: text, summary: text, core: part.optional(), extended: part.optional() });

const errorDetails = z.strictObject({
  attempted: text,
  on: text.exactOptional().describe('The object, file or place.'),
  seen: text.exactOptional().describe('The last state seen, and when.'),
  why: text.exactOptional().describe('Why that matters; for a wait, the diagnosis.'),
  conclusion: text.exactOptional().describe('What the diagnosis concludes.'),
  remedy: text.exactOptional().describe('What the reader can do.'),
});

const thrown = z.strictObject({
  name: text.optional().describe('Class of the error, such as AssertionError.'),
  message: text.describe("The error's own message, without its causes."),
  details: errorDetails.optional().describe('What the message is made from, where the harness has written it.'),
});

const failure = thrown.extend({
  causes: z.array(thrown).optional().describe('What caused the error, nearest first.'),
  difference: text.optional().describe('Expected and actual value, line by line.'),
  afterwards: z.array(thrown).optional().describe('What failed in cleaning up after it.'),
  frames: z.array(text).describe('Places in specs, nearest first.'),
  essence: text.optional().describe('What the diagnosis comes to, in a few lines.'),
  diagnosis: text.optional().describe('The cluster’s view when it failed; whole, without secrets.'),
});

/** A promise that Kubernetes itself breaks today. */
const knownIssue = z.strictObject({
  url: text.describe('The open issue of Kubernetes.'),
  minors: z.array(text).describe('Minors of Kubernetes that are known to break the promise.'),
  instead: text.describe('What Kubernetes does instead.'),
  shows: z
    .boolean()
    .optional()
    .describe(
      'Whether the issue shows here; false: the promise holds although this minor is listed. Absent where it was not tried, or the minor is not listed.',
    ),
});

const requirement = z.strictObject({
  id: text,
  chapter: text,
  level: z.enum(['core', 'extended']),
  subject: z
    .enum(subjects)
    .describe(
      'Whose promise it is: one of Kubernetes about local volumes, of the static provisioner, a fact of the harness and its machine, or API validation that is the same for every object.',
    ),
  sentence: text.describe('What is promised.'),
  source: text.describe('Where it is promised.'),
  failsIf: text.describe('What would make the requirement fail.'),
  features: z.array(text),
  needs: z
    .array(z.enum(needNames))
    .optional()
    .describe('What its spec asks of a cluster; absent in reports that were made before this was recorded.'),
  file: text.describe('The spec that proves it, relative to the root of the harness.'),
  line: z.int().positive().optional(),
  result: outcome,
  milliseconds: milliseconds.describe('Milliseconds; of a requirement that was run several times, the median.'),
  began: milliseconds
    .optional()
    .describe(
      'Milliseconds from the begin of the run to that of its spec; where it was run several times, of the first.',
    ),
  repetitions: statistics.optional().describe('How often it ended how, where it was run several times.'),
  reason: text.optional().describe('Why it was skipped, or for which versions of Kubernetes it is promised.'),
  skippedFor: z
    .enum(skipCauses)
    .optional()
    .describe(
      'What the cluster was found to lack before the spec: a need that is not allowed, nodes, or a feature. Absent where it was skipped for anything else.',
    ),
  knownIssue: knownIssue.optional(),
  failure: failure.optional().describe('What refuted the promise, where it failed or is a known issue.'),
  evidence: z.array(text).describe('Paths relative to the folder of the report.'),
  slowBecause: text.optional().describe('The constant of Kubernetes that makes its spec take longer than a minute.'),
});

/** A step of the run around the specs, such as making the cluster. */
const step = z.strictObject({
  title: text,
  direction: z.enum(['perform', 'undo']),
  outcome: z.enum(['done', 'failed']),
  milliseconds,
  name: text.optional().describe('Class of the error, where it failed.'),
  message: text.optional(),
  details: errorDetails.optional(),
});

const nullable = text.nullable();

/** A part of a selection that one of several runs proves; `lpv merge` makes one report out of those of all. */
const shard = z.strictObject({
  index: z.int().positive().describe('Its place among the shards; the first is 1.'),
  of: z.int().positive().describe('How many shards there are.'),
  selection: z
    .array(text)
    .describe('Ids of the requirements that all shards prove together, in the order of the catalogue.'),
  strict: z.boolean().describe('Whether a skipped requirement makes the run end with an error.'),
});

/** One of the runs out of whose reports a report was merged. */
const mergedRun = z.strictObject({
  run: text,
  date: z.iso.datetime(),
  milliseconds,
  seed: z.int().nullable(),
  jobs: z.int().positive().nullable(),
});

/** Facts as they were found; null: could not be found out. */
const environment = z.strictObject({
  kubernetes: nullable.describe('Version of the API server.'),
  nodeImage: z.strictObject({ reference: text, digest: nullable, id: nullable }).nullable(),
  nodeImagePin: nullable.describe('The image by digest that versions.yaml names, where that one was used.'),
  kind: nullable,
  containerRuntime: nullable,
  engine: nullable,
  staticProvisioner: nullable.describe(
    'Module and version of the program that the chapter provisioner tested; null where none ran.',
  ),
  kernel: nullable,
  cgroupVersion: z.union([z.literal(1), z.literal(2)]).nullable(),
  node: text.describe('Version of Node.js.'),
  cluster: kindOfCluster
    .nullable()
    .optional()
    .describe(
      'What kind of cluster it was; null where the run did not come to one, absent in reports that were made before this was recorded.',
    ),
  host: z.strictObject({ operatingSystem: text, architecture: text, cpus: count, memoryBytes: count }),
});

/**
 * One run against one cluster, after the manner of the conformance reports of Gateway API: profiles by chapter, core
 * and extended apart. It holds all that the other formats show but the evidence, which stays in files of its own.
 */
export const reportSchema = z
  .strictObject({
    apiVersion: z.literal(reportVersion.apiVersion),
    kind: z.literal(reportVersion.kind),
    date: z.iso.datetime().describe('When the run began.'),
    run: text,
    implementation: z
      .strictObject({
        organization: text,
        project: text,
        url: text,
        version: text,
        contact: z.array(text),
      })
      .describe('What was tested: the distribution or tree of Kubernetes.'),
    harness: z.strictObject({ version: text, commit: nullable, modified: z.boolean().nullable() }),
    result,
    verdict: text.describe('The sentence that the terminal ends with.'),
    interruptedBy: text.optional().describe('The signal.'),
    complete: z.boolean().describe('Whether the whole catalogue was chosen; if not, the report is about a part of it.'),
    catalogue: count.describe('How many requirements the catalogue has.'),
    specList: text
      .regex(/^sha256:[0-9a-f]{64}$/)
      .describe(
        'Digest of the requirements below, a line `ID sentence` each: reports with the same one were about the same promises.',
      ),
    shard: shard.optional().describe('Where the run proved a part of a selection.'),
    mergedFrom: z
      .array(mergedRun)
      .optional()
      .describe('Where the report was merged: the runs of its shards, in their order.'),
    milliseconds,
    exitStatus: z
      .enum(Object.keys(exitStatus) as [ExitStatus, ...ExitStatus[]])
      .nullable()
      .describe(
        'What `lpv run` ended with, in words; null while the run goes on, and in reports that v1alpha2 or earlier made.',
      ),
    statistics: statistics.describe('All requirements, of every subject.'),
    subjects: z
      .array(subject)
      .describe('The same, by whose promise it is; only `kubernetes` is about Kubernetes and local volumes.'),
    tiers: z
      .array(tier)
      .optional()
      .describe('The same, by what specs ask of a cluster; absent in reports that were made before this was recorded.'),
    profiles: z.array(profile),
    supportedFeatures: z.array(text).describe('Features of which every chosen requirement passed.'),
    unsupportedFeatures: z.array(z.strictObject({ name: text, reason: text })),
    requirements: z.array(requirement).superRefine((all, context) => {
      const seen = new Set<string>();
      for (const [index, { id }] of all.entries()) {
        if (seen.has(id)) context.addIssue({ code: 'custom', path: [index, 'id'], message: `${id} occurs twice` });
        seen.add(id);
      }
    }),
    outside: z
      .array(z.strictObject({ id: text, title: text, message: text }))
      .describe('Failures that belong to no requirement, such as something left on a node.'),
    environment,
    seed: z.int().nullable(),
    jobs: z.int().positive().nullable().describe('How many specs ran side by side.'),
    reproduce: z.array(text).describe('Commands, in order.'),
    steps: z.array(step),
    retries: z.array(z.strictObject({ step: text, attempt: count, reason: text })).describe('Infrastructure only.'),
    leaks: z.array(text).describe('What was left behind, and where.'),
    leftOvers: leftOvers
      .optional()
      .describe('Where it was looked for that; absent where the run did not come to specs, and in earlier reports.'),
    cpuSteal: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe(
        'CPU steal while specs ran: the share of time that the host gave to other machines. Durations of runs with unlike shares do not compare.',
      ),
    podStarts: z.array(
      z.strictObject({
        requirement: text,
        milliseconds: milliseconds.describe('From created to Ready, in milliseconds.'),
        lowerLimit: milliseconds.describe('What waits in Kubernetes allow at best, in milliseconds.'),
      }),
    ),
  })
  .meta({ title: reportVersion.kind, id: 'local-volume-conformance-report' });

export type LocalVolumeConformanceReport = z.infer<typeof reportSchema>;
export type ReportedRequirement = LocalVolumeConformanceReport['requirements'][number];
export type ReportedFailure = z.infer<typeof failure>;
export type ReportedStep = LocalVolumeConformanceReport['steps'][number];
export type ReportedProfile = LocalVolumeConformanceReport['profiles'][number];
export type ReportedPart = z.infer<typeof part>;
export type ReportedStatistics = z.infer<typeof statistics>;
export type ReportedSubject = z.infer<typeof subject>;
export type ReportedTier = z.infer<typeof tier>;
export type ReportedResult = z.infer<typeof result>;

/** The schema's file, for readers of reports in other languages. */
export const schemaFile = fileURLToPath(new URL('local-volume-conformance-report.schema.json', import.meta.url));

/** Returns the JSON Schema (2020-12) of a report, as the file holds it. */
export function reportJsonSchema(): object {
  return z.toJSONSchema(reportSchema);
}

// After a change: `npm run fix:schema`, which also has the file formatted.
if (process.argv[1] === import.meta.filename)
  writeFileSync(schemaFile, `${JSON.stringify(reportJsonSchema(), null, 2)}\n`);

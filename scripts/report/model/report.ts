import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type ExitStatus, exitStatus } from '../../../clusters/errors/exit-status.ts';
import { subjects } from '../../../specs/catalogue/catalogue.ts';
import { needNames } from '../../../specs/catalogue/needs.ts';
import { kindOfCluster, leftOvers } from './kind-of-cluster.ts';
import { errorDetails, type failure, requirement, statistics } from './reported-requirement.ts';

/** What the file says of itself; readers refuse another version. */
export const reportVersion = { apiVersion: 'local-volume-conformance/v1alpha3', kind: 'LocalVolumeConformanceReport' };

const text = z.string();
const milliseconds = z.number().nonnegative().describe('Milliseconds.');
const count = z.int().nonnegative();

/**
 * `success`: all that apply passed, or are known issues of Kubernetes. `partial`: none failed, some were skipped.
 * `failure`: some failed, or nothing was shown.
 */
const result = z.enum(['success', 'partial', 'failure']);

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
  requirements: z
    .array(text)
    .optional()
    .describe('Ids of the requirements that it proved, on its own cluster; absent in earlier reports.'),
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
    schedule: z
      .strictObject({
        milliseconds: milliseconds.describe('How long the specs took.'),
        atLeast: milliseconds.describe('The least that specs of these durations would have taken in any order.'),
        because: text.describe('What makes that the least.'),
      })
      .optional()
      .describe('How long the specs took; absent in merged and in earlier reports.'),
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

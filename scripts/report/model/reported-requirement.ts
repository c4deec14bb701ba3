import { z } from 'zod';
import { subjects } from '../../../specs/catalogue/catalogue.ts';
import { skipCauses } from '../../../specs/catalogue/features.ts';
import { needNames } from '../../../specs/catalogue/needs.ts';

const text = z.string();
const milliseconds = z.number().nonnegative().describe('Milliseconds.');
const count = z.int().nonnegative();

/**
 * How a requirement ended in this run. `skipped` has not been shown: it never counts as passed. `notApplicable` is
 * promised for other versions of Kubernetes than the one tested. `knownIssue`: the promise is broken, as an open issue
 * of Kubernetes says it is in this minor; it is neither passed nor held against what was tested.
 */
const outcome = z.enum(['passed', 'failed', 'knownIssue', 'skipped', 'notApplicable']);

/** How many requirements ended how. */
export const statistics = z.strictObject({
  passed: count,
  failed: count,
  knownIssue: count,
  skipped: count,
  notApplicable: count,
});

export const errorDetails = z.strictObject({
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

export const failure = thrown.extend({
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

/** A requirement and what became of it. */
export const requirement = z.strictObject({
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
  place: z
    .strictObject({
      nodes: z.array(text).optional().describe('The nodes that its spec had, by name; absent: all of them.'),
      alone: z.boolean().describe('Whether it had them for itself.'),
    })
    .optional()
    .describe('Where its spec ran; absent where it did not, and in earlier reports.'),
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

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../../clusters/project-root.ts';
import { parseStrictDocument } from '../../clusters/yaml/strict-yaml.ts';
import type { YamlSource } from '../../clusters/yaml/yaml-documents.ts';
import { isFeature } from './features.ts';
import { inOrder, type Need, needNames, needsOfFeatures } from './needs.ts';

const level = z.enum(['core', 'extended']);

/**
 * Whose promise a requirement is. `kubernetes`: a promise of Kubernetes about local volumes; only these make the
 * headline of a report, and only these are `core`. `provisioner`: one of the static provisioner. `harness`: a fact of
 * the kernel, of mkfs or of disks.yaml that the specs build on. `api`: validation that is the same for any volume, class
 * or claim.
 */
const subject = z.enum(['kubernetes', 'provisioner', 'harness', 'api']);
export const subjects = subject.options;
export type Subject = z.infer<typeof subject>;

const minor = z.string().regex(/^\d+\.\d+$/);

/** A promise that Kubernetes itself breaks today. Its spec tries it in every run, inside `knownIssue()`. */
const knownIssue = z.strictObject({
  /** The open issue of Kubernetes. */
  url: z.url({ protocol: /^https$/ }),
  /** The minors of Kubernetes that are known to break the promise; where another one breaks it, the spec fails. */
  minors: z.array(minor).min(1),
  /** What Kubernetes does instead: one line. */
  instead: z.string().min(1),
});
export type KnownIssue = z.infer<typeof knownIssue>;

const feature = z.string().refine(isFeature, {
  error: ({ input }) => `"${input}" is no feature; specs/catalogue/features.ts has them`,
});

/** What a spec asks of a cluster: `[api]` alone, or what it asks for beyond that. */
const needsOfSpec = z
  .array(z.enum(needNames))
  .min(1)
  .refine((list) => list.length === 1 || !list.includes('api'), {
    error: 'api stands alone: every spec asks for it, and the others ask for more',
  });

/**
 * Which nodes a spec needs undisturbed while it runs: all of them, or as many as `leastNodes` says, which the run assigns.
 * A spec on any nodes runs beside specs with exclusive use of other nodes.
 */
const nodes = z.enum(['all', 'any']);

/** How many nodes a run must have for a spec at least. */
const leastNodes = z.union([z.literal(1), z.literal(2), z.literal(3)]);

/** What a requirement and a case of a matrix have in common. */
const promise = {
  level,
  /** Where not given, what the chapter says. */
  subject: subject.exactOptional(),
  knownIssue: knownIssue.exactOptional(),
  /**
   * Rows of the inventory of upstream's tests that the requirement covers, such as `B14`; `12.3` is the third of the
   * behaviours that no upstream test asserts.
   */
  upstream: z.array(z.string().regex(/^([A-J]\d+|12\.\d+|SEED-\d+)$/)).default([]),
  /** What a cluster must have for it, and how it may be run. */
  features: z.array(feature).default([]),
  /**
   * What its spec asks of a cluster. Where not given, what the chapter says and the features imply. A spec that asks for
   * more fails.
   */
  needs: needsOfSpec.exactOptional(),
  /**
   * How many nodes the run must have for its spec, and assigns to it with `nodes: any`. Where not given, 1 with that, 2
   * where it has one of them exclusively, and else what the chapter says. A spec that asks for another one fails.
   */
  leastNodes: leastNodes.exactOptional(),
  /**
   * What no other spec may use while the requirement's spec runs, such as the disks of disks.yaml. A disruptive spec
   * names the nodes that it touches: oneNode, which the run assigns, or by their roles, such as thirdNode. One that names
   * nothing has the whole cluster.
   */
  exclusive: z.array(z.string().min(1)).default([]),
  /**
   * The specs of a group have the whole cluster at the same time. What one of them does `undisturbed()`, it does while the
   * others rest. Only for disruptive requirements that name no nodes.
   */
  group: z.string().min(1).exactOptional(),
  /** Where Kubernetes promises it: a page of the documentation, a KEP, or a source file with what to look for. */
  source: z.string().min(1),
  /** What would turn the spec red: one line. */
  failsIf: z.string().min(1),
  /** The constant of Kubernetes that makes its spec take longer than a minute, with the seconds. */
  slowBecause: z.string().min(1).exactOptional(),
  /** What is promised where minors of Kubernetes differ, by minor. */
  byMinor: z.record(minor, z.string().min(1)).exactOptional(),
};

/** One thing that Kubernetes promises about local volumes. The catalogue says what; a spec proves it. */
const requirementSchema = z.strictObject({
  /** Stable: reports are compared by it. */
  id: z.string().regex(/^[A-Z]+(-[A-Z0-9]+)*-\d+$/),
  sentence: z.string().min(1),
  ...promise,
  /** Where not given, what the chapter says. */
  nodes: nodes.exactOptional(),
});

/** Cases that hold for each of several types: every pair is a requirement with an id of its own. */
const matrixSchema = z.strictObject({
  types: z
    .array(
      z.strictObject({
        key: z.string().regex(/^[A-Z]+$/),
        /** What a sentence calls it; stands where a case has `{type}`. */
        name: z.string().min(1),
        upstream: promise.upstream,
        features: promise.features,
      }),
    )
    .min(1),
  cases: z
    .array(
      z.strictObject({
        /** Pattern of its requirements' ids: the type's key stands for `*`. A case of one type has its key instead. */
        id: z.string().regex(/^[A-Z]+(-[A-Z]+)*-(\*|[A-Z]+)-\d+$/),
        sentence: z.string().includes('{type}'),
        ...promise,
        /** Keys of the types it holds for; all where not given. */
        only: z.array(z.string()).exactOptional(),
      }),
    )
    .min(1),
});

const chapterSchema = z.strictObject({
  /** The nodes of its requirements that are not disruptive, unless a requirement gives its own. */
  nodes: nodes.default('all'),
  /** The subject of its requirements, unless a requirement gives its own. */
  subject: subject.default('kubernetes'),
  /** What the specs of its requirements ask of a cluster, unless a requirement gives its own. */
  needs: needsOfSpec.default(['api']),
  /** How many nodes the specs of its requirements for all nodes need, unless a requirement gives its own number. */
  leastNodes: leastNodes.default(3),
  requirements: z.array(requirementSchema).default([]),
  matrix: matrixSchema.exactOptional(),
});

export type Requirement = Omit<z.infer<typeof requirementSchema>, 'nodes' | 'subject' | 'needs' | 'leastNodes'> & {
  /** Name of the folder whose catalogue has it, such as `binding`. */
  chapter: string;
  nodes: z.infer<typeof nodes>;
  subject: Subject;
  /** In the order of needs.ts. */
  needs: readonly Need[];
  leastNodes: z.infer<typeof leastNodes>;
  /** The pair of a matrix that it was made from. */
  pair?: { type: string; case: string };
};

/** One chapter of the catalogue, its matrix multiplied out. */
export interface CatalogueChapter {
  chapter: string;
  requirements: readonly Requirement[];
}

/** Returns the names of the chapters in order: each is a folder of `specs` with a catalogue in it. */
function chapterNames(): string[] {
  return readdirSync(join(projectRoot, 'specs'))
    .filter((name) => existsSync(catalogueOf(name)))
    .sort();
}

const catalogueOf = (chapter: string): string => join(projectRoot, 'specs', chapter, 'catalogue.yaml');

/** Chapters that were read: many spec files ask for the same one. */
const known = new Map<string, CatalogueChapter>();

/** Returns a chapter of the catalogue, such as `scenario`. @throws BadConfiguration with file, line and key */
export function readCatalogue(chapter: string): CatalogueChapter {
  const path = catalogueOf(chapter);
  const read =
    known.get(chapter) ?? parseChapter(chapter, { file: relative('.', path), text: readFileSync(path, 'utf8') });
  known.set(chapter, read);
  return read;
}

/** Returns every requirement of the catalogue, chapter by chapter. */
export function allRequirements(): Requirement[] {
  return chapterNames().flatMap((name) => readCatalogue(name).requirements);
}

/** Parses one chapter. @throws BadConfiguration with file, line and key; also for an id that occurs twice */
export function parseChapter(chapter: string, source: YamlSource): CatalogueChapter {
  const { value } = parseStrictDocument(source, chapterSchema, (raw) => {
    const requirements = uncheckedSchema.safeParse(raw).data?.requirements ?? [];
    const before = (id: string, index: number) => requirements.findIndex((other) => other.id === id) < index;
    return requirements.flatMap(({ id, features, needs }, index) => [
      ...(before(id, index) ? [{ path: ['requirements', index, 'id'], text: `${id} occurs twice` }] : []),
      ...lackingNeeds(features, needs).map((text) => ({ path: ['requirements', index, 'needs'], text })),
    ]);
  });
  const { requirements, matrix } = value;
  const all = [...requirements, ...(matrix ? multiplied(matrix) : [])];
  // A disruptive requirement names its nodes in `exclusive`.
  const usual = ({ features, exclusive }: AsWritten) => {
    if (!features.includes('disruptive')) return value.nodes;
    return exclusive.includes('oneNode') ? 'any' : 'all';
  };
  const { subject } = value;
  return {
    chapter,
    requirements: all.map((requirement) => ({
      nodes: usual(requirement),
      subject,
      leastNodes: leastOf(requirement, requirement.nodes ?? usual(requirement)) ?? value.leastNodes,
      ...requirement,
      needs: inOrder([...(requirement.needs ?? value.needs), ...needsOfFeatures(requirement.features)]),
      chapter,
    })),
  };
}

/** Returns how many nodes a requirement needs where it does not say so itself; undefined: as many as its chapter says. */
function leastOf({ exclusive }: AsWritten, needed: z.infer<typeof nodes>): 1 | 2 | undefined {
  if (needed === 'all') return undefined;
  return exclusive.includes('oneNode') ? 2 : 1;
}

/** What is looked at of a requirement, whatever else is wrong with it. */
const uncheckedSchema = z.object({
  requirements: z.array(
    z.object({
      id: z.string(),
      features: z.array(z.string()).default([]).catch([]),
      needs: needsOfSpec.optional().catch(undefined),
    }),
  ),
});

/** Returns what features imply and the needs of a requirement leave out, a line for each feature. */
function lackingNeeds(features: readonly string[], needs: readonly Need[] | undefined): string[] {
  return features.flatMap((feature) =>
    needsOfFeatures([feature])
      .filter((need) => need !== 'api' && needs !== undefined && !needs.includes(need))
      .map((need) => `the feature ${feature} needs ${need}, which is not among them`),
  );
}

type AsWritten = Omit<Requirement, 'nodes' | 'subject' | 'needs' | 'leastNodes' | 'chapter'> &
  Partial<Pick<Requirement, 'nodes' | 'subject' | 'needs' | 'leastNodes'>>;

function multiplied({ types, cases }: z.infer<typeof matrixSchema>): AsWritten[] {
  return types.flatMap((type) =>
    cases
      .filter(({ id, only }) => (id.includes('-*-') ? !only || only.includes(type.key) : keyIn(id) === type.key))
      .map(({ id, only: _only, ...shared }) => ({
        ...shared,
        id: id.replace('-*-', `-${type.key}-`),
        sentence: shared.sentence.replaceAll('{type}', type.name),
        upstream: [...new Set([...type.upstream, ...shared.upstream])],
        features: [...new Set([...type.features, ...shared.features])],
        pair: { type: type.key, case: id },
      })),
  );
}

function keyIn(id: string): string | undefined {
  return id.split('-').at(-2);
}

import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { BadConfiguration, type Problem } from '../../../clusters/yaml/bad-configuration.ts';
import { parseStrictDocument, readSource } from '../../../clusters/yaml/strict-yaml.ts';
import type { YamlSource } from '../../../clusters/yaml/yaml-documents.ts';

/** The folder of the defects: `<area>/<name>.yaml` is the defect `<area>/<name>`. */
const defectsFolder = join(import.meta.dirname, 'defects');

/** Components of the control plane, which take arguments from the manifests of their static pods. */
const components = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

const patchSchema = z.strictObject({
  /** Path in the Kubernetes tree; a staging module's begins with `staging/src/k8s.io/`. */
  file: z.string().endsWith('.go'),
  /** A piece of the file that stands there once. */
  original: z.string().min(1),
  /** What stands there instead. The word `switched` is true while the defect is on. */
  replacement: z.string().regex(/\bswitched\b/, {
    error: 'does not ask whether the defect is `switched` on, so that it could not be switched off',
  }),
});

/** One change of a text: how Kubernetes is patched. */
export type Patch = z.infer<typeof patchSchema>;

const how = {
  /** Changes of the Kubernetes tree, compiled into the node image and off until they are switched on. */
  patch: z.array(patchSchema).min(1),
  /** Command-line arguments of a component, added to those that it has. */
  arguments: z.strictObject({ component: z.enum(components), add: z.array(z.string().startsWith('--')).min(1) }),
  /** Feature gates of every kubelet. */
  kubelet: z.strictObject({ featureGates: z.record(z.string(), z.boolean()) }),
  /** Shell commands on nodes, and those that reverse them. */
  nodes: z.array(z.strictObject({ node: z.string(), perform: z.string().min(1), undo: z.string().min(1) })).min(1),
  /** Labels of nodes that are set, or removed where the value is null. */
  labels: z.array(z.strictObject({ node: z.string(), label: z.string(), value: z.string().nullable() })).min(1),
} as const;

const ways = Object.keys(how) as (keyof typeof how)[];

const defectSchema = z
  .strictObject({
    /** What goes wrong, in the words of a user of local volumes. */
    breaks: z.string().min(1),
    how: z.strictObject({
      patch: how.patch.exactOptional(),
      arguments: how.arguments.exactOptional(),
      kubelet: how.kubelet.exactOptional(),
      nodes: how.nodes.exactOptional(),
      labels: how.labels.exactOptional(),
    }),
    /** Requirements that must turn red, each by its id; `*` stands for the types of a matrix, one of which must. */
    caughtBy: z.array(z.string().min(1)).min(1),
    /** Further requirements by which it is judged: ids, with `*` for any part of one, or names of chapters. */
    near: z.array(z.string().min(1)).default([]),
    /** Components whose memory is wrong once the defect was on: they are started again afterwards. */
    spoils: z.array(z.enum([...components, 'kubelet'])).default([]),
    /** Kubernetes minors that it applies to; all where not given. */
    minors: z
      .array(z.string().regex(/^\d+\.\d+$/))
      .min(1)
      .exactOptional(),
  })
  .superRefine(({ how: given }, context) => {
    const chosen = ways.filter((way) => given[way] !== undefined);
    if (chosen.length === 1) return;
    const seen = chosen.length === 0 ? 'has none' : `has ${chosen.join(' and ')}`;
    context.addIssue({ code: 'custom', path: ['how'], message: `${seen}; one of ${ways.join(', ')} must stand here` });
  });

/** A fault that is put into a cluster to see which requirements turn red. */
export type Defect = z.infer<typeof defectSchema> & {
  /** Its area and name, such as `scheduler/bound-claim-ignored`. */
  name: string;
  /** Changes with what the defect does, not with the requirements that it is judged by. */
  digest: string;
};

/** Returns a defect. `ids` are those of the catalogue. @throws BadConfiguration with file, line and key */
export function parseDefect(name: string, source: YamlSource, known: Requirements): Defect {
  const { value } = parseStrictDocument(source, defectSchema, (raw, _document) => {
    const lists = z
      .object({ caughtBy: z.array(z.string()), near: z.array(z.string()) })
      .partial()
      .safeParse(raw).data;
    return (['caughtBy', 'near'] as const).flatMap((key) =>
      (lists?.[key] ?? []).flatMap((pattern, index) =>
        matching(pattern, known).length > 0
          ? []
          : [{ path: [key, index], text: `no requirement is called ${pattern}` }],
      ),
    );
  });
  return { ...value, name, digest: digestOf(value.how) };
}

/** What is asked of the catalogue about a requirement. */
export type Requirements = readonly { id: string; chapter: string }[];

/** Returns the ids that a pattern stands for: an id, one with `*` in it, or the name of a chapter. */
export function matching(pattern: string, known: Requirements): string[] {
  const text = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  const expression = new RegExp(`^${text}$`);
  return known.filter(({ id, chapter }) => expression.test(id) || chapter === pattern).map(({ id }) => id);
}

/** Returns every defect, by name. @throws BadConfiguration with the problems of all files */
export async function readDefects(known: Requirements, folder = defectsFolder): Promise<Defect[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const problems: Problem[] = [];
  const defects: Defect[] = [];
  for (const file of files.sort()) {
    const source = await readSource(file);
    const name = relative(folder, file).replace(/\.yaml$/, '');
    try {
      if (!/^[a-z0-9-]+\/[a-z0-9-]+$/.test(name)) throw misplaced(source.file);
      defects.push(parseDefect(name, source, known));
    } catch (error) {
      if (!(error instanceof BadConfiguration)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new BadConfiguration(problems);
  return defects;
}

function misplaced(file: string): BadConfiguration {
  const text = 'a defect is a file <area>/<name>.yaml, in lower-case letters, digits and hyphens';
  return new BadConfiguration([{ file, line: 1, column: 1, key: '', text }]);
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}

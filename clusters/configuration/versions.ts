import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { DomainError } from '../errors/domain-error.ts';
import { nearest } from '../text/nearest.ts';
import { parseStrictDocument, readSource } from '../yaml/strict-yaml.ts';
import type { YamlSource } from '../yaml/yaml-documents.ts';

export const versionsFile = fileURLToPath(new URL('../versions.yaml', import.meta.url));

function text(pattern: RegExp, what: string) {
  return z.string().regex(pattern, { error: ({ input }) => `${input} is not ${what}` });
}

const imageByDigest = text(/^[a-z0-9./-]+:[A-Za-z0-9._-]+@sha256:[0-9a-f]{64}$/, 'an image with tag and sha256 digest');
const sha256 = text(/^[0-9a-f]{64}$/, 'a sha256 sum');
const moduleSum = text(/^h1:[A-Za-z0-9+/]{43}=$/, 'a checksum as in a go.sum');
const goModule = z.strictObject({
  module: z.string(),
  version: text(/^v\d+\.\d+\.\d+[0-9A-Za-z.-]*$/, 'a version of a Go module such as v2.8.0'),
  sum: moduleSum,
});
const debianSuite = text(/^[a-z]+$/, 'a Debian suite');
const version = text(/^\d+\.\d+\.\d+$/, 'a version such as 0.33.0');

const platforms = ['linux-amd64', 'linux-arm64', 'darwin-amd64', 'darwin-arm64'] as const;

const minorSchema = z.strictObject({
  published: imageByDigest,
  built: z
    .strictObject({
      kubernetes: text(/^v\d+\.\d+\.\d+$/, 'a Go module version such as v1.37.2'),
      etcd: text(/^\d+\.\d+\.\d+-\d+$/, 'an etcd image tag such as 3.7.0-0'),
    })
    .exactOptional(),
});

const pinsSchema = z.strictObject({
  kind: z.strictObject({ version, sha256: z.partialRecord(z.enum(platforms), sha256), module: moduleSum }),
  kubernetes: z.strictObject({
    default: z.string(),
    minors: z.record(text(/^\d+\.\d+$/, 'a Kubernetes minor such as "1.37"'), minorSchema),
  }),
  nodeImage: z.strictObject({ debianSuite, pause: z.string(), go: version }),
  podImage: z.strictObject({ name: z.string(), published: imageByDigest }),
  staticProvisioner: goModule,
  kwok: goModule,
  engine: z.strictObject({
    debianSuite,
    packages: z.array(text(/^[a-z0-9][a-z0-9.+-]+$/, 'a Debian package')).min(1),
    minimumServerVersion: z.int().positive(),
  }),
});

type Pins = z.infer<typeof pinsSchema>;

/** One Kubernetes minor: its published node image and, if one can be built here, the versions that it is built from. */
export type KubernetesMinor = z.infer<typeof minorSchema> & { name: string };

/** Every version and digest of versions.yaml. */
export interface Versions extends Omit<Pins, 'kubernetes'> {
  /** The known minors, in the order of the file. */
  minors: readonly KubernetesMinor[];
  /** Returns the minor of that name, by default the default one. @throws DomainError (badUsage) for an unknown one */
  minor(name?: string): KubernetesMinor;
}

/** Returns the content of the project's versions.yaml, or of another file of that form. @throws BadConfiguration */
export async function readVersions(path: string = versionsFile): Promise<Versions> {
  return parseVersions(await readSource(path));
}

/** Returns the versions and digests of a source. @throws BadConfiguration */
export function parseVersions(source: YamlSource): Versions {
  const { kubernetes, ...pins } = parseStrictDocument(source, pinsSchema, (value) => {
    const result = pinsSchema.safeParse(value);
    if (!result.success || Object.hasOwn(result.data.kubernetes.minors, result.data.kubernetes.default)) return [];
    const { default: missing, minors } = result.data.kubernetes;
    const known = Object.keys(minors).join(', ');
    return [{ path: ['kubernetes', 'default'], text: `${missing} is not one of the minors ${known}` }];
  }).value;
  const minors = Object.entries(kubernetes.minors).map(([name, minor]) => ({ name, ...minor }));
  return {
    ...pins,
    minors,
    minor: (name = kubernetes.default) => minors.find((minor) => minor.name === name) ?? refuse(name, minors, source),
  };
}

function refuse(name: string, minors: readonly KubernetesMinor[], { file }: YamlSource): never {
  const known = minors.map((minor) => minor.name);
  const meant = nearest(/\d+\.\d+/.exec(name)?.[0] ?? name, known);
  throw new DomainError(
    {
      attempted: `choosing Kubernetes ${name}`,
      seen: `known minors: ${known.join(', ')} (${file})`,
      remedy: meant === undefined ? `write --kubernetes ${known[0]}` : `did you mean --kubernetes ${meant}?`,
    },
    { exit: 'badUsage' },
  );
}

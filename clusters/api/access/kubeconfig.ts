import { dirname, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { DomainError } from '../../errors/domain-error.ts';
import { nearest } from '../../text/nearest.ts';
import { type Finding, parseStrictDocument } from '../../yaml/strict-yaml.ts';
import type { YamlSource } from '../../yaml/yaml-documents.ts';

// A kubeconfig as kubectl reads it: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig.
// client-node takes the last current-context of several files and refuses a name that two of them have.

const text = z.string().optional();

/** Programs of their own write into these files, so that unknown keys are kept. */
const clusterSchema = z.looseObject({ server: text, 'certificate-authority': text, 'proxy-url': text });

const execSchema = z.looseObject({
  apiVersion: text,
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  installHint: text,
  interactiveMode: z.enum(['Never', 'IfAvailable', 'Always']).optional(),
  provideClusterInfo: z.boolean().optional(),
});

const userSchema = z.looseObject({
  'client-certificate': text,
  'client-key': text,
  token: text,
  tokenFile: text,
  exec: execSchema.nullish(),
  as: text,
  'as-uid': text,
  'as-groups': z.array(z.string()).nullish(),
  'as-user-extra': z.record(z.string(), z.array(z.string())).nullish(),
});

const contextSchema = z.looseObject({ cluster: z.string(), user: text, namespace: text });

/** Returns the schema of a list of named things. kubectl writes `null` for an empty list. */
const list = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .array(z.looseObject({ name: z.string().min(1), ...shape }))
    .nullish()
    .transform((all) => all ?? []);

const kubeconfigSchema = z.looseObject({
  clusters: list({ cluster: clusterSchema }),
  users: list({ user: userSchema.nullish().transform((user) => user ?? {}) }),
  contexts: list({ context: contextSchema }),
  'current-context': text,
});

/** A kubeconfig as one document: of one file, or merged from several. */
export type Kubeconfig = z.infer<typeof kubeconfigSchema>;
export type KubeconfigCluster = z.infer<typeof clusterSchema>;
export type KubeconfigUser = z.infer<typeof userSchema>;
export type KubeconfigExec = z.infer<typeof execSchema>;

/**
 * Returns the kubeconfig of a file, its relative paths resolved against the file's folder.
 * @throws BadConfiguration with file, line and key
 */
export function parseKubeconfig(source: YamlSource): Kubeconfig {
  // kubectl takes an empty file for one without contexts.
  if (source.text.trim() === '') return { clusters: [], users: [], contexts: [] };
  const { value } = parseStrictDocument(source, kubeconfigSchema as z.ZodType<Kubeconfig>, namesTwice);
  const folder = dirname(resolve(source.file));
  const at = (path: string | undefined) => (path && !isAbsolute(path) ? join(folder, path) : path);
  const paths = <Holder extends object>(holder: Holder, ...keys: (keyof Holder)[]): Holder => ({
    ...holder,
    ...Object.fromEntries(keys.filter((key) => holder[key]).map((key) => [key, at(holder[key] as string)])),
  });
  return {
    ...value,
    clusters: value.clusters.map((one) => ({ ...one, cluster: paths(one.cluster, 'certificate-authority') })),
    users: value.users.map((one) => {
      const user = paths(one.user, 'client-certificate', 'client-key', 'tokenFile');
      // A command without a slash is looked for in PATH.
      if (user.exec?.command.includes('/')) user.exec = paths(user.exec, 'command');
      return { ...one, user };
    }),
  };
}

function namesTwice(raw: unknown): Finding[] {
  const lists = (raw ?? {}) as Record<string, unknown>;
  return ['clusters', 'users', 'contexts'].flatMap((key) => {
    const all = Array.isArray(lists[key]) ? (lists[key] as { name?: unknown }[]) : [];
    const names = all.map((one) => one?.name);
    return names.flatMap((name, index) =>
      name !== undefined && names.indexOf(name) < index
        ? [{ path: [key, index, 'name'], text: `${String(name)} occurs twice in this file` }]
        : [],
    );
  });
}

/**
 * Returns several kubeconfigs as one. Of what two of them have, a cluster, user or context of a name or the
 * current-context, the first one's counts as a whole; what a later one has beside is discarded with it.
 */
export function mergeKubeconfigs(all: readonly Kubeconfig[]): Kubeconfig {
  const first = <Named extends { name: string }>(lists: readonly (readonly Named[])[]): Named[] =>
    lists.flat().filter(({ name }, index, flat) => flat.findIndex((one) => one.name === name) === index);
  return {
    clusters: first(all.map(({ clusters }) => clusters)),
    users: first(all.map(({ users }) => users)),
    contexts: first(all.map(({ contexts }) => contexts)),
    'current-context': all.map((one) => one['current-context']).find(Boolean),
  };
}

/** One context of a kubeconfig, with its cluster and user. */
export interface ChosenContext {
  name: string;
  cluster: { name: string; cluster: KubeconfigCluster & { server: string } };
  user: { name: string; user: KubeconfigUser };
  namespace: string | undefined;
}

/**
 * Returns the context of a name, or the current one.
 * @throws DomainError (badUsage) where there is none, or where it leads to no cluster, user or server
 */
export function chooseContext(config: Kubeconfig, origin: string, wanted: string | undefined): ChosenContext {
  const name = wanted ?? config['current-context'];
  const names = config.contexts.map((one) => one.name);
  const refuse = (seen: string, remedy: string): DomainError =>
    new DomainError({ attempted: 'choosing the cluster', on: origin, seen, remedy }, { exit: 'badUsage' });
  const known = names.length > 0 ? `the contexts are ${names.join(', ')}` : 'there are no contexts';
  if (!name) throw refuse(`no current-context is set; ${known}`, 'name one: --context NAME');
  const context = config.contexts.find((one) => one.name === name)?.context;
  if (!context) {
    const meant = nearest(name, names);
    throw refuse(
      `there is no context "${name}"; ${known}`,
      meant === undefined ? 'name one of these: --context NAME' : `did you mean --context ${meant}?`,
    );
  }
  const found = config.clusters.find((one) => one.name === context.cluster);
  const correct = `correct the context "${name}"`;
  if (!found) throw refuse(`the context "${name}" names the cluster "${context.cluster}", which is not there`, correct);
  const { server } = found.cluster;
  if (!server || !/^https?:\/\//.test(server) || !URL.canParse(server))
    throw refuse(`the server of the cluster "${found.name}" is ${server ?? 'missing'}; it must be a URL`, correct);
  const user = context.user ? config.users.find((one) => one.name === context.user) : { name: '', user: {} };
  if (!user) throw refuse(`the context "${name}" names the user "${context.user}", which is not there`, correct);
  return {
    name,
    cluster: { name: found.name, cluster: { ...found.cluster, server } },
    user: { name: user.name, user: user.user },
    namespace: context.namespace,
  };
}

import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { DomainError } from '../../errors/domain-error.ts';
import { lpv } from '../../project-root.ts';
import { readSource } from '../../yaml/strict-yaml.ts';
import { type ChosenContext, chooseContext, mergeKubeconfigs, parseKubeconfig } from './kubeconfig.ts';
import { proxyFor } from './proxy.ts';

/** Whom the API server is to take the user for. */
export interface Impersonation {
  user: string;
  groups: readonly string[];
  uid: string | undefined;
  extra: Readonly<Record<string, readonly string[]>>;
}

/** How a cluster that a user names is reached. Found once, and the same for the whole run. */
export interface ClusterAccess extends ChosenContext {
  /** The files, or the service account, for messages. */
  origin: string;
  server: string;
  impersonation: Impersonation | undefined;
}

/** What the command line says about the cluster. */
export interface AccessOptions {
  kubeconfig?: string | undefined;
  context?: string | undefined;
  as?: string | undefined;
  asGroup?: readonly string[] | undefined;
}

/** What is found around the command line. */
interface Surroundings {
  environment: NodeJS.ProcessEnv;
  home?: string;
  /** The folder that a pod has its service account in. */
  serviceAccount?: string;
}

/**
 * Finds the cluster that a user names, as kubectl does: `--kubeconfig` alone; or the files of KUBECONFIG, merged; or
 * ~/.kube/config; or, in a pod without any of these, its service account. Reads files, and makes no request.
 * @throws DomainError (badUsage) where there is none, or where what is there is wrong
 */
export async function findAccess(
  options: AccessOptions,
  { environment, home = homedir(), serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount' }: Surroundings,
): Promise<ClusterAccess> {
  const files = kubeconfigFiles(options.kubeconfig, environment, home);
  const there = files.filter((file) => existsSync(file));
  const inPod = there.length === 0 && options.kubeconfig === undefined && options.context === undefined;
  const own = inPod ? ownServiceAccount(environment, serviceAccount) : undefined;
  if (there.length === 0 && own === undefined) throw noKubeconfig(files);
  const origin = own ? `the service account in ${serviceAccount}` : there.join(delimiter);
  const sources = await Promise.all(there.map(readSource));
  const chosen = own ?? chooseContext(mergeKubeconfigs(sources.map(parseKubeconfig)), origin, options.context);
  const { server } = chosen.cluster.cluster;
  const proxy = chosen.cluster.cluster['proxy-url'] || proxyFor(server, environment);
  return {
    ...chosen,
    cluster: { ...chosen.cluster, cluster: { ...chosen.cluster.cluster, ...(proxy && { 'proxy-url': proxy }) } },
    origin,
    server,
    impersonation: impersonationOf(chosen, options),
  };
}

/** Returns the files that are asked, in order, whether they are there or not. */
function kubeconfigFiles(named: string | undefined, { KUBECONFIG = '' }: NodeJS.ProcessEnv, home: string): string[] {
  if (named !== undefined) return [named];
  const listed = KUBECONFIG.split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? [...new Set(listed)] : [join(home, '.kube', 'config')];
}

/** Returns the access that a pod has by its service account; undefined outside of a pod. */
function ownServiceAccount(environment: NodeJS.ProcessEnv, folder: string): ChosenContext | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  const tokenFile = join(folder, 'token');
  if (!host || !port || !existsSync(tokenFile)) return undefined;
  const name = 'in-cluster';
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const namespaceFile = join(folder, 'namespace');
  return {
    name,
    cluster: { name, cluster: { server, 'certificate-authority': join(folder, 'ca.crt') } },
    user: { name, user: { tokenFile } },
    namespace: existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : undefined,
  };
}

/** Returns whom the API server is to take the user for: by the options, and else by the kubeconfig. */
function impersonationOf({ user: { user } }: ChosenContext, { as, asGroup }: AccessOptions): Impersonation | undefined {
  const name = as ?? user.as;
  const groups = asGroup ?? user['as-groups'] ?? [];
  const extra = user['as-user-extra'] ?? {};
  if (name) return { user: name, groups, uid: user['as-uid'], extra };
  if (groups.length === 0 && user['as-uid'] === undefined && Object.keys(extra).length === 0) return undefined;
  throw new DomainError(
    {
      attempted: 'choosing the user',
      seen: 'a group, uid or extra field to impersonate, without a user',
      why: 'the API server refuses that',
      remedy: 'name the user as well: --as NAME',
    },
    { exit: 'badUsage' },
  );
}

function noKubeconfig(files: readonly string[]): DomainError {
  return new DomainError(
    {
      attempted: 'finding your kubeconfig',
      seen: `no such file: ${files.join(', ')}`,
      remedy: `name a file: --kubeconfig FILE, or a cluster of ${lpv('clusters')}: --use NAME`,
    },
    { exit: 'badUsage' },
  );
}

import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { type ClusterConfiguration, readClusterConfiguration } from '../../../clusters/configuration/cluster-shape.ts';
import { type DiskSpecification, readDisks } from '../../../clusters/configuration/disks.ts';
import { type KubernetesMinor, readVersions, type Versions } from '../../../clusters/configuration/versions.ts';
import { type ImageWish, readImageWish } from '../../../clusters/host/node-image/choose.ts';
import { treeReplacements } from '../../../clusters/host/node-image/compile.ts';
import { readRecipe } from '../../../clusters/host/node-image/recipe.ts';

/** Everything about a cluster that is decided before anything is touched. */
export interface ClusterPlan {
  versions: Versions;
  minor: KubernetesMinor;
  image: ImageWish;
  /** Absolute path of a Kubernetes tree to build from. */
  kubernetesSource: string | undefined;
  rebuild: boolean;
  configuration: ClusterConfiguration;
  disks: readonly DiskSpecification[];
  mayInstall: boolean;
  cacheFolder: string;
}

/** The options that a cluster follows from; the verbs that make one share them. */
export interface ClusterOptions {
  image: string;
  kubernetes?: string | undefined;
  kubernetesSource?: string | undefined;
  rebuild?: boolean | undefined;
  install: boolean;
}

/**
 * Reads and checks every configuration file and option. Nothing is created.
 * @throws DomainError (badUsage) for anything in them that is wrong
 */
export async function planCluster(options: ClusterOptions): Promise<ClusterPlan> {
  const versions = await readVersions();
  const configuration = await readClusterConfiguration();
  const minor = versions.minor(options.kubernetes);
  const image = readImageWish(options.image);
  const kubernetesSource = options.kubernetesSource === undefined ? undefined : resolve(options.kubernetesSource);
  if (kubernetesSource !== undefined) await treeReplacements(kubernetesSource);
  // A minor without a recipe is refused now, not after the engine was installed.
  if (kubernetesSource !== undefined || image.kind === 'built') await readRecipe(versions, minor);
  return {
    versions,
    minor,
    image,
    kubernetesSource,
    rebuild: options.rebuild ?? false,
    configuration,
    disks: await readDisks(configuration.shape),
    mayInstall: options.install,
    cacheFolder: cacheFolder(process.env),
  };
}

/**
 * Returns where things that outlive a run are kept: LPV_CACHE_HOME, else XDG_CACHE_HOME, else ~/.cache (absolute paths
 * only).
 */
export function cacheFolder(environment: NodeJS.ProcessEnv, home: string = homedir()): string {
  const { LPV_CACHE_HOME: own, XDG_CACHE_HOME: xdg } = environment;
  const base = [own, xdg].find((path) => path !== undefined && isAbsolute(path)) ?? join(home, '.cache');
  return join(base, 'local-pv-conformance');
}

/** Returns the folder in which node images are built. */
export function buildsFolder(environment: NodeJS.ProcessEnv): string {
  return join(cacheFolder(environment), 'node-image');
}

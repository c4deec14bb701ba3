import { readdir, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import { pasteable } from '../../clusters/host/command/commander.ts';
import { writePrivateJson } from '../../clusters/host/write-atomically.ts';
import { lpv } from '../../clusters/project-root.ts';
import { type JournalRecord, journalPath } from './journal.ts';
import { type Liveness, livenessOf, type ProcessIdentity, processIdentitySchema } from './process-identity.ts';
import { clusterNameProblem } from './run-identity.ts';

/** The name of a cluster of ours and of its network; `clusterNameProblem` has the rule for the part after `lpv-`. */
const ourName = z
  .string()
  .refine((name) => name.startsWith('lpv-') && clusterNameProblem(name.slice(4)) === undefined, 'no name of ours');

// What an entry names is removed, so each value is checked: a file that someone else wrote must not name their things.
const entryFields = z.strictObject({
  version: z.literal(1),
  run: z.string().regex(/^[a-z][a-z0-9]*$/),
  journal: z.string().refine((path) => isAbsolute(path) && basename(path) === 'run.json', 'no path of a run.json'),
  process: processIdentitySchema,
  cluster: ourName,
  network: ourName,
  kubeconfig: z.string().refine(isAbsolute, 'no absolute path'),
  kept: z.boolean(),
  /** Only where the run uses another run's cluster: its nodes as they were before. */
  found: z
    .record(z.string(), z.strictObject({ container: z.string(), labels: z.record(z.string(), z.string()) }))
    .optional(),
});

const entrySchema = entryFields
  .refine(({ cluster, network }) => network === cluster, { path: ['network'], error: 'not the name of its cluster' })
  .refine(
    ({ found, journal, kubeconfig }) => found !== undefined || kubeconfig === join(dirname(journal), 'kubeconfig'),
    {
      path: ['kubeconfig'],
      error: 'not in the folder of the journal',
    },
  );

/** One live or kept run of this user: enough to undo it where its report folder is gone. */
export type RegistryEntry = z.infer<typeof entrySchema>;

/** Whether a run that the registry knows is cleaned, and why. */
export type Decision =
  | { entry: RegistryEntry; clean: true; because: string }
  | { entry: RegistryEntry; clean: false; state: 'live' | 'kept'; because: string };

/** Returns the registry entry of a journal's run. */
export function entryOf(record: JournalRecord): RegistryEntry {
  const { run, process, cluster, network, kubeconfig, kept } = record;
  const journal = journalPath(record.folder);
  return { version: 1, run, journal, process, cluster, network, kubeconfig, kept };
}

/** Returns for each run whether it is cleaned: it was not kept on purpose, and its process is certainly gone. */
export function whichToClean(
  entries: readonly RegistryEntry[],
  probe: (process: ProcessIdentity) => Liveness,
): Decision[] {
  return entries.map((entry) => {
    const liveness = probe(entry.process);
    const { pid } = entry.process;
    if (liveness === 'alive')
      return {
        entry,
        clean: false,
        state: 'live',
        because: `process ${pid} is ${entry.found ? 'using' : 'running'} it`,
      };
    if (entry.kept) return { entry, clean: false, state: 'kept', because: 'it was kept on purpose' };
    if (liveness === 'unknown') {
      const because = `process ${pid} belongs to another pid namespace and may still be running it`;
      return { entry, clean: false, state: 'live', because };
    }
    if (entry.found) return { entry, clean: true, because: `process ${pid} is gone that was using it` };
    return { entry, clean: true, because: `process ${pid} is gone and the run was not kept` };
  });
}

/** Returns the folder with one file per run: LPV_STATE_HOME, else XDG_STATE_HOME, else ~/.local/state (absolute paths only). */
export function registryFolder(environment: NodeJS.ProcessEnv, home: string = homedir()): string {
  const { LPV_STATE_HOME: own, XDG_STATE_HOME: xdg } = environment;
  // The XDG specification says that programs ignore a relative path.
  const base = [own, xdg].find((path) => path !== undefined && isAbsolute(path)) ?? join(home, '.local', 'state');
  return join(base, 'local-pv-conformance', 'runs');
}

/** The list of this user's runs that are live or kept, or that died and are not cleaned yet. */
export class Registry {
  readonly folder: string;
  readonly #probe: (process: ProcessIdentity) => Liveness;

  constructor(
    folder: string = registryFolder(process.env),
    probe: (process: ProcessIdentity) => Liveness = (identity) => livenessOf(identity),
  ) {
    this.folder = folder;
    this.#probe = probe;
  }

  /** Adds the run, or replaces its entry. */
  async put(entry: RegistryEntry): Promise<void> {
    writePrivateJson(this.#fileOf(entry.run), entrySchema.parse(entry));
  }

  /**
   * Adds the run unless another one has its cluster's name. Of two that ask at once at most one gets the name: each
   * writes its entry before it looks at the others.
   */
  async reserve(entry: RegistryEntry): Promise<void> {
    await this.put(entry);
    try {
      await this.refuseTaken(entry.cluster, entry.run);
    } catch (error) {
      await this.remove(entry.run);
      throw error;
    }
  }

  /**
   * Checks that no run but `except` has a cluster of that name: kept, under way, or dead and not cleaned yet.
   * @throws DomainError with what removes that cluster
   */
  async refuseTaken(cluster: string, except?: string): Promise<void> {
    const taken = (await this.decisions()).find(
      ({ entry }) => entry.cluster === cluster && entry.run !== except && entry.found === undefined,
    );
    if (taken === undefined) return;
    throw new DomainError({
      attempted: `creating the cluster ${cluster}`,
      seen: `run ${taken.entry.run} of the harness has a cluster of that name: ${taken.because}`,
      remedy: `choose another --name, or remove that one: ${lpv(
        taken.clean ? 'clean' : `down ${cluster.replace(/^lpv-/, '')}`,
      )}`,
    });
  }

  /** Removes the entry of a run that has left nothing; no error where there is no entry. */
  async remove(run: string): Promise<void> {
    await rm(this.#fileOf(run), { force: true });
  }

  /** Returns every entry. A file that is not an entry is left out: see {@link unreadable}. */
  async entries(): Promise<RegistryEntry[]> {
    return (await this.#files()).flatMap((file) => (file instanceof DomainError ? [] : [file]));
  }

  /** Returns an error for each file that is not an entry. What its run left is not found through it. */
  async unreadable(): Promise<DomainError[]> {
    return (await this.#files()).filter((file) => file instanceof DomainError);
  }

  /** Returns for each run whether it is cleaned, and why. */
  async decisions(): Promise<Decision[]> {
    return whichToClean(await this.entries(), this.#probe);
  }

  /** Returns the runs to clean: their process is gone, and they were not kept. */
  async deadRuns(): Promise<RegistryEntry[]> {
    return (await this.decisions()).filter(({ clean }) => clean).map(({ entry }) => entry);
  }

  #fileOf(run: string): string {
    // The schema also refuses names that would lead out of the folder.
    return join(this.folder, `${entryFields.shape.run.parse(run)}.json`);
  }

  async #files(): Promise<(RegistryEntry | DomainError)[]> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const files = names.filter((name) => name.endsWith('.json')).map((name) => this.#read(join(this.folder, name)));
    return (await Promise.all(files)).filter((file) => file !== undefined);
  }

  /** Returns undefined where another process has just removed the file. */
  async #read(path: string): Promise<RegistryEntry | DomainError | undefined> {
    try {
      const entry = entrySchema.parse(JSON.parse(await readFile(path, 'utf8')));
      if (basename(path) !== `${entry.run}.json`) throw new Error(`it is the entry of another run: ${entry.run}`);
      return entry;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      return new DomainError(
        {
          attempted: 'reading the list of runs',
          on: path,
          seen: error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error),
          why: 'it should name a run and its cluster; what that run left, if anything, cannot be found through it',
          remedy: `look for containers and networks named lpv-…, other than those of ${lpv('clusters')}: docker ps --all; docker network ls\nremove them, then the file: rm ${pasteable([path])}`,
        },
        { cause: error },
      );
    }
  }
}

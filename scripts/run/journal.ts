import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import { writePrivateJson } from '../../clusters/host/write-atomically.ts';
import type { ActionJournal } from './actions.ts';
import { type ProcessIdentity, processIdentitySchema } from './process-identity.ts';

const actionRecordSchema = z.strictObject({ name: z.string(), state: z.enum(['begun', 'done', 'undone']) });

const journalSchema = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  verb: z.string(),
  process: processIdentitySchema,
  started: z.iso.datetime(),
  cluster: z.string(),
  network: z.string(),
  /** Absolute path of the report folder. */
  folder: z.string(),
  kubeconfig: z.string(),
  /** Whether the user asked for the cluster to stay. */
  kept: z.boolean(),
  actions: z.array(actionRecordSchema),
});

/** The content of run.json in a report folder: what a run did. */
export type JournalRecord = z.infer<typeof journalSchema>;

/** What is known of a run before its first action. */
export type NewRun = Omit<JournalRecord, 'version' | 'started' | 'kept' | 'actions' | 'process'> & {
  process: ProcessIdentity;
  started: Date;
};

/** Returns the path of the journal in a report folder. */
export function journalPath(folder: string): string {
  return join(folder, 'run.json');
}

/** The journal of one run on disk. Every change is written at once, so that a run that is killed leaves a true record. */
export class Journal implements ActionJournal {
  readonly path: string;
  #record: JournalRecord;

  private constructor(path: string, record: JournalRecord) {
    this.path = path;
    this.#record = record;
  }

  /** Returns the journal of a new run, which is on disk. */
  static async begin(run: NewRun): Promise<Journal> {
    const record: JournalRecord = {
      ...run,
      version: 1,
      started: run.started.toISOString(),
      kept: false,
      actions: [],
    };
    const journal = new Journal(journalPath(run.folder), record);
    writePrivateJson(journal.path, record);
    return journal;
  }

  /** Returns the journal of an earlier run, to undo it. @throws DomainError when the file is absent or not a journal */
  static async open(path: string): Promise<Journal> {
    return new Journal(path, await readJournal(path));
  }

  get record(): JournalRecord {
    return this.#record;
  }

  get begun(): readonly string[] {
    return this.#record.actions.filter(({ state }) => state !== 'undone').map(({ name }) => name);
  }

  recordBegun(action: string): Promise<void> {
    return this.#change((record) => withAction(record, action, 'begun'));
  }

  recordDone(action: string): Promise<void> {
    return this.#change((record) => withAction(record, action, 'done'));
  }

  recordUndone(action: string): Promise<void> {
    return this.#change((record) => withAction(record, action, 'undone'));
  }

  /** Notes that the user asked for the cluster to stay, or, with false, that it may go. */
  recordKept(kept: boolean): Promise<void> {
    return this.#change((record) => ({ ...record, kept }));
  }

  async #change(change: (record: JournalRecord) => JournalRecord): Promise<void> {
    const record = change(this.#record);
    writePrivateJson(this.path, record);
    // Only now: what is not on disk is not begun.
    this.#record = record;
  }
}

/** Returns the content of a journal. @throws DomainError when the file is absent or not a journal */
export async function readJournal(path: string): Promise<JournalRecord> {
  try {
    return journalSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new DomainError(
      {
        attempted: 'reading the journal of a run',
        on: path,
        seen: error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error),
        why: 'Without it the harness cannot tell what the run began.',
      },
      { cause: error },
    );
  }
}

/** Returns the record with the action in its new state; a new action is added at the end. */
function withAction(
  record: JournalRecord,
  name: string,
  state: JournalRecord['actions'][number]['state'],
): JournalRecord {
  const known = record.actions.some((action) => action.name === name);
  const actions = known
    ? record.actions.map((action) => (action.name === name ? { name, state } : action))
    : [...record.actions, { name, state }];
  return { ...record, actions };
}

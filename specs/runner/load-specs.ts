import { readFile } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import Mocha from 'mocha';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import { declarationOf } from './declarations.ts';
import type { SpecIdentity } from './events.ts';
import { placeIn } from './place.ts';
import { lineOfSpec } from './spec-selection.ts';
import { parseSpecTitle } from './spec-title.ts';

/** Spec files, loaded and narrowed to the selection; nothing of them has run yet. */
export interface LoadedSpecs {
  /** The selected specs, in the order of the files. */
  specs: ReadonlyMap<Mocha.Test, SpecIdentity>;
}

export interface LoadOptions {
  /** Absolute paths of the spec files. */
  files: readonly string[];
  /** Which of their specs are wanted, and how that was asked for. */
  selection: { asked: string; takes(spec: SpecIdentity): boolean };
  /** Milliseconds per spec and per hook; 60 s if not given. A spec may ask for more with `this.timeout()`. */
  timeout?: number;
  /** File paths in reports are relative to this folder. */
  root: string;
}

/** How often each file was loaded: Node evaluates a module once, so a second load asks for it under another URL. */
const loads = new Map<string, number>();

/**
 * Loads spec files without running them, so that a wrong `--grep`, a forgotten `.only` or a title without id is
 * found before a cluster is made. Throws a DomainError (badUsage); an empty selection is an error, too.
 */
export async function loadSpecs(options: LoadOptions): Promise<LoadedSpecs> {
  const mochaOptions: Mocha.MochaOptions = {
    timeout: options.timeout ?? 60_000,
    retries: 0,
    forbidOnly: true,
    color: false,
  };
  const mocha = new Mocha(mochaOptions);
  for (const file of options.files) await loadFile(mocha, file);
  refuseHooks(mocha.suite);
  const identities = await identitiesOf(mocha.suite, options.root);
  const specs = new Map([...identities].filter(([, spec]) => options.selection.takes(spec)));
  if (specs.size === 0) throw nothingSelected(options, identities.size);
  return { specs };
}

/**
 * Loads one file with `import()`. Mocha's own `loadFilesAsync` prefers `require()` where Node can require ES modules;
 * under tsx that gives specs a second instance of every module that the runner has loaded already.
 */
async function loadFile(mocha: Mocha, file: string): Promise<void> {
  const { EVENT_FILE_PRE_REQUIRE, EVENT_FILE_REQUIRE, EVENT_FILE_POST_REQUIRE } = Mocha.Suite.constants;
  const again = loads.get(file) ?? 0;
  loads.set(file, again + 1);
  try {
    mocha.suite.emit(EVENT_FILE_PRE_REQUIRE, globalThis, file, mocha);
    const module: unknown = await import(`${pathToFileURL(file).href}${again > 0 ? `?again=${again}` : ''}`);
    mocha.suite.emit(EVENT_FILE_REQUIRE, module, file, mocha);
    mocha.suite.emit(EVENT_FILE_POST_REQUIRE, globalThis, file, mocha);
  } catch (error) {
    throw new DomainError(
      { attempted: 'loading a spec file', on: file, seen: messageOf(error), remedy: 'Correct the spec file.' },
      { exit: 'badUsage', cause: error },
    );
  }
}

async function identitiesOf(root: Mocha.Suite, projectRoot: string): Promise<Map<Mocha.Test, SpecIdentity>> {
  const tests: Mocha.Test[] = [];
  root.eachTest((test) => tests.push(test));
  const nameless = tests.filter((test) => !parseSpecTitle(test.title));
  if (nameless.length > 0) throw withoutId(nameless);
  const sources = new Map<string, string>();
  for (const { file } of tests) {
    if (file && !sources.has(file)) sources.set(file, await readFile(file, 'utf8'));
  }
  return new Map(tests.map((test) => [test, identityOf(test, sources.get(test.file ?? '') ?? '', projectRoot)]));
}

function identityOf(test: Mocha.Test, source: string, projectRoot: string): SpecIdentity {
  const { id, sentence } = parseSpecTitle(test.title) ?? { id: '', sentence: test.title };
  const file = test.file ?? '';
  const place = relative(projectRoot, file);
  const line = lineOfSpec(source, id) ?? lineIn(placeIn(declarationOf(test), place));
  const chapter = outermostTitle(test) ?? basename(file).replace(/\.spec\.[jt]s$/, '');
  return { id, chapter, title: sentence, file: file && place, ...(line && { line }) };
}

/** The line of a place such as `specs/access/access.spec.ts:41:7`. */
function lineIn(place: string | undefined): number | undefined {
  const line = place?.split(':')[1];
  return line === undefined ? undefined : Number(line);
}

/** The title of the outermost `describe` around a test: its chapter. */
function outermostTitle(test: Mocha.Test): string | undefined {
  let title: string | undefined;
  for (let suite = test.parent; suite; suite = suite.parent) title = suite.title || title;
  return title;
}

/** A spec must run alone, in any order and beside others: what a hook prepares or leaves would be shared by several. */
function refuseHooks(suite: Mocha.Suite): void {
  const kinds = ['_beforeAll', '_beforeEach', '_afterEach', '_afterAll'] as const;
  const hooks = kinds.flatMap((kind) => (suite as unknown as Record<typeof kind, Mocha.Hook[]>)[kind]);
  const [hook] = hooks;
  if (hook) {
    throw new DomainError(
      {
        attempted: 'loading the specs',
        on: hook.file ?? '',
        seen: `${hook.title} in "${suite.title}"`,
        why: 'Each spec is run by itself, in any order and beside others, so there are no hooks around it.',
        remedy: 'Let the spec make what it needs: `await using namespace = await SpecNamespace.open()`.',
      },
      { exit: 'badUsage' },
    );
  }
  for (const inner of suite.suites) refuseHooks(inner);
}

function withoutId(tests: readonly Mocha.Test[]): DomainError {
  return new DomainError(
    {
      attempted: 'reading the titles of the specs',
      seen: tests.map((test) => `${test.file}: ${test.title}`).join('\n'),
      why: 'The first word of a title is the id of the requirement that the spec proves; reports are joined by it.',
      remedy: "Begin the title with the id, as in it('SEED-4 a local PersistentVolume belongs to nodes', …).",
    },
    { exit: 'badUsage' },
  );
}

function nothingSelected(options: LoadOptions, known: number): DomainError {
  return new DomainError(
    {
      attempted: 'selecting the specs to run',
      on: options.selection.asked,
      seen: `none of ${known} specs in ${options.files.length} files is selected`,
      why: 'A run without specs proves nothing.',
      remedy: '`lpv list` shows the requirements there are.',
    },
    { exit: 'badUsage' },
  );
}

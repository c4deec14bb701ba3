import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import Mocha from 'mocha';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import { lpv, projectRoot } from '../../clusters/project-root.ts';
import { type DeclaredSpec, specOf } from './registry.ts';
import type { Choice } from './selection.ts';

export interface LoadOptions {
  /** Absolute paths of the spec files. */
  files: readonly string[];
  /** Which requirements are wanted. */
  choice: Choice;
  /** Milliseconds per spec; 240 s if not given, which is several waits one after another on a busy machine. A spec may ask for more with `this.timeout()`. */
  timeout?: number;
}

/** Returns the absolute paths of the project's spec files, in the order of their names. */
export async function specFiles(): Promise<string[]> {
  const folder = join(projectRoot, 'specs');
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => /\.spec\.[jt]s$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Loads spec files without running them, and returns the chosen specs in the order of the files: a wrong `--grep` or a
 * forgotten `.only` is found before a cluster is made. A file is loaded once in a process.
 * @throws DomainError (badUsage), also where nothing is chosen
 */
export async function loadSpecs({ files, choice, timeout = 240_000 }: LoadOptions): Promise<DeclaredSpec[]> {
  const mocha = new Mocha({ timeout, retries: 0, forbidOnly: true, color: false });
  for (const file of files) await loadFile(mocha, file);
  refuseHooks(mocha.suite);
  const specs = specsIn(mocha.suite);
  const chosen = specs.filter(({ requirement }) => choice.takes(requirement));
  if (chosen.length === 0) throw nothingChosen(choice.asked, specs.length, files.length);
  return chosen;
}

/**
 * Loads one file with `import()`. Mocha's own `loadFilesAsync` prefers `require()` where Node can require ES modules;
 * under tsx that gives specs a second instance of every module that the runner has loaded already.
 */
async function loadFile(mocha: Mocha, file: string): Promise<void> {
  const { EVENT_FILE_PRE_REQUIRE, EVENT_FILE_REQUIRE, EVENT_FILE_POST_REQUIRE } = Mocha.Suite.constants;
  try {
    mocha.suite.emit(EVENT_FILE_PRE_REQUIRE, globalThis, file, mocha);
    const module: unknown = await import(pathToFileURL(file).href);
    mocha.suite.emit(EVENT_FILE_REQUIRE, module, file, mocha);
    mocha.suite.emit(EVENT_FILE_POST_REQUIRE, globalThis, file, mocha);
  } catch (error) {
    throw new DomainError(
      { attempted: 'loading a spec file', on: file, seen: messageOf(error), remedy: 'Correct the spec file.' },
      { exit: 'badUsage', cause: error },
    );
  }
}

/** Returns the specs behind the tests of a suite. @throws DomainError (badUsage) for a test that proves no requirement */
function specsIn(root: Mocha.Suite): DeclaredSpec[] {
  const tests: Mocha.Test[] = [];
  root.eachTest((test) => tests.push(test));
  const others = tests.filter((test) => !specOf(test));
  if (others.length > 0) throw provesNothing(others);
  return tests.flatMap((test) => specOf(test) ?? []);
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

function provesNothing(tests: readonly Mocha.Test[]): DomainError {
  return new DomainError(
    {
      attempted: 'loading the specs',
      seen: tests.map(({ file, title }) => `${file && relative(projectRoot, file)}: ${title}`).join('\n'),
      why: 'These tests prove no requirement of the catalogue; reports are joined by requirements.',
      remedy: "Declare each with proves('LV-BIND-04', …) of its chapter, and put the requirement into catalogue.yaml.",
    },
    { exit: 'badUsage' },
  );
}

function nothingChosen(asked: string, specs: number, files: number): DomainError {
  return new DomainError(
    {
      attempted: 'selecting the specs to run',
      on: asked,
      seen: `none of ${specs} specs in ${files} files is selected`,
      why: 'A run without specs proves nothing.',
      remedy: `${lpv('list')} shows the requirements there are`,
    },
    { exit: 'badUsage' },
  );
}

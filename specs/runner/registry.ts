import { relative } from 'node:path';
import { projectRoot } from '../../clusters/project-root.ts';
import { type CatalogueChapter, type Requirement, readCatalogue } from '../catalogue/catalogue.ts';
import type { SpecIdentity } from './events.ts';

/** The body of a spec. It gets mocha's context as `this`, and the requirement that it proves. */
export type Proof = (this: Mocha.Context, requirement: Requirement) => Promise<void>;

/** A chapter of the catalogue, and the way to prove its requirements. */
export interface Chapter extends CatalogueChapter {
  /**
   * Declares the spec that proves a requirement, as a test of mocha whose title is the requirement's id and sentence.
   * @throws Error for an id that the chapter's catalogue does not have
   * @example proves('SEED-4', async () => { … });
   */
  proves(id: string, proof: Proof): void;
}

/** A spec: the requirement that it proves, and the test that proves it. */
export interface DeclaredSpec {
  requirement: Requirement;
  test: Mocha.Test;
  /** Where the spec file calls `proves()`. */
  declaredAt: SpecPlace;
}

/** A place in a spec file. */
export interface SpecPlace {
  /** Path of the spec file, relative to the project's root. */
  file: string;
  /** From 1. Reports and GitHub's annotations point there. */
  line: number;
}

/** Every spec of this process, in the order of its declaration. */
const declared = new Map<Mocha.Test, DeclaredSpec>();

/** Returns a chapter of the catalogue, such as `scenario`. @throws BadConfiguration with file, line and key */
export function readChapter(name: string): Chapter {
  return chapterOf(readCatalogue(name));
}

/**
 * Returns a chapter that can be proven, for a catalogue that was read.
 * @public Unit tests of the runner use it in modules that they write.
 */
export function chapterOf(catalogue: CatalogueChapter): Chapter {
  return {
    ...catalogue,
    proves(id, proof) {
      const requirement = catalogue.requirements.find((candidate) => candidate.id === id);
      if (!requirement) throw new Error(`${id} is not in specs/${catalogue.chapter}/catalogue.yaml`);
      const test = it(`${id} ${requirement.sentence}`, async function () {
        await proof.call(this, requirement);
      });
      // A spec of a group waits for the others as well.
      if (requirement.group !== undefined) test.timeout(test.timeout() * 3);
      declared.set(test, { requirement, test, declaredAt: declarationIn(new Error('a spec is declared').stack) });
    },
  };
}

/** Returns the spec that a test belongs to; undefined for a test that `proves()` did not declare. */
export function specOf(test: Mocha.Test): DeclaredSpec | undefined {
  return declared.get(test);
}

/** Returns what events say about a spec. */
export function identityOf({ requirement, declaredAt }: Omit<DeclaredSpec, 'test'>): SpecIdentity {
  const { id, chapter, sentence } = requirement;
  return { id, chapter, sentence, ...declaredAt };
}

/** Returns the nearest place in a spec file: a case of a matrix is declared by a function that its spec file calls. */
function declarationIn(stack: string | undefined): SpecPlace {
  const [, file, line] = /(?:file:\/\/)?(\/[^\n()]*\.spec\.[jt]s)[^\n:]*:(\d+)/.exec(stack ?? '') ?? [];
  if (file === undefined) throw new Error(`proves() was called outside of a spec file: ${stack}`);
  return { file: relative(projectRoot, file), line: Number(line) };
}

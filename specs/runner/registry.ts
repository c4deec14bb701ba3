import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { projectRoot } from '../../clusters/project-root.ts';
import { type CatalogueChapter, parseChapter, type Requirement } from '../catalogue/catalogue.ts';
import { notApplicable } from '../catalogue/features.ts';
import { noteDeclaration } from './declarations.ts';
import { skip } from './skip.ts';
import { testCluster } from './test-cluster.ts';

/** The body of a spec. It gets mocha's context as `this`, and the requirement that it proves. */
export type Proof = (this: Mocha.Context, requirement: Requirement) => Promise<void>;

/** A chapter of the catalogue, and the way to prove its requirements. */
export interface Chapter extends CatalogueChapter {
  /**
   * Declares the spec that proves a requirement; its title is the requirement's id and sentence. Where the cluster
   * lacks a feature that the requirement needs, the spec is skipped with that reason.
   */
  proves(id: string, proof: Proof): void;
}

const catalogueOf = (chapter: string): string => join(projectRoot, 'specs', chapter, 'catalogue.yaml');

/** Returns the names of the chapters in order: each is a folder of `specs` with a catalogue in it. */
function chapterNames(): string[] {
  return readdirSync(join(projectRoot, 'specs'))
    .filter((name) => existsSync(catalogueOf(name)))
    .sort();
}

/** Chapters that were read: many files of specs ask for the same one. */
const known = new Map<string, Chapter>();

/** A chapter of the catalogue, such as `scenario`. @throws BadConfiguration with file, line and key */
export function readChapter(name: string): Chapter {
  const chapter = known.get(name) ?? parsedChapter(name);
  known.set(name, chapter);
  return chapter;
}

function parsedChapter(name: string): Chapter {
  const path = catalogueOf(name);
  const chapter = parseChapter({ file: relative(process.cwd(), path), text: readFileSync(path, 'utf8') });
  return {
    ...chapter,
    proves(id, proof) {
      const requirement = chapter.requirements.find((candidate) => candidate.id === id);
      if (!requirement) throw new Error(`${id} is not in specs/${name}/catalogue.yaml`);
      const test = it(`${id} ${requirement.sentence}`, async function () {
        const { context } = await testCluster();
        const reason = notApplicable(requirement.features, context);
        if (reason !== undefined) skip(this, reason);
        await proof.call(this, requirement);
      });
      noteDeclaration(test);
    },
  };
}

/** Every requirement of the catalogue, chapter by chapter. */
export function allRequirements(): (Requirement & { chapter: string })[] {
  return chapterNames().flatMap((name) => {
    const { chapter, requirements } = readChapter(name);
    return requirements.map((requirement) => ({ chapter, ...requirement }));
  });
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { projectRoot } from '../../clusters/project-root.ts';
import { type CatalogueChapter, parseChapter, type Requirement } from './catalogue.ts';

const catalogueOf = (name: string): string => join(projectRoot, 'specs', name, 'catalogue.yaml');

/** Chapters that were read: many files of specs ask for the same one. */
const known = new Map<string, CatalogueChapter>();

/** Returns a chapter of the catalogue, such as `scenario`. @throws BadConfiguration with file, line and key */
export function readCatalogue(name: string): CatalogueChapter {
  let chapter = known.get(name);
  if (chapter === undefined) {
    const path = catalogueOf(name);
    chapter = parseChapter({ file: relative(process.cwd(), path), text: readFileSync(path, 'utf8') });
    known.set(name, chapter);
  }
  return chapter;
}

/** Returns every requirement of the catalogue, by the names of the folders of `specs` that have one. */
export function allRequirements(): (Requirement & { chapter: string })[] {
  const names = readdirSync(join(projectRoot, 'specs')).filter((name) => existsSync(catalogueOf(name)));
  return names.sort().flatMap((name) => {
    const { chapter, requirements } = readCatalogue(name);
    return requirements.map((requirement) => ({ chapter, ...requirement }));
  });
}

import type { CatalogueChapter, Requirement } from '../catalogue/catalogue.ts';
import { notApplicable } from '../catalogue/features.ts';
import { readCatalogue } from '../catalogue/read-catalogue.ts';
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

/** Returns a chapter of the catalogue, such as `scenario`. @throws BadConfiguration with file, line and key */
export function readChapter(name: string): Chapter {
  const chapter = readCatalogue(name);
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

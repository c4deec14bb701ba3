import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../clusters/project-root.ts';
import { BadConfiguration } from '../../clusters/yaml/bad-configuration.ts';
import { loadManifests } from '../../fixtures/load.ts';
import { fixtures } from '../../specs/scenario/seed.ts';

/** Manifests with a name that Kubernetes refuses, because a spec proves the refusal. */
const refusedOnPurpose: ReadonlySet<string> = new Set([fixtures.capitals]);

/**
 * Reads every manifest of the fixtures, so that a wrong one is found before a cluster is made.
 * @throws BadConfiguration with the problems of all files
 */
export async function checkManifests(folder: string = join(projectRoot, 'fixtures')): Promise<void> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.yaml'));
  const problems = await Promise.all(
    files.map(async (name) => {
      try {
        await loadManifests(join(folder, name), { allowInvalidNames: refusedOnPurpose.has(name) });
        return [];
      } catch (error) {
        if (error instanceof BadConfiguration) return error.problems;
        throw error;
      }
    }),
  );
  if (problems.flat().length > 0) throw new BadConfiguration(problems.flat());
}

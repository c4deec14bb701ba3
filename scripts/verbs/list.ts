import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { allRequirements } from '../../specs/runner/registry.ts';
import { type CatalogueEntry, chooseBy } from '../../specs/runner/spec-selection.ts';
import type { ListOptions } from '../command-line/options.ts';
import { catalogueFigures } from '../report/model/catalogue-figures.ts';

/** `lpv list`: the requirements of the catalogue, filtered by anything. */
export default async function list(options: ListOptions): Promise<ExitStatus> {
  const catalogue = allRequirements();
  const chosen = catalogue.filter(chooseBy(options, catalogue).takes);
  if (options.json) process.stdout.write(`${JSON.stringify(chosen, null, 2)}\n`);
  else process.stdout.write(`${[...listed(chosen), '', ...catalogueFigures(chosen)].join('\n')}\n`);
  return 'conforms';
}

/** A line for each requirement, under the names of their chapters. */
function listed(requirements: readonly CatalogueEntry[]): string[] {
  const width = Math.max(0, ...requirements.map(({ id }) => id.length));
  let chapter: string | undefined;
  return requirements.flatMap((requirement) => {
    const { id, level, features, sentence } = requirement;
    const heading =
      requirement.chapter === chapter ? [] : [...(chapter === undefined ? [] : ['']), requirement.chapter];
    chapter = requirement.chapter;
    const needs = features.length > 0 ? `  [${features.join(', ')}]` : '';
    return [...heading, `  ${id.padEnd(width)}  ${level.padEnd(8)}  ${sentence}${needs}`];
  });
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { z } from 'zod';
import { parseStrictDocument } from '../../clusters/yaml/strict-yaml.ts';
import { allRequirements } from '../catalogue/catalogue.ts';
import { readDurations } from '../catalogue/durations.ts';
import type * as Load from './load.ts';
import { hasWholeCluster } from './plan.ts';

describe('the catalogue and its specs', function () {
  this.timeout(30_000);
  const requirements = allRequirements();
  const ids = requirements.map(({ id }) => id);

  it('have exactly one spec for each requirement, and a requirement for each spec', async () => {
    // Mocha's own command requires unit tests, and specs are imported: the registry that they share is the imported one.
    const { loadSpecs, specFiles } = (await import(new URL('./load.ts', import.meta.url).href)) as typeof Load;
    const everything = { asked: '', takes: () => true };
    const specs = await loadSpecs({ files: await specFiles(), choice: everything });
    const proven = specs.map(({ requirement }) => requirement.id);
    expect(proven.toSorted()).to.deep.equal(ids.toSorted());
    const elsewhere = specs.filter(
      ({ requirement, declaredAt }) => !declaredAt.file.startsWith(`specs/${requirement.chapter}/`),
    );
    expect(elsewhere, 'specs outside of the folder of their chapter').to.deep.equal([]);
  });

  it('use each id once, also across chapters', () => {
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).to.deep.equal([]);
  });

  it('cover every row of the inventory, or say why not', () => {
    const { rows, without } = readInventory();
    const covered = new Set(requirements.flatMap((requirement) => requirement.upstream));
    expect(rows.filter((row) => !covered.has(row) && !without.has(row))).to.deep.equal([]);
    expect([...without.keys()].filter((row) => covered.has(row) || !rows.includes(row))).to.deep.equal([]);
  });

  it('quote only rows that there are', () => {
    const known = new Set(readInventory().rows);
    const quoted = requirements.flatMap((requirement) => requirement.upstream);
    expect(quoted.filter((row) => !known.has(row) && !row.startsWith('SEED-'))).to.deep.equal([]);
  });

  it('call core only what Kubernetes promises about local volumes', () => {
    const core = requirements.filter(({ level }) => level === 'core');
    expect(core.filter(({ subject }) => subject !== 'kubernetes').map(({ id }) => id)).to.deep.equal([]);
  });

  it('touch nodes that there are, or the whole cluster', () => {
    const held = requirements
      .filter(({ features }) => features.includes('disruptive'))
      .flatMap(({ exclusive }) => exclusive);
    const things = ['closed-nodes', 'restarting-machine'];
    expect([...new Set(held)].toSorted()).to.deep.equal([...things, 'oneNode', 'secondNode', 'thirdNode'].toSorted());
  });

  it('have a node of the run for themselves exactly where they disturb one', () => {
    const alone = requirements.filter(({ exclusive }) => exclusive.includes('oneNode'));
    expect(alone.filter(({ nodes, features }) => nodes !== 'any' || !features.includes('disruptive'))).to.deep.equal(
      [],
    );
    const anywhere = requirements.filter(({ nodes, features }) => nodes === 'any' && features.includes('disruptive'));
    expect(anywhere.filter(({ exclusive }) => !exclusive.includes('oneNode'))).to.deep.equal([]);
  });

  it('are the only ones that a duration is known of', () => {
    expect([...readDurations().keys()].filter((id) => !ids.includes(id))).to.deep.equal([]);
  });

  it('are in a group only with the whole cluster', () => {
    const grouped = requirements.filter(({ group }) => group !== undefined);
    expect(grouped.length).to.be.above(1);
    expect(grouped.filter((requirement) => !hasWholeCluster(requirement))).to.deep.equal([]);
  });

  it('are as many as README.md says, and not many more', () => {
    const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
    const said = Number(/more than (\d+) promises of Kubernetes about local volumes/.exec(readme)?.[1]);
    const promises = requirements.filter(({ subject }) => subject === 'kubernetes');
    expect(promises.length).to.be.within(said + 1, said + 60);
  });
});

const inventorySchema = z.strictObject({
  sections: z.array(z.strictObject({ section: z.string(), rows: z.int().positive(), about: z.string() })).min(1),
  without: z.array(z.strictObject({ row: z.string(), reason: z.string().min(20) })),
});

/** What upstream's own tests cover about local volumes, by rows that requirements quote. */
interface Inventory {
  /** Every row, such as `B14` or `12.3`. */
  rows: readonly string[];
  /** Why no requirement stands for a row. */
  without: ReadonlyMap<string, string>;
}

/** Reads the inventory. @throws BadConfiguration with file, line and key */
function readInventory(): Inventory {
  const file = 'specs/catalogue/upstream.yaml';
  const path = fileURLToPath(new URL('../catalogue/upstream.yaml', import.meta.url));
  const { value } = parseStrictDocument({ file, text: readFileSync(path, 'utf8') }, inventorySchema);
  const rows = value.sections.flatMap(({ section, rows: count }) =>
    Array.from({ length: count }, (_, index) => (section === '12' ? `12.${index + 1}` : `${section}${index + 1}`)),
  );
  return { rows, without: new Map(value.without.map(({ row, reason }) => [row, reason])) };
}

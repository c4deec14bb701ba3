import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import { suggestion } from '../../clusters/text/nearest.ts';
import type { Requirement } from '../catalogue/catalogue.ts';

/** Which specs are run. */
export type Selection =
  | { by: 'all' }
  /** Requirement ids, in upper case. */
  | { by: 'ids'; ids: string[] }
  /** Text in lower case, looked for in id, sentence and chapter. */
  | { by: 'text'; text: string }
  | { by: 'pattern'; pattern: RegExp };

/**
 * Reads the value of `--grep`: requirement ids (`SEED-1`, or several with commas: exactly these), a pattern between
 * slashes, or else text. Throws a DomainError (badUsage) for a pattern that is not a regular expression.
 */
export function parseSelection(grep: string | undefined): Selection {
  if (grep === undefined) return { by: 'all' };
  const words = grep.split(',').map((word) => word.trim());
  if (words.every((word) => /^[a-z][a-z0-9]*(-[a-z0-9]+)*-\d+[a-z]?$/i.test(word))) {
    return { by: 'ids', ids: words.map((word) => word.toUpperCase()) };
  }
  const source = /^\/(.+)\/$/.exec(grep)?.[1];
  return source === undefined ? { by: 'text', text: grep.toLowerCase() } : { by: 'pattern', pattern: compiled(source) };
}

/** Returns whether a requirement belongs to the selection. Letter case never matters. */
export function selects(selection: Selection, requirement: Pick<Requirement, 'id' | 'chapter' | 'sentence'>): boolean {
  const text = `${requirement.id} ${requirement.sentence} ${requirement.chapter}`;
  switch (selection.by) {
    case 'all':
      return true;
    case 'ids':
      return selection.ids.includes(requirement.id.toUpperCase());
    case 'text':
      return text.toLowerCase().includes(selection.text);
    case 'pattern':
      return selection.pattern.test(text);
  }
}

/** What the options of `lpv run` and `lpv list` say about requirements. */
export interface Filters {
  grep?: string | undefined;
  /** Any of these. */
  chapter?: readonly string[] | undefined;
  level?: string | undefined;
  feature?: string | undefined;
  row?: string | undefined;
}

/** A choice among the requirements of the catalogue. */
export interface Choice {
  /** The options that made it, as they are written: `--chapter binding --level core`; empty for all. */
  asked: string;
  takes(requirement: Requirement): boolean;
}

/**
 * Reads the filters; a requirement must pass all of them. Throws a DomainError (badUsage) for a chapter, feature or row
 * that no requirement of the catalogue has, with the nearest that one has.
 */
export function chooseBy(filters: Filters, catalogue: readonly Requirement[]): Choice {
  const known = {
    chapter: ({ chapter }: Requirement) => [chapter],
    level: ({ level }: Requirement) => [level],
    feature: ({ features }: Requirement) => features,
    row: ({ upstream }: Requirement) => upstream,
  };
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  const tests: ((requirement: Requirement) => boolean)[] = [];
  for (const [name, valuesOf] of Object.entries(known)) {
    const filter = filters[name as keyof typeof known];
    if (filter === undefined) continue;
    const wanted = [filter].flat();
    const values = [...new Set(catalogue.flatMap(valuesOf))];
    for (const each of wanted) if (!values.some((value) => same(value, each))) throw unknownValue(name, each, values);
    tests.push((requirement) => valuesOf(requirement).some((value) => wanted.some((each) => same(value, each))));
  }
  const selection = parseSelection(filters.grep);
  tests.push((requirement) => selects(selection, requirement));
  const asked = (['grep', ...Object.keys(known)] as (keyof Filters)[])
    .flatMap((name) => (filters[name] === undefined ? [] : [`--${name} ${filters[name]}`]))
    .join(' ');
  return { asked, takes: (requirement) => tests.every((test) => test(requirement)) };
}

function unknownValue(name: string, wanted: string, values: readonly string[]): DomainError {
  return new DomainError(
    {
      attempted: 'choosing requirements',
      on: `--${name} ${wanted}`,
      seen: `no requirement has this ${name}`,
      remedy: suggestion(wanted, values),
    },
    { exit: 'badUsage' },
  );
}

function compiled(source: string): RegExp {
  try {
    return new RegExp(source, 'i');
  } catch (error) {
    throw new DomainError(
      {
        attempted: 'reading --grep',
        on: `/${source}/`,
        seen: messageOf(error),
        remedy: 'Give a regular expression between the slashes, or plain text without slashes.',
      },
      { exit: 'badUsage', cause: error },
    );
  }
}

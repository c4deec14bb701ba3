import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import { lpv } from '../../clusters/project-root.ts';
import { nearest, suggestion } from '../../clusters/text/nearest.ts';
import type { Requirement } from '../catalogue/catalogue.ts';

/** Which specs are run. */
export type Selection =
  | { by: 'all' }
  /** Requirement ids, in upper case; a `*` stands for any characters. */
  | { by: 'ids'; ids: string[] }
  /** Text in lower case, looked for in id, sentence and chapter. */
  | { by: 'text'; text: string }
  | { by: 'pattern'; pattern: RegExp };

/**
 * Reads the value of `--grep`: requirement ids (`SEED-1`, `LV-BIND-*`, or several with commas: exactly these), a pattern
 * between slashes, or else text. Throws a DomainError (badUsage) for a pattern that is not a regular expression.
 */
export function parseSelection(grep: string | undefined): Selection {
  if (grep === undefined) return { by: 'all' };
  const words = grep.split(',').map((word) => word.trim());
  if (words.every((word) => /^[a-z][a-z0-9]*(-[a-z0-9*]+)*-(\d+[a-z]?|\*)$/i.test(word))) {
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
      return selection.ids.some((id) => isId(id, requirement));
    case 'text':
      return text.toLowerCase().includes(selection.text);
    case 'pattern':
      return selection.pattern.test(text);
  }
}

/** Returns whether an id, in which a `*` may stand for any characters, is that of the requirement. */
function isId(id: string, requirement: Pick<Requirement, 'id'>): boolean {
  return new RegExp(`^${id.replaceAll('*', '.*')}$`, 'i').test(requirement.id);
}

/** What the options of `lpv run` and `lpv list` say about requirements. */
export interface Filters {
  grep?: string | undefined;
  /** Any of these. */
  chapter?: readonly string[] | undefined;
  level?: string | undefined;
  subject?: string | undefined;
  feature?: string | undefined;
  needs?: string | undefined;
  row?: string | undefined;
}

/** A choice among the requirements of the catalogue. */
export interface Choice {
  /** The options that made it, as they are written: `--chapter binding --level core`; empty for all. */
  asked: string;
  takes(requirement: Requirement): boolean;
}

/**
 * Reads the filters; a requirement must pass all of them. Throws a DomainError (badUsage) for the ids, chapters, levels,
 * features and rows that no requirement of the catalogue has, with the nearest to each that one has.
 */
export function chooseBy(filters: Filters, catalogue: readonly Requirement[]): Choice {
  const known = {
    chapter: ({ chapter }: Requirement) => [chapter],
    level: ({ level }: Requirement) => [level],
    subject: ({ subject }: Requirement) => [subject],
    feature: ({ features }: Requirement) => features,
    needs: ({ needs }: Requirement) => needs,
    row: ({ upstream }: Requirement) => upstream,
  };
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  const tests: ((requirement: Requirement) => boolean)[] = [];
  for (const [name, valuesOf] of Object.entries(known)) {
    const filter = filters[name as keyof typeof known];
    if (filter === undefined) continue;
    const wanted = [filter].flat();
    const values = [...new Set(catalogue.flatMap(valuesOf))];
    const unknown = wanted.filter((each) => !values.some((value) => same(value, each)));
    if (unknown.length > 0) throw unknownValues(name, unknown, (each) => suggestion(each, values));
    tests.push((requirement) => valuesOf(requirement).some((value) => wanted.some((each) => same(value, each))));
  }
  const selection = parseSelection(filters.grep);
  // One that is gone or misspelt would be left out in silence, and the others would stand for all.
  if (selection.by === 'ids') {
    const unknown = selection.ids.filter((id) => !catalogue.some((requirement) => isId(id, requirement)));
    const ids = catalogue.map(({ id }) => id);
    if (unknown.length > 0)
      throw unknownValues('grep', unknown, (id) => {
        const meant = nearest(id, ids);
        return meant === undefined ? `${lpv('list')} shows every id` : `did you mean ${meant}?`;
      });
  }
  tests.push((requirement) => selects(selection, requirement));
  const asked = (['grep', ...Object.keys(known)] as (keyof Filters)[])
    .flatMap((name) => (filters[name] === undefined ? [] : [`--${name} ${filters[name]}`]))
    .join(' ');
  return { asked, takes: (requirement) => tests.every((test) => test(requirement)) };
}

function unknownValues(option: string, unknown: readonly string[], remedy: (value: string) => string): DomainError {
  const what = option === 'grep' ? 'id' : option;
  return new DomainError(
    {
      attempted: 'choosing requirements',
      on: `--${option} ${unknown.join(',')}`,
      seen: unknown.map((value) => `no requirement has the ${what} ${value}`).join('\n'),
      remedy: [...new Set(unknown.map(remedy))].join('\n'),
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

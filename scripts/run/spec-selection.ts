import { DomainError, messageOf } from '../../clusters/domain-error.ts';
import type { SpecIdentity } from './events.ts';

/** Which specs are run. */
export type Selection =
  | { by: 'all' }
  /** Requirement ids, in upper case. */
  | { by: 'ids'; ids: string[] }
  /** Text in lower case, looked for in id, title and chapter. */
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

/** Whether a spec belongs to the selection. Letter case never matters. */
export function selects(selection: Selection, spec: SpecIdentity): boolean {
  const text = `${spec.id} ${spec.title} ${spec.chapter}`;
  switch (selection.by) {
    case 'all':
      return true;
    case 'ids':
      return selection.ids.includes(spec.id.toUpperCase());
    case 'text':
      return text.toLowerCase().includes(selection.text);
    case 'pattern':
      return selection.pattern.test(text);
  }
}

/** The line, from 1, on which a spec's title stands in the text of its file; undefined when it is put together there. */
export function lineOfTitle(source: string, title: string): number | undefined {
  const index = source.split('\n').findIndex((line) => line.includes(title));
  return index < 0 ? undefined : index + 1;
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

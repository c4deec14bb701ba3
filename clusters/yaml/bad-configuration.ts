import { DomainError } from '../errors/domain-error.ts';

/** A position in a file; lines and columns count from 1. */
export interface Place {
  line: number;
  column: number;
}

/** The path of a value in a document: keys and list positions, such as `['disks', 1, 'size']`. */
export type KeyPath = readonly (string | number)[];

/** One problem of a file, in words. */
export interface Problem extends Place {
  /** The file as shown to the user. */
  file: string;
  /** The key path as shown to the user, such as `disks[1].size`; empty for the document as a whole. */
  key: string;
  text: string;
}

/** Files cannot be used. Thrown with all their problems, before anything is created. */
export class BadConfiguration extends DomainError {
  override readonly name = 'BadConfiguration';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const ordered = problems.toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
    const files = [...new Set(ordered.map((problem) => problem.file))];
    const count = ordered.length === 1 ? '1 problem' : `${ordered.length} problems`;
    super(
      {
        attempted: `reading ${files.join(', ')}: ${count}`,
        seen: ordered.map(renderProblem).join('\n'),
        remedy: 'correct the file; nothing was created',
      },
      { exit: 'badUsage' },
    );
    this.problems = ordered;
  }
}

/** Returns one line that an editor can follow: `clusters/disks.yaml:7:11: disks[1].size: 10Gib is not a size; …`. */
export function renderProblem({ file, line, column, key, text }: Problem): string {
  return `${file}:${line}:${column}: ${key === '' ? '' : `${key}: `}${text}`;
}

/** Returns a key path as people write it: `nodes[0].labels["a/b"]`. */
export function renderKeyPath(path: KeyPath): string {
  return path.reduce<string>((shown, part) => {
    if (typeof part === 'number') return `${shown}[${part}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(part)) return `${shown}[${JSON.stringify(part)}]`;
    return shown === '' ? part : `${shown}.${part}`;
  }, '');
}

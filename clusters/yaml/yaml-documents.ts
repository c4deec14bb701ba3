import type { Document, Node } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import { messageOf } from '../errors/domain-error.ts';
import { type KeyPath, type Place, type Problem, renderKeyPath } from './bad-configuration.ts';

/** The text of a YAML file, and the name that messages give it. */
export interface YamlSource {
  file: string;
  text: string;
}

/** One document of a YAML file as plain values, which knows the position of each key. */
export interface YamlDocument {
  value: unknown;
  /** Returns a problem with the position of a key, or of the map that lacks the key. */
  problem(path: KeyPath, text: string, at?: 'value' | 'key'): Problem;
  /** Returns YAML that is a text inside this document, such as one of kind's kubeadm patches. */
  embedded(path: KeyPath): YamlSource & { lineOffset: number; columnOffset: number };
}

interface YamlFile {
  /** The documents that are not empty. */
  documents: YamlDocument[];
  /** Problems of the YAML itself. If there are any, no document can be trusted. */
  problems: Problem[];
}

/** Matches the beginning of a thousand nested lists or maps. */
const tooDeep = /(?:[-?[{]\s*){1000}/;

/**
 * Returns the documents of a YAML 1.2 file: unique keys, text keys only, no unknown tags.
 * Never throws: see `problems`. Offsets turn positions in embedded YAML into those in its file.
 */
export function takeApart(source: YamlSource & { lineOffset?: number; columnOffset?: number }): YamlFile {
  const { file, text, lineOffset = 0, columnOffset = 0 } = source;
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1) + lineOffset, column: Math.max(col, 1) + columnOffset };
  };
  const problems: Problem[] = [];
  // The parser is recursive, and a full stack may end the process.
  if (tooDeep.test(text))
    return { documents: [], problems: [{ file, ...place(0), key: '', text: 'it is nested too deeply' }] };
  const parsed: Document[] = [
    ...parseAllDocuments(text, {
      lineCounter: lines,
      logLevel: 'error',
      merge: false,
      prettyErrors: false,
      strict: true,
      stringKeys: true,
      uniqueKeys: true,
      version: '1.2',
    }),
  ];
  const documents: YamlDocument[] = [];
  for (const document of parsed) {
    for (const error of [...document.errors, ...document.warnings]) {
      problems.push({ file, ...place(error.pos[0]), key: '', text: syntaxInWords(error, text) });
    }
    const version = document.directives?.yaml;
    if (version?.explicit && version.version !== '1.2') {
      problems.push({
        file,
        line: 1 + lineOffset,
        column: 1,
        key: '',
        text: `YAML ${version.version} is not read; write YAML 1.2`,
      });
    }
    if (document.errors.length > 0) continue;
    try {
      const value: unknown = document.toJS();
      if (value !== null) documents.push(positioned({ file, text, place }, document, value));
    } catch (error) {
      problems.push({ file, ...place(document.range?.[0] ?? 0), key: '', text: messageOf(error) });
    }
  }
  return { documents, problems };
}

function syntaxInWords(error: YAMLError, text: string): string {
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^[^:\n]*/.exec(text.slice(error.pos[0]))?.[0].trim() ?? '';
    return `the key ${key} is written twice`;
  }
  const message = error.message.trimEnd();
  return `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

interface Positions {
  file: string;
  text: string;
  place: (offset: number) => Place;
}

function positioned({ file, text, place }: Positions, document: Document, value: unknown): YamlDocument {
  return {
    value,
    problem(path, words, at = 'value') {
      return { file, ...place(offsetOf(document, path, at)), key: renderKeyPath(path), text: words };
    },
    embedded(path) {
      const offset = offsetOf(document, path, 'value');
      const content = document.getIn(path);
      const start = place(offset);
      if (text[offset] !== '|') {
        return { file, text: String(content), lineOffset: start.line - 1, columnOffset: start.column - 1 };
      }
      const firstLine = /^[^\n]*\n(?:\s*\n)*([ ]*)/.exec(text.slice(offset));
      return { file, text: String(content), lineOffset: start.line, columnOffset: firstLine?.[1]?.length ?? 0 };
    },
  };
}

/** Returns the offset of a value, or of its key. If both are absent, that of the nearest value around it. */
function offsetOf(document: Document, path: KeyPath, at: 'value' | 'key'): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, part] of path.entries()) {
    const here: unknown = isAlias(node) ? node.resolve(document) : node;
    if (isMap(here)) {
      const pair = here.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (!pair || !isScalar(pair.key)) return offset;
      const child = pair.value as Node | null;
      const keyWanted = at === 'key' && depth === path.length - 1;
      const isEmpty = isScalar(child) && child.value === null && child.source === '';
      offset = (keyWanted || isEmpty ? pair.key.range?.[0] : child?.range?.[0]) ?? pair.key.range?.[0] ?? offset;
      node = child;
    } else if (isSeq(here)) {
      const item = here.items[Number(part)] as Node | undefined;
      if (!item) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else {
      return offset;
    }
  }
  return offset;
}

import { stripVTControlCharacters } from 'node:util';

/**
 * Returns a text that every format can hold: without terminal codes, and without the control characters and lone
 * surrogates that XML 1.0, the strictest, refuses. Lines end with a line feed.
 */
export function plainText(text: string): string {
  const plain = stripVTControlCharacters(text).replace(/\r\n?/g, '\n');
  return plain.replace(/[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '');
}

/** Returns a copy of a value in which every text, at any depth, is changed by the function; keys stay. */
export function withTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T;
  if (Array.isArray(value)) return value.map((item) => withTexts(item, change)) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTexts(item, change)])) as T;
}

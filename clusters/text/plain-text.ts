import { stripVTControlCharacters } from 'node:util';

/**
 * Text as every format can hold it, XML 1.0 being the narrowest: without most control characters and lone surrogates;
 * terminal codes go as a whole, and lines end with a line feed.
 */
export function plainText(text: string): string {
  const plain = stripVTControlCharacters(text).replace(/\r\n?/g, '\n');
  return plain.replace(/[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '');
}

/** A copy of a value in which every text, however deep, is what the function makes of it; keys stay. */
export function withTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T;
  if (Array.isArray(value)) return value.map((item) => withTexts(item, change)) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTexts(item, change)])) as T;
}

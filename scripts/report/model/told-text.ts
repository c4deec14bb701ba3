import { withoutSecrets } from '../../../specs/support/without-secrets.ts';
import { plainText } from './plain-text.ts';

/** Text of whatever origin, as any output may tell it: plain, and without secrets. */
export function toldText(text: string): string {
  return withoutSecrets(plainText(text));
}

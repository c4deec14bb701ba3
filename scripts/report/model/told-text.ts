import { plainText } from '../../../clusters/text/plain-text.ts';
import { withoutSecrets } from '../../../clusters/text/without-secrets.ts';

/** Text of whatever origin, as any output may tell it: plain, and without secrets. */
export function toldText(text: string): string {
  return withoutSecrets(plainText(text));
}

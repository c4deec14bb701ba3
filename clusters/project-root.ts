import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The absolute path of the project's root folder, ending in a slash. */
export const projectRoot = fileURLToPath(new URL('..', import.meta.url));

/** Returns whether the harness is a checkout of its repository. Its package contains no TypeScript. */
export function isCheckout(root: string = projectRoot): boolean {
  return existsSync(join(root, 'scripts', 'typescript.js'));
}

/** Returns how a user starts `lpv`: by npm in a checkout of the harness, by npx where its package is installed. */
export function lpvCommand(root: string = projectRoot): string[] {
  return isCheckout(root) ? ['npm', 'run', 'lpv', '--'] : ['npx', 'lpv'];
}

/** Returns a command of `lpv` as a user types it here, for messages: `npm run lpv -- clean`. */
export function lpv(args: string): string {
  return `${lpvCommand().join(' ')} ${args}`;
}

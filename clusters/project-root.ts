import { fileURLToPath } from 'node:url';

/** The absolute path of the project's root folder, ending in a slash. */
export const projectRoot = fileURLToPath(new URL('..', import.meta.url));

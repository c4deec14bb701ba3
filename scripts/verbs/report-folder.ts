import { access, constants, mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';

/**
 * Checks that folders can be created below `--report`, before anything else is done.
 * @throws DomainError (badUsage) where no folder can be created there
 */
export async function assertReportFolder(path: string): Promise<void> {
  let existing = resolve(path);
  try {
    while (!(await exists(existing))) existing = dirname(existing);
    if (!(await stat(existing)).isDirectory()) throw new Error(`${existing} is not a folder`);
    await access(existing, constants.W_OK);
    // Nothing is written under /proc, though root may: only trying shows that. Node's recursive mkdir never ends there.
    await rmdir(await mkdtemp(join(existing, '.lpv-')));
  } catch (error) {
    throw new DomainError(
      {
        attempted: 'checking where the report will be written',
        on: `--report ${path}`,
        seen: messageOf(error),
        remedy: 'name a folder in which you may create folders; nothing was created',
      },
      { exit: 'badUsage', cause: error },
    );
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    // Below a file such as /dev/null there is nothing, and its parent says so.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return false;
    throw error;
  }
}

import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import type { CleanOptions } from '../command-line/options.ts';
import { Registry } from '../run/registry.ts';
import { removeRuns } from './remove-runs.ts';

/** `lpv clean`: undoes what runs left whose process is gone. Kept clusters and runs under way stay. */
export default async function clean(_options: CleanOptions): Promise<ExitStatus> {
  const registry = new Registry();
  return await removeRuns(registry, await registry.deadRuns());
}

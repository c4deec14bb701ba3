/**
 * Lets this program go on when the reader of its output goes away (`| head`, a closed terminal): writing then fails,
 * which must not end a run before it has cleaned up.
 */
export function ignoreEpipe(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

/**
 * Lets this program go on when whoever reads its output goes away (`| head`, a closed terminal): writing is an error
 * then, which must not end a run before it has cleaned up.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

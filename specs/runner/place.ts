/**
 * Returns the place in the spec's own file where its failure came from, such as `specs/binding/binding.spec.ts:41:7`.
 */
export function placeIn(stack: string | undefined, file: string): string | undefined {
  return placeAmong(framesOf(stack), file);
}

/** As placeIn, for frames that are taken out of their stack already. */
export function placeAmong(frames: readonly string[], file: string): string | undefined {
  if (!file) return undefined;
  const frame = frames.find((line) => line.includes(file));
  const position = frame?.slice(frame.indexOf(file) + file.length).match(/(?:\?[^:]*)?(:\d+(?::\d+)?)/)?.[1];
  return position === undefined ? undefined : `${file}${position}`;
}

/** Returns the lines of a stack that name a place, without those of Node and of the function around every spec. */
export function framesOf(stack: string | undefined): string[] {
  const lines = stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  return lines.filter((line) => !/\(?node:|specs\/runner\/run-one\.ts/.test(line));
}

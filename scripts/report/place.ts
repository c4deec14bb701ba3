/** The place in the spec's own file where its failure came from, such as `specs/binding.spec.ts:41:7`. */
export function placeIn(stack: string | undefined, file: string): string | undefined {
  if (!stack || !file) return undefined;
  const frame = stack.split('\n').find((line) => /^\s+at /.test(line) && line.includes(file));
  const position = frame?.slice(frame.indexOf(file) + file.length).match(/(?:\?[^:]*)?(:\d+(?::\d+)?)/)?.[1];
  return position === undefined ? undefined : `${file}${position}`;
}

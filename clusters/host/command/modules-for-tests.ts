const typescript = new URL('../../../scripts/typescript.js', import.meta.url);

/**
 * Returns the arguments with which a process of its own runs a text of JavaScript that imports modules of this project.
 * They are compiled once and kept; tsx would take half a second more each time.
 */
export function argumentsOf(script: string): string[] {
  return ['--import', typescript.href, '--input-type=module', '--eval', script];
}

// Starts a TypeScript program. Kept to what any Node since 14 understands, so that an old one gets a sentence and not a
// syntax error. Exit status 3: see clusters/errors/exit-status.ts.

const [major, minor] = process.versions.node.split('.').map(Number);
const isSupported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;

/** Loads a program of this project through tsx, or says what is missing: `program` is its name in that sentence. */
export async function launch(program, load) {
  if (!isSupported) {
    console.error(`${program} needs Node 20.19 or later, or 22.12 or later; this is Node ${process.versions.node}.`);
    console.error('  do:   install a supported Node and run npm ci again');
    process.exitCode = 3;
    return;
  }
  let tsx;
  try {
    tsx = await import('tsx/esm/api');
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error(`${program} cannot find the packages it needs.`);
    console.error('  do:   run npm ci in the project folder');
    process.exitCode = 3;
    return;
  }
  tsx.register();
  await load();
}

import { join, relative } from 'node:path';
import { host } from '../../../clusters/host/command/host.ts';
import { projectRoot } from '../../../clusters/project-root.ts';
import { testsInBrowser } from './browser.ts';
import { shellScripts } from './shell-scripts.ts';
import type { Stage, StageOutcome } from './tally.ts';
import { runTests, unitTests } from './unit-tests.ts';
import { findActionlint, findZizmor, type Tool } from './workflow-tools.ts';

/** A stage that needs no cluster, by a name for `npm run check -- NAME`. */
export interface Check extends Stage {
  name: string;
}

export const checkNames: readonly string[] = [
  'types',
  'style',
  'dead-code',
  'house',
  'shell',
  'workflow-syntax',
  'workflow-security',
  'unit',
  'browser',
];

const workflows = '.github/workflows';

/** Every check, in the order of `npm test`: what is quick and tells most comes first. */
export function checks(cacheFolder: string): Check[] {
  const tools = join(cacheFolder, 'tools');
  const ours = (name: string, ...args: string[]) => ({
    argv: [join(projectRoot, 'node_modules', '.bin', name), ...args] as const,
  });
  return [
    check('types', 'types (tsc)', async () => ours('tsc', '--noEmit')),
    check('style', 'style (biome)', async () => ours('biome', 'check', '--error-on-warnings', '.')),
    check('dead-code', 'dead code (knip)', async () => ours('knip', '--no-progress')),
    check('house', 'rules of the house (dependency-cruiser)', async () => ({
      argv: [process.execPath, '--import', 'tsx', join(projectRoot, 'scripts', 'dev', 'house.ts')],
    })),
    check('shell', 'shell scripts (shellcheck)', findShellcheck),
    check('workflow-syntax', 'workflow syntax (actionlint)', (signal) => findActionlint(tools, signal)),
    check('workflow-security', 'workflow security (zizmor)', async (signal) => {
      const tool = await findZizmor(tools, signal);
      const args = ['--offline', '--no-progress', '--color=never', workflows, '.github/dependabot.yml'];
      return 'argv' in tool ? { argv: [...tool.argv, ...args] } : tool;
    }),
    { name: 'unit', title: 'unit tests (mocha)', kind: 'check', perform: (signal) => runTests(unitTests, signal) },
    { name: 'browser', title: 'reports in a browser (chromium)', kind: 'check', perform: testsInBrowser },
  ];
}

/** A check by a program that ends with status 0 where all is well. */
function check(name: string, title: string, find: (signal: AbortSignal) => Promise<Tool>): Check {
  return {
    name,
    title,
    kind: 'check',
    async perform(signal): Promise<StageOutcome> {
      const tool = await find(signal);
      if ('missing' in tool) return { kind: 'skipped', reason: tool.missing };
      const { status, stdout, stderr } = await host.attempt({
        argv: tool.argv,
        directory: projectRoot,
        deadline: 300_000,
        signal,
      });
      if (status === 0) return { kind: 'passed' };
      return { kind: 'failed', exit: 'doesNotConform', output: [stdout, stderr].filter(Boolean).join('\n') };
    },
  };
}

async function findShellcheck(signal: AbortSignal): Promise<Tool> {
  const { status } = await host.attempt({ argv: ['shellcheck', '--version'], deadline: 10_000, signal });
  if (status !== 0) return { missing: 'shellcheck is not on PATH' };
  const scripts = (await shellScripts()).map((path) => relative(projectRoot, path));
  return { argv: ['shellcheck', '--shell=sh', '--severity=warning', ...scripts] };
}

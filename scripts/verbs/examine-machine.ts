import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { Engine, probeEngine } from '../../clusters/host/engine/engine.ts';
import { engineMissing } from '../../clusters/host/engine/engine-errors.ts';
import { describeStep, inspectEngineHost, planInstallation } from '../../clusters/host/engine/install.ts';
import { type Finding, judge } from '../../clusters/host/machine/checks.ts';
import { readMachineFacts } from '../../clusters/host/machine/facts.ts';
import { deadBuilds } from '../../clusters/host/node-image/build-folder.ts';
import { readRecipe } from '../../clusters/host/node-image/recipe.ts';
import { lpv } from '../../clusters/project-root.ts';
import { buildsFolder, type ClusterOptions, type ClusterPlan, planCluster } from '../run/cluster/plan.ts';
import { Registry } from '../run/registry.ts';

/** Prints what of this machine the specs need, and what is missing. */
export async function examineMachine(options: ClusterOptions & { json?: boolean }): Promise<ExitStatus> {
  const plan = await planCluster(options);
  const state = await probeEngine();
  const findings = judge(await readMachineFacts(state));
  if (state.kind === 'answers') findings.push(await imageFinding(plan, new Engine(state.facts)));
  else if (state.kind === 'no client' || state.kind === 'no daemon')
    findings.splice(0, 1, await engineFinding(plan, findings[0]));
  else findings.splice(0, 1, engineProblem(findings[0], engineMissing(state, []).details.remedy));
  findings.push(await leftoverFinding());

  const marks = { fine: '✓', warning: '!', problem: '✗' };
  if (options.json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else {
    for (const { check, state: found, seen, remedy } of findings) {
      process.stdout.write(
        ` ${marks[found]} ${check.padEnd(18)} ${seen}\n${remedy ? `   ${''.padEnd(18)} do: ${remedy.replaceAll('\n', `\n${' '.repeat(26)}`)}\n` : ''}`,
      );
    }
  }
  return findings.some(({ state: found }) => found === 'problem') ? 'environment' : 'conforms';
}

/** A missing engine is no problem where the harness may install one. */
async function engineFinding(plan: ClusterPlan, found: Finding | undefined): Promise<Finding> {
  const steps = planInstallation(await inspectEngineHost(plan.versions.engine), plan.versions.engine);
  const seen = found?.seen ?? 'no engine';
  const commands = steps.flatMap((step) => step.commands).join('\n');
  if (steps.length === 0) return engineProblem(found, 'install and start Docker Engine 24 or later');
  if (!plan.mayInstall) return engineProblem(found, commands);
  return {
    check: 'container engine',
    state: 'warning',
    seen,
    remedy: `nothing: a run does this by itself, ${steps.map(describeStep).join(', then ')}`,
  };
}

function engineProblem(found: Finding | undefined, remedy = ''): Finding {
  return { check: 'container engine', state: 'problem', seen: found?.seen ?? 'no engine', remedy };
}

async function imageFinding(plan: ClusterPlan, engine: Engine): Promise<Finding> {
  const check = 'node image';
  const { minor, versions, image } = plan;
  const candidates =
    image.kind === 'reference'
      ? [image.reference]
      : [minor.published, ...(minor.built ? [(await readRecipe(versions, minor)).reference] : [])];
  for (const reference of candidates)
    if (await engine.imageId(reference)) return { check, state: 'fine', seen: `${reference} is here` };
  return {
    check,
    state: 'fine',
    seen: `none of Kubernetes ${minor.name} is here; a run pulls it, or builds it where no registry answers`,
  };
}

async function leftoverFinding(): Promise<Finding> {
  const registry = new Registry();
  const dead = await registry.deadRuns();
  const [unreadable] = await registry.unreadable();
  if (unreadable)
    return {
      check: 'earlier runs',
      state: 'warning',
      seen: unreadable.details.on ?? '',
      remedy: unreadable.details.remedy ?? '',
    };
  const left = [...dead.map(({ cluster }) => cluster), ...(await deadBuilds(buildsFolder(process.env)))];
  if (left.length === 0) return { check: 'earlier runs', state: 'fine', seen: 'none of them left anything' };
  return { check: 'earlier runs', state: 'warning', seen: `killed runs left ${left.join(', ')}`, remedy: lpv('clean') };
}

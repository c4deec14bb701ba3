import { randomInt } from 'node:crypto';
import { cpus } from 'node:os';
import type { ExitStatus } from '../../clusters/exit-status.ts';
import { proveHealthy } from '../../specs/support/health.ts';
import { reportInfrastructureTo } from '../../specs/support/infrastructure.ts';
import { type Places, proveUnchanged, readPlaces } from '../../specs/support/places.ts';
import { allRequirements } from '../../specs/support/requirement.ts';
import { closeWorld } from '../../specs/support/world.ts';
import type { RunOptions } from '../command-line/options.ts';
import { environmentProperties, environmentRecord } from '../report/environment.ts';
import { type Action, performAll, undoAll } from '../run/actions.ts';
import { planCluster } from '../run/cluster-plan.ts';
import {
  type ClusterSite,
  Construction,
  clusterSteps,
  existingClusterSteps,
  type Reservation,
} from '../run/cluster-steps.ts';
import { loadSpecs } from '../run/load-specs.ts';
import { checkManifests } from '../run/manifests.ts';
import { recordStep } from '../run/record-step.ts';
import { Registry, type RegistryEntry } from '../run/registry.ts';
import { beginSession } from '../run/session.ts';
import { specFiles } from '../run/spec-files.ts';
import { seedLimit, shuffled } from '../run/spec-order.ts';
import { chooseBy } from '../run/spec-selection.ts';
import { runSpecs } from '../run/specs.ts';
import { environmentFacts, harnessFacts, projectRoot } from '../run/surroundings.ts';
import { keptAdvice, ownCluster } from './own-cluster.ts';

/** `lpv run`: proves the requirements on a cluster of its own, or on one that `lpv up` made. */
export default async function run(options: RunOptions): Promise<ExitStatus> {
  // All that can be wrong is found before anything is made.
  const plan = await planCluster(options);
  const existing = options.use === undefined ? undefined : await ownCluster(new Registry(), options.use);
  await checkManifests();
  const requirements = new Map(allRequirements().map((requirement) => [requirement.id, requirement]));
  const choice = chooseBy(options, [...requirements.values()]);
  const loaded = await loadSpecs({
    files: await specFiles(),
    selection: {
      asked: choice.asked,
      takes: ({ id }) => {
        const requirement = requirements.get(id);
        return requirement !== undefined && choice.takes(requirement);
      },
    },
    root: projectRoot,
  });
  const seed = options.seed === undefined ? randomInt(seedLimit) : Number(options.seed);
  const made = new Construction();
  const specs = [...loaded.specs.values()];
  if (options.list) {
    for (const { id, title, chapter } of specs)
      process.stdout.write(`${id.padEnd(10)} ${chapter.padEnd(12)} ${title}\n`);
    return 'conforms';
  }
  if (options.dryRun) {
    const site = {
      run: 'dry',
      cluster: 'lpv-dry',
      network: 'lpv-dry',
      folder: options.report,
      kubeconfig: '',
      reserve: async () => {},
    };
    const steps = [...stepsOf(existing, site), { title: `Running ${specs.length} specs` }];
    process.stdout.write(`${steps.map(({ title }) => `would be done: ${title}`).join('\n')}\n`);
    return 'conforms';
  }

  const harness = await harnessFacts();
  let recorded = environmentRecord('', new Date(), environmentFacts(harness, made));
  await using session = await beginSession({
    verb: 'run',
    reports: options.report,
    existing,
    properties: () => environmentProperties(recorded),
  });
  const { site, events, journal, signal, summary } = session;
  signal.addEventListener('abort', () => made.forgoLogs());

  const record = recordStep({
    site,
    made,
    plan,
    harness,
    stays: existing !== undefined || options.keep !== 'never',
    recorded: (found) => {
      recorded = found;
    },
  });
  const performance = await performAll([...stepsOf(existing, site), record], {
    events,
    journal,
    signal,
    keep: (outcome) => outcome === 'failed' && options.keep !== 'never' && made.nodes.length > 0,
  });
  if (performance.outcome === 'done') {
    using _told = reportInfrastructureTo({
      note: (text) => events.emit({ kind: 'action-noted', action: 'specs', text }),
      retried: (step, attempt, reason) =>
        events.emit({ kind: 'action-retried', action: 'specs', step, attempt, reason }),
    });
    const planned = [...loaded.specs].map(([test, spec]) => {
      const { features = [], holds = [] } = requirements.get(spec.id) ?? {};
      return { test, spec, alone: features.includes('disruptive'), holds };
    });
    let places: Places | undefined;
    await runSpecs(
      Array.from({ length: Number(options.repeat) }, (_, round) => shuffled(planned, seed + round)),
      {
        events,
        signal,
        folder: site.folder,
        seed,
        jobs: options.jobs === undefined ? 3 * cpus().length : Number(options.jobs),
        proveHealthy,
        open: async () => {
          places = await readPlaces();
        },
        close: async () => {
          try {
            if (places) await proveUnchanged(places);
          } finally {
            await closeWorld();
          }
        },
      },
    );
  }

  const good = performance.outcome === 'done' && summary().specs.every(({ result }) => result.outcome !== 'failed');
  const stays =
    existing !== undefined ||
    (made.nodes.length > 0 && !signal.aborted && (options.keep === 'always' || (options.keep === 'failure' && !good)));
  made.logsWanted = !good && !signal.aborted;
  if (stays && !existing) await session.keep();
  else if (!existing) await undoAll(clusterSteps(plan, site, made).concat(record), { events, journal });
  const verdict = session.finish();
  if (stays && !existing) process.stdout.write(`${keptAdvice(site)}\n`);
  return verdict;

  function stepsOf(there: RegistryEntry | undefined, at: ClusterSite & Reservation): Action[] {
    return there ? existingClusterSteps(plan, at, made, there.run) : clusterSteps(plan, at, made);
  }
}

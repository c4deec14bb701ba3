import { join } from 'node:path';
import pc from 'picocolors';
import { startAgents } from '../../clusters/agent/agents.ts';
import type { Agents } from '../../clusters/agent/kept-agents.ts';
import { type AccessOptions, type ClusterAccess, findAccess } from '../../clusters/api/access/access.ts';
import { connect } from '../../clusters/api/client.ts';
import type { Node as NodeObject } from '../../clusters/api/objects.ts';
import { readVersions } from '../../clusters/configuration/versions.ts';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { lpv } from '../../clusters/project-root.ts';
import { silent } from '../../clusters/text/progress.ts';
import { redact } from '../../clusters/text/redact.ts';
import { closeTestCluster, reportInfrastructureTo } from '../../specs/runner/test-cluster.ts';
import type { NodeAccess } from '../../specs/trace/gather.ts';
import { readLogLines, verbosityFor } from '../../specs/trace/log-lines.ts';
import { openReader } from '../../specs/trace/reader.ts';
import type { Trace } from '../../specs/trace/trace.ts';
import { withVerbosity } from '../../specs/trace/verbosity.ts';
import { flagOf } from '../command-line/verb.ts';
import { terminalCapabilities } from '../report/formats/terminal.ts';
import { type Action, performAll, undoAll } from '../run/actions.ts';
import { type ClusterOptions, type ClusterPlan, planCluster } from '../run/cluster/plan.ts';
import { ClusterState } from '../run/cluster/state.ts';
import { clusterSteps, existingClusterSteps } from '../run/cluster/steps.ts';
import { lockCluster } from '../run/cluster-lock.ts';
import { imagesFor } from '../run/lent-cluster/survey.ts';
import { recordStep } from '../run/record-step.ts';
import { Registry } from '../run/registry.ts';
import { runIdentity } from '../run/run-identity.ts';
import { beginSession } from '../run/session.ts';
import { listenForSignals } from '../run/signals.ts';
import { harnessFacts } from '../run/surroundings.ts';
import { besideText } from '../trace/beside.ts';
import { traceOfPod } from '../trace/of-pod.ts';
import { type BindingMode, playTraced } from '../trace/play.ts';
import { besideSvg } from '../trace/svg/beside.ts';
import { cleanTrace, traceText, writeFiles, writeTrace } from '../trace/write-trace.ts';
import { ownCluster, usableCluster } from './own-cluster.ts';
import { assertReportFolder } from './report-folder.ts';

/** The options of `lpv trace`. */
interface Options extends ClusterOptions, AccessOptions {
  pod?: string;
  agent?: boolean;
  registry?: string;
  agentImage?: string;
  use?: string;
  report?: string;
  json?: boolean;
}

/** Shows how a pod gets its local volume: the scenario's in both binding modes, or one that exists. */
export async function showTrace(options: Options): Promise<ExitStatus> {
  if (options.pod !== undefined) return await explain(options, options.pod);
  for (const option of ['kubeconfig', 'context', 'as', 'asGroup', 'agent', 'registry', 'agentImage'] as const)
    if (options[option] !== undefined) throw scenarioElsewhere(option);
  if (options.json) throw scenarioAsJson();
  return await play(options);
}

/** Explains a pod of a cluster, which is only read. */
async function explain(options: Options, pod: string): Promise<ExitStatus> {
  const [namespace = '', name = ''] = pod.split('/');
  if (options.report !== undefined) await assertReportFolder(options.report);
  const own = options.use === undefined ? undefined : (await ownCluster(new Registry(), options.use)).kubeconfig;
  const access = await findAccess(own === undefined ? options : { kubeconfig: own }, { environment: process.env });
  using reader = await openReader(access);
  // To standard error, so that a pipe gets the trace alone.
  process.stderr.write(
    redact(
      `reading context ${access.name} of ${access.origin} (${reader.server}); ${options.agent ? 'an agent on the node of the pod is created, and removed' : 'nothing is changed'}\n\n`,
    ),
  );
  const made = await readByWay(options, access, (to) => traceOfPod(reader, { namespace, name }, to));
  if (made === undefined) return 'interrupted';
  if (options.json) process.stdout.write(`${JSON.stringify(made, null, 2)}\n`);
  else process.stdout.write(`${traceText(made, { colors: colours() })}\n`);
  if (options.report !== undefined) {
    const identity = runIdentity();
    const folder = join(options.report, identity.folder.replace(/^reports\//, ''));
    const paths = await writeTrace(folder, { name: `${namespace}-${name}`, trace: made });
    process.stderr.write(`${paths.map((path) => `wrote ${join(folder, path)}`).join('\n')}\n`);
  }
  return made.outcome.state === 'stuck' ? 'doesNotConform' : 'conforms';
}

/** A way to a node, for a trace. */
type WayTo = (node: NodeObject) => Promise<NodeAccess>;

/**
 * Returns the trace that `read` makes, with agents as its way to nodes where they are wanted: they are removed also when
 * a signal interrupts it. Undefined: one did.
 */
async function readByWay(
  options: Options,
  access: ClusterAccess,
  read: (to?: WayTo) => Promise<Trace>,
): Promise<Trace | undefined> {
  if (!options.agent) return cleanTrace(await read());
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  using signals = listenForSignals({
    interrupted: () => say('interrupted; removing the agent'),
    say,
    cleanCommand: () => lpv('clean --context NAME'),
  });
  const { signal } = signals;
  await using way = await wayByAgent(access, options, signal);
  const interrupted = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
  const made = await Promise.race([read(way.to), interrupted]);
  return made && cleanTrace(made);
}

/** Seconds for which a trace may have its agents: a trace takes some, and the image may have to be pulled before it. */
const agentsEndAfter = 300;

/** Returns a way to nodes through an agent on each that is asked for; its disposal removes them. */
async function wayByAgent(
  access: ClusterAccess,
  options: Options,
  signal: AbortSignal,
): Promise<{ to: WayTo } & AsyncDisposable> {
  const client = await connect({ kubeconfig: access });
  const images = await imagesFor(await readVersions(), options);
  const started: Promise<Agents>[] = [];
  return {
    async to({ metadata: { name } }) {
      const run = runIdentity().id;
      const request = { client, run, nodes: [name], image: images.agent, progress: silent, signal };
      try {
        const starting = startAgents({ ...request, endsAfter: agentsEndAfter });
        started.push(starting);
        const agents = await starting;
        const [node] = agents.nodes;
        return node ? { node } : { unread: `${name} has no agent` };
      } catch (error) {
        return { unread: messageOf(error) };
      }
    },
    [Symbol.asyncDispose]: async () => {
      // One that has not started has removed itself.
      for (const agents of await Promise.allSettled(started))
        if (agents.status === 'fulfilled') await agents.value[Symbol.asyncDispose]();
      client[Symbol.dispose]();
    },
  };
}

/** Runs the scenario in both binding modes, on a cluster whose components log what a trace needs. */
async function play(options: Options): Promise<ExitStatus> {
  const plan = await withTraceVerbosity(await planCluster(options));
  await assertReportFolder(options.report ?? 'reports');
  const existing = options.use === undefined ? undefined : await usableCluster(new Registry(), options.use);
  await using _lock = existing && (await lockCluster(existing.cluster, 'trace'));
  const state = new ClusterState();
  await using session = await beginSession({ verb: 'trace', reports: options.report ?? 'reports', existing });
  const { target, events, journal, signal } = session;
  signal.addEventListener('abort', () => state.forgoLogs());
  const stays = existing !== undefined;
  const cluster = existing
    ? existingClusterSteps(plan, target, state, existing.run)
    : clusterSteps(plan, target, state);
  const record = recordStep({ target, state, plan, harness: await harnessFacts(), stays });
  const traces: Trace[] = [];
  const steps = [
    ...cluster,
    record,
    ...(['Immediate', 'WaitForFirstConsumer'] as const).map((mode) => playAction(mode, traces)),
  ];
  const performance = await performAll(steps, { events, journal, signal });
  if (performance.outcome === 'done') {
    await session.attempt('Closing the watches', closeTestCluster);
    state.logsWanted = false;
    await undoAll(steps, { events, journal });
  }
  const [immediate, waiting] = traces.map(cleanTrace);
  const exitStatus = await session.finish();
  if (immediate === undefined || waiting === undefined) return exitStatus;
  await writeTrace(target.folder, { name: 'immediate', trace: immediate });
  await writeTrace(target.folder, { name: 'wait-for-first-consumer', trace: waiting });
  const colors = colours();
  const plain = { colors: pc.createColors(false) };
  await writeFiles(target.folder, 'side-by-side', {
    txt: besideText(immediate, waiting, plain),
    svg: besideSvg(immediate, waiting),
  });
  const texts = [immediate, waiting].map((one) => traceText(one, { colors }));
  process.stdout.write(`\n${[...texts, besideText(immediate, waiting, { colors })].join('\n\n')}`);
  process.stdout.write(`\n   drawn: ${join(target.folder, 'traces')}\n`);
  return exitStatus;
}

/** Returns the step that runs the scenario in a binding mode and adds its trace to `traces`. */
function playAction(mode: BindingMode, traces: Trace[]): Action {
  return {
    name: `scenario-${mode.toLowerCase()}`,
    title: `Playing the scenario, ${mode}`,
    deadline: 3 * 60_000,
    async perform({ progress, signal }) {
      using _told = reportInfrastructureTo(progress);
      const trace = await playTraced(mode, signal);
      progress.note(`the pod ${trace.outcome.sentence}`);
      traces.push(trace);
    },
  };
}

async function withTraceVerbosity(plan: ClusterPlan): Promise<ClusterPlan> {
  const { lines } = (await readLogLines()).of(plan.minor.name);
  const document = withVerbosity(plan.configuration.document, verbosityFor(lines));
  return { ...plan, configuration: { ...plan.configuration, document } };
}

function colours(): ReturnType<typeof pc.createColors> {
  return pc.createColors(terminalCapabilities(process.stdout, process.env).color);
}

function scenarioElsewhere(option: string): DomainError {
  return new DomainError(
    {
      attempted: 'choosing where to play the scenario',
      seen: `${flagOf(option)} without --pod`,
      why: 'the scenario makes disks on nodes and PersistentVolumes: it runs on clusters of this project only',
      remedy: 'leave it out for a cluster of its own, name one with --use, or explain a pod with --pod NAMESPACE/NAME',
    },
    { exit: 'badUsage' },
  );
}

function scenarioAsJson(): DomainError {
  return new DomainError(
    {
      attempted: 'choosing what to print',
      seen: '--json without --pod',
      remedy: 'leave it out: the traces of the scenario are in traces/*.json of the report folder',
    },
    { exit: 'badUsage' },
  );
}

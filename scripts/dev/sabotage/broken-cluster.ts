import { beginStaticProvisioner } from '../../../clusters/static-provisioner/build.ts';
import { type Places, readPlaces } from '../../../specs/runner/health.ts';
import { closeTestCluster, type TestCluster, testCluster } from '../../../specs/runner/test-cluster.ts';
import { performAll, undoAll } from '../../run/actions.ts';
import { planCluster } from '../../run/cluster/plan.ts';
import { ClusterState } from '../../run/cluster/state.ts';
import { clusterSteps, imageSteps } from '../../run/cluster/steps.ts';
import { recordStep } from '../../run/record-step.ts';
import { beginSession } from '../../run/session.ts';
import { harnessFacts } from '../../run/surroundings.ts';

/** A cluster to break, of a Kubernetes with every patch in it. Disposing it removes it. */
export interface BrokenCluster extends AsyncDisposable {
  cluster: TestCluster;
  /** What the nodes had before any defect. */
  places: Places;
  /** Aborted by the signals that interrupt a run. */
  signal: AbortSignal;
}

/**
 * Builds the node image of a Kubernetes tree, and returns its reference; undefined where it could not be built: why has
 * been written to the terminal.
 */
export async function buildImage(kubernetesSource: string): Promise<string | undefined> {
  const plan = await planCluster({ image: 'auto', kubernetesSource, install: true });
  const state = new ClusterState();
  await using session = await beginSession({ verb: 'image', reports: 'reports' });
  const { events, journal, signal } = session;
  await performAll(imageSteps(plan, state), { events, journal, signal });
  await session.finish();
  return state.image?.reference;
}

/**
 * Creates a cluster of a node image. Returns undefined where it could not be created: why has been written to the
 * terminal, and what was begun is undone.
 */
export async function createCluster(image: string): Promise<BrokenCluster | undefined> {
  const plan = await planCluster({ image, install: true });
  const state = new ClusterState();
  const session = await beginSession({ verb: 'sabotage', reports: 'reports', name: 'sabotage' });
  const { target, events, journal, signal } = session;
  signal.addEventListener('abort', () => state.forgoLogs());
  using building = beginStaticProvisioner({
    pin: plan.versions.staticProvisioner,
    cacheFolder: plan.cacheFolder,
    signal,
  });
  state.staticProvisioner = building.result;
  const steps = clusterSteps(plan, target, state).concat(
    recordStep({ target, state, plan, harness: await harnessFacts(), stays: false }),
  );
  const { outcome } = await performAll(steps, { events, journal, signal });
  const dispose = async (): Promise<void> => {
    await closeTestCluster();
    state.logsWanted = false;
    if (outcome === 'done') await undoAll(steps, { events, journal });
    await session.finish();
    await session[Symbol.asyncDispose]();
  };
  if (outcome !== 'done') {
    await dispose();
    return undefined;
  }
  try {
    const cluster = await testCluster();
    const places = await readPlaces();
    return { cluster, places, signal, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

import { ApiRefusal, type RefusalCause } from '../../clusters/api/refusal.ts';
import { isolateNames } from '../../fixtures/isolate-names.ts';
import { loadManifests } from '../../fixtures/load.ts';
import { admissible, currentSpec, evidence, expect, manifests, testCluster } from '../harness/index.ts';

/** What the API server is to say: HTTP status and causes, each with its field, reason and a part of its message. */
export interface Refused {
  /** 422 where not given: the object is understood and not valid. */
  status?: number;
  causes: readonly RefusalCause[];
  /** A part of the sentence, where admission refuses, which names no field. */
  message?: string;
}

/** An object as it goes to the API server; anything may stand in it, also what no fixture may hold. */
// biome-ignore lint/suspicious/noExplicitAny: a case changes any field, and adds fields that do not exist.
export type Anything = any;

/**
 * Loads the volume, class, claim or pod that most specs begin with, as a plain object with a name of the spec's own.
 */
export async function plainManifest(
  part: keyof typeof manifests,
  change: (manifest: Anything) => void,
): Promise<Anything> {
  const { facts } = await testCluster();
  const { run, namespace = 'default' } = facts;
  const locality = { run, spec: currentSpec().id, namespace, shared: facts.namespace !== undefined };
  const [manifest] = isolateNames(await loadManifests(manifests[part]), locality);
  if (!manifest) throw new Error(`${manifests[part]} is empty`);
  if (manifest.kind === 'Pod' && facts.lent) admissible(manifest.spec, { restricted: true });
  change(manifest);
  return manifest;
}

/** Returns the request is refused, and for these reasons only; the whole refusal becomes evidence. */
export async function expectRefusal(request: Promise<unknown>, wanted: Refused): Promise<void> {
  const refusal = await request.then(
    (accepted) => expect.fail(`accepted: ${JSON.stringify(accepted)}`),
    (error: unknown) => error,
  );
  if (!(refusal instanceof ApiRefusal)) throw refusal;
  const { status, causes, message, refusal: sentence } = refusal;
  evidence.keep('refusal', `${message}\n${JSON.stringify(causes, null, 2)}`);
  expect(status, message).to.equal(wanted.status ?? 422);
  if (wanted.message !== undefined) expect(sentence).to.include(wanted.message);
  const outline = ({ field, reason }: RefusalCause) => `${field}: ${reason}`;
  // 1.36 tells some causes twice.
  const found = causes.filter(
    (cause, index) => causes.findIndex((other) => outline(other) === outline(cause)) === index,
  );
  expect(found.map(outline), message).to.deep.equal(wanted.causes.map(outline));
  for (const [index, cause] of wanted.causes.entries()) expect(found[index]?.message).to.include(cause.message);
}

import { messageOf } from '../../clusters/errors/domain-error.ts';
import { usualPlaces } from '../../clusters/nodes/node.ts';
import { kubeletLogSince } from '../../clusters/nodes/node-logs.ts';
import { redact } from '../../clusters/text/redact.ts';
import { diagnoseFailure, type FailureDiagnosis, type NamespaceFacts, nodesOf } from '../diagnosis/failure-text.ts';
import { relatedObjects } from '../diagnosis/related-objects.ts';
import type { CurrentSpec } from './current-spec.ts';
import { keepEvidence } from './evidence.ts';
import { type LastLook, readOn } from './last-look.ts';

/** Milliseconds for reading kubelet's journal of all nodes. */
const patience = 4_000;

/** What is known of a failure without the cluster. */
export interface Failure {
  /** The title of the spec: requirement and sentence. */
  claimed: string;
  /** The message of the failure. */
  seen: string;
}

/**
 * Returns what the cluster looked like to a spec that has failed, and keeps it as evidence of the spec; undefined for a
 * spec without a namespace. Call it when the spec has ended. It takes a few seconds at most, and never throws: what it
 * cannot find out is a line of the text.
 */
export async function keepDiagnosis(
  spec: Pick<CurrentSpec, 'id' | 'namespaces' | 'evidence'>,
  { claimed, seen }: Failure,
  signal: AbortSignal,
): Promise<FailureDiagnosis | undefined> {
  if (spec.namespaces.length === 0) return undefined;
  try {
    const looks = spec.namespaces.map((namespace) => namespace.lastLook());
    const { essence, text } = diagnoseFailure(await Promise.all(looks.map((look) => factsOf(look, signal))), seen);
    const [folder = ''] = looks.map(({ cluster }) => cluster.facts.folder);
    const note = kept(() => keepEvidence(folder, spec, 'diagnosis', `Claimed: ${claimed}\n\nSeen: ${seen}\n\n${text}`));
    return { essence, text: text + note };
  } catch (error) {
    const text = `The diagnosis could not be made: ${redact(messageOf(error))}`;
    return { essence: text, text };
  }
}

/** Returns what was gathered, even where it could not be written. */
function kept(write: () => void): string {
  try {
    write();
    return '';
  } catch (error) {
    return `\n\nThe diagnosis could not be kept as evidence: ${redact(messageOf(error))}`;
  }
}

async function factsOf(look: LastLook, signal: AbortSignal): Promise<NamespaceFacts> {
  const { namespace, opened, at, own, cluster, storage } = look;
  const view = look.view();
  const names = nodesOf(view, relatedObjects(view, own, namespace, ''));
  const limited = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  const nodes = names.map(async (name) => ({
    name,
    disks: (cluster.nodes.find((node) => node.name === name)?.places ?? usualPlaces).disks,
    kubelet: await readOn(cluster, name, (node) => kubeletLogSince(node, opened, limited)),
    storage: (await storage.get(name)) ?? { unread: 'no pod was there any more when the namespace ended' },
  }));
  return { namespace, opened, at, view, own, nodes: await Promise.all(nodes) };
}

import { randomBytes } from 'node:crypto';
import type { ClusterClient } from '../../clusters/api/client.ts';

/** An event about an object, as controllers report them. */
export interface ReportedEvent {
  /** The reporting component, such as the name of a provisioner. */
  component: string;
  about: { apiVersion: string; kind: string; name: string; uid: string; namespace?: string | undefined };
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** Creates an event in the cluster. Events about objects without a namespace are in `default`, as in Kubernetes. */
export async function reportEvent(
  client: ClusterClient,
  { component, about, type, reason, message }: ReportedEvent,
  now = new Date(),
): Promise<void> {
  const namespace = about.namespace ?? 'default';
  const { apiVersion, kind, name, uid } = about;
  const at = `${now.toISOString().slice(0, 19)}Z`;
  await client.create({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${randomBytes(8).toString('hex')}`, namespace },
    involvedObject: { apiVersion, kind, name, uid, ...(about.namespace === undefined ? {} : { namespace }) },
    type,
    reason,
    message,
    source: { component },
    reportingComponent: component,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  });
}

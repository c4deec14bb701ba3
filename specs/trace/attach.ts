import type { Records } from './records.ts';
import type { Subject } from './subject.ts';
import type { AttachPhase } from './trace.ts';

/**
 * Shows whether anything was attached for a pod's volumes. For a local volume nothing is: its plugin has no attacher.
 */
export function attachPhase({ store, unreadable }: Records, { pod, volumes }: Subject): AttachPhase {
  const names = volumes.flatMap(({ volumeName }) => volumeName ?? []);
  if (names.length === 0) return { state: 'not known', proofs: ['no PersistentVolume is known yet'] };
  const title = names.join(', ');
  const proofs = ['the plugin kubernetes.io/local-volume implements no attacher (pkg/volume/local)'];
  const unread = unreadable.find(({ kind }) => kind === 'VolumeAttachment');
  const attachments = store.list('VolumeAttachment');
  const ours = attachments.filter(({ spec }) => names.includes(spec.source?.persistentVolumeName ?? ''));
  if (unread) proofs.push(`VolumeAttachments were not read: ${unread.why}`);
  else if (ours.length === 0) proofs.push(`no VolumeAttachment names ${title} (${attachments.length} in the cluster)`);
  else proofs.push(`VolumeAttachment ${ours.map(({ metadata }) => metadata.name).join(', ')} names ${title}`);
  const nodeName = pod.spec?.nodeName;
  const node = nodeName === undefined ? undefined : store.get({ kind: 'Node', name: nodeName });
  const onNode = (node?.status?.volumesAttached ?? []).filter(({ name }) =>
    names.some((volume) => name.endsWith(`/${volume}`)),
  );
  if (nodeName === undefined) proofs.push('the pod has no node yet');
  else if (!node) proofs.push(`Node ${nodeName} was not read`);
  else if (onNode.length === 0) proofs.push(`Node ${nodeName} reports none of it in status.volumesAttached`);
  else proofs.push(`Node ${nodeName} reports ${onNode.map(({ name }) => name).join(', ')} in status.volumesAttached`);
  if (ours.length > 0 || onNode.length > 0) return { state: 'not empty', proofs };
  return { state: unread ? 'not known' : 'empty', proofs };
}

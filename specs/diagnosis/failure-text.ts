import { type ObjectRef, titleOf } from '../../clusters/api/kinds.ts';
import { eventTime, type StoreView } from '../../clusters/api/object-history.ts';
import { stateOf } from '../../clusters/api/object-state.ts';
import { messageOf } from '../../clusters/errors/domain-error.ts';
import type { KubeletLogLine } from '../../clusters/nodes/node-logs.ts';
import type { NodeStorage } from '../../clusters/nodes/node-storage.ts';
import { redact } from '../../clusters/text/redact.ts';
import { conclusionLines, type Diagnosis, diagnose } from './diagnosis.ts';
import { changesOf, eventsInOrder, timeOfDay } from './record.ts';
import { relatedObjects, viewpoints } from './related-objects.ts';
import { aligned, isNamedIn, wrapped } from './text.ts';

/** What was read, or why it could not be read. */
export type ReadResult<T> = { read: T } | { unread: string };

/** What a node says of a namespace. */
export interface NodeSaid {
  name: string;
  /** The folder in which its disks are mounted. */
  disks: string;
  kubelet: ReadResult<readonly KubeletLogLine[]>;
  storage: ReadResult<NodeStorage>;
}

/** A namespace whose spec has failed, as it was before it removed its objects. */
export interface NamespaceFacts {
  namespace: string;
  opened: Date;
  at: Date;
  /** What was seen of the cluster up to then. */
  view: StoreView;
  /** The objects that the spec has made. */
  own: readonly ObjectRef[];
  /** The nodes where its pods were. */
  nodes: readonly NodeSaid[];
}

const objectsShown = 24;
const linesShown = 60;
const widest = 1_000;

/** What the cluster looked like to a spec that failed. */
export interface FailureDiagnosis {
  /** The object that it is about, and what is concluded: a few lines, as a terminal shows them. */
  essence: string;
  /** All of it, which begins with the essence. */
  text: string;
}

/**
 * Returns what the cluster looked like to a spec that failed, without secrets. Pure.
 * @param seen the message of the failure: an object that it names comes first
 */
export function diagnoseFailure(namespaces: readonly NamespaceFacts[], seen: string): FailureDiagnosis {
  const blocks = namespaces.map((namespace) => namespaceBlocks(namespace, seen));
  const essence = (blocks.map(({ essence }) => essence).find((lines) => lines.length > 0) ?? []).join('\n');
  const rest = blocks.flatMap((block) => block.rest).map((lines) => lines.join('\n'));
  return { essence: redact(essence), text: redact([essence, ...rest].join('\n\n')) };
}

/** Words by which kubelet names what belongs to a namespace: its namespace, and the pods' uids and the volumes' names. */
function wordsFor({ view, own, namespace }: Pick<NamespaceFacts, 'view' | 'own' | 'namespace'>): string[] {
  const refs = relatedObjects(view, own, namespace, '');
  const volumes = refs.filter(({ kind }) => kind === 'PersistentVolume').map(({ name }) => name);
  return [...new Set([namespace, ...podUids(view, refs), ...volumes])];
}

/** Returns the nodes where pods of a namespace were, whether they still are or not. */
export function nodesOf(view: StoreView, refs: readonly ObjectRef[]): string[] {
  const pods = refs.flatMap((ref) => (ref.kind === 'Pod' ? view.history({ ...ref, kind: 'Pod' }) : []));
  return [...new Set(pods.flatMap(({ object }) => object.spec?.nodeName ?? []))].sort();
}

function namespaceBlocks(facts: NamespaceFacts, seen: string): { essence: string[]; rest: string[][] } {
  const { namespace, opened, at, view, own, nodes } = facts;
  const refs = relatedObjects(view, own, namespace, seen);
  const time = `namespace ${namespace}, at ${timeOfDay(at)} UTC, before its objects were removed`;
  const views = attempt('the cluster’s view', () =>
    viewpoints(view, refs).map((ref): ViewFrom => ({ ref, ...diagnose(view, ref) })),
  );
  const shown = refs.slice(0, objectsShown).flatMap((ref) => changesOf(view, ref));
  const more = refs.length - objectsShown;
  const words = wordsFor(facts);
  return {
    essence: essenceOf(view, refs, 'read' in views ? views.read : []),
    rest: [
      [
        `The last changes of each object: time, resourceVersion, state (${time})`,
        ...shown,
        ...(more > 0 ? [`and ${more} more objects`] : []),
      ],
      ['Events of these objects, in order', ...lastOf(eventsInOrder(view, refs), 'no events')],
      ...('read' in views
        ? views.read.map(({ ref, lines, conclusion }) => [
            `The cluster seen from ${titleOf(ref)}`,
            ...lines,
            ...conclusionLines(conclusion),
          ])
        : [[views.unread]]),
      ...(nodes.length === 0
        ? [['kubelet and mounts: no pod of the namespace was on a node']]
        : nodes.flatMap((node) => [
            kubeletBlock(node, opened, at, words),
            mountBlock(node, [...podUids(view, refs), ...words]),
          ])),
    ],
  };
}

interface ViewFrom extends Diagnosis {
  ref: ObjectRef;
}

/** The object that it is about, its last warning where nothing is concluded, and the conclusion. */
function essenceOf(view: StoreView, refs: readonly ObjectRef[], views: readonly ViewFrom[]): string[] {
  const concluded = views.find(({ conclusion }) => conclusion !== undefined);
  const ref = concluded?.ref ?? refs[0];
  if (!ref) return [];
  const last = view.history(ref).at(-1);
  const state =
    view.get(ref) && last ? stateOf(last.object) : last ? `deleted, was ${stateOf(last.object)}` : 'not there';
  const warning = view
    .eventsOf(ref)
    .filter(({ type }) => type === 'Warning')
    .toSorted((a, b) => eventTime(a) - eventTime(b))
    .at(-1);
  return [
    `${titleOf(ref)}: ${state}`,
    ...(concluded || !warning ? [] : wrapped('  ', `${warning.reason}: ${warning.message ?? ''}`)),
    ...conclusionLines(concluded?.conclusion),
  ];
}

function kubeletBlock({ name, kubelet }: NodeSaid, opened: Date, at: Date, words: readonly string[]): string[] {
  const title = `kubelet of ${name} about them, ${timeOfDay(opened)} to ${timeOfDay(at)} UTC`;
  if ('unread' in kubelet) return [title, `  could not be read: ${oneLine(kubelet.unread)}`];
  const about = kubelet.read.filter((line) => line.at <= at && words.some((word) => isNamedIn(line.text, word)));
  const lines = about.map((line) => `${timeOfDay(line.at)}  ${line.origin}  ${oneLine(line.text)}`);
  return [title, ...lastOf(lines, 'no line names them')];
}

function mountBlock({ name, disks, storage }: NodeSaid, words: readonly string[]): string[] {
  const title = `Mounts of ${name} under ${disks} and of the pods, and loop devices under them`;
  if ('unread' in storage) return [title, `  could not be read: ${oneLine(storage.unread)}`];
  const mounts = storage.read.mounts.filter(
    ({ mountPoint }) => mountPoint.startsWith(`${disks}/`) || words.some((word) => isNamedIn(mountPoint, word)),
  );
  const sources = new Set(mounts.map(({ source }) => source));
  const loops = storage.read.loops.filter(
    ({ path, backingFile }) => sources.has(path) || words.some((word) => isNamedIn(backingFile, word)),
  );
  const rows = mounts.map(({ device, root, mountPoint, fileSystem, source, options }) => [
    `  ${mountPoint}`,
    `${device} ${root}`,
    `${fileSystem} ${source}`,
    options.join(','),
  ]);
  return [
    title,
    ...(rows.length > 0 ? aligned(rows) : ['  none']),
    ...aligned(loops.map(({ path, backingFile }) => [`  ${path}`, backingFile])),
  ];
}

function podUids(view: StoreView, refs: readonly ObjectRef[]): string[] {
  const pods = refs.filter(({ kind }) => kind === 'Pod');
  return [...new Set(pods.flatMap((ref) => view.history(ref).map(({ object }) => object.metadata.uid)))];
}

function lastOf(lines: readonly string[], none: string): string[] {
  const left = lines.length - linesShown;
  if (lines.length === 0) return [`  ${none}`];
  return [...(left > 0 ? [`  (${left} earlier lines)`] : []), ...lines.slice(-linesShown).map((line) => `  ${line}`)];
}

function oneLine(text: string): string {
  const line = redact(text).replace(/\s+/g, ' ').trim();
  return line.length > widest ? `${line.slice(0, widest)}…` : line;
}

/** A part that fails says so, and hides nothing else. */
function attempt<T>(what: string, work: () => T): ReadResult<T> {
  try {
    return { read: work() };
  } catch (error) {
    return { unread: `${what} could not be read: ${oneLine(messageOf(error))}` };
  }
}

import { grouped } from '../../../../clusters/text/collections.ts';
import { duration } from '../../../../clusters/text/duration.ts';
import { html, type Markup } from '../../../../clusters/text/markup.ts';
import { scheduleLine } from '../../model/figures.ts';
import type { LocalVolumeConformanceReport } from '../../model/report.ts';

/** A spec that ran, and where; milliseconds from the first of them. */
interface Placed {
  id: string;
  from: number;
  to: number;
  where: string;
  alone: boolean;
  /** Of a merged report: the shard that ran it, from 1; nodes of two shards are not the same, whatever their names. */
  shard?: number;
}

const size = { width: 960, left: 110, right: 24, top: 8, bottom: 26, lane: 9, gap: 12 };
const everyNode = 'all nodes';
const wholeCluster = 'the whole cluster';

/**
 * Returns what ran where and when, a row of lanes for each node, of a merged report for each node of each shard: what is
 * empty was idle. Nothing where that is not known.
 */
export function scheduleChart(report: LocalVolumeConformanceReport): Markup | undefined {
  const { schedule } = report;
  const placed = placedOf(report);
  if (placed.length === 0) return undefined;
  const end = Math.max(...placed.map(({ to }) => to));
  const { width, left, right, top, bottom, lane, gap } = size;
  const x = (time: number) => rounded(left + ((width - left - right) * time) / end);
  let y = top;
  const clusters = [...grouped(placed, ({ shard }) => shard)]
    .toSorted(([a = 0], [b = 0]) => a - b)
    .map(([shard, ofCluster]) => {
      const head = y;
      if (shard !== undefined) y += lane + gap;
      const rows = [...grouped(ofCluster, ({ where }) => where)]
        .toSorted(([a], [b]) => orderOf(a).localeCompare(orderOf(b)))
        .map(([where, specs]) => {
          const lanes = inLanes(specs);
          const row = { where, lanes, y, under: shard !== undefined };
          y += lanes.length * lane + gap;
          return row;
        });
      return { name: shard === undefined ? '' : `shard ${shard}`, head, rows };
    });
  const height = y + bottom;
  const step = [10_000, 30_000, 60_000, 300_000].find((each) => end / each <= 12) ?? 3_600_000;
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
  return html`<h3 class="spaced">What ran where and when</h3>
<p class="lead">${schedule && `${scheduleLine(schedule)}. `}Each bar is a spec on the first of the nodes that it had; dark ones had it for themselves.</p>
<div class="scroll" tabindex="0" role="group" aria-label="What ran where and when"><svg class="plot schedule" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="schedule-title schedule-words">
<title id="schedule-title">Specs by node over time</title>
<desc id="schedule-words">${placed.length} specs in ${duration(end)}. ${clusters
    .flatMap(({ name, rows }) =>
      rows.map(
        ({ where, lanes }) =>
          `${[name, where].filter(Boolean).join(', ')}: ${lanes.flat().length}, up to ${lanes.length} at once`,
      ),
    )
    .join('; ')}.</desc>
${ticks.map((tick) => html`<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${top}" y2="${height - bottom}"/><text x="${x(tick)}" y="${height - 8}" text-anchor="middle">${duration(tick)}</text>`)}
${clusters.map(({ name, head }) => name && html`<text class="strong" x="0" y="${head + lane}">${name}</text>`)}
${clusters
  .flatMap(({ rows }) => rows)
  .map(
    ({ where, lanes, y: from, under }) =>
      html`<text class="${under ? '' : 'strong'}" x="${under ? 8 : 0}" y="${from + lane}">${where}</text>${lanes.map(
        (specs, index) =>
          specs.map(
            ({ id, from: begin, to, alone }) =>
              html`<rect class="${alone ? 'alone' : 'dot'}" x="${x(begin)}" y="${from + index * lane}" width="${Math.max(0.5, rounded(x(to) - x(begin) - 0.5))}" height="${lane - 2}"><title>${id}: ${duration(to - begin)} from ${duration(begin)}</title></rect>`,
          ),
      )}`,
  )}
</svg></div>`;
}

function placedOf({ requirements, mergedFrom }: LocalVolumeConformanceReport): Placed[] {
  const shardOf = new Map(
    mergedFrom?.flatMap(({ requirements: ids = [] }, index) => ids.map((id) => [id, index + 1] as const)),
  );
  const ran = requirements.flatMap(({ id, began, milliseconds, place }): Placed[] => {
    if (began === undefined || place === undefined || milliseconds === 0) return [];
    const shard = shardOf.get(id);
    // A merged report that does not say it would show nodes of several clusters as one.
    if (mergedFrom && shard === undefined) return [];
    const { alone, nodes = [] } = place;
    const where = nodes[0] ?? (alone ? wholeCluster : everyNode);
    return [{ id, from: began, to: began + milliseconds, where, alone, ...(shard !== undefined && { shard }) }];
  });
  const first = Math.min(...ran.map(({ from }) => from));
  return ran.map((one) => ({ ...one, from: one.from - first, to: one.to - first }));
}

/** Returns specs in as few lanes as there were at once: none overlaps another in its lane. */
function inLanes(specs: readonly Placed[]): Placed[][] {
  const lanes: Placed[][] = [];
  for (const spec of specs.toSorted((a, b) => a.from - b.from)) {
    const free = lanes.find((lane) => (lane.at(-1)?.to ?? 0) <= spec.from);
    if (free) free.push(spec);
    else lanes.push([spec]);
  }
  return lanes;
}

/** All nodes above each of them, and the whole cluster below. */
function orderOf(where: string): string {
  if (where === everyNode) return `0 ${where}`;
  return `${where === wholeCluster ? 2 : 1} ${where}`;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

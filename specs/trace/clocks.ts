import type { Records } from './records.ts';
import type { Clocks } from './trace.ts';

/**
 * Whether all times of a trace are by one clock. Machines with the same boot id are one kernel and have one clock, as
 * the
 * nodes of kind have; the boot ids of nodes are in their Node objects.
 */
export function clocksOf({ nodes, here }: Records['boots']): Clocks {
  const ids = new Set(Object.values(nodes).filter((id) => id !== ''));
  const [id] = ids;
  const count = Object.keys(nodes).length;
  const who = count === 1 ? 'the node' : `all ${count} nodes`;
  if (count > 0 && ids.size === 1 && id === here) {
    return {
      axes: 'one',
      statement: `one clock: ${who} and this machine share a kernel (boot id ${short(id)}); a watch event’s time is its arrival here, a little after what it tells of`,
    };
  }
  const why =
    count === 0
      ? 'the boot ids of the nodes could not be read'
      : ids.size === 1
        ? `${who} share a kernel (boot id ${short(id)}), which is not this machine’s`
        : `the nodes are ${ids.size} kernels`;
  return {
    axes: 'apart',
    statement: `clocks are apart: ${why}; what the API told and what components told are two sequences, each with its own zero`,
  };
}

function short(id: string | undefined): string {
  return id?.slice(0, 8) ?? '?';
}

import { type VolumeTypeKey, volumeTypes } from '../../clusters/nodes/volume-types.ts';
import { assignedNode } from '../runner/current-spec.ts';
import type { Chapter } from '../runner/registry.ts';

/** The spec of a case of the catalogue's matrix, for one of its volume types, on the node that the run gives it. */
export type CaseProof = (type: VolumeTypeKey, nodeName: string) => Promise<void>;

/**
 * Declares the specs of a case of the matrix, by its pattern as the catalogue has it: one for each of its types.
 * @throws Error where the catalogue has no such case
 * @example provesCase(chapter, 'LV-ACCESS-*-07', async (type, nodeName) => { … });
 */
export function provesCase({ chapter, requirements, proves }: Chapter, pattern: string, proof: CaseProof): void {
  const ofCase = requirements.filter(({ pair }) => pair?.case === pattern);
  if (ofCase.length === 0) throw new Error(`specs/${chapter} has no case ${pattern} in its catalogue`);
  for (const { id, pair } of ofCase) {
    const type = pair?.type ?? '';
    if (!isVolumeType(type)) throw new Error(`clusters/nodes/volume-types.ts has no ${type}`);
    proves(id, () => proof(type, assignedNode()));
  }
}

function isVolumeType(key: string): key is VolumeTypeKey {
  return Object.hasOwn(volumeTypes, key);
}

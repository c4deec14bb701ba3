import type { ChangeType, Listed } from '../../clusters/api/changes.ts';
import { type NodeSelector, selectorText, volumeMismatches } from '../../clusters/api/node-affinity.ts';

/** What a storm keeps of a claim. */
export interface StormClaim extends Listed {
  spec?: { volumeName?: string };
  status?: { phase?: string };
}

/** What a storm keeps of a volume. */
export interface StormVolume extends Listed {
  spec?: {
    claimRef?: { name?: string; namespace?: string; uid?: string };
    nodeAffinity?: { required?: NodeSelector };
  };
  status?: { phase?: string };
}

/** What a storm keeps of a pod. Each has one claim, of its own name. */
export interface StormPod extends Listed {
  spec?: { nodeName?: string };
}

/**
 * What must hold of claims, volumes and pods at every moment of a storm, in which no claim and no volume is removed.
 * Each watch event is looked at once, whatever the number of objects. Watches of different kinds are not in step: what is
 * compared across kinds are only values that never change once they are set.
 */
export class Invariants {
  readonly #violations = new Set<string>();
  readonly #claims = new Map<string, StormClaim>();
  readonly #volumes = new Map<string, StormVolume>();
  readonly #pods = new Map<string, StormPod>();
  /** Of the volumes that claims name: by which claim. */
  readonly #claimOf = new Map<string, string>();
  /** Of the claims that volumes are reserved for, by uid: which volume. */
  readonly #volumeFor = new Map<string, string>();

  /** What did not hold, a sentence each that names the objects. */
  get violations(): readonly string[] {
    return [...this.#violations];
  }

  claim(type: ChangeType, claim: StormClaim): void {
    const { name } = claim.metadata;
    const before = this.#claims.get(name)?.spec?.volumeName;
    if (type === 'DELETED') {
      this.#violated(`claim ${name} was removed, by nobody of the storm`);
      this.#claims.delete(name);
      if (before !== undefined && this.#claimOf.get(before) === name) this.#claimOf.delete(before);
      return;
    }
    this.#claims.set(name, claim);
    const volume = claim.spec?.volumeName;
    if (claim.status?.phase === 'Lost') this.#violated(`claim ${name} is Lost; its volume is ${volume ?? 'none'}`);
    if (before !== undefined && volume !== before)
      this.#violated(`claim ${name} was on volume ${before}, and is on ${volume ?? 'none'} now`);
    if (volume === undefined || volume === before) return;
    const other = this.#claimOf.get(volume);
    if (other !== undefined && other !== name)
      this.#violated(`volume ${volume} is of two claims: ${other} and ${name}`);
    else this.#claimOf.set(volume, name);
    this.#placement(name);
  }

  volume(type: ChangeType, volume: StormVolume): void {
    const { name } = volume.metadata;
    const before = this.#volumes.get(name)?.spec?.claimRef;
    const claimRef = volume.spec?.claimRef;
    if (type === 'DELETED') this.#violated(`volume ${name} was removed, by nobody of the storm`);
    else this.#volumes.set(name, volume);
    const phase = volume.status?.phase;
    if (phase === 'Released' || phase === 'Failed')
      this.#violated(`volume ${name} is ${phase}, and its claim was not removed`);
    if (before?.uid !== undefined && before.uid !== claimRef?.uid) {
      this.#violated(
        claimRef?.uid === undefined
          ? `volume ${name} was reserved for claim ${before.name}, and is for none now`
          : `volume ${name} was reserved for claim ${before.name}, and is for ${claimRef.name} now`,
      );
      if (this.#volumeFor.get(before.uid) === name) this.#volumeFor.delete(before.uid);
    }
    if (claimRef?.uid === undefined || type === 'DELETED') return;
    const other = this.#volumeFor.get(claimRef.uid);
    if (other !== undefined && other !== name)
      this.#violated(`claim ${claimRef.name} has two volumes reserved: ${other} and ${name}`);
    else this.#volumeFor.set(claimRef.uid, name);
    if (claimRef.name !== undefined) this.#placement(claimRef.name);
  }

  pod(type: ChangeType, pod: StormPod): void {
    const { name } = pod.metadata;
    if (type === 'DELETED') {
      this.#violated(`pod ${name} was removed, by nobody of the storm`);
      this.#pods.delete(name);
      return;
    }
    const before = this.#pods.get(name)?.spec?.nodeName;
    this.#pods.set(name, pod);
    if (pod.spec?.nodeName !== before) this.#placement(name);
  }

  /**
   * Looks at everything once more, when nothing changes any longer and all watches are in step: every claim that is
   * bound and its volume name each other, and every volume that is reserved is so for a claim that exists.
   */
  atEnd(): void {
    for (const [name, { metadata, spec, status }] of this.#claims) {
      if (status?.phase !== 'Bound') continue;
      const claimRef = this.#volumes.get(spec?.volumeName ?? '')?.spec?.claimRef;
      if (claimRef?.uid !== metadata.uid)
        this.#violated(
          `claim ${name} is Bound to volume ${spec?.volumeName}, which is reserved for ${claimRef?.name ?? 'no claim'}`,
        );
    }
    for (const [name, { spec }] of this.#volumes) {
      const { claimRef } = spec ?? {};
      if (claimRef?.name === undefined) continue;
      const claim = this.#claims.get(claimRef.name);
      if (claim?.metadata.uid !== claimRef.uid)
        this.#violated(`volume ${name} is reserved for claim ${claimRef.name}, which does not exist`);
    }
  }

  /** The pod of a claim is on a node that the claim's volume admits. Looked at when the last of the three is known. */
  #placement(claim: string): void {
    const node = this.#pods.get(claim)?.spec?.nodeName;
    const name = this.#claims.get(claim)?.spec?.volumeName;
    const volume = name === undefined ? undefined : this.#volumes.get(name);
    if (node === undefined || volume === undefined) return;
    const selector = volume.spec?.nodeAffinity?.required;
    const labels = { 'kubernetes.io/hostname': node };
    if (volumeMismatches({ metadata: { name: node, labels } }, selector).length > 0)
      this.#violated(`pod ${claim} is on ${node}; its volume ${name} is on ${selectorText(selector)}`);
  }

  #violated(sentence: string): void {
    this.#violations.add(sentence);
  }
}

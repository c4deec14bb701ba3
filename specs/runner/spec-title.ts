/** A spec's title taken apart: the requirement it proves, and the sentence about Kubernetes. */
export interface SpecTitle {
  id: string;
  sentence: string;
}

/** Splits a title such as `SEED-4 a local PersistentVolume belongs to nodes`; undefined without an id in front. */
export function parseSpecTitle(title: string): SpecTitle | undefined {
  const [, id, sentence] = /^([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*-\d+[a-z]?)\s+(\S.*)$/s.exec(title.trim()) ?? [];
  return id === undefined || sentence === undefined ? undefined : { id, sentence };
}

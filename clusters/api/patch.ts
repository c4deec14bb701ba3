/** One operation of a JSON patch (RFC 6902). `path` is a JSON pointer such as `/spec/claimRef`. */
type JsonPatchOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: unknown }
  | { op: 'remove'; path: string }
  | { op: 'move' | 'copy'; from: string; path: string };

/** A change to an object, and how the API server is to read it. */
export type Patch =
  /** RFC 7386: named fields replace, null removes, lists are replaced whole. */
  | { type: 'merge'; change: object }
  /** As merge, but lists of named things (containers, conditions) are merged by their key. */
  | { type: 'strategic'; change: object }
  | { type: 'json'; operations: readonly JsonPatchOperation[] };

const contentTypes: Readonly<Record<Patch['type'], string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
};

/** The HTTP content type of a patch. */
export function contentTypeOf(patch: Patch): string {
  return contentTypes[patch.type];
}

/** What goes over the wire. */
export function patchBody(patch: Patch): unknown {
  return patch.type === 'json' ? patch.operations : patch.change;
}

// On the test itself, as a loader may give the spec files module instances of their own.
const declared = Symbol.for('local-pv-conformance.declared');
type Declared = Mocha.Test & { [declared]?: Error };

/** Notes that a spec is declared here and now. Its stack is worked out only for whoever asks. */
export function noteDeclaration(test: Declared): void {
  test[declared] = new Error('a spec is declared');
}

/** The stack where a spec was declared, for one whose id is put together in code; undefined where nobody noted it. */
export function declarationOf(test: Declared): string | undefined {
  return test[declared]?.stack;
}

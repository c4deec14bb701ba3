import { DomainError } from '../../../clusters/errors/domain-error.ts';
import type { Engine } from '../../../clusters/host/engine/engine.ts';

/** Image names that a proof gives to the engine. Disposing removes them, and with the last name the image. */
export class ImageNames implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #names = new Set<string>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Takes note of a name, before it is used. */
  add(name: string): string {
    this.#names.add(name);
    return name;
  }

  /** Removes those of the names that are there; the names stay noted. */
  async removeAll(): Promise<void> {
    for (const name of this.#names) {
      const { status, stderr } = await this.#engine.attempt(['image', 'rm', name]);
      if (status !== 0 && !/no such image/i.test(stderr)) {
        throw new DomainError({
          attempted: 'removing an image of the proof',
          on: name,
          seen: stderr.trim(),
          remedy: `docker image rm ${name}`,
        });
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.removeAll();
  }
}

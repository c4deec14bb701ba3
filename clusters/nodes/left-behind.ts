import { DomainError, type ErrorDetails } from '../errors/domain-error.ts';

/** Something of a spec is left on a node: a mount, a loop device, a directory. Reports tell it as a leak. */
export class LeftBehind extends DomainError {
  override readonly name = 'LeftBehind';
  /** What is left and where, a line each. */
  readonly left: readonly string[];

  constructor(details: Omit<ErrorDetails, 'seen'>, left: readonly string[]) {
    super({ ...details, seen: left.join('\n') }, { exit: 'doesNotConform' });
    this.left = left;
  }
}

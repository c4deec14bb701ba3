import { DomainError } from '../../errors/domain-error.ts';
import type { EngineState } from './engine.ts';

/** Returns the error for an engine that does not answer, with the remedy for its state. */
export function engineMissing(
  state: Exclude<EngineState, { kind: 'answers' }>,
  installation: readonly string[],
): DomainError {
  const attempted = 'looking for a container engine (Docker)';
  switch (state.kind) {
    case 'no client':
      return new DomainError({
        attempted,
        seen: 'no docker command on PATH',
        remedy:
          installation.length > 0
            ? `run these commands, or leave out --no-install:\n${installation.join('\n')}`
            : 'install Docker Engine 24 or later',
      });
    case 'no daemon':
      return new DomainError({
        attempted,
        seen: `the docker client is there, its daemon does not answer: ${state.message}`,
        remedy:
          installation.length > 0
            ? `start the daemon, or run these commands (left out because of --no-install):\n${installation.join('\n')}`
            : 'start the Docker daemon; if DOCKER_HOST or the Docker context names the wrong one, correct it',
      });
    case 'refused':
      return new DomainError({
        attempted,
        seen: state.message,
        why: 'this user may not use the Docker socket',
        remedy: 'run as root, or add the user to the group that owns the socket (docker access is root access)',
      });
    case 'silent':
      return new DomainError({
        attempted,
        seen: `docker info did not end within ${state.seconds} s`,
        why: 'the daemon accepts connections but does not answer; nothing was changed',
        remedy: 'look at the daemon’s log and restart it',
      });
  }
}

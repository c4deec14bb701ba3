import { DomainError } from '../../errors/domain-error.ts';
import type { Progress } from '../../text/progress.ts';
import { CommandFailed, type CommandResult } from '../command/commander.ts';
import type { Engine } from '../engine/engine.ts';

/** Why an image could not be pulled. Each kind needs another action of the user. */
export type PullFailure =
  | { kind: 'no registry'; message: string }
  | { kind: 'silent'; seconds: number }
  | { kind: 'absent'; message: string }
  | { kind: 'wrong digest'; message: string }
  | { kind: 'refused'; message: string }
  | { kind: 'other'; message: string };

export type PullResult = { kind: 'pulled' } | PullFailure;

/** Returns why a pull failed, from the error output of `docker pull`. */
export function readPullFailure(message: string): PullFailure {
  // A proxy that blocks the engine answers instead of the registry, with only the words of its HTTP status.
  if (/": (Forbidden|Proxy Authentication Required|Bad Gateway|Service Unavailable|Gateway Timeout)$/i.test(message))
    return { kind: 'no registry', message };
  if (
    /verification failed for digest|digest mismatch|does not match (the )?digest|unexpected (commit )?digest/i.test(
      message,
    )
  )
    return { kind: 'wrong digest', message };
  if (
    /unauthorized|authentication required|access denied|denied: |no basic auth|forbidden|toomanyrequests|rate limit/i.test(
      message,
    )
  )
    return { kind: 'refused', message };
  if (
    /manifest unknown|not found|name unknown|repository does not exist|no such image/i.test(message) &&
    !/no such host|lookup /i.test(message)
  )
    return { kind: 'absent', message };
  if (
    /no such host|connection refused|connection reset|network is unreachable|no route to host|i\/o timeout|TLS handshake timeout|context deadline|Client\.Timeout|server misbehaving|EOF|proxyconnect/i.test(
      message,
    )
  ) {
    return { kind: 'no registry', message };
  }
  return { kind: 'other', message };
}

/** Milliseconds in which a registry must begin to send. The rest of the pull has `wholeDeadline`. */
const firstWordDeadline = 15_000;
const wholeDeadline = 20 * 60_000;

/**
 * Waits until the engine has pulled an image, and returns whether it could. The engine's mirrors, proxies and
 * credentials apply. The engine verifies a digest in the reference. A registry that accepts connections but stays
 * silent is abandoned.
 */
export async function pullImage(
  engine: Engine,
  reference: string,
  progress: Progress,
  options: { signal?: AbortSignal | undefined; firstWord?: number } = {},
): Promise<PullResult> {
  const firstWord = options.firstWord ?? firstWordDeadline;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), firstWord);
  const signal = AbortSignal.any([silence.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const onLine = (line: string) => {
    clearTimeout(timer);
    const layer = /^[0-9a-f]{12}: (Pull complete|Downloading)/.exec(line);
    if (layer) progress.note(`pulling ${reference}`);
  };
  try {
    const result: CommandResult = await engine.attempt(['pull', reference], {
      deadline: wholeDeadline,
      signal,
      onLine,
    });
    return result.status === 0 ? { kind: 'pulled' } : readPullFailure(result.stderr.trim());
  } catch (error) {
    options.signal?.throwIfAborted();
    if (silence.signal.aborted) return { kind: 'silent', seconds: firstWord / 1000 };
    if (error instanceof CommandFailed) return { kind: 'other', message: error.message };
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Returns the error of a failed pull, for an image that cannot be obtained in another way. */
export function pullFailed(reference: string, failure: PullFailure): DomainError {
  const attempted = 'pulling the node image';
  const build = 'build one with --image built, or load it by hand: docker load <node-image.tar';
  switch (failure.kind) {
    case 'no registry':
      return new DomainError({
        attempted,
        on: reference,
        seen: failure.message,
        why: 'its registry cannot be reached from here',
        remedy: build,
      });
    case 'silent':
      return new DomainError({
        attempted,
        on: reference,
        seen: `the registry sent nothing within ${failure.seconds} s`,
        remedy: `look at the engine's proxy and mirror settings; or ${build}`,
      });
    case 'absent':
      return new DomainError({
        attempted,
        on: reference,
        seen: failure.message,
        why: 'the registry has no such image',
        remedy: 'check name, tag and digest',
      });
    case 'wrong digest':
      return new DomainError({
        attempted,
        on: reference,
        seen: failure.message,
        why: 'what the registry serves is not what the digest names; it is not used',
        remedy: 'do not weaken the pin: find out who changed the image',
      });
    case 'refused':
      return new DomainError({
        attempted,
        on: reference,
        seen: failure.message,
        why: 'the registry refuses this user',
        remedy: `docker login, or a mirror; or ${build}`,
      });
    case 'other':
      return new DomainError({ attempted, on: reference, seen: failure.message, remedy: build });
  }
}

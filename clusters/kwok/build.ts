import { dirname } from 'node:path';
import { DomainError } from '../errors/domain-error.ts';
import { run } from '../host/command/commander.ts';
import { host } from '../host/command/host.ts';
import { type BuildRequest, downloadModule, keptBuild } from '../host/go-module.ts';

/**
 * Returns the absolute path of kwok. Uses that of an earlier run if it is unchanged, or compiles it now.
 * @throws DomainError if there is no Go, or the module is not the one that versions.yaml pins, or does not compile
 */
export async function obtainKwok(request: BuildRequest): Promise<string> {
  const { pin, signal } = request;
  const built = await keptBuild(request, {
    name: 'kwok',
    file: 'kwok',
    async make(path, build) {
      await downloadModule(pin, 'kwok', signal);
      const flags = ['-trimpath', '-ldflags', '-s -w'];
      await run(host, {
        // The cluster is made at the same time, and has priority.
        argv: ['nice', '-n', '10', 'go', 'install', ...flags, `${pin.module}/cmd/kwok@${pin.version}`],
        directory: build.path,
        env: {
          ...build.environment,
          GOBIN: dirname(path),
          CGO_ENABLED: '0',
          GOFLAGS: '-buildvcs=false',
          GOWORK: 'off',
        },
        deadline: 30 * 60_000,
        signal,
      });
    },
  });
  if (built) return built.path;
  throw new DomainError({
    attempted: `compiling kwok ${pin.version}`,
    seen: 'there is no go command on PATH',
    why: 'kwok plays kubelet on the nodes of a storm that exist only as objects, and is compiled on this machine',
    remedy: 'install Go 1.22 or later',
  });
}

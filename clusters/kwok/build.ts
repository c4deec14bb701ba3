import { dirname } from 'node:path';
import { DomainError } from '../errors/domain-error.ts';
import { type BuildRequest, compile, downloadModule, keptBuild } from '../host/go-module.ts';

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
      const env = { GOBIN: dirname(path) };
      const argv = ['install', `${pin.module}/cmd/kwok@${pin.version}`] as const;
      await compile(build, argv, { directory: build.path, env, signal });
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

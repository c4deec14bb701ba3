import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DomainError, messageOf } from '../../errors/domain-error.ts';
import { type Commander, pasteable } from '../../host/command/commander.ts';
import { host } from '../../host/command/host.ts';
import { redact } from '../../text/redact.ts';
import type { KubeconfigCluster, KubeconfigExec } from './kubeconfig.ts';

/** What a credential plugin has given: a token, or a client certificate with its key (PEM). */
export interface Credential {
  token?: string | undefined;
  clientCertificateData?: string | undefined;
  clientKeyData?: string | undefined;
}

const answerSchema = z.object({
  apiVersion: z.string(),
  kind: z.literal('ExecCredential'),
  status: z.object({
    expirationTimestamp: z.iso.datetime({ offset: true }).nullish(),
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
  }),
});

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

/** Milliseconds before its end at which a credential is renewed. */
const ahead = 10_000;

/**
 * The credential plugin of a kubeconfig (`users[].user.exec`). It is run when a credential is first needed and when the
 * last one ends, once for all requests that wait; it is never asked to talk to a person. client-node's own runs it for
 * each request where a credential has no end, leaves it running when it is late, and tells it nothing of the cluster.
 */
export class CredentialPlugin {
  readonly #exec: KubeconfigExec;
  readonly #cluster: KubeconfigCluster;
  readonly #deadline: number;
  readonly #commander: Commander;
  readonly #now: () => number;
  #current: { credential: Promise<Credential>; ends: number } | undefined;

  constructor(
    exec: KubeconfigExec,
    cluster: KubeconfigCluster,
    options: { deadline: number; commander?: Commander; now?: () => number },
  ) {
    this.#exec = exec;
    this.#cluster = cluster;
    this.#deadline = options.deadline;
    this.#commander = options.commander ?? host;
    this.#now = options.now ?? Date.now;
  }

  /** Returns a credential that has not ended. @throws DomainError where the plugin gives none in time */
  async credential(): Promise<Credential> {
    if (this.#current === undefined || this.#current.ends - ahead <= this.#now()) {
      const asked = this.#ask();
      const current = { credential: asked.then(({ credential }) => credential), ends: Number.POSITIVE_INFINITY };
      this.#current = current;
      asked.then(
        ({ ends }) => {
          current.ends = ends;
        },
        () => this.#forget(current),
      );
    }
    return await this.#current.credential;
  }

  /** Has the plugin asked again at the next request: the API server has refused what it gave. */
  refused(): void {
    this.#current = undefined;
  }

  #forget(current: unknown): void {
    if (this.#current === current) this.#current = undefined;
  }

  async #ask(): Promise<{ credential: Credential; ends: number }> {
    const { command, args, env, apiVersion = '', installHint, interactiveMode } = this.#exec;
    const argv = [command, ...(args ?? [])] as [string, ...string[]];
    const refuse = (seen: string, remedy: string): DomainError =>
      new DomainError({
        attempted: 'getting credentials from the plugin of the kubeconfig',
        on: redact(pasteable(argv)),
        seen: redact(seen),
        remedy,
      });
    if (!versions.includes(apiVersion))
      throw refuse(`its apiVersion is ${apiVersion || 'missing'}`, `known here: ${versions.join(', ')}`);
    const login = 'log in with the plugin first, so that it need not ask; or use another kubeconfig';
    if (interactiveMode === 'Always') throw refuse('it must talk to a person (interactiveMode: Always)', login);
    const result = await this.#commander
      .attempt({
        argv,
        deadline: this.#deadline,
        stdin: '',
        env: {
          ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
          KUBERNETES_EXEC_INFO: JSON.stringify(this.#request(apiVersion)),
        },
      })
      .catch((error: unknown) => {
        // Without its outputs: they may be a part of a credential.
        const [what = ''] = messageOf(error).split('\n');
        throw refuse(what, installHint ?? login);
      });
    if (result.status !== 0) throw refuse(`exit status ${result.status}\n${result.stderr.trim()}`, login);
    // What it printed is a credential, and stands in no message.
    const answer = answerSchema.safeParse(parsed(result.stdout));
    if (!answer.success) throw refuse('what it printed is no ExecCredential', 'run it by hand, and correct it');
    const { status, apiVersion: given } = answer.data;
    if (given !== apiVersion) throw refuse(`it printed ${given}, and was asked for ${apiVersion}`, 'update the plugin');
    const { token, clientCertificateData, clientKeyData, expirationTimestamp } = status;
    if (!token && !(clientCertificateData && clientKeyData))
      throw refuse('it printed neither a token nor a certificate with its key', login);
    return {
      credential: { token, clientCertificateData, clientKeyData },
      ends: expirationTimestamp ? Date.parse(expirationTimestamp) : Number.POSITIVE_INFINITY,
    };
  }

  /** Returns what the plugin is told: https://kubernetes.io/docs/reference/config-api/client-authentication.v1. */
  #request(apiVersion: string): object {
    const cluster = this.#exec.provideClusterInfo ? { cluster: clusterInfo(this.#cluster) } : {};
    return { apiVersion, kind: 'ExecCredential', spec: { interactive: false, ...cluster } };
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function clusterInfo(cluster: KubeconfigCluster): object {
  const { server, extensions } = cluster;
  const file = cluster['certificate-authority'];
  const authority = file ? readFileSync(file).toString('base64') : cluster['certificate-authority-data'];
  const all = Array.isArray(extensions) ? (extensions as { name?: string; extension?: unknown }[]) : [];
  return {
    server,
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    'certificate-authority-data': authority,
    'proxy-url': cluster['proxy-url'],
    config: all.find(({ name }) => name === 'client.authentication.k8s.io/exec')?.extension,
  };
}

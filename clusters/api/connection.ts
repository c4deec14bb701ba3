import { existsSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { KubeConfig, User } from '@kubernetes/client-node';
import { DomainError, messageOf } from '../errors/domain-error.ts';
import { lpv } from '../project-root.ts';
import { duration } from '../text/duration.ts';
import { type ClusterAccess, findAccess, type Impersonation } from './access/access.ts';
import { CredentialPlugin } from './access/credential-plugin.ts';
import { ApiRefusal, ApiUnreachable } from './refusal.ts';

/** The default deadline of a call. Most calls take milliseconds; a busy machine may need seconds. */
const defaultDeadline = 30_000;

/** Milliseconds that a credential plugin of a kubeconfig may take. It may ask a person, and it may hang. */
const defaultPluginDeadline = 60_000;

/** Options of every call. */
export interface CallOptions {
  /** Deadline in milliseconds, 30 000 by default. */
  within?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** One HTTP request to the API server, and its purpose in words. */
export interface ApiRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON exactly as it is, unknown fields included. The API server decides whether to reject them. */
  body?: unknown;
  contentType?: string;
  /** Such as "creating". */
  attempted: string;
  /** Such as "PersistentVolume example-pv-a". */
  on: string;
}

/**
 * An HTTP connection to one API server, with the credentials of one kubeconfig. client-node's typed API serialises
 * models and so drops fields that it does not know. This connection sends the body as written.
 */
export class Connection {
  readonly kubeConfig: KubeConfig;
  /** The server's URL, such as `https://127.0.0.1:35421`. */
  readonly server: string;
  readonly #agent: http.Agent;
  readonly #plugin: CredentialPlugin | undefined;
  #lasting: https.RequestOptions | undefined;

  private constructor(kubeConfig: KubeConfig, server: string, agent: http.Agent, plugin: CredentialPlugin | undefined) {
    this.kubeConfig = kubeConfig;
    this.server = server;
    this.#agent = agent;
    this.#plugin = plugin;
  }

  /**
   * Returns a connection to the cluster of a kubeconfig file, by its current context, or to one that was found before.
   * Reads neither KUBECONFIG nor the user's default. Makes no request.
   * @throws DomainError if the file is absent or unusable, or the server is another than `expectedServer`
   */
  static async open(
    source: string | ClusterAccess,
    options: { expectedServer?: string | undefined; pluginDeadline?: number } = {},
  ): Promise<Connection> {
    const { expectedServer, pluginDeadline = defaultPluginDeadline } = options;
    const access = typeof source === 'string' ? await accessOfFile(source) : source;
    const { server } = access;
    if (expectedServer !== undefined && new URL(server).origin !== new URL(expectedServer).origin) {
      throw new DomainError({
        attempted: 'reading the kubeconfig of the cluster',
        on: access.origin,
        seen: `it points to ${server}; this run's cluster is ${expectedServer}`,
        why: "the harness creates and deletes PersistentVolumes: it must never reach a cluster that is not the run's",
        remedy: `use the kubeconfig that ${lpv('up')} wrote`,
      });
    }
    const { exec } = access.user.user;
    const plugin = exec ? new CredentialPlugin(exec, access.cluster.cluster, { deadline: pluginDeadline }) : undefined;
    const config = await kubeConfigOf(access, plugin);
    const applied: https.RequestOptions = {};
    await config.applyToHTTPSOptions(applied);
    const agent = agentFor(server, access.cluster.cluster['proxy-url'], applied);
    return new Connection(config, server, agent, plugin);
  }

  /**
   * Returns the text of the answer to a request.
   * @throws ApiRefusal, ApiUnreachable, or the signal's reason
   */
  async request(request: ApiRequest, options: CallOptions = {}): Promise<string> {
    const within = options.within ?? defaultDeadline;
    const deadline = AbortSignal.timeout(within);
    const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
    try {
      const response = await this.#send(request, signal);
      const body = await textOf(response);
      return checked(request, response, body);
    } catch (error) {
      throw this.#explained(error, request, options.signal, deadline, within);
    }
  }

  /**
   * Returns the answer to a request line by line as it arrives, until the server closes it or `signal` aborts.
   * The deadline `options.within` applies to the first byte of the answer only.
   */
  async stream(request: ApiRequest, options: CallOptions & { signal: AbortSignal }): Promise<AsyncIterable<string>> {
    const within = options.within ?? defaultDeadline;
    const beginning = new AbortController();
    const timer = setTimeout(() => beginning.abort(), within);
    const signal = AbortSignal.any([options.signal, beginning.signal]);
    try {
      const response = await this.#send(request, signal);
      if (response.statusCode !== 200) checked(request, response, await textOf(response));
      return linesOf(response);
    } catch (error) {
      throw this.#explained(error, request, options.signal, beginning.signal, within);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #send(request: ApiRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    const applied = await this.#credentials();
    signal.throwIfAborted();
    const url = new URL(this.server.replace(/\/$/, '') + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const headers = {
      ...(applied.headers as http.OutgoingHttpHeaders | undefined),
      accept: 'application/json',
      ...(body ? { 'content-type': request.contentType ?? 'application/json', 'content-length': body.length } : {}),
    };
    const { request: start } = url.protocol === 'http:' ? http : https;
    return new Promise((resolve, reject) => {
      const outgoing = start(url, { ...applied, agent: this.#agent, method: request.method, headers, signal }, resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** Returns the credentials. Certificates are read once. A token is read for each request, because it may expire. */
  async #credentials(): Promise<https.RequestOptions> {
    if (this.#lasting) return this.#lasting;
    const applied: https.RequestOptions = {};
    await this.kubeConfig.applyToHTTPSOptions(applied);
    const { authProvider, token } = this.kubeConfig.getCurrentUser() ?? {};
    if (!this.#plugin && !authProvider && !token) this.#lasting = applied;
    return applied;
  }

  #explained(
    error: unknown,
    request: ApiRequest,
    asked: AbortSignal | undefined,
    deadline: AbortSignal,
    within: number,
  ): unknown {
    if (error instanceof ApiRefusal && error.status === 401) this.#plugin?.refused();
    if (error instanceof DomainError) return error;
    if (asked?.aborted) return asked.reason;
    const seen = deadline.aborted ? `no answer within ${duration(within)}` : `${messageOf(error)} (${this.server})`;
    return new ApiUnreachable(request.attempted, request.on, seen, error);
  }
}

/** Returns the access that a kubeconfig file of the harness gives. */
async function accessOfFile(file: string): Promise<ClusterAccess> {
  if (!existsSync(file)) {
    throw new DomainError({
      attempted: 'reading the kubeconfig of the cluster',
      on: file,
      seen: 'no such file',
      remedy: `create the cluster again: ${lpv('down NAME')}, then ${lpv('up --name NAME')}`,
    });
  }
  return await findAccess({ kubeconfig: file }, { environment: {} });
}

/** Returns client-node's form of an access. It adds credentials of a plugin and impersonation to each request. */
async function kubeConfigOf(access: ClusterAccess, plugin: CredentialPlugin | undefined): Promise<KubeConfig> {
  // Imported here because it takes a second: commands that open no connection do not pay for it.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const { exec: _run, as: _impersonated, tokenFile, ...user } = access.user.user;
  const config = new KubeConfig();
  const { name, cluster, namespace } = access;
  const context = { cluster: cluster.name, user: access.user.name, namespace };
  config.loadFromString(
    JSON.stringify({
      clusters: [cluster],
      users: [{ name: access.user.name, user }],
      contexts: [{ name, context }],
      'current-context': name,
    }),
  );
  const [own] = config.users as [Partial<{ -readonly [Key in keyof User]: User[Key] }>];
  // Read again each minute, as a pod's token is renewed.
  if (tokenFile !== undefined) own.authProvider = { name: 'tokenFile', config: { tokenFile } };
  const apply = config.applyToHTTPSOptions.bind(config);
  config.applyToHTTPSOptions = async (options) => {
    const { token, clientCertificateData, clientKeyData } = (await plugin?.credential()) ?? {};
    if (token !== undefined) own.token = token;
    if (clientCertificateData !== undefined) own.certData = Buffer.from(clientCertificateData).toString('base64');
    if (clientKeyData !== undefined) own.keyData = Buffer.from(clientKeyData).toString('base64');
    await apply(options);
    if (access.impersonation) options.headers = { ...options.headers, ...headersOf(access.impersonation) };
  };
  return config;
}

/** Returns the headers that impersonate a user: https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation. */
function headersOf({ user, groups, uid, extra }: Impersonation): http.OutgoingHttpHeaders {
  const extras = Object.entries(extra).map(([key, values]) => [
    `Impersonate-Extra-${encodeURIComponent(key)}`,
    [...values],
  ]);
  return {
    'Impersonate-User': user,
    ...(groups.length > 0 && { 'Impersonate-Group': [...groups] }),
    ...(uid !== undefined && { 'Impersonate-Uid': uid }),
    ...Object.fromEntries(extras),
  };
}

function agentFor(server: string, proxyUrl: string | undefined, applied: https.RequestOptions): http.Agent {
  if (proxyUrl !== undefined && applied.agent instanceof http.Agent) return applied.agent;
  // Idle connections are dropped well before the API server drops them (90 s), so that none is reused while it closes.
  const pool = { keepAlive: true, timeout: 30_000 };
  return server.startsWith('http:') ? new http.Agent(pool) : new https.Agent(pool);
}

function checked(request: ApiRequest, response: http.IncomingMessage, body: string): string {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return body;
  throw new ApiRefusal(request.attempted, request.on, status, body);
}

async function textOf(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function* linesOf(response: http.IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
  if (rest !== '') yield rest;
}

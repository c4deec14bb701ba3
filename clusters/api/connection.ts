import { existsSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { DomainError, messageOf } from '../errors/domain-error.ts';
import { lpv } from '../project-root.ts';
import { duration } from '../text/duration.ts';
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
  readonly #pluginDeadline: number;
  #lasting: https.RequestOptions | undefined;

  private constructor(kubeConfig: KubeConfig, server: string, agent: http.Agent, pluginDeadline: number) {
    this.kubeConfig = kubeConfig;
    this.server = server;
    this.#agent = agent;
    this.#pluginDeadline = pluginDeadline;
  }

  /**
   * Returns a connection with the credentials of a kubeconfig file. Reads neither KUBECONFIG nor the user's default.
   * Makes no request. Uses the current context if none is named.
   * @throws DomainError if the file is absent or unusable, has no such context, or names another server than
   * `expectedServer`
   */
  static async open(
    kubeconfig: string,
    options: { expectedServer?: string | undefined; context?: string | undefined; pluginDeadline?: number } = {},
  ): Promise<Connection> {
    const { expectedServer, context, pluginDeadline = defaultPluginDeadline } = options;
    const attempted = 'reading the kubeconfig of the cluster';
    if (!existsSync(kubeconfig)) {
      throw new DomainError({
        attempted,
        on: kubeconfig,
        seen: 'no such file',
        remedy: `create the cluster again: ${lpv('down NAME')}, then ${lpv('up --name NAME')}`,
      });
    }
    // Imported here because it takes a second: commands that open no connection do not pay for it.
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    try {
      config.loadFromFile(kubeconfig);
    } catch (error) {
      throw new DomainError({ attempted, on: kubeconfig, seen: messageOf(error) }, { exit: 'badUsage', cause: error });
    }
    const contexts = config.getContexts().map(({ name }) => name);
    if (context !== undefined && !contexts.includes(context)) {
      const seen = `it has no context "${context}"; it has ${contexts.join(', ') || 'none'}`;
      throw new DomainError({ attempted, on: kubeconfig, seen }, { exit: 'badUsage' });
    }
    // In memory only: the file is never written.
    if (context !== undefined) config.setCurrentContext(context);
    const cluster = config.getCurrentCluster();
    if (!cluster) {
      const seen = `its ${context === undefined ? 'current-context' : `context "${context}"`} names no cluster`;
      throw new DomainError({ attempted, on: kubeconfig, seen }, { exit: 'badUsage' });
    }
    if (expectedServer !== undefined && new URL(cluster.server).origin !== new URL(expectedServer).origin) {
      throw new DomainError({
        attempted,
        on: kubeconfig,
        seen: `it points to ${cluster.server}; this run's cluster is ${expectedServer}`,
        why: "the harness creates and deletes PersistentVolumes: it must never reach a cluster that is not the run's",
        remedy: `use the kubeconfig that ${lpv('up')} wrote`,
      });
    }
    const agent = await agentFor(config, cluster.server, cluster.proxyUrl, pluginDeadline);
    return new Connection(config, cluster.server, agent, pluginDeadline);
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
    const applied = await credentialsOf(this.kubeConfig, this.#pluginDeadline);
    const { exec, authProvider, token } = this.kubeConfig.getCurrentUser() ?? {};
    if (!exec && !authProvider && !token) this.#lasting = applied;
    return applied;
  }

  #explained(
    error: unknown,
    request: ApiRequest,
    asked: AbortSignal | undefined,
    deadline: AbortSignal,
    within: number,
  ): unknown {
    if (error instanceof DomainError) return error;
    if (asked?.aborted) return asked.reason;
    const seen = deadline.aborted ? `no answer within ${duration(within)}` : `${messageOf(error)} (${this.server})`;
    return new ApiUnreachable(request.attempted, request.on, seen, error);
  }
}

/**
 * Returns what the credentials of a kubeconfig add to a request.
 * @throws DomainError if its credential plugin has not ended by the deadline
 */
async function credentialsOf(config: KubeConfig, deadline: number): Promise<https.RequestOptions> {
  const applied: https.RequestOptions = {};
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const { name, exec } = config.getCurrentUser() ?? {};
    const error = new DomainError({
      attempted: `getting the credentials of ${name ?? 'the user'} in the kubeconfig`,
      on: `credential plugin ${exec?.command ?? ''}`,
      seen: `no answer within ${duration(deadline)}`,
      remedy: 'log in with the plugin first, so that it need not ask; or use another kubeconfig',
    });
    timer = setTimeout(() => reject(error), deadline);
  });
  try {
    await Promise.race([config.applyToHTTPSOptions(applied), tooLate]);
  } finally {
    clearTimeout(timer);
  }
  return applied;
}

async function agentFor(
  config: KubeConfig,
  server: string,
  proxyUrl: string | undefined,
  pluginDeadline: number,
): Promise<http.Agent> {
  const applied = await credentialsOf(config, pluginDeadline);
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

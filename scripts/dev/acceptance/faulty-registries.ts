import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { LoopbackRegistry } from './container-registry.ts';

/** Returns a registry that asks for credentials (401) or refuses everybody (403). */
export function refusingRegistry(status: 401 | 403): Promise<LoopbackRegistry> {
  const [code, message] = status === 401 ? ['UNAUTHORIZED', 'authentication required'] : ['DENIED', 'access denied'];
  return serve((_request, response) => {
    if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="registry"');
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ errors: [{ code, message }] }));
  });
}

/** Returns a server that accepts connections and never says a word. */
export function silentRegistry(): Promise<LoopbackRegistry> {
  return listen(createServer());
}

/** Returns an address of the loopback on which nothing listens. */
export async function closedPort(): Promise<string> {
  const registry = await silentRegistry();
  await registry[Symbol.asyncDispose]();
  return registry.address;
}

/** What a tampering registry changes. */
export type Tampering = 'manifest' | 'layer';

/**
 * Returns a registry in front of another one that changes what is served under a digest, as somebody could who holds
 * the registry but not the pin: the manifest gets one more byte, or every layer loses its content to zeros.
 */
export function tamperingRegistry(behind: string, what: Tampering, configDigest: string): Promise<LoopbackRegistry> {
  return serve((request, response) => {
    void forward(behind, request).then(({ status, headers, body }) => {
      const wanted = what === 'manifest' ? '/manifests/' : '/blobs/';
      const changed = request.url?.includes(wanted) && !request.url.endsWith(configDigest) ? spoil(what, body) : body;
      response.writeHead(status, { ...headers, 'content-length': String(changed.length) });
      response.end(request.method === 'HEAD' ? undefined : changed);
    });
  });
}

function spoil(what: Tampering, body: Buffer): Buffer {
  return what === 'manifest' ? Buffer.concat([body, Buffer.from('\n')]) : Buffer.alloc(body.length);
}

async function forward(behind: string, request: IncomingMessage) {
  const headers = new Headers();
  for (const accepted of [request.headers.accept ?? []].flat()) headers.append('accept', accepted);
  // A HEAD is asked as a GET, so that its length is that of the answer to GET.
  const answer = await fetch(`http://${behind}${request.url}`, { headers });
  const kept = [...answer.headers].filter(([name]) => !['content-length', 'connection', 'date'].includes(name));
  return { status: answer.status, headers: Object.fromEntries(kept), body: Buffer.from(await answer.arrayBuffer()) };
}

function serve(listener: RequestListener): Promise<LoopbackRegistry> {
  return listen(createHttpServer(listener));
}

async function listen(server: Server): Promise<LoopbackRegistry> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

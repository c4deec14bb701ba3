import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A socket in front of an engine. Cutting it is, to its clients, an engine that died. */
export interface EngineProxy extends AsyncDisposable {
  /** Value for DOCKER_HOST. */
  address: string;
  /** Takes connections from now on, but never says a word. */
  mute(): void;
  /** Ends every connection, and takes no new one. */
  cut(): Promise<void>;
}

/** Passes a unix socket on to the engine's. */
export async function engineProxy(path: string, engine: string): Promise<EngineProxy> {
  let silent = false;
  const open = new Set<Socket>();
  const keep = (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  };
  // The engine's attach and exec streams end in one direction first.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    keep(client);
    if (silent) return;
    const upstream = connect({ path: engine, allowHalfOpen: true });
    keep(upstream);
    client.pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(path);
  await once(server, 'listening');
  const mute = () => {
    silent = true;
  };
  const cut = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
  return { address: `unix://${path}`, mute, cut, [Symbol.asyncDispose]: cut };
}

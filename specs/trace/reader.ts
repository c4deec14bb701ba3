import { ClusterClient } from '../../clusters/api/client.ts';
import { Connection } from '../../clusters/api/connection.ts';

/** What a trace asks of a cluster's API. All of it is GET: nothing can be changed through it. */
export interface ClusterReader extends Disposable {
  readonly server: string;
  /** The context of the kubeconfig that was taken. */
  readonly context: string;
  list: ClusterClient['list'];
  read: ClusterClient['read'];
  version: ClusterClient['version'];
  /** The text at a path of the API; `attempted` and `on` say in an error what it was for. */
  get(
    path: string,
    query: Readonly<Record<string, string>>,
    purpose: { attempted: string; on: string },
  ): Promise<string>;
}

/**
 * Opens the cluster of a kubeconfig file, of its current context where none is named, for reading only.
 * @throws DomainError where the file cannot be used, or has no such context
 */
export async function openReader(kubeconfig: string, context?: string): Promise<ClusterReader> {
  return readerOf(await Connection.open(kubeconfig, { context }));
}

/** A reader over a connection. It keeps the connection to itself, and of its methods it uses GET. */
function readerOf(connection: Connection): ClusterReader {
  const client = new ClusterClient(connection);
  return {
    server: client.server,
    context: connection.kubeConfig.getCurrentContext(),
    list: (kind, options) => client.list(kind, options),
    read: (ref, options) => client.read(ref, options),
    version: (options) => client.version(options),
    get: (path, query, purpose) => connection.request({ method: 'GET', path, query, ...purpose }),
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}

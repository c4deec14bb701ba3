import type { ClusterAccess } from '../../clusters/api/access/access.ts';
import { ClusterClient } from '../../clusters/api/client.ts';
import { Connection } from '../../clusters/api/connection.ts';

/** The API of a cluster for a trace. All requests are GET: nothing can be changed through it. */
export interface ClusterReader extends Disposable {
  readonly server: string;
  /** The context of the kubeconfig that is used. */
  readonly context: string;
  list: ClusterClient['list'];
  read: ClusterClient['read'];
  version: ClusterClient['version'];
  /** Returns the text at a path of the API. `attempted` and `on` name its purpose in an error. */
  get(
    path: string,
    query: Readonly<Record<string, string>>,
    purpose: { attempted: string; on: string },
  ): Promise<string>;
}

/**
 * Opens the cluster of a kubeconfig file, with its current context, or one that was found before, for reading only.
 * @throws DomainError where the file cannot be used
 */
export async function openReader(source: string | ClusterAccess): Promise<ClusterReader> {
  return readerOf(await Connection.open(source));
}

/** Returns a reader over a connection. It hides the connection, and makes only GET requests. */
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

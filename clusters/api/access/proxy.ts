import { BlockList, isIP } from 'node:net';

/**
 * Returns the proxy that the environment names for a server, as Go's programs read it: HTTPS_PROXY or HTTP_PROXY by the
 * server's scheme, NO_PROXY with names, `.domains`, addresses, networks and ports. The machine itself is never reached
 * through a proxy. Undefined: none.
 */
export function proxyFor(server: string, environment: NodeJS.ProcessEnv): string | undefined {
  const { protocol, hostname, port } = new URL(server);
  const variable = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const either = (name: string) => environment[name] || environment[name.toLowerCase()];
  const proxy = either(variable);
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (!proxy || isLoopback(host)) return undefined;
  const excepted = (either('NO_PROXY') ?? '').split(',').map((entry) => entry.trim().toLowerCase());
  const usual = protocol === 'https:' ? '443' : '80';
  if (excepted.some((entry) => entry !== '' && covers(entry, host, port || usual))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  loopback.addAddress('::1', 'ipv6');
  return isIn(loopback, host);
}

/** Returns whether an entry of NO_PROXY is about a host. */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [, network = '', bits] = /^(.+)\/(\d+)$/.exec(entry) ?? [];
  if (bits !== undefined && isIP(network)) {
    const list = new BlockList();
    list.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
    return isIn(list, host);
  }
  // An IPv6 address has a port only behind brackets.
  const [, bracketed, plain = '', only] = /^(?:\[(.+)\]|([^:]+|.*:.*:.*))(?::(\d+))?$/.exec(entry) ?? [];
  if (only !== undefined && only !== port) return false;
  const name = (bracketed ?? plain).replace(/^\*\./, '.');
  return name.startsWith('.') ? host.endsWith(name) : host === name || (!isIP(host) && host.endsWith(`.${name}`));
}

function isIn(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

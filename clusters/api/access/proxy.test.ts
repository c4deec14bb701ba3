import { expect } from 'chai';
import { proxyFor } from './proxy.ts';

describe('the proxy of the environment', () => {
  const environment = { HTTPS_PROXY: 'http://secure:1', http_proxy: 'plain:2' };
  const excepted = (server: string, NO_PROXY: string) => proxyFor(server, { ...environment, NO_PROXY }) === undefined;

  it('is named by the scheme of the server, and never leads to this machine', () => {
    expect(proxyFor('https://api.example:6443', environment)).to.equal('http://secure:1');
    expect(proxyFor('http://api.example', environment)).to.equal('http://plain:2');
    for (const own of ['https://localhost:6443', 'https://127.0.0.53:1', 'https://[::1]:6443'])
      expect(proxyFor(own, environment), own).to.equal(undefined);
    expect(proxyFor('https://api.example', {})).to.equal(undefined);
  });

  it('is not used for what NO_PROXY covers', () => {
    const covered: [server: string, entry: string][] = [
      ['https://api.example', '*'],
      ['https://api.example', 'other, api.example'],
      ['https://api.example', 'example'],
      ['https://api.example', '.example'],
      ['https://api.example', '*.example'],
      ['https://API.example', 'api.EXAMPLE:443'],
      ['https://10.1.2.3:6443', '10.0.0.0/8'],
      ['https://10.1.2.3:6443', '10.1.2.3:6443'],
      ['https://[fd00::7]:6443', 'fd00::/8'],
      ['https://[fd00::7]:6443', '[fd00::7]:6443'],
      ['https://[fd00::7]:6443', 'fd00::7'],
    ];
    for (const [server, entry] of covered) expect(excepted(server, entry), `${server} by ${entry}`).to.equal(true);
  });

  it('is used for everything else', () => {
    const others: [server: string, entry: string][] = [
      ['https://api.example', ''],
      ['https://example', '.example'],
      ['https://api.example', 'pi.example'],
      ['https://api.example:6443', 'api.example:443'],
      ['https://11.1.2.3', '10.0.0.0/8'],
      ['https://11.1.2.3', '1.2.3'],
      ['https://api.example', '10.0.0.0/8'],
    ];
    for (const [server, entry] of others) expect(excepted(server, entry), `${server} by ${entry}`).to.equal(false);
  });
});

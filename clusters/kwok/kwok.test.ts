import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { pollUntil } from '../host/poll-until.ts';
import { kwokNode, startKwok } from './kwok.ts';

describe('kwok', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lpv-kwok-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Starts a shell script in the place of kwok. */
  function start(script: string) {
    const program = join(folder, 'program');
    writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return startKwok({ program, kubeconfig: '/run/kubeconfig', log: join(folder, 'kwok.log') });
  }
  const logged = async (text: string) => {
    const look = async () => {
      const log = await readFile(join(folder, 'kwok.log'), 'utf8').catch(() => '');
      return log.includes(text) ? { answer: log } : { notYet: log };
    };
    const end = await pollUntil(look, { within: 4_000, every: 20 });
    if ('notYet' in end) throw new Error(`not logged: ${end.notYet}`);
    return end.answer;
  };

  it('gets the cluster and the label of its nodes, and ends when it is told to', async () => {
    const kwok = start('trap "echo ended; exit 0" TERM; echo "started $*"; while :; do sleep 0.02; done');
    const log = await logged('started');
    const [label] = Object.entries(kwokNode('kwok-1').metadata.labels ?? {}).map((pair) => pair.join('='));
    expect(log)
      .to.contain('--kubeconfig=/run/kubeconfig')
      .and.to.contain(`--manage-nodes-with-label-selector=${label}`);
    await kwok[Symbol.asyncDispose]();
    await logged('ended');
    expect(kwok.lost.aborted).to.equal(false);
  });

  it('is lost where it ends by itself, with the end of its log', async () => {
    const kwok = start('echo "no stages found"; exit 3');
    if (!kwok.lost.aborted) await new Promise((done) => kwok.lost.addEventListener('abort', done));
    expect(kwok.lost.reason.message).to.contain('exit status 3').and.to.contain('no stages found');
    await kwok[Symbol.asyncDispose]();
  });

  it('has stages for nodes and pods, and none for volumes', async () => {
    const text = await readFile(new URL('stages.yaml', import.meta.url), 'utf8');
    const kinds = parseAllDocuments(text).map((document) => document.getIn(['spec', 'resourceRef', 'kind']));
    expect(kinds).to.deep.equal(['Node', 'Node', 'Pod', 'Pod']);
  });
});

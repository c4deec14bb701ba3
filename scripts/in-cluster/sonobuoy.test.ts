import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import {
  eventsOf,
  failed,
  passed,
  planned,
  reportedRequirement,
  reportWith,
  specOf,
  started,
  wholeReport,
} from '../report/made-up-for-tests.ts';
import { postProgress, progressReader, resultTree, writeDone, writeNoResults } from './sonobuoy.ts';

type Tree = ReturnType<typeof resultTree>;
const leavesOf = (tree: Tree): Tree[] => tree.items?.flatMap(leavesOf) ?? [tree];

describe('what Sonobuoy gets', () => {
  it('is a tree of chapters with every requirement as a leaf, in its own statuses', () => {
    const report = wholeReport();
    const tree = resultTree(report);
    const leaves = leavesOf(tree);
    expect(tree.status).to.equal('failed');
    expect(leaves).to.have.length(report.requirements.length + report.outside.length);
    for (const { id, result } of report.requirements) {
      const leaf = leaves.find(({ meta }) => meta?.id === id);
      expect(leaf?.meta?.result).to.equal(result);
      expect(leaf?.status).to.equal(['passed', 'failed'].includes(result) ? result : 'skipped');
    }
  });

  it('has a failure also where no requirement failed and the run did not end well', () => {
    const requirements = [reportedRequirement('LV-1', 'binding')];
    const good = resultTree(reportWith(requirements));
    expect(good.status).to.equal('passed');
    const bad = resultTree(reportWith(requirements, { exitStatus: 'environment', verdict: 'not finished' }));
    expect(bad.status).to.equal('failed');
    expect(leavesOf(bad).at(-1)).to.deep.include({ name: 'the run', details: { failure: 'not finished' } });
  });

  it('is told the place of the results when they are complete, also of a run that did not begin', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lpv-sonobuoy-'));
    try {
      writeNoResults(folder, 'no server');
      writeDone(folder, '/tmp/x');
      expect(readFileSync(join(folder, 'done'), 'utf8')).to.equal('/tmp/x');
      expect(leavesOf(parse(readFileSync(join(folder, 'sonobuoy_results.yaml'), 'utf8')) as Tree)).to.deep.equal([
        { name: 'the run begins', status: 'failed', details: { failure: 'no server' } },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const events = eventsOf(
    started,
    planned(3),
    passed(specOf('LV-1')),
    failed(specOf('LV-2'), 'seen'),
    passed(specOf('LV-3')),
  );

  it('is the progress, one request at a time: what comes meanwhile is in the next', async () => {
    const posted: { total: number; completed: number; failures: string[] }[] = [];
    let answer = (): void => {};
    const read = progressReader((progress) => {
      posted.push(progress);
      return new Promise<void>((resolve) => {
        answer = resolve;
      });
    });
    for (const event of events) read(event);
    expect(posted).to.have.length(1);
    answer();
    await new Promise(setImmediate);
    expect(posted).to.have.length(2);
    expect(posted[1]).to.deep.include({ total: 3, completed: 3, failures: ['LV-2'] });
    answer();
  });

  it('is told where its worker listens; one that does not answer stops nothing', async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(`${request.method} ${request.url} ${chunk}`));
      request.on('end', () => response.end());
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const port = String((server.address() as AddressInfo).port);
    await postProgress(port, { msg: 'm', total: 2, completed: 1, failures: [] });
    server.close();
    expect(bodies).to.deep.equal(['POST /progress {"msg":"m","total":2,"completed":1,"failures":[]}']);
    const read = progressReader(() => Promise.reject(new Error('refused')));
    for (const event of events) read(event);
    await new Promise(setImmediate);
  });
});

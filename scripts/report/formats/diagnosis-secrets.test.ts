import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ManualClock } from '../../../clusters/api/manual-clock.ts';
import type { CommandRequest } from '../../../clusters/host/command/commander.ts';
import { event, pod, storeOf, threeNodes } from '../../../specs/diagnosis/scenario-objects.ts';
import { keepEvidence } from '../../../specs/runner/evidence.ts';
import { keepDiagnosis } from '../../../specs/runner/keep-diagnosis.ts';
import { lookAt } from '../../../specs/runner/last-look.ts';
import type { TestCluster } from '../../../specs/runner/test-cluster.ts';
import { ended, eventsOf, failed, reportOf, specOf, started } from '../made-up-for-tests.ts';
import { writeReportFiles } from '../report-files.ts';
import { ownProduct } from './conformance/product.ts';
import { openEventLog } from './event-log.ts';
import { Terminal } from './terminal.ts';

const key = '-----BEGIN EC PRIVATE KEY-----\nMHcCPlanted1\nplanted2 planted2\n-----END EC PRIVATE KEY-----';
const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { key: 'cGxhbnRlZDM=' } };
const kubeconfig = `users: [{name: example-pod, user: {client-key-data: cGxhbnRlZDQ=, token: planted4}}]`;
const planted = /planted\d|cGxhbnRlZD/i;

/** A pod with tokens; an event has one of its keys, and kubelet's log a kubeconfig. */
function tellingCluster(folder: string): TestCluster {
  const telling = pod({ nodeName: 'node2' });
  telling.metadata.annotations = { note: 'Authorization: Bearer planted5.annotation' };
  for (const container of telling.spec?.containers ?? [])
    container.env = [{ name: 'T', value: 'Bearer planted6.environment' }];
  const message = `a first few words about a key that stands where none should be: ${key} ${JSON.stringify(secret)}`;
  const store = storeOf(
    new ManualClock('2026-11-23T11:59:59Z'),
    ...threeNodes(),
    telling,
    event(telling, 40, 'Warning', 'FailedMount', message),
  );
  const seconds = Date.parse('2026-11-23T11:59:50Z') / 1000;
  const line = `${seconds}.000000 n kubelet[1]: I1123 11:59:50.000000 1 a.go:1] demo: ${kubeconfig}\n`;
  const node = (name: string) => ({
    name,
    place: name,
    units: ['kubelet'],
    attempt: async ({ argv }: CommandRequest) => {
      if (argv[0] !== 'journalctl') throw new Error('no mounts: --token planted7');
      return { argv, status: 0, stdout: line, stderr: '', milliseconds: 1 };
    },
  });
  return { store, nodes: ['node1', 'node2', 'node3'].map(node), facts: { folder } } as unknown as TestCluster;
}

it('no secret of pods, events and logs is in what a failed spec leaves', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lpv-secrets-'));
  const { write: original } = process.stdout;
  try {
    const cluster = tellingCluster(folder);
    const [own] = [{ kind: 'Pod', namespace: 'demo', name: 'example-pod' } as const];
    const last = lookAt(cluster, { namespace: 'demo', opened: new Date('2026-11-23T11:59:00Z'), own: [own] });
    const spec = specOf('SEED-1');
    const seen = `expected ${kubeconfig} to be ${key}`;
    const current = { id: spec.id, namespaces: [{ lastLook: () => last }], evidence: [] };
    keepEvidence(folder, current, 'objects', [cluster.store.get(own) ?? {}, secret]);
    const diagnosis = await keepDiagnosis(current, { claimed: 'x', seen }, new AbortController().signal);
    expect(diagnosis?.text)
      .to.include('FailedMount')
      .and.include('a.go:1')
      .and.include('no mounts')
      .and.include('[removed]');
    const run = [
      { ...started, folder },
      failed(spec, seen, diagnosis === undefined ? {} : { diagnosis }),
      ended('doesNotConform', 'x'),
    ] as const;
    const report = reportOf(...run);
    for (const requirement of report.requirements)
      requirement.evidence.push(
        ...readdirSync(join(folder, 'evidence/SEED-1')).map((name) => `evidence/SEED-1/${name}`),
      );
    using log = openEventLog(join(folder, 'e2e.log'));
    const screen = { shown: [] as string[], write: (text: string) => void screen.shown.push(text) };
    using terminal = new Terminal({ output: screen, live: false, color: false });
    for (const event of eventsOf(...run)) {
      log.read(event);
      terminal.read(event);
    }
    const said: string[] = [];
    process.stdout.write = ((chunk: string) => said.push(chunk) > 0) as typeof original;
    const environment = { GITHUB_STEP_SUMMARY: join(folder, 'summary.md'), GITHUB_ACTIONS: 'true' };
    const kubernetes = 'v1.37.2';
    const broken = await writeReportFiles(
      folder,
      { report, product: ownProduct(kubernetes), traces: [], kubernetes },
      environment,
    );
    process.stdout.write = original;
    expect(broken).to.deep.equal([]);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(join(folder, name)).isFile(),
    );
    expect(files).to.include.members([
      ...['evidence/SEED-1/01-objects.yaml', 'evidence/SEED-1/02-diagnosis.txt', 'e2e.log', 'summary.md'],
      ...['report.yaml', 'report.html', 'junit_01.xml', 'ctrf.json'],
    ]);
    for (const name of files) expect(readFileSync(join(folder, name), 'utf8'), name).to.not.match(planted);
    expect(screen.shown.join('')).to.include('FailedMount').and.not.match(planted);
    expect(said.join('')).to.not.match(planted);
    expect(JSON.stringify(diagnosis)).to.not.match(planted);
  } finally {
    process.stdout.write = original;
    rmSync(folder, { recursive: true });
  }
});

import { expect } from 'chai';
import { isPackaged } from '../runner-image/bundle.ts';
import { isSurplus } from './package.ts';

describe('the package', () => {
  for (const path of [
    'clusters/versions.yaml',
    'clusters/nodes/make-disk.sh',
    'clusters/nodes/hold-directory.pl',
    'clusters/host/node-image/rootfs/usr/local/sbin/node-entrypoint',
    'clusters/host/node-image/kubernetes/1.37/go.mod',
    'fixtures/local/pod.yaml',
    'specs/access/catalogue.yaml',
    'scripts/lpv.js',
    'scripts/report/formats/html/page.css',
    'scripts/report/model/local-volume-conformance-report.schema.json',
  ]) {
    it(`has ${path}`, () => expect(isPackaged(path)).to.equal(true));
  }

  for (const path of [
    'scripts/main.test.ts',
    'scripts/start.ts',
    'scripts/typescript.js',
    'scripts/dev/test.js',
    'specs/trace/recorded/1.37/objects.jsonl',
    'specs/README.md',
    'scripts/report/formats/html/browser-probe.js',
    'node_modules/x/index.js',
    '.ci/run',
  ]) {
    it(`lacks ${path}`, () => expect(isPackaged(path)).to.equal(false));
  }

  for (const path of ['package.json', 'dist/scripts/lpv.js', 'dist/specs/access/catalogue.yaml', 'dist/package.json']) {
    it(`needs ${path}`, () => expect(isSurplus(path)).to.equal(false));
  }

  for (const path of [
    'tsconfig.json',
    'scripts/lpv.js',
    'dist/scripts/main.ts',
    'dist/scripts/main.test.js',
    'dist/scripts/report/made-up-for-tests.js',
    'dist/scripts/dev/checks.js',
    'dist/specs/trace/recorded/1.37/objects.jsonl',
    'dist/specs/README.md',
  ]) {
    it(`does not need ${path}`, () => expect(isSurplus(path)).to.equal(true));
  }
});

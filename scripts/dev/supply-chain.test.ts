import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { projectRoot } from '../../clusters/project-root.ts';

describe('what this project is built from', () => {
  const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8');
  const below = (folder: string, extension: string): string[] =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(extension))
      .map((name) => join(folder, name));

  it('are packages of exact versions, each with a checksum, none from git', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, object>;
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      expect(version, name).to.match(/^(npm:typescript@)?\d+\.\d+\.\d+$/);
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { version: string; integrity?: string; resolved?: string }>;
    };
    const { '': root, ...others } = packages;
    expect(Object.keys(others).length).to.be.greaterThan(100);
    for (const [name, { version, integrity, resolved }] of Object.entries(others)) {
      expect(version, name).to.match(/^\d+\.\d+\.\d+/);
      expect(integrity, name).to.match(/^sha512-[A-Za-z0-9+/]{86}==$/);
      // Without an address npm takes the registry that it is set to.
      expect(resolved, name).to.equal(undefined);
    }
  });

  it('are installed without scripts, a week after their release, and the package is not published by mistake', () => {
    const settings = read('.npmrc').split('\n');
    for (const setting of ['ignore-scripts=true', 'min-release-age=7', 'allow-git=none'])
      expect(settings).to.include(setting);
    expect(JSON.parse(read('package.json'))).to.include({ private: true });
  });

  for (const path of below('.github/workflows', '.yml')) {
    describe(path, () => {
      const text = read(path);
      type Step = { uses?: string; with?: Record<string, unknown>; run?: string };
      const workflow = parse(text) as {
        permissions: object;
        on: object;
        jobs: Record<string, { permissions?: object; steps: Step[] }>;
      };
      const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

      it('uses actions by their commits, with the version in a comment', () => {
        // This repository's own action is that of the checkout.
        const uses = text.split('\n').filter((line) => /^\s*(-\s*)?uses: (?!\.\/ )/.test(line));
        expect(uses).to.have.length(steps.filter((step) => step.uses && step.uses !== './').length);
        for (const line of uses) expect(line).to.match(/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      });

      it('gives each job only the permissions that it names, and no secrets', () => {
        expect(workflow.permissions).to.deep.equal({});
        for (const [name, { permissions }] of Object.entries(workflow.jobs))
          expect(permissions, name).to.be.an('object');
        expect(text).not.to.match(/pull_request_target|workflow_run|secrets\./);
      });

      it('leaves no credentials in the checkout, and keeps artifacts for two weeks at most', () => {
        for (const { uses = '', with: settings } of steps) {
          if (uses.startsWith('actions/checkout@')) expect(settings).to.include({ 'persist-credentials': false });
          if (uses.startsWith('actions/upload-artifact@'))
            expect(settings?.['retention-days']).to.be.a('number').and.at.most(14);
        }
      });

      it('installs packages from the lock only', () => {
        for (const { run = '' } of steps) expect(run).not.to.match(/npm (i|install|update|exec)\b|npx |curl|wget/);
      });
    });
  }

  it('are images by digest, or those that the harness makes itself and never pulls', () => {
    const seen: string[] = [];
    for (const path of ['clusters', 'fixtures', 'specs'].flatMap((folder) => below(folder, '.yaml'))) {
      const containers: Record<string, unknown>[] = [];
      const walk = (value: unknown): void => {
        if (value === null || typeof value !== 'object') return;
        if ('image' in value && typeof value.image === 'string') containers.push(value as Record<string, unknown>);
        for (const field of Object.values(value)) walk(field);
      };
      for (const document of parseAllDocuments(read(path), { merge: true })) walk(document.toJS());
      for (const { image, imagePullPolicy } of containers) {
        seen.push(String(image));
        if (/@sha256:[0-9a-f]{64}$/.test(String(image))) continue;
        expect(image, path).to.match(/^localhost\/local-pv-conformance\//);
        expect(imagePullPolicy, `imagePullPolicy of ${image} in ${path}`).to.equal('Never');
      }
    }
    expect(seen).not.to.deep.equal([]);
  });

  it('are no clusters into which a folder or a device of this machine is mounted', () => {
    expect(read('clusters/three-node.yaml')).not.to.match(/extraMounts|hostPath/);
    for (const path of below('fixtures', '.yaml')) expect(read(path), path).not.to.include('Bidirectional');
  });

  it('is held by the files that SECURITY.md names', () => {
    const named = [...read('SECURITY.md').matchAll(/`([\w./-]+\.(?:ts|ya?ml|md))`/g)].map(([, path = '']) => path);
    expect(named.length).to.be.greaterThan(15);
    for (const path of named) expect(existsSync(join(projectRoot, path)), path).to.equal(true);
  });
});

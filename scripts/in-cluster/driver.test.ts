import { expect } from 'chai';
import { driverOf } from './driver.ts';

describe('what has started the harness in a pod', () => {
  for (const [title, environment, driver] of [
    [
      'hydrophone, which always sets its focus',
      { E2E_FOCUS: '\\[Conformance\\]', E2E_SKIP: '', E2E_USE_GO_RUNNER: 'true' },
      { kind: 'hydrophone', focus: '\\[Conformance\\]', skip: '', dryRun: false },
    ],
    [
      'hydrophone for a dry run',
      { E2E_FOCUS: 'LV', E2E_SKIP: 'x', E2E_DRYRUN: 'true' },
      { kind: 'hydrophone', focus: 'LV', skip: 'x', dryRun: true },
    ],
    [
      'Sonobuoy, also where a user has set a focus for the plugin',
      { SONOBUOY_RESULTS_DIR: '/tmp/sonobuoy/results', SONOBUOY_PROGRESS_PORT: '8099', E2E_FOCUS: 'LV' },
      { kind: 'sonobuoy', results: '/tmp/sonobuoy/results', progressPort: '8099' },
    ],
    [
      'an older Sonobuoy',
      { SONOBUOY: 'true', RESULTS_DIR: '/tmp/results' },
      { kind: 'sonobuoy', results: '/tmp/results', progressPort: undefined },
    ],
    ['a Job', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, { kind: 'job', shard: undefined }],
    ['an index of a Job without shards', { JOB_COMPLETION_INDEX: '1' }, { kind: 'job', shard: undefined }],
    [
      'the first index of a Job of four shards',
      { JOB_COMPLETION_INDEX: '0', LPV_SHARDS: '4' },
      { kind: 'job', shard: { index: 1, of: 4 } },
    ],
  ] as const) {
    it(`may be ${title}`, () => expect(driverOf(environment)).to.deep.equal(driver));
  }

  for (const environment of [
    { LPV_SHARDS: '4' },
    { LPV_SHARDS: '4', JOB_COMPLETION_INDEX: '4' },
    { LPV_SHARDS: 'four', JOB_COMPLETION_INDEX: '1' },
  ]) {
    it(`is refused with ${JSON.stringify(environment)}`, () =>
      expect(() => driverOf(environment))
        .to.throw(/LPV_SHARDS is/)
        .with.property('exit', 'badUsage'));
  }
});

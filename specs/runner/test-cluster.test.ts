import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { clusterFacts } from './test-cluster.ts';

it('specs outside of a run have no cluster, and the error says how to get one', () => {
  expect(() => clusterFacts())
    .to.throw(DomainError, 'lpv -- run')
    .with.property('exit', 'badUsage');
});

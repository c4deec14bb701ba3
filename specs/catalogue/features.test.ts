import { expect } from 'chai';
import { isFeature, minorOf, otherVersions, whyNotRun } from './features.ts';

describe('the features that requirements need', () => {
  const cluster = { kubernetes: 'v1.36.3', lacking: { xfs: 'mkfs.xfs is not on node2' } };

  it('are known by name, or are versions of Kubernetes', () => {
    expect(['block', 'disruptive', 'kubernetes>=1.37', 'kubernetes<1.37'].every(isFeature)).to.equal(true);
    expect(['blok', 'kubernetes=1.37', 'toString'].some(isFeature)).to.equal(false);
  });

  it('tell why a requirement does not apply', () => {
    expect(whyNotRun({ features: ['block'], needs: ['api'], leastNodes: 1 }, cluster)).to.equal(undefined);
    expect(whyNotRun({ features: ['block', 'xfs'], needs: ['api'], leastNodes: 1 }, cluster)).to.deep.equal({
      outcome: 'skipped',
      reason: 'mkfs.xfs is not on node2',
      skippedFor: 'feature',
    });
    expect(whyNotRun({ features: ['kubernetes>=1.37'], needs: ['api'], leastNodes: 1 }, cluster)).to.deep.equal({
      outcome: 'notApplicable',
      reason: 'Kubernetes 1.37 and later only',
    });
  });

  it('come after what specs may not ask of a cluster', () => {
    const why = whyNotRun(
      { features: ['xfs'], needs: ['agent'], leastNodes: 1 },
      { ...cluster, withheld: { agent: 'no agent was wanted' } },
    );
    expect(why).to.deep.equal({ outcome: 'skipped', reason: 'no agent was wanted', skippedFor: 'need' });
  });

  it('are for as many nodes as there are', () => {
    const why = (leastNodes: number, nodes: unknown[]) =>
      whyNotRun({ features: [], needs: ['api'], leastNodes }, { ...cluster, nodes });
    expect(why(3, ['a', 'b', 'c'])).to.equal(undefined);
    expect(why(1, ['a'])).to.equal(undefined);
    expect(why(3, ['a', 'b'])).to.deep.equal({
      outcome: 'skipped',
      reason: 'it needs 3 nodes, and specs have 2',
      skippedFor: 'nodes',
    });
  });

  it('name versions apart from what a cluster lacks', () => {
    expect(otherVersions(['xfs', 'kubernetes<1.37'], 'v1.37.2')).to.equal('Kubernetes before 1.37 only');
    expect(otherVersions(['xfs', 'kubernetes<1.37'], 'v1.36.3')).to.equal(undefined);
  });

  it('compare minors as numbers', () => {
    const applies = (feature: string, kubernetes: string) =>
      !whyNotRun({ features: [feature], needs: ['api'], leastNodes: 1 }, { kubernetes, lacking: {} });
    expect(applies('kubernetes>=1.37', 'v1.37.0')).to.equal(true);
    expect(applies('kubernetes>=1.37', 'v1.100.0')).to.equal(true);
    expect(applies('kubernetes<1.37', 'v1.9.1')).to.equal(true);
    expect(applies('kubernetes<1.37', 'v1.37.2')).to.equal(false);
    expect(minorOf('v1.37.2+k3s1')).to.deep.equal([1, 37]);
  });
});

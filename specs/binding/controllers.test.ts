import { expect } from 'chai';
import { samplesOf } from './controllers.ts';

const text = `# HELP pv_collector_bound_pv_count Gauge
# TYPE pv_collector_bound_pv_count gauge
pv_collector_bound_pv_count{storage_class="a"} 2
pv_collector_bound_pv_count{storage_class="b"} 1
pv_collector_bound_pvc_count{namespace="x",storage_class="a"} 4
go_goroutines 1.2e+03
`;

describe('samplesOf', () => {
  it('reads the samples of one metric with their labels', () => {
    expect(samplesOf(text, 'pv_collector_bound_pv_count')).to.deep.equal([
      { labels: { storage_class: 'a' }, value: 2 },
      { labels: { storage_class: 'b' }, value: 1 },
    ]);
    expect(samplesOf(text, 'pv_collector_bound_pvc_count')).to.deep.equal([
      { labels: { namespace: 'x', storage_class: 'a' }, value: 4 },
    ]);
  });

  it('reads a metric without labels, and nothing of a metric that is not there', () => {
    expect(samplesOf(text, 'go_goroutines')).to.deep.equal([{ labels: {}, value: 1200 }]);
    expect(samplesOf(text, 'pv_collector')).to.deep.equal([]);
  });
});

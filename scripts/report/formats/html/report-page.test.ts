import { expect } from 'chai';
import {
  emptyReport,
  lentReport,
  planted,
  reportedRequirement,
  reportWith,
  wholeReport,
} from '../../made-up-for-tests.ts';
import { readPageParts } from './page.ts';
import { reportPage } from './report-page.ts';

const secret = planted.split(' ')[1] ?? '';

describe('report as a page', () => {
  const page = async (report: Parameters<typeof reportPage>[0], text = '') => {
    const paths = report.requirements.flatMap(({ evidence }) => evidence);
    const files = new Map(paths.map((path) => [path, { path, bytes: text.length, text }]));
    return reportPage(report, { files, traces: [], parts: await readPageParts() });
  };

  it('stays under 3 MB where everything failed at length', async function () {
    this.timeout(20_000);
    const long = 'what the cluster said <about> & of the "volume"\n'.repeat(600);
    const failed = Array.from({ length: 306 }, (_, index) =>
      reportedRequirement(`LV-${index}`, 'binding', {
        result: 'failed',
        failure: { message: long, frames: [], diagnosis: long },
      }),
    );
    const text = await page(reportWith(failed), long);
    expect(Buffer.byteLength(text)).to.be.below(3_000_000);
    expect(text).to.include('Cut here for the size of the page');
  });

  it('has no secret of the report', async () => {
    expect(await page(wholeReport()))
      .to.include('[removed]')
      .and.not.include(secret);
  });

  it('says of a lent cluster what kind it is, by which needs it was tested, and where nobody has looked', async () => {
    const text = await page(lentReport());
    expect(text).to.include('k3s <span class="quiet">(version v1.37.2+k3s1)</span>');
    expect(text).to.include('not known: this user may not read it');
    expect(text).to.include('<dt>hostname of agent-2</dt><dd>rack-7</dd>');
    expect(text).to.include('nothing of the API; nodes were not looked at');
    expect(text).to.match(/id="tiers"[\s\S]*restart[\s\S]*Why \d+ requirements were skipped/);
    expect(text).to.not.include('<dt>node image</dt>');
  });

  it('allows nothing but what is in it', async () => {
    const text = await page(emptyReport());
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(text)?.[1] ?? '';
    expect(policy).to.match(/^default-src &#39;none&#39;; style-src &#39;sha256-.*script-src &#39;sha256-/);
    expect(policy).not.to.match(/unsafe|\*|https?:/);
    expect(text.match(/<script/g)).to.have.length(1);
    expect(text).not.to.match(/ style="| on[a-z]+="/);
  });

  it('links promises that are addresses, and only those', async () => {
    const text = await page(
      reportWith([
        reportedRequirement('A', 'a', { source: 'javascript:alert(1)' }),
        reportedRequirement('B', 'a', { source: 'https://kubernetes.io/docs/' }),
      ]),
    );
    expect(text).to.include('<a href="https://kubernetes.io/docs/"').and.not.include('href="javascript');
  });

  it('names what was tested once, and no home where there is none', async () => {
    const own = { organization: 'local-pv-conformance', project: 'local-pv-conformance kind cluster', url: '' };
    const text = await page(reportWith([], { implementation: { ...own, version: 'v1.37.2', contact: [] } }));
    expect(text).to.include('<dd>local-pv-conformance kind cluster v1.37.2</dd>').and.not.include('<dt>home</dt>');
    const other = { organization: 'Some Vendor', project: 'Some Kubernetes', url: 'https://vendor.example' };
    const theirs = await page(reportWith([], { implementation: { ...other, version: 'v1', contact: [] } }));
    expect(theirs).to.include('<dd>Some Vendor Some Kubernetes v1</dd>').and.include('<dt>home</dt>');
  });
});

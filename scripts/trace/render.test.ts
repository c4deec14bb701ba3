import { expect } from 'chai';
import pc from 'picocolors';
import { create } from 'xmlbuilder2';
import { columnsOf } from '../../clusters/text/wrap.ts';
import { makeTrace } from '../../specs/trace/make-trace.ts';
import { recorded } from '../../specs/trace/recorded-for-tests.ts';
import type { Trace } from '../../specs/trace/trace.ts';
import { besideText, pairedSteps } from './beside.ts';
import { besideSvg } from './svg/beside.ts';
import { traceDrawing, traceSvg } from './svg/document.ts';
import { cleanTrace, traceText } from './write-trace.ts';

const plain = pc.createColors(false);
const recordings = [
  ['1.37', 'wait'],
  ['1.37', 'now'],
  ['1.37', 'block'],
  ['1.37', 'sub'],
  ['1.36', 'stuck', 'elsewhere'],
  ['1.36', 'stuck', 'absent'],
] as const;
const traceOf = async ([minor, recording, pod]: readonly [string, string, string?]): Promise<Trace> =>
  makeTrace(await recorded(minor as '1.37', recording, pod));

/** A trace with markup in its texts, which nothing may take for markup. */
async function odd(): Promise<Trace> {
  const trace = await traceOf(['1.37', 'wait']);
  const text = 'a <b> & "c" \u0000\u0007\u001b[31mred\u001b[0m \u202eevil\u2066 \ud800 日本語 ]]> -->';
  const steps = trace.steps.map((step, index) => (index === 3 ? { ...step, what: text } : step));
  return {
    ...trace,
    title: text,
    steps,
    notes: [text],
    outcome: { state: 'stuck', sentence: text, diagnosis: `  ${text}\n${text}` },
  };
}

describe('traces in the terminal', () => {
  for (const recording of recordings) {
    it(`fit 100 columns without colours: ${recording.join(' ')}`, async () => {
      const trace = await traceOf(recording);
      const text = traceText(trace, { colors: plain });
      for (const line of text.split('\n')) expect(columnsOf(line), line).to.be.at.most(100);
      expect(text).not.to.include('\u001b').and.not.include('undefined').and.not.include('NaN');
      for (const { what } of trace.steps)
        expect(text.replace(/\s+/g, ' ')).to.include(what.split(' ').slice(0, 3).join(' '));
    });
  }

  it('have the same words with colours', async () => {
    const trace = await traceOf(['1.37', 'wait']);
    const coloured = traceText(trace, { colors: pc.createColors(true) });
    expect(coloured).to.include('\u001b[');
    expect(
      coloured
        .replace(/\u001b\[[0-9;]*m/g, '')
        .split('\n')
        .map((line) => line.trimEnd()),
    ).to.deep.equal(traceText(trace, { colors: plain }).split('\n'));
  });

  it('fit a narrow terminal', async () => {
    const text = traceText(await traceOf(['1.37', 'sub']), { colors: plain, width: 72 });
    for (const line of text.split('\n')) expect(columnsOf(line), line).to.be.at.most(72);
  });

  it('show gaps with their reason, the attach phase empty, and where each step is known from', async () => {
    const text = traceText(await traceOf(['1.37', 'wait']), { colors: plain });
    expect(text).to.match(/⋮ 98\d ms {2}VolumeBinding looks once a second/);
    expect(text)
      .to.include('attach: empty, as it must be')
      .and.include('binder.go:718')
      .and.include('PV rv 578 by kube-scheduler');
  });

  it('let no text of a cluster move the cursor or turn the direction', async () => {
    const text = traceText(await odd(), { colors: plain });
    expect(text).not.to.match(/[\u0000-\u0009\u000b-\u001f\u202a-\u202e\u2066-\u2069]/);
    for (const line of text.split('\n')) expect(columnsOf(line), line).to.be.at.most(100);
  });

  it('say with two sequences where clocks are apart', async () => {
    const records = await recorded('1.37', 'wait');
    const trace = makeTrace({ ...records, boots: { nodes: {}, here: undefined } });
    const text = traceText(trace, { colors: plain });
    expect(text).to.include('what the API server reported').and.include('what components reported');
    expect(text.indexOf('attach: empty')).to.be.greaterThan(text.indexOf('what components reported'));
  });
});

describe('traces side by side', () => {
  it('have every step once, with the times of both', async () => {
    const [left, right] = [await traceOf(['1.37', 'now']), await traceOf(['1.37', 'wait'])];
    const pairs = pairedSteps(left, right);
    const ids = pairs.map(({ step }) => step.id);
    expect(new Set(ids).size).to.equal(ids.length);
    expect(new Set(ids)).to.deep.equal(new Set([...left.steps, ...right.steps].map(({ id }) => id)));
    const bound = pairs.find(({ step }) => step.id === 'claim-bound')?.times ?? [0, 0];
    expect(bound[0]).to.be.lessThan(0);
    expect(bound[1]).to.be.greaterThan(0);
    for (const line of besideText(left, right, { colors: plain }).split('\n'))
      expect(columnsOf(line), line).to.be.at.most(100);
  });
});

describe('traces as SVG', () => {
  for (const recording of recordings) {
    it(`are well-formed, with title and description, and load nothing: ${recording.join(' ')}`, async () => {
      const svg = traceSvg(await traceOf(recording));
      const root = create(svg).root().node as unknown as { nodeName: string };
      expect(root.nodeName).to.equal('svg');
      expect(svg).to.match(/<title id="title">[^<]+<\/title><desc id="description">[^<]+<\/desc>/);
      expect(svg).not.to.match(/<script|<image|<foreignObject|url\(|@import|href=|NaN|undefined/);
      expect(svg.length).to.be.lessThan(150_000);
    });
  }

  it('are well-formed with odd characters too', async () => {
    const trace = await odd();
    for (const svg of [traceSvg(trace), besideSvg(trace, await traceOf(['1.37', 'now']))]) {
      expect(() => create(svg)).not.to.throw();
      expect(svg)
        .not.to.include('<b>')
        .and.not.match(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u202e]/);
    }
  });

  it('have ids of their own and no style in a page', async () => {
    const trace = await traceOf(['1.37', 'wait']);
    const [file, inPage] = [traceSvg(trace), String(traceDrawing(trace, { ids: 'trace-1-' }))];
    expect(file.match(/<style>/g)).to.have.length(1);
    expect(inPage).not.to.match(/<style|style=| on[a-z]+=/);
    expect(inPage.match(/ id="([^"]+)"/g)).to.deep.equal([' id="trace-1-title"', ' id="trace-1-description"']);
    const shapes = /<(?:text|circle|path|rect)\b/g;
    expect(inPage.match(shapes)?.length).to.equal(file.match(shapes)?.length);
  });
});

describe('what leaves the process', () => {
  it('has no secrets that a component may have logged', async () => {
    const trace = await traceOf(['1.37', 'wait']);
    const secret = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl';
    const steps = trace.steps.map((step) => ({ ...step, what: `${step.what} Bearer ${secret}` }));
    const clean = cleanTrace({ ...trace, steps, outcome: { ...trace.outcome, diagnosis: `token: ${secret}` } });
    for (const text of [traceText(clean, { colors: plain }), traceSvg(clean), JSON.stringify(clean)])
      expect(text).not.to.include(secret);
    expect(clean.steps.length).to.equal(trace.steps.length);
  });
});

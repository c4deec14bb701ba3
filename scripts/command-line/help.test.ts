import { expect } from 'chai';
import { generalHelp, verbHelp } from './help.ts';
import { optionsOf, written } from './options.ts';
import { parseCommandLine } from './parse.ts';
import { describeVerb, verbNames } from './verbs.ts';

describe('help', () => {
  it('names every verb', () => {
    for (const verb of verbNames) expect(generalHelp()).to.match(new RegExp(`^  ${verb} +\\S`, 'm'));
  });

  for (const verb of verbNames) {
    it(`of ${verb} has its sentence, options, examples and exit statuses, and fits the page`, () => {
      const text = verbHelp(verb);
      expect(text.split('\n')[0]).to.equal(describeVerb(verb).sentence);
      for (const option of optionsOf(verb)) expect(text).to.contain(written(option));
      expect(text).to.contain('-h, --help');
      expect(text).to.match(/^ {2}0 {4}\S.*\n(.*\n)* {2}2 {4}the command line/m);
      for (const line of text.split('\n')) expect(line.length, line).to.be.at.most(110);
    });

    it(`of ${verb} shows examples that are right`, () => {
      for (const example of describeVerb(verb).examples) {
        const [lpv, ...argv] = example.split(' ');
        expect(lpv).to.equal('lpv');
        expect(parseCommandLine(argv, {})).to.include({ kind: 'verb', verb });
      }
    });
  }

  it('tells defaults, choices and environment variables', () => {
    const text = verbHelp('run');
    expect(text)
      .to.contain('--keep=never|failure|always')
      .and.to.contain('(default: never)')
      .and.to.contain('LPV_INSTALL=off');
  });
});

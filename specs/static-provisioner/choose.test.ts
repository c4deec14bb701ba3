import { expect } from 'chai';
import { BadConfiguration } from '../../clusters/yaml/bad-configuration.ts';
import { chosenProvisioner, parseProvisioner } from './choose.ts';

const parse = (text: string) => parseProvisioner({ file: 'provisioner.yaml', text });

describe('the choice of a provisioner', () => {
  it('is the reference, or a program by its path', () => {
    expect(parse('provisioner: reference')).to.deep.equal({ kind: 'reference' });
    expect(parse('provisioner: /opt/provisioner')).to.deep.equal({ kind: 'program', path: '/opt/provisioner' });
  });

  it('is refused where it is neither', () => {
    for (const text of ['provisioner: real', 'provisioner: ./provisioner', '{}'])
      expect(() => parse(text), text).to.throw(BadConfiguration);
  });

  it('of the project can be read', async () => {
    expect((await chosenProvisioner()).kind).to.be.oneOf(['reference', 'program']);
  });
});

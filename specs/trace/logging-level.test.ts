import { expect } from 'chai';
import { levelOfArguments, levelOfKubelet } from './logging-level.ts';

describe('how much a component logs', () => {
  it('is in its arguments', () => {
    expect(levelOfArguments(['kube-scheduler', '--v=2', '--vmodule=binder=5,schedule_one=3'])).to.deep.equal({
      verbosity: 2,
      files: { binder: 5, schedule_one: 3 },
    });
    expect(levelOfArguments(['kube-scheduler', '-v', '4', '--leader-elect=true'])).to.deep.equal({
      verbosity: 4,
      files: {},
    });
    expect(levelOfArguments(['kube-scheduler', '--version=true'])).to.deep.equal({ verbosity: 0, files: {} });
  });

  it('is in what kubelet says of its configuration', () => {
    const logging = { format: 'text', verbosity: 1, vmodule: [{ filePattern: 'local', verbosity: 4 }] };
    expect(levelOfKubelet({ kubeletconfig: { logging, other: 1 } })).to.deep.equal({
      verbosity: 1,
      files: { local: 4 },
    });
    expect(levelOfKubelet({ kubeletconfig: { logging: { verbosity: 0 } } })).to.deep.equal({ verbosity: 0, files: {} });
    expect(() => levelOfKubelet({})).to.throw();
  });
});

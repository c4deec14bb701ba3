import { expect } from 'chai';
import { BadConfiguration } from '../../../../clusters/yaml/bad-configuration.ts';
import { implementationOf, lentProduct, namedProduct, ownProduct, parseProduct } from './product.ts';

const text = 'vendor: Some Vendor\nname: Some Kubernetes\nversion: v1.2\ndescription: it runs pods\n';

describe('the product that is tested', () => {
  const k3s = { is: 'k3s', seenIn: 'version v1.37.2+k3s1' };

  it('is what the file says; what it does not say is not applicable', () => {
    expect(
      parseProduct({ file: 'p.yaml', text: `${text}type: installer\nwebsite_url: https://vendor.example\n` }),
    ).to.deep.equal({
      vendor: 'Some Vendor',
      name: 'Some Kubernetes',
      version: 'v1.2',
      website_url: 'https://vendor.example',
      repo_url: 'n/a',
      documentation_url: 'n/a',
      product_logo_url: 'n/a',
      type: 'installer',
      description: 'it runs pods',
      contact_email_address: 'n/a',
    });
  });

  for (const [title, change, problem] of [
    ['without a name', ['name: Some Kubernetes\n', ''], /p\.yaml:1:1: name: is missing; text must stand here/],
    ['with a version that is a number', ['v1.2', '1.2'], /p\.yaml:3:10: version: 1\.2 is not text; put it in quotes/],
    ['with a key that is not known', ['vendor', 'vendour'], /p\.yaml:1:1: vendour: .*did you mean vendor\?/],
    [
      'with a type that is none',
      ['version: v1.2', 'version: v1.2\ntype: distro'],
      /type: distro is not one of distribution/,
    ],
  ] as const) {
    it(`${title} is refused`, () => {
      const [from, to] = change;
      expect(() => parseProduct({ file: 'p.yaml', text: text.replace(from, to) })).to.throw(BadConfiguration, problem);
    });
  }

  it('is a cluster of its distribution where a user has lent one and named no product', () => {
    expect(lentProduct('v1.37.2+k3s1', k3s)).to.include({
      vendor: 'k3s',
      name: 'k3s cluster',
      version: 'v1.37.2+k3s1',
    });
    expect(implementationOf(lentProduct('v1.37.2', undefined))).to.include({
      organization: 'Kubernetes',
      project: 'Kubernetes cluster',
    });
  });

  it('is known again by the name that a report has: that of a cluster, or what the file said and the report kept', () => {
    const file = {
      file: 'p.yaml',
      text: `${text}website_url: https://vendor.example\ncontact_email_address: a@b.example\n`,
    };
    const given = parseProduct(file);
    for (const product of [ownProduct('v1.37.2'), lentProduct('v1.37.2+k3s1', k3s), lentProduct('v1.37.2', undefined)])
      expect(namedProduct(implementationOf(product))).to.deep.equal(product);
    expect(namedProduct(implementationOf(given))).to.deep.equal({ ...given, description: 'n/a' });
  });

  it('is the harness’s own cluster by default, without an address that leads nowhere', () => {
    const own = ownProduct('v1.37.2');
    expect(Object.values(own).filter((value) => /https?:|@/.test(value))).to.deep.equal([]);
    expect(implementationOf(own)).to.deep.equal({
      organization: 'local-pv-conformance',
      project: 'local-pv-conformance kind cluster',
      url: '',
      version: 'v1.37.2',
      contact: [],
    });
  });
});

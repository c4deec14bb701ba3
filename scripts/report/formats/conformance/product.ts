import { z } from 'zod';
import { parseStrictDocument, readSource } from '../../../../clusters/yaml/strict-yaml.ts';
import type { YamlSource } from '../../../../clusters/yaml/yaml-documents.ts';
import type { ClusterFact } from '../../model/kind-of-cluster.ts';
import type { LocalVolumeConformanceReport } from '../../model/report.ts';

const text = z.string().min(1);
const notApplicable = 'n/a';
const maybe = z.string().default(notApplicable);

/** PRODUCT.yaml of CNCF's conformance reports; a key that is left out is written as not applicable. */
const productSchema = z.strictObject({
  vendor: text,
  name: text,
  version: text,
  website_url: maybe,
  repo_url: maybe,
  documentation_url: maybe,
  product_logo_url: maybe,
  type: z.enum(['distribution', 'hosted platform', 'installer', notApplicable]).default(notApplicable),
  description: text,
  contact_email_address: maybe,
});

/** What is tested, as CNCF's conformance reports name it. */
export type Product = z.infer<typeof productSchema>;

/** Reads the file that `--product` names. @throws BadConfiguration with file, line and key */
export async function readProduct(path: string): Promise<Product> {
  return parseProduct(await readSource(path));
}

/** Returns what readProduct does, from a text. */
export function parseProduct(source: YamlSource): Product {
  return parseStrictDocument(source, productSchema).value;
}

/**
 * Returns what is tested where no product is named: Kubernetes as the harness sets it up. `version` is that of
 * Kubernetes.
 */
export function ownProduct(version: string): Product {
  return productSchema.parse({
    vendor: 'local-pv-conformance',
    name: 'local-pv-conformance kind cluster',
    version,
    description:
      'The three-node kind cluster that local-pv-conformance makes for its own runs. It is no product: it has no vendor and no contact.',
  });
}

/** Returns what is tested where a user has lent a cluster and named no product. */
export function lentProduct(version: string, known: ClusterFact | undefined): Product {
  const distribution = known && 'is' in known ? known.is : 'Kubernetes';
  return productSchema.parse({
    vendor: distribution,
    name: `${distribution} cluster`,
    version,
    description: 'A cluster that local-pv-conformance did not make. Its owner has named no product.',
  });
}

/** Returns the product that a report names. What a report does not say of it is not applicable. */
export function namedProduct({
  organization,
  project,
  url,
  version,
  contact: [contact],
}: LocalVolumeConformanceReport['implementation']): Product {
  const unnamed = [ownProduct(version), lentProduct(version, { is: organization, seenIn: 'a report' })];
  return (
    unnamed.find(({ vendor, name }) => vendor === organization && name === project) ??
    productSchema.parse({
      vendor: organization,
      name: project,
      version,
      ...(url !== '' && { website_url: url }),
      description: notApplicable,
      ...(contact !== undefined && { contact_email_address: contact }),
    })
  );
}

/** Returns the product as the report names what was tested. */
export function implementationOf(product: Product): LocalVolumeConformanceReport['implementation'] {
  const known = (value: string): string => (value === notApplicable ? '' : value);
  const contact = known(product.contact_email_address);
  return {
    organization: product.vendor,
    project: product.name,
    url: known(product.website_url) || known(product.repo_url),
    version: product.version,
    contact: contact === '' ? [] : [contact],
  };
}

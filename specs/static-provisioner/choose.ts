import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseStrictDocument, readSource } from '../../clusters/yaml/strict-yaml.ts';
import type { YamlSource } from '../../clusters/yaml/yaml-documents.ts';

/** Which static provisioner is driven. */
export type ProvisionerChoice = { kind: 'reference' } | { kind: 'program'; path: string };

const schema = z.strictObject({
  provisioner: z
    .string()
    .refine((text) => text === 'reference' || text.startsWith('/'), {
      error: ({ input }) => `"${input}" is no provisioner; write reference, or the absolute path of a program`,
    })
    .transform((text): ProvisionerChoice => (text === 'reference' ? { kind: text } : { kind: 'program', path: text })),
});

/** Reads which provisioner is to be driven, from the project's own provisioner.yaml. @throws BadConfiguration */
export async function chosenProvisioner(
  path = fileURLToPath(new URL('./provisioner.yaml', import.meta.url)),
): Promise<ProvisionerChoice> {
  return parseProvisioner(await readSource(path));
}

/** Reads which provisioner is to be driven. @throws BadConfiguration */
export function parseProvisioner(source: YamlSource): ProvisionerChoice {
  return parseStrictDocument(source, schema).value.provisioner;
}

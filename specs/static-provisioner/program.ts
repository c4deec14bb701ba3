import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { z } from 'zod';
import { run } from '../../clusters/host/command/commander.ts';
import { type Node, onNode } from '../../clusters/nodes/node.ts';
import { parseStrictDocument, readSource } from '../../clusters/yaml/strict-yaml.ts';
import type { YamlSource } from '../../clusters/yaml/yaml-documents.ts';
import { type Provision, provisionerName, type StaticProvisioner } from './static-provisioner.ts';

export interface ProgramOptions extends Provision {
  node: Node;
  /** The path of the program on this machine. */
  path: string;
  /** The credentials for the API server, to be used on the node. */
  kubeconfig: string;
  /** Unique on its node; part of the names of its unit and its files. */
  id: string;
}

/**
 * Returns the files of a provisioner's configuration folder, by name. Source: sig-storage-local-static-provisioner,
 * docs/provisioner.md (storageClassMap, labelsForPV, useNodeNameOnly, minResyncPeriod).
 */
export function configurationFiles({ classes, labels = {}, startupTaint }: Provision): Record<string, string> {
  const storageClassMap = Object.fromEntries(
    classes.map(({ storageClass, directory, volumeMode = 'Filesystem' }) => [
      storageClass,
      // The program runs on the node itself, not in a container, so both are the same directory.
      { hostDir: directory, mountDir: directory, volumeMode, blockCleanerCommand: ['/bin/sh', '-c', zeroDevice] },
    ]),
  );
  return {
    storageClassMap: stringify(storageClassMap),
    labelsForPV: stringify(labels),
    useNodeNameOnly: stringify(true),
    minResyncPeriod: stringify('1m0s'),
    ...(startupTaint === undefined
      ? {}
      : {
          removeNodeNotReadyTaint: stringify(true),
          provisionerNotReadyNodeTaintKey: stringify(startupTaint),
        }),
  };
}

/** A cleaner finds the device in its environment. */
const zeroDevice =
  'head -c "$(blockdev --getsize64 "$LOCAL_PV_BLKDEVICE")" /dev/zero | dd of="$LOCAL_PV_BLKDEVICE" bs=1M iflag=fullblock conv=notrunc,fsync';

/**
 * A static provisioner that is a separate program, run on the node by systemd. It discovers disks at its own pace, so
 * `look` does nothing.
 */
export class ProgramProvisioner implements StaticProvisioner {
  readonly name: string;
  readonly #node: Node;
  readonly #unit: string;
  readonly #folder: string;

  private constructor(node: Node, id: string) {
    this.name = provisionerName(node.name);
    this.#node = node;
    this.#unit = `local-volume-provisioner-${id}`;
    this.#folder = `/run/${this.#unit}`;
  }

  static async start(options: ProgramOptions): Promise<ProgramProvisioner> {
    const { node, path, kubeconfig, id } = options;
    const started = new ProgramProvisioner(node, id);
    const folder = started.#folder;
    try {
      await onNode(node, ['mkdir', '-p', '-m', '0700', `${folder}/config`]);
      for (const [name, text] of Object.entries(configurationFiles(options)))
        await started.#write(`${folder}/config/${name}`, text);
      await started.#write(`${folder}/kubeconfig`, kubeconfig);
      await started.#write(`${folder}/program`, await readFile(path));
      await onNode(node, ['chmod', '0700', `${folder}/program`]);
      await onNode(node, [
        'systemd-run',
        '--quiet',
        `--unit=${started.#unit}`,
        // Where every static provisioner reads its configuration.
        `--property=BindReadOnlyPaths=${folder}/config:/etc/provisioner/config`,
        `--setenv=MY_NODE_NAME=${node.name}`,
        `--setenv=KUBECONFIG=${folder}/kubeconfig`,
        `${folder}/program`,
      ]);
    } catch (error) {
      await started[Symbol.asyncDispose]().catch(() => {}); // The first error is the one to tell.
      throw error;
    }
    return started;
  }

  async look(): Promise<void> {}

  async said(): Promise<readonly string[]> {
    const log = await onNode(this.#node, ['journalctl', `--unit=${this.#unit}`, '--output=cat', '--no-pager']);
    return log.split('\n').filter(Boolean);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A unit that was never created cannot be stopped.
    await this.#node.attempt({ argv: ['systemctl', 'stop', this.#unit], deadline: 30_000 });
    await onNode(this.#node, ['rm', '-rf', this.#folder]);
  }

  async #write(path: string, content: string | Uint8Array): Promise<void> {
    await run(this.#node, {
      argv: ['dd', `of=${path}`, 'status=none'],
      stdin: content,
      deadline: 60_000,
    });
  }
}

/** The static provisioner under test. */
export type ProvisionerChoice = { kind: 'reference' } | { kind: 'program'; path: string };

const schema = z.strictObject({
  provisioner: z
    .string()
    .refine((text) => text === 'reference' || text.startsWith('/'), {
      error: ({ input }) => `"${input}" is no provisioner; write reference, or the absolute path of a program`,
    })
    .transform((text): ProvisionerChoice => (text === 'reference' ? { kind: text } : { kind: 'program', path: text })),
});

/**
 * Returns which provisioner to test, from the project's own provisioner.yaml.
 * @throws BadConfiguration
 */
export async function chosenProvisioner(
  path = fileURLToPath(new URL('./provisioner.yaml', import.meta.url)),
): Promise<ProvisionerChoice> {
  return parseProvisioner(await readSource(path));
}

/**
 * Parses which provisioner to test.
 * @throws BadConfiguration
 */
export function parseProvisioner(source: YamlSource): ProvisionerChoice {
  return parseStrictDocument(source, schema).value.provisioner;
}

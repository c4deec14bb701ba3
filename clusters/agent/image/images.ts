import { arch } from 'node:os';
import type { Versions } from '../../configuration/versions.ts';
import type { StaticProvisionerPrograms } from '../../static-provisioner/build.ts';
import { agentTag, type Layers } from './build-layers.ts';
import type { ImageContent } from './docker-archive.ts';

/** What runs in the image. */
export type ImagePurpose = 'pod' | 'agent' | 'provisioner';

/** An image that a run needs on a cluster that the harness did not make. */
export interface WantedImage {
  purpose: ImagePurpose;
  /** The name under which pods use it. */
  name: string;
  /** For which requirements. */
  serves: string;
}

/** The names of images that no registry has begin with this; it is replaced by the user's registry. */
const own = 'localhost/local-pv-conformance';

/** Returns every image that a run needs on any cluster. With a registry, such as `registry.example/lpv`, as it is named there. */
export async function wantedImages(
  versions: Pick<Versions, 'podImage' | 'nodeImage' | 'staticProvisioner'>,
  registry: string = own,
): Promise<WantedImage[]> {
  const { podImage, nodeImage, staticProvisioner } = versions;
  return [
    { purpose: 'pod', name: podImage.name.replace(own, registry), serves: 'every requirement with a pod' },
    {
      purpose: 'agent',
      name: `${registry}/agent:${await agentTag(nodeImage.debianSuite)}`,
      serves: 'what needs the nodes: disks, mounts, what is left behind',
    },
    {
      purpose: 'provisioner',
      name: `${registry}/static-provisioner:${staticProvisioner.version}-${arch()}`,
      serves: 'the chapter of the static provisioner',
    },
  ];
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Returns the content of an image. */
export function contentOf(
  { purpose, name }: WantedImage,
  layers: Layers,
  programs: StaticProvisionerPrograms | undefined,
): ImageContent | undefined {
  switch (purpose) {
    case 'pod':
      return { name, layers: [layers.pod], config: { Env: ['PATH=/bin'], Cmd: ['sh'] } };
    case 'agent':
      return { name, layers: [layers.agent], config: { Env: [path, 'LC_ALL=C'], Cmd: ['sh'] } };
    case 'provisioner': {
      if (!programs) return undefined;
      const added = { file: programs.archive, sha256: programs.sha256 };
      const config = { Env: ['PATH=/bin:/sbin'], Entrypoint: ['/local-provisioner'] };
      return { name, layers: [layers.pod, added], config };
    }
  }
}

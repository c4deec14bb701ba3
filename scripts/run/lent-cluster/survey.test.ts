import { expect } from 'chai';
import { foldersOf } from './survey.ts';

it('disks are in the folder that is named, with their files; else where clusters of ours have them', () => {
  expect(foldersOf(undefined)).to.deep.equal({ disks: '/mnt/disks', files: '/var/local/local-pv-conformance' });
  expect(foldersOf('/var/mnt')).to.deep.equal({ disks: '/var/mnt', files: '/var/mnt/.local-pv-conformance' });
});

import { expect } from 'chai';
import { type DebianArchive, debianKeyRing, mainArchive, readIndexTargets, sourceEntry } from './apt.ts';

const bookworm: DebianArchive = { uri: 'http://deb.debian.org/debian/', codename: 'bookworm' };
const updates: DebianArchive = { uri: 'http://deb.debian.org/debian/', codename: 'bookworm-updates' };
const security: DebianArchive = { uri: 'http://deb.debian.org/debian-security/', codename: 'bookworm-security' };

describe('apt', () => {
  it("gives Debian's own archives, each once", () => {
    const printed = [
      // Security first, as a sources file may have it; one line for each component.
      'http://deb.debian.org/debian-security/|bookworm-security|Debian',
      'http://deb.debian.org/debian/|bookworm|Debian',
      'http://deb.debian.org/debian/|bookworm|Debian',
      'http://deb.debian.org/debian/|bookworm-updates|Debian',
      'https://download.example.org/linux/debian/|bookworm|Docker',
      '',
    ];
    expect(readIndexTargets(printed.join('\n'))).to.deep.equal([security, bookworm, updates]);
  });

  it('gives none on Ubuntu or without package lists', () => {
    expect(readIndexTargets('http://archive.ubuntu.com/ubuntu/|noble|Ubuntu\n')).to.deep.equal([]);
    expect(readIndexTargets('')).to.deep.equal([]);
  });

  for (const [what, archives, main] of [
    ['the release, not its updates', [security, updates, bookworm], bookworm],
    ['what there is', [security], security],
    ['nothing of nothing', [], undefined],
  ] as const) {
    it(`has as main archive ${what}`, () => {
      expect(mainArchive(archives)).to.deep.equal(main);
    });
  }

  it("makes a source entry that trusts only Debian's key ring", () => {
    expect(sourceEntry(bookworm, 'trixie')).to.equal(
      `Types: deb\nURIs: http://deb.debian.org/debian/\nSuites: trixie\nComponents: main\nSigned-By: ${debianKeyRing}\n`,
    );
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { debianMirror, parseDeb822Sources, parseOneLineSources, readAptSources } from '../../packaging/apt-sources';

describe('parseOneLineSources', () => {
  test('reads addresses, suite and components, past options and comments', () => {
    const text = `
# deb http://commented.example/debian bookworm main
deb http://plain.example/debian bookworm main contrib
  deb [arch=amd64 signed-by=/usr/share/keyrings/a b.gpg] https://options.example/debian trixie main # why
deb-src http://source.example/debian bookworm main
deb http://flat.example/packages ./
`;
    expect(parseOneLineSources(text)).toEqual([
      { uri: 'http://plain.example/debian', suites: ['bookworm'], components: ['main', 'contrib'] },
      { uri: 'https://options.example/debian', suites: ['trixie'], components: ['main'] },
      { uri: 'http://flat.example/packages', suites: ['./'], components: [] },
    ]);
  });
});

describe('parseDeb822Sources', () => {
  test('reads every address of every enabled stanza', () => {
    const text = `# The archive
Types: deb deb-src
# a comment within
URIs: http://one.example/debian http://two.example/debian
Suites: bookworm
  bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 Suites: forged

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main


enabled: no
types: deb
uris: http://disabled.example/debian
suites: bookworm
components: main

types: deb
uris: http://lower.example/debian
suites: trixie
components: main non-free
`;
    expect(parseDeb822Sources(text)).toEqual([
      { uri: 'http://one.example/debian', suites: ['bookworm', 'bookworm-updates'], components: ['main'] },
      { uri: 'http://two.example/debian', suites: ['bookworm', 'bookworm-updates'], components: ['main'] },
      { uri: 'http://lower.example/debian', suites: ['trixie'], components: ['main', 'non-free'] },
    ]);
  });
});

describe('debianMirror', () => {
  test.each([
    ['another project', { suites: ['cloud-bookworm'], components: ['main'] }],
    ['security updates', { suites: ['bookworm-security'], components: ['main'] }],
    ['another distribution', { suites: ['noble'], components: ['main'] }],
    ['without main', { suites: ['bookworm'], components: ['contrib'] }],
  ])('passes over a source of %s', (_, source) => {
    const debian = {
      uri: 'http://debian.example/debian',
      suites: ['bookworm', 'bookworm-updates'],
      components: ['main'],
    };
    expect(debianMirror([{ uri: 'http://other.example', ...source }, debian])).toBe('http://debian.example/debian');
    expect(debianMirror([{ uri: 'http://other.example', ...source }])).toBeUndefined();
  });
});

describe('readAptSources', () => {
  const etc = mkdtempSync(path.join(tmpdir(), 'apt-sources-'));
  afterAll(() => rmSync(etc, { recursive: true }));

  test('reads both styles and no other file; a machine without any has none', () => {
    expect(readAptSources(path.join(etc, 'missing'))).toEqual([]);
    // GIVEN
    const parts = path.join(etc, 'sources.list.d');
    mkdirSync(parts);
    writeFileSync(path.join(etc, 'sources.list'), 'deb http://a.example/ sid main\n');
    writeFileSync(path.join(parts, 'b.list'), 'deb http://b.example/ sid main\n');
    writeFileSync(
      path.join(parts, 'c.sources'),
      'Types: deb\nURIs: http://c.example/\nSuites: sid\nComponents: main\n',
    );
    writeFileSync(path.join(parts, 'd.list.save'), 'deb http://d.example/ sid main\n');
    // THEN
    expect(readAptSources(etc).map(({ uri }) => uri)).toEqual([
      'http://a.example/',
      'http://b.example/',
      'http://c.example/',
    ]);
  });
});

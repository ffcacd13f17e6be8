import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';

/** An archive that apt is configured with: its address, suites and components. */
export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
}

/** The names of Debian's releases. Archives of other distributions have none of them. */
const DEBIAN_SUITES = ['stable', 'oldstable', 'testing', 'unstable', 'sid', 'bullseye', 'bookworm', 'trixie', 'forky'];

/** The sources of packages (not of source packages) in a one-line style `.list` file. */
export function parseOneLineSources(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+([^#]+)/.exec(line);
    if (!match) return [];
    const [suite, ...components] = match[2].trim().split(/\s+/);
    return [{ uri: match[1], suites: [suite], components }];
  });
}

/** The enabled sources of packages (not of source packages) in a deb822 style `.sources` file. */
export function parseDeb822Sources(text: string): AptSource[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const stanzas = lines.join('\n').split(/\n\s*\n/);
  return stanzas.flatMap((stanza) => {
    const unfolded = stanza.replace(/\n[ \t]+/g, ' ');
    const words = (field: string) =>
      new RegExp(`^${field}:(.*)$`, 'im').exec(unfolded)?.[1].trim().split(/\s+/).filter(Boolean) ?? [];
    const disabled = /^(no|false|off|0|without|disable)$/i.test(words('Enabled')[0] ?? 'yes');
    if (disabled || !words('Types').includes('deb')) return [];
    return words('URIs').map((uri) => ({ uri, suites: words('Suites'), components: words('Components') }));
  });
}

/** The address of the first source that is a Debian archive: it has the suite of a release, with component main. */
export function debianMirror(sources: readonly AptSource[]): string | undefined {
  return sources.find(
    (source) => source.components.includes('main') && source.suites.some((suite) => DEBIAN_SUITES.includes(suite)),
  )?.uri;
}

/** The sources that this machine's apt is configured with. */
export function readAptSources(directory = '/etc/apt'): AptSource[] {
  const parts = path.join(directory, 'sources.list.d');
  const files = existsSync(parts) ? readdirSync(parts).sort() : [];
  return [path.join(directory, 'sources.list'), ...files.map((file) => path.join(parts, file))].flatMap((file) => {
    if (file.endsWith('.sources')) return parseDeb822Sources(readFileSync(file, 'utf8'));
    if (file.endsWith('.list') && existsSync(file)) return parseOneLineSources(readFileSync(file, 'utf8'));
    return [];
  });
}

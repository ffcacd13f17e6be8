import { readdir, stat } from 'node:fs/promises';
import * as path from 'node:path';

/** The AWS provider, as `@cdktf/provider-aws` pins it. */
export interface ProviderPin {
  /** `registry.terraform.io/hashicorp/aws`. */
  readonly name: string;
  readonly version: string;
}

/** Folders in which machines that have no network keep providers. */
export function usualMirrorRoots(home: string): string[] {
  return ['/opt', '/usr/local/share/terraform', '/usr/share/terraform', path.join(home, '.terraform.d')];
}

/**
 * Looks for an unpacked filesystem mirror (`<mirror>/<host>/<namespace>/<type>/<version>/<platform>/`) that has the
 * provider, at most a few folders below each root.
 */
export async function findProviderMirror(
  roots: string[],
  pin: ProviderPin,
  platform: string,
): Promise<string | undefined> {
  const wanted = path.join(pin.name, pin.version, platform);
  let level = roots;
  for (let depth = 0; depth <= MIRROR_DEPTH; depth += 1) {
    for (const directory of level) {
      if (await isDirectory(path.join(directory, wanted))) return directory;
    }
    level = (await Promise.all(level.map(foldersIn))).flat();
  }
  return undefined;
}

/** The text of a CLI configuration that takes the provider from a mirror, and all others from where they come from. */
export function mirrorConfiguration(mirror: string, pin: ProviderPin): string {
  const list = JSON.stringify([pin.name]);
  return [
    'provider_installation {',
    '  filesystem_mirror {',
    `    path    = ${JSON.stringify(mirror)}`,
    `    include = ${list}`,
    '  }',
    '  direct {',
    `    exclude = ${list}`,
    '  }',
    '}',
    '',
  ].join('\n');
}

const MIRROR_DEPTH = 3;

async function isDirectory(directory: string): Promise<boolean> {
  return stat(directory).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

/** Links are not followed: they may lead anywhere, and in circles. */
async function foldersIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(directory, entry.name));
}

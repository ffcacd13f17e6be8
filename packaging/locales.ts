import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { cpus } from 'node:os';
import * as path from 'node:path';
import { namesUnder } from './deterministic-zip';
import { sha256, sha256OfFile } from './digest';
import { LayerPackages, placeAll } from './layer-packages';
import { CACHE } from './places';

/**
 * The locales of the server, all with the encoding UTF-8. The first is that of RDS's databases. Each takes a second to
 * compile. Those of a line sort alike; each line takes some 800 kB of the zip.
 */
export const LOCALES = [
  'en_US en_GB de_DE fr_FR it_IT nl_NL pt_BR pt_PT ru_RU el_GR he_IL hi_IN id_ID',
  'es_ES es_MX',
  'cs_CZ sk_SK',
  'ja_JP',
  'ko_KR',
  'pl_PL',
  'sv_SE',
  'tr_TR',
].flatMap((alike) => alike.split(' '));

/** The packages that decide the bytes of a locale. */
const MADE_OF = ['libc6', 'libc-bin', 'locales'];

/** Compiled locales are kept between builds, by what they are made of. */
const KEPT = path.join(CACHE, 'layers', 'locales');

/** Copies the locales for the folder that `LOCPATH` names, compiled now or by an earlier build. */
export async function placeLocales(packages: LayerPackages, into: string): Promise<void> {
  const made = [...MADE_OF.map((name) => packages.digestOf(name)), ...LOCALES].join();
  const kept = path.join(KEPT, sha256(made));
  if (!existsSync(kept)) {
    const unfinished = `${kept}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await compileLocales(packages, unfinished, LOCALES);
    await rename(unfinished, kept);
  }
  await placeAll(kept, into);
}

/**
 * Compiles locales with the C library's own compiler, from the sources of the same version. A file that equals one before
 * it becomes a link to that.
 */
export async function compileLocales(packages: LayerPackages, into: string, names: readonly string[]): Promise<void> {
  const sources = packages.pathIn('locales', 'usr/share/i18n');
  const compiler = packages.pathIn('libc-bin', 'usr/bin/localedef');
  await mkdir(into, { recursive: true });
  const left = names.values();
  const compileInTurn = async () => {
    for (const name of left) {
      const options = ['--no-archive', '--no-hard-links', `--inputfile=${name}`, '--charmap=UTF-8'];
      await packages.run(compiler, [...options, path.join(into, `${name}.utf8`)], { I18NPATH: sources });
    }
  };
  await Promise.all(cpus().map(compileInTurn));
  await placeAll(packages.pathIn('libc-bin', 'usr/lib/locale/C.utf8'), path.join(into, 'C.utf8'));
  await linkEqualFiles(into);
}

/** Replaces each file that equals one before it by a relative link. */
async function linkEqualFiles(directory: string): Promise<void> {
  const first = new Map<string, string>();
  for (const name of (await namesUnder(directory)).sort()) {
    const file = path.join(directory, name);
    const digest = await sha256OfFile(file);
    const equal = first.get(digest);
    if (equal === undefined) {
      first.set(digest, file);
      await chmod(file, 0o644);
      continue;
    }
    await rm(file);
    await symlink(path.relative(path.dirname(file), equal), file);
  }
}

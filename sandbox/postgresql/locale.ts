import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import * as path from 'node:path';
import { debianMirror, readAptSources } from '../../packaging/apt-sources';
import { exclusively } from '../../packaging/exclusively';
import { LayerLock } from '../../packaging/layer-lock';
import { PackageCache } from '../../packaging/package-cache';
import { CACHE } from '../../packaging/places';
import { PrivateApt } from '../../packaging/private-apt';
import { run } from '../../packaging/run';

/** The locale that RDS gives its databases. */
const NAME = 'en_US.UTF-8';

/** Of the same encoding, and on every Linux machine; it sorts and compares by code points, which RDS's does not. */
const SUBSTITUTE = 'C.UTF-8';

/** Where compiled locales are kept between runs. */
const DIRECTORY = path.join(CACHE, 'locales');

export interface ServerLocale {
  readonly name: string;
  /** A folder for `LOCPATH` that holds the locale. Absent where the machine has the locale itself. */
  readonly directory?: string;
}

let found: Promise<ServerLocale> | undefined;

/**
 * RDS's locale, compiled by the C library's own `localedef` from the distribution's package of sources, since few Linux
 * machines have it. Without that package or that program the servers have a substitute, and standard error says why.
 */
export async function findServerLocale(): Promise<ServerLocale> {
  if (process.platform === 'darwin') return { name: NAME };
  found ??= compiledLocale().catch((error: Error) => {
    process.stderr.write(`sandbox: PostgreSQL servers have ${SUBSTITUTE}, not RDS's ${NAME}: ${error.message}\n`);
    return { name: SUBSTITUTE };
  });
  return found;
}

async function compiledLocale(): Promise<ServerLocale> {
  const lock = JSON.parse(readFileSync(path.join(__dirname, 'locales.lock.json'), 'utf8')) as LayerLock;
  const directory = path.join(DIRECTORY, lock.packages[0].sha256);
  if (!existsSync(directory)) {
    await mkdir(DIRECTORY, { recursive: true });
    const log = (line: string) => void process.stderr.write(`sandbox: locale ${NAME}: ${line}\n`);
    await exclusively(path.join(DIRECTORY, 'build.lock'), log, async () => {
      if (!existsSync(directory)) await compile(lock, directory, log);
    });
  }
  return { name: NAME, directory };
}

/** @throws where the package cannot be fetched, or the machine has no `localedef` */
async function compile(lock: LayerLock, directory: string, log: (line: string) => void): Promise<void> {
  const mirror = process.env.CLIENT_LAYER_MIRROR ?? debianMirror(readAptSources());
  if (!mirror) {
    throw new Error('the apt sources of this machine name no Debian archive; set CLIENT_LAYER_MIRROR to one');
  }
  const [locales] = lock.packages;
  const apt = await PrivateApt.create({ directory: path.join(DIRECTORY, 'apt'), mirror, suite: locales.suite });
  const packages = new PackageCache(path.join(DIRECTORY, 'packages'));
  if (!(await packages.fetch(lock.packages, [mirror, lock.archive], apt, log))) {
    throw new Error(`the package ${locales.name} ${locales.version} could not be fetched`);
  }
  const work = path.join(DIRECTORY, 'work');
  await rm(work, { recursive: true, force: true });
  await mkdir(path.join(work, 'compiled'), { recursive: true });
  await run('dpkg-deb', ['-x', packages.fileOf(locales), path.join(work, 'sources')]);
  const env = { ...process.env, I18NPATH: path.join(work, 'sources/usr/share/i18n') };
  const target = path.join(work, 'compiled', NAME);
  await run('localedef', ['--no-archive', '--inputfile=en_US', '--charmap=UTF-8', target], { env });
  await rename(path.join(work, 'compiled'), directory);
  await rm(work, { recursive: true });
}

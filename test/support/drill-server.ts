import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findServerLocale } from '../../sandbox/postgresql/locale';
import { copyReadableByAll, PostgreSqlProgram } from '../../sandbox/postgresql/program';

/** Puts the server programs of PostgreSQL 18 at the end of PATH, with the locales of RDS. Returns how to remove them. */
export async function installDrillServer(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'drill-server-'));
  // The server may run as another user.
  await chmod(directory, 0o711);
  await (await PostgreSqlProgram.find(18)).copyTo(join(directory, 'program'));
  const { PATH, LOCPATH } = process.env;
  process.env.PATH = [PATH, join(directory, 'program', 'bin')].join(delimiter);
  const locale = await findServerLocale();
  if (locale.directory) {
    await copyReadableByAll(locale.directory, join(directory, 'locale'));
    process.env.LOCPATH = join(directory, 'locale');
  }
  return async () => {
    process.env.PATH = PATH;
    if (LOCPATH === undefined) delete process.env.LOCPATH;
    else process.env.LOCPATH = LOCPATH;
    await rm(directory, { recursive: true, force: true });
  };
}

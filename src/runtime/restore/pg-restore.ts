import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LeftOutWithExtensions } from './left-out-with-extensions';
import { LoadJob, loadError } from './load-job';
import { loadSettings } from './load-settings';
import { RefusedObject, refusedObjects } from './refused-objects';
import { sortMessages } from './restore-messages';
import { RestoreSteps, restoreSteps } from './restore-steps';
import { ManifestDatabase } from '../../contract/manifest';
import { describeRemark } from '../../contract/remark';
import { ArchiveEntry, parseArchiveListing } from '../archive/listing';
import { exchangesBytes } from '../postgres/encoding';
import { ClientOutcome, runClient } from '../postgres/tools';

export async function readSteps(
  job: LoadJob,
  facts: ManifestDatabase,
  archive: string,
): Promise<{ readonly steps: RestoreSteps; readonly entries: readonly ArchiveEntry[] }> {
  const { stdout } = await onFiles(job, facts, archive, ['--create', '--list', '--verbose']);
  return { steps: restoreSteps(stdout), entries: parseArchiveListing(stdout) };
}

/** The SQL of some entries of the archive. */
export async function scriptOf(
  job: LoadJob,
  facts: ManifestDatabase,
  archive: string,
  lines: readonly string[],
  ...options: readonly string[]
): Promise<string> {
  if (lines.length === 0) return '';
  const list = await listFile(archive, lines);
  return (await onFiles(job, facts, archive, [...options, `--use-list=${list}`, '--file=-'])).stdout;
}

/** Runs pg_restore without a server; then every word on standard error is a failure. */
async function onFiles(
  job: LoadJob,
  facts: ManifestDatabase,
  archive: string,
  args: readonly string[],
): Promise<ClientOutcome> {
  const outcome = await runClient('pg_restore', ['--format=directory', ...args, archive], {
    signal: job.signal,
    workDirectory: job.workDirectory,
    outputEncoding: exchangesBytes(facts.encoding) ? 'latin1' : 'utf8',
  });
  if (outcome.exitCode !== 0 || outcome.stderr.trim() !== '') {
    throw loadError(job, facts, [
      outcome.stderr.trim() || `pg_restore ended with ${outcome.exitCode ?? outcome.signal}`,
    ]);
  }
  return outcome;
}

/**
 * Restores some entries of the archive.
 *
 * @throws DatabaseFault where data, or something that is enforced, could not be restored
 */
export async function pgRestore(
  job: LoadJob,
  facts: ManifestDatabase,
  archive: string,
  lines: readonly string[],
  leftOut: LeftOutWithExtensions,
): Promise<{ readonly passedOver: readonly string[]; readonly refused: readonly RefusedObject[] }> {
  if (lines.length === 0) return { passedOver: [], refused: [] };
  const list = await listFile(archive, lines);
  const outcome = await runClient(
    'pg_restore',
    [
      '--format=directory',
      '--no-password',
      '--verbose',
      // RDS has none of the user's: everything goes to the default one, as a remark of the backup says.
      '--no-tablespaces',
      `--use-list=${list}`,
      `--dbname=dbname='${facts.name.replace(/[\\']/g, '\\$&')}'`,
      archive,
    ],
    {
      server: { connection: job.connection, database: facts.name, settings: loadSettings(job.plan, job.sessions) },
      signal: job.signal,
      workDirectory: job.workDirectory,
    },
  );
  const { passedOver, refusals, failures } = sortMessages(outcome.stderr);
  const roles = [job.masters.source, ...job.roles];
  const refused = leftOut.takeFrom(refusedObjects(refusals, lines, facts.name, roles));
  const fatal = refused.filter(({ weight }) => weight === 'data' || (weight === 'enforced' && !job.keepGoing));
  if (fatal.length > 0 || failures.length > 0) {
    throw loadError(job, facts, [...failures, ...fatal.map(({ remark }) => describeRemark(remark))]);
  }
  // It ends with 1 after an error that was sorted above, too.
  const sorted = outcome.exitCode === 1 && passedOver.length + refusals.length > 0;
  if (outcome.exitCode !== 0 && !sorted) {
    throw loadError(job, facts, [`pg_restore ended with ${outcome.exitCode ?? outcome.signal} and gave no reason`]);
  }
  return { passedOver, refused };
}

async function listFile(archive: string, lines: readonly string[]): Promise<string> {
  const file = join(archive, 'restore.list');
  // pg_restore reads the numbers alone.
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

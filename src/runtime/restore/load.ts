import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import { analyze } from './analyze';
import { planLoad } from './load-plan';
import { loadSettings } from './load-settings';
import { withoutMissingProviderRoles } from './provider-grants';
import { RefusedObject, refusedObjects } from './refused-objects';
import { sortMessages } from './restore-messages';
import { ownersInSchemas, RestoreSteps, restoreSteps } from './restore-steps';
import { grantsFor, onCurrentDatabase, withDatabaseName } from './sql-script';
import { grantTemporarySchemaRights } from './temporary-grants';
import { DatabaseFiles, UnitDirectory } from './unit-files';
import { runUnits } from './unit-runner';
import { ActionError } from '../../contract/action-error';
import { PlanSize } from '../../contract/database-settings';
import { Manifest, ManifestDatabase } from '../../contract/manifest';
import { describeRemark, Remark } from '../../contract/remark';
import { ArchiveEntry, parseArchiveListing } from '../archive/listing';
import { PartsReader } from '../archive/parts-reader';
import { Log } from '../log';
import { ADMINISTRATION_DATABASE, DatabaseConnection, withClient } from '../postgres/connection';
import { exchangesBytes, inManifest, serverNameIn, serverTextFrom } from '../postgres/encoding';
import { roleAtTarget, MasterUsers } from '../postgres/roles';
import { countRows, readTables } from '../postgres/tables';
import { ClientOutcome, runClient } from '../postgres/tools';

/** Its encoding does not matter: names and statements are exchanged in UTF-8. */
const ADMINISTRATION = { name: ADMINISTRATION_DATABASE, encoding: 'UTF8' };

/** SQLSTATE of what one may not do. */
const INSUFFICIENT_PRIVILEGE = '42501';

const DEADLOCK = /deadlock detected/;

/** As many failures as a message names. */
const SHOWN_FAILURES = 5;

export interface LoadJob {
  readonly connection: DatabaseConnection;
  readonly masters: MasterUsers;
  /** The roles of the source that may own something, all of which the user is a member of for now. */
  readonly roles: readonly string[];
  readonly manifest: Manifest;
  readonly reader: PartsReader;
  /** Size of the target. */
  readonly plan: PlanSize;
  /** Sessions that load at the same time. */
  readonly sessions: number;
  readonly workDirectory: string;
  /** Go on without a constraint, a trigger or the like that the server refuses. */
  readonly keepGoing: boolean;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Notes what this server refused. */
  readonly remark: (remark: Remark) => void;
}

/** What was found in a database after it was loaded. */
export interface LoadedDatabase {
  readonly tables: number;
  readonly rows: number;
  /** Harmless messages. */
  readonly passedOver: readonly string[];
  /** Objects that the server refused, without which the data is whole and nothing less is enforced. */
  readonly remarks: readonly Remark[];
  /** Those without which less is enforced. */
  readonly notEnforced: readonly Remark[];
}

/**
 * Fills one empty database, which the user owns, from its dump, as a master that is no superuser, and counts what came:
 *
 * 1. schemas and extensions;
 * 2. rights to make objects are lent to the owners, since objects are handed over to them one by one;
 * 3. everything else: types, functions, tables; rows and indexes, in several sessions; foreign keys, triggers;
 * 4. the temporary rights are revoked, and the rights of the source granted;
 * 5. materialized views, by their owners and with their rights;
 * 6. statistics, then the counts against the manifest;
 * 7. owner, rights, comment and settings of the database itself.
 *
 * @throws DatabaseFault with the server's words; VerificationFailed where a count is not the manifest's.
 */
export async function loadDatabase(job: LoadJob, facts: ManifestDatabase): Promise<LoadedDatabase> {
  const files = await DatabaseFiles.open(job.reader, job.manifest, facts.name, job.workDirectory);
  try {
    return await new DatabaseLoad(job, facts, files).run();
  } finally {
    await files.remove();
  }
}

/** The load of one database. */
class DatabaseLoad {
  private readonly passedOver: string[] = [];
  private readonly refused: RefusedObject[] = [];

  constructor(
    private readonly job: LoadJob,
    private readonly facts: ManifestDatabase,
    private readonly files: DatabaseFiles,
  ) {}

  async run(): Promise<LoadedDatabase> {
    const { job, facts, files } = this;
    const { steps, entries } = await readSteps(job, facts, files.archive);
    await this.restore(steps.schemas);
    const masters = mastersIn(facts, job.masters);
    const roles = job.roles.map((role) => serverNameIn(role, facts.encoding));
    const takeBack = await inDatabase(job, facts, async (client) =>
      grantTemporarySchemaRights(client, ownersInSchemas(steps.contents, await schemasOf(client), roles)),
    );
    await this.loadContents(steps.contents, entries);
    const grants = await scriptOf(job, facts, files.archive, steps.grants);
    const extensionComments = await scriptOf(job, facts, files.archive, steps.extensionComments);
    await inDatabase(job, facts, async (client) => {
      await giveToTargetMaster(client, masters);
      await runEach(client, takeBack);
      await runEach(client, await possibleHere(job, facts, client, grantsFor(grants, masters)));
      this.passedOver.push(...(await commentOnExtensions(client, grantsFor(extensionComments, masters))));
    });
    await this.restore(steps.computed);
    await analyze(job.sessions, (work) => inDatabase(job, facts, work));
    const counted = await inDatabase(job, facts, async (client) => verifyCounts(client, facts));
    await restoreProperties(job, facts, await scriptOf(job, facts, files.archive, steps.properties, '--create'));
    const remarksOf = (weight: RefusedObject['weight']) =>
      this.refused.filter((each) => each.weight === weight).map(({ remark }) => remark);
    return {
      ...counted,
      passedOver: [...new Set(this.passedOver)],
      remarks: remarksOf('remark'),
      notEnforced: remarksOf('enforced'),
    };
  }

  /** Tables in one session, then rows and indexes in several, then what needs them. */
  private async loadContents(lines: readonly string[], entries: readonly ArchiveEntry[]): Promise<void> {
    const { job, files } = this;
    const largeObjects = await files.readLargeObjects(entries);
    const plan = planLoad(lines, entries, files.data, largeObjects, job.sessions);
    await this.restore(plan.before);
    await runUnits(
      plan.units,
      job.sessions,
      {
        prepare: async (unit, signal) => files.prepare(unit, signal),
        run: async (unit, directory, signal) =>
          this.restoreFed(unit.lines, directory, signal).catch(async (error) => {
            // Two entries that lock one table twice can wait for each other; nothing is left of the one that was ended.
            if (unit.files.length > 0 || !DEADLOCK.test(error.message)) throw error;
            await this.restoreFed(unit.lines, await files.prepare(unit, signal), signal);
          }),
      },
      job.signal,
    );
    await this.restore(plan.after);
  }

  /** Restores entries while the files that they read are fetched. The first failure of either ends the other. */
  private async restoreFed(lines: readonly string[], directory: UnitDirectory, signal: AbortSignal): Promise<void> {
    const noFiles = new AbortController();
    const restored = new AbortController();
    const feeding = directory.feed(AbortSignal.any([signal, restored.signal])).catch((error) => {
      noFiles.abort(error);
      throw error;
    });
    try {
      await this.restore(lines, directory.path, AbortSignal.any([signal, noFiles.signal]));
      restored.abort(new Error('pg_restore ended before it had read its files.'));
      await feeding;
    } finally {
      restored.abort();
      await Promise.allSettled([feeding]);
      await directory.remove();
    }
  }

  private async restore(
    lines: readonly string[],
    archive = this.files.archive,
    signal = this.job.signal,
  ): Promise<void> {
    const { passedOver, refused } = await pgRestore({ ...this.job, signal }, this.facts, archive, lines);
    this.passedOver.push(...passedOver);
    this.refused.push(...refused);
  }
}

/**
 * Owner, rights, settings and comment of the database. The server keeps a comment in the encoding of the database in which
 * it was written, and checks a setting against the encoding of the database from which it is made.
 */
async function restoreProperties(job: LoadJob, facts: ManifestDatabase, script: string): Promise<void> {
  const name = escapeIdentifier(serverNameIn(facts.name, facts.encoding));
  const renamed = withDatabaseName(script, name);
  const isComment = (statement: string) => statement.startsWith('COMMENT ');
  const inServer = grantsFor(serverTextFrom(renamed, facts.encoding), job.masters);
  await inDatabase(job, ADMINISTRATION, async (client) => {
    const owner = escapeIdentifier(roleAtTarget(facts.owner, job.masters));
    await runEach(client, [`ALTER DATABASE ${escapeIdentifier(facts.name)} OWNER TO ${owner}`]);
    const others = inServer.filter((statement) => !isComment(statement));
    await runEach(client, await possibleHere(job, facts, client, others));
  });
  const comments = grantsFor(renamed, mastersIn(facts, job.masters)).filter(isComment);
  await inDatabase(job, facts, async (client) => {
    const statements = comments.map((comment) => comment.replace(`DATABASE ${name} `, 'DATABASE @ '));
    await runEach(client, statements.map(onCurrentDatabase));
  });
}

/** Statements without those about roles of RDS that this server does not have, which become remarks. */
async function possibleHere(
  job: LoadJob,
  facts: ManifestDatabase,
  client: Client,
  statements: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT rolname AS name FROM pg_catalog.pg_roles');
  const possible = withoutMissingProviderRoles(statements, new Set(rows.map(({ name }) => name)), facts.name);
  possible.remarks.forEach(job.remark);
  return possible.statements;
}

async function readSteps(
  job: LoadJob,
  facts: ManifestDatabase,
  archive: string,
): Promise<{ readonly steps: RestoreSteps; readonly entries: readonly ArchiveEntry[] }> {
  const { stdout } = await onFiles(job, facts, archive, ['--create', '--list', '--verbose']);
  return { steps: restoreSteps(stdout), entries: parseArchiveListing(stdout) };
}

/** The SQL of some entries of the archive. */
async function scriptOf(
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
    throw failed(job, facts, [outcome.stderr.trim() || `pg_restore ended with ${outcome.exitCode ?? outcome.signal}`]);
  }
  return outcome;
}

/**
 * Restores some entries of the archive.
 *
 * @throws DatabaseFault where data, or something that is enforced, could not be restored
 */
async function pgRestore(
  job: LoadJob,
  facts: ManifestDatabase,
  archive: string,
  lines: readonly string[],
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
  const refused = refusedObjects(refusals, lines, facts.name, [job.masters.source, ...job.roles]);
  const fatal = refused.filter(({ weight }) => weight === 'data' || (weight === 'enforced' && !job.keepGoing));
  if (fatal.length > 0 || failures.length > 0) {
    throw failed(job, facts, [...failures, ...fatal.map(({ remark }) => describeRemark(remark))]);
  }
  // It ends with 1 after an error that was sorted above, too.
  const sorted = outcome.exitCode === 1 && passedOver.length + refusals.length > 0;
  if (outcome.exitCode !== 0 && !sorted) {
    throw failed(job, facts, [`pg_restore ended with ${outcome.exitCode ?? outcome.signal} and gave no reason`]);
  }
  return { passedOver, refused };
}

async function listFile(archive: string, lines: readonly string[]): Promise<string> {
  const file = join(archive, 'restore.list');
  // pg_restore reads the numbers alone.
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

async function schemasOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ nspname: string }>(
    `SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`,
  );
  return rows.map(({ nspname }) => nspname);
}

/** What the master of the source owned, and what policies said of it, where the target's has another name. */
async function giveToTargetMaster(client: Client, { source, target }: MasterUsers): Promise<void> {
  if (source === target) return;
  await client.query(`REASSIGN OWNED BY ${escapeIdentifier(source)} TO ${escapeIdentifier(target)}`);
  await client.query(`SET search_path = ''`);
  const { rows } = await client.query<{ statement: string }>(
    `SELECT pg_catalog.format('ALTER POLICY %I ON %s TO %s', p.polname, p.polrelid::pg_catalog.regclass,
       (SELECT pg_catalog.string_agg(CASE WHEN r.oid IS NULL THEN 'PUBLIC' ELSE pg_catalog.quote_ident(
           CASE r.rolname WHEN $1 THEN $2 ELSE r.rolname END) END, ', ')
         FROM pg_catalog.unnest(p.polroles) AS u(oid) LEFT JOIN pg_catalog.pg_roles r ON r.oid = u.oid)) AS statement
     FROM pg_catalog.pg_policy p
     WHERE (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $1) = ANY (p.polroles)`,
    [source, target],
  );
  for (const { statement } of rows) await client.query(statement);
  await client.query('RESET search_path');
}

/** @returns what was not allowed: an extension that needs a superuser belongs to the one that made it for us */
async function commentOnExtensions(client: Client, statements: readonly string[]): Promise<string[]> {
  const denied: string[] = [];
  for (const statement of statements) {
    await client.query(statement).catch((error: Error & { code?: string }) => {
      if (error.code !== INSUFFICIENT_PRIVILEGE) throw error;
      denied.push(`${statement}: ${error.message}`);
    });
  }
  return denied;
}

/** Runs statements one by one. A warning is a failure: it says that a right was not granted. */
async function runEach(client: Client, statements: readonly string[]): Promise<void> {
  const warnings: string[] = [];
  const onNotice = ({ severity, message }: { severity?: string; message?: string }) => {
    if (severity === 'WARNING') warnings.push(String(message));
  };
  client.on('notice', onNotice);
  try {
    for (const statement of statements) {
      const problem = await client.query(statement).then(
        () => warnings[0],
        (error: Error) => error.message,
      );
      if (problem !== undefined) {
        throw new ActionError(
          'DatabaseFault',
          `The server did not take a statement as it was: ${problem}: ${statement}`,
        );
      }
    }
  } finally {
    client.off('notice', onNotice);
  }
}

/** @throws VerificationFailed naming every table, or the large objects, whose number is not the manifest's. */
async function verifyCounts(client: Client, facts: ManifestDatabase): Promise<{ tables: number; rows: number }> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query('SET LOCAL row_security = off');
  const counted = await countRows(client, await readTables(client));
  const rowsOf = new Map(counted.map((table) => [tableKey(inManifest(table, facts.encoding)), table.rows]));
  const wrong: { what: string; has: number | undefined; wants: number }[] = facts.tables
    .map((table) => ({ what: `${table.schema}.${table.name}`, has: rowsOf.get(tableKey(table)), wants: table.rows }))
    .filter(({ has, wants }) => has !== wants);
  const { rows } = await client.query('SELECT count(*) AS n FROM pg_catalog.pg_largeobject_metadata');
  await client.query('COMMIT');
  if (Number(rows[0].n) !== facts.largeObjects) {
    wrong.push({ what: 'large objects', has: Number(rows[0].n), wants: facts.largeObjects });
  }
  if (wrong.length > 0) {
    throw new ActionError(
      'VerificationFailed',
      `Database ${facts.name} does not hold what the backup held: ` +
        `${wrong.map(({ what, has, wants }) => `${what}: ${has ?? 'missing'}, not ${wants}`).join('; ')}.`,
    );
  }
  return { tables: counted.length, rows: counted.reduce((sum, table) => sum + table.rows, 0) };
}

function tableKey({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}

function mastersIn({ encoding }: ManifestDatabase, { source, target }: MasterUsers): MasterUsers {
  return { source: serverNameIn(source, encoding), target: serverNameIn(target, encoding) };
}

/** Works in a database with a connection that ends when the time does. */
async function inDatabase<T>(
  job: LoadJob,
  database: Pick<ManifestDatabase, 'name' | 'encoding'>,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  job.signal.throwIfAborted();
  const stoppable = async (client: Client) => {
    const stop = () => void client.end().catch(() => undefined);
    job.signal.addEventListener('abort', stop, { once: true });
    try {
      return await work(client);
    } catch (error) {
      job.signal.throwIfAborted();
      throw error;
    } finally {
      job.signal.removeEventListener('abort', stop);
    }
  };
  return withClient(job.connection, database.name, stoppable, database.encoding);
}

/** The first few in the text, all of them in the log. */
function failed(job: LoadJob, facts: ManifestDatabase, messages: readonly string[]): ActionError {
  for (const message of messages) job.log.warn('not-restored', { database: facts.name, message });
  const shown = messages.slice(0, SHOWN_FAILURES).join('\n');
  const more = messages.length > SHOWN_FAILURES ? '\nThe others are in the log.' : '';
  const number = messages.length === 1 ? '' : ` (${messages.length} failures)`;
  return new ActionError('DatabaseFault', `Database ${facts.name} could not be restored${number}: ${shown}${more}`);
}

import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import { ActionError } from '../../contract/action-error';
import { parseBackupId } from '../../contract/backup-id';
import { describeFolder } from '../../contract/backup-selection';
import { Manifest } from '../../contract/manifest';
import { distinctRemarks, Remark } from '../../contract/remark';
import { BackupSelector, RestoreAnswer, RestoreRequest } from '../../contract/requests';
import { PartsReader } from '../archive/parts-reader';
import { thisMachine, transferLimits } from '../archive/transfer-limits';
import { withinDeadline } from '../deadline';
import { BackupFolder } from '../folder/backup-folder';
import { StoredBackup } from '../folder/stored-backup';
import { ADMINISTRATION_DATABASE, DatabaseConnection, resolveConnection, withClient } from '../postgres/connection';
import { WriterLock } from '../postgres/lock';
import { createRoles, finishRoles, MasterUsers } from '../postgres/roles';
import { readServerVersion, readUserDatabases } from '../postgres/server';
import { clientVersion, requireClientFor } from '../postgres/tools';
import { LoadedDatabase, loadDatabase, LoadJob } from '../restore/load';
import {
  CreatedByRestore,
  readRestoreMark,
  removeRestoreMark,
  RestoreMark,
  writeRestoreMark,
} from '../restore/restore-mark';
import {
  databasesWithTables,
  prepareDatabases,
  requireEmptyServer,
  deleteCreatedByRestore,
} from '../restore/target-databases';
import { grantTemporaryMemberships, restoredRoles, revokeTemporaryMemberships } from '../restore/temporary-grants';
import { Runtime } from '../runtime';

/** Milliseconds between two attempts to take the lock. */
const POLL_MS = 2_000;

/**
 * Fills an empty server from a backup. A second start waits for the first one and then finds the restore finished. A
 * start after a run that died starts over, with the same backup. A finished restore is never repeated.
 *
 * @throws Refused if the target is not empty or was filled from another source; NotFound; VerificationFailed if the
 * backup is damaged or the loaded data differs from it; Locked if another run lasts longer than this one; DatabaseFault.
 */
export async function restore(request: RestoreRequest, runtime: Runtime): Promise<RestoreAnswer> {
  const startedAt = runtime.now();
  return withinDeadline(runtime, 'DatabaseFault', async (signal) => {
    const connection = await resolveConnection(request.target, runtime);
    const lock = await waitForLock(connection, request.target.identifier, runtime, signal);
    try {
      return await new Restore(request, runtime, connection, lock, signal).run(startedAt);
    } catch (error) {
      throw error instanceof ActionError ? error : interrupted(error as Error, request);
    } finally {
      await lock.release();
    }
  });
}

function interrupted(error: Error, { target }: RestoreRequest): ActionError {
  return new ActionError(
    'DatabaseFault',
    `The restore into ${target.identifier} at ${target.endpoint} was interrupted: ${error.message}. Remove the cause ` +
      'and start the restore again: it starts over.',
  );
}

/** Takes the lock that backups of the same server take too, so that no backup is made of a half-filled server. */
async function waitForLock(
  connection: DatabaseConnection,
  identifier: string,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<WriterLock> {
  for (
    let lock = await WriterLock.take(connection, identifier);
    ;
    lock = await WriterLock.take(connection, identifier)
  ) {
    if (lock) return lock;
    runtime.log.info('restore-waits-for-another-run', { database: identifier });
    await sleep(POLL_MS, undefined, { signal }).catch(() => {
      throw new ActionError(
        'Locked',
        `Another run is still working on ${identifier}, and the time of this one is over. Start the restore again after ` +
          'the other run has ended: if it restored the same backup, the answer comes at once.',
      );
    });
  }
}

/** One run of a restore, which holds the lock. */
class Restore {
  private readonly source: string;
  /** Remarks on what belongs to no single database: roles, settings, memberships. */
  private readonly remarks: Remark[] = [];
  private created: CreatedByRestore = { databases: [], roles: [] };

  constructor(
    private readonly request: RestoreRequest,
    private readonly runtime: Runtime,
    private readonly connection: DatabaseConnection,
    private readonly lock: WriterLock,
    private readonly signal: AbortSignal,
  ) {
    this.source = describeFolder(request.source.storage, request.source.database);
  }

  async run(startedAt: Date): Promise<RestoreAnswer> {
    let mark = await this.asAdministrator(readRestoreMark);
    if (mark && this.request.emptyTarget) {
      await this.emptyTarget(mark);
      mark = undefined;
    }
    if (mark) this.requireSameSource(mark);
    if (mark?.state === 'Finished') return this.alreadyRestored(mark);
    const backup = await this.openBackup(mark);
    const job = await this.prepare(backup, mark);
    const { results, passedOver } = await this.load(backup.manifest, job, mark);
    return this.finish(backup.manifest, results, passedOver, startedAt);
  }

  /** Deletes what an unfinished restore created. @throws Refused for a finished restore. */
  private async emptyTarget(mark: RestoreMark): Promise<void> {
    if (mark.state === 'Finished') {
      throw new ActionError(
        'Refused',
        `Only what an unfinished restore created can be deleted: ${this.describeRestoreOf(mark)} is finished, and the ` +
          'target may be in use. Restore into a new database.',
      );
    }
    this.runtime.log.info('taking-back-unfinished-restore', { backup: mark.backup, ...mark.made });
    await this.asAdministrator(async (admin) => {
      await deleteCreatedByRestore(this.connection, admin, mark.made);
      await removeRestoreMark(admin);
    });
  }

  /** @throws Refused if the restored data no longer exists. */
  private async alreadyRestored(mark: RestoreMark): Promise<RestoreAnswer> {
    const { databasesWithTables: filled, ...result } = mark.result!;
    const present = await this.asAdministrator(readUserDatabases);
    const missing = result.databases.filter((name) => !present.some((each) => each.name === name));
    const holding = missing.length > 0 ? [] : await databasesWithTables(this.connection, filled);
    const empty = missing.length > 0 ? [] : filled.filter((name) => !holding.includes(name));
    if (missing.length + empty.length > 0) {
      throw new ActionError(
        'Refused',
        `${this.describeRestoreOf(mark)} was finished, but its data is gone: ` +
          [
            ...missing.map((name) => `database ${name} does not exist`),
            ...empty.map((name) => `database ${name} has no tables`),
          ].join(', ') +
          '. A restore is not repeated on a server that was in use. Restore into a new database.',
      );
    }
    this.runtime.log.info('already-restored', { backup: mark.backup, source: mark.source });
    return { backup: mark.backup, outcome: 'AlreadyRestored', ...result, passedOver: [], durationMs: 0 };
  }

  /** The backup to restore. `latest` stays the backup that it was when the restore was first started. */
  private async openBackup(mark: RestoreMark | undefined): Promise<StoredBackup> {
    const folder = await BackupFolder.open(this.request.source, this.runtime);
    const selector: BackupSelector = mark ? { kind: 'backup', id: mark.backup } : this.request.source.backup;
    return folder.selectBackup(selector).catch((error) => {
      if (!mark || !(error instanceof ActionError) || error.kind !== 'NotFound') throw error;
      throw new ActionError(
        'Refused',
        `The target holds an unfinished restore, ${this.describeRestoreOf(mark)}, and that backup no longer exists ` +
          '(the retention may have deleted it). To restore another backup, start again with --empty-target (emptyTarget ' +
          'in a request), which deletes only what the unfinished restore created, or restore into a new ' +
          `database. ${error.message}`,
      );
    });
  }

  private describeRestoreOf({ backup, source }: RestoreMark): string {
    return `the restore of backup ${backup} from ${source} into ${this.request.target.identifier}`;
  }

  /** Checks everything that can be refused, and reads and verifies the whole backup, before the target is changed. */
  private async prepare(backup: StoredBackup, mark: RestoreMark | undefined): Promise<LoadJob> {
    const { manifest } = backup;
    const masters: MasterUsers = { source: manifest.master, target: this.connection.username };
    requireNoOtherMaster(manifest, masters);
    const serverMajor = await this.asAdministrator(async (admin) => {
      const server = await readServerVersion(admin);
      requireServerFor(manifest, server.major);
      requireClientFor(await clientVersion('pg_restore', await this.workDirectory()), server.major);
      await requireExtensions(manifest, admin);
      if (!mark) await requireEmptyServer(this.connection, admin, this.runtime.log);
      return server.major;
    });
    const { jobs: sessions } = transferLimits(thisMachine());
    return {
      connection: { ...this.connection, serverMajor },
      masters,
      roles: [...restoredRoles(manifest), ...(masters.source === masters.target ? [] : [masters.source])],
      manifest,
      // Each session reads one part while the next one comes.
      reader: new PartsReader(backup, 2 * sessions + 1, this.signal),
      plan: this.request.target.plan,
      sessions,
      workDirectory: await this.workDirectory(),
      keepGoing: this.request.keepGoing ?? false,
      signal: this.signal,
      log: this.runtime.log,
      remark: (remark) => this.remarks.push(remark),
    };
  }

  private async load(
    manifest: Manifest,
    job: LoadJob,
    mark: RestoreMark | undefined,
  ): Promise<{ readonly results: readonly LoadedDatabase[]; readonly passedOver: readonly string[] }> {
    const withoutPassword = await this.asAdministrator(async (admin) => {
      this.created = mark?.made ?? (await missingAtTarget(admin, manifest, job.roles));
      await writeRestoreMark(admin, {
        state: 'Unfinished',
        source: this.source,
        backup: manifest.backup,
        made: this.created,
      });
      const { major } = await readServerVersion(admin);
      const created = await createRoles(admin, manifest, job.masters, job.remark);
      await createSourceMasterRole(admin, job.masters, mark !== undefined);
      await grantTemporaryMemberships(admin, job.roles, major);
      await prepareDatabases(admin, manifest.databases, mark ? { roles: job.roles } : undefined);
      // Emptying a database in place has removed memberships as well.
      await grantTemporaryMemberships(admin, job.roles, major);
      return created;
    });
    const results: LoadedDatabase[] = [];
    for (const facts of manifest.databases) {
      await this.lock.verify();
      const result = await loadDatabase(job, facts);
      this.runtime.log.info('database-restored', { backup: manifest.backup, database: facts.name, ...result });
      results.push(result);
    }
    await this.lock.verify();
    await this.asAdministrator(async (admin) => {
      await revokeTemporaryMemberships(admin, job.roles);
      await finishRoles(admin, manifest, job.masters, job.remark);
      await dropSourceMasterRole(admin, job.masters);
    });
    return { results, passedOver: withoutPassword.length > 0 ? [passwordsNeeded(withoutPassword)] : [] };
  }

  private async finish(
    manifest: Manifest,
    results: readonly LoadedDatabase[],
    notes: readonly string[],
    startedAt: Date,
  ): Promise<RestoreAnswer> {
    const databases = manifest.databases.map(({ name }) => name);
    const { databasesWithTables: filled, ...result } = {
      databases,
      databasesWithTables: await databasesWithTables(this.connection, databases),
      tables: results.reduce((sum, { tables }) => sum + tables, 0),
      rows: results.reduce((sum, { rows }) => sum + rows, 0),
      remarks: distinctRemarks([...manifest.remarks, ...this.remarks, ...results.flatMap(({ remarks }) => remarks)]),
      notEnforced: distinctRemarks(results.flatMap(({ notEnforced }) => notEnforced)),
    };
    for (const remark of result.remarks) this.runtime.log.warn('restore-remark', { ...remark });
    for (const remark of result.notEnforced) this.runtime.log.warn('not-enforced', { ...remark });
    await this.asAdministrator(async (admin) =>
      writeRestoreMark(admin, {
        state: 'Finished',
        source: this.source,
        backup: manifest.backup,
        made: this.created,
        result: { ...result, databasesWithTables: filled },
      }),
    );
    const answer: RestoreAnswer = {
      backup: manifest.backup,
      outcome: 'Restored',
      ...result,
      passedOver: [...new Set([...notes, ...results.flatMap(({ passedOver }) => passedOver)])],
      durationMs: this.runtime.now().getTime() - startedAt.getTime(),
    };
    this.runtime.log.info('restored', { ...answer });
    return answer;
  }

  /** @throws Refused if a restore of another backup or from another source was started or finished on this target. */
  private requireSameSource(mark: RestoreMark): void {
    const { backup } = this.request.source;
    const wanted = backup.kind === 'backup' ? parseBackupId(backup.id) : mark.backup;
    if (mark.source !== this.source || mark.backup !== wanted) {
      throw new ActionError(
        'Refused',
        `A server is restored into only once: ${this.request.target.identifier} holds a restore (${mark.state}) of backup ` +
          `${mark.backup} from ${mark.source}, not of ${wanted} from ${this.source}. Restore into a new database.`,
      );
    }
  }

  private async asAdministrator<T>(work: (admin: Client) => Promise<T>): Promise<T> {
    return withClient(this.connection, ADMINISTRATION_DATABASE, work);
  }

  private async workDirectory(): Promise<string> {
    await mkdir(this.runtime.workDirectory, { recursive: true });
    return this.runtime.workDirectory;
  }
}

/** The databases and roles that this restore will create: those of the backup that the target lacks. */
async function missingAtTarget(
  admin: Client,
  { databases }: Manifest,
  roles: readonly string[],
): Promise<CreatedByRestore> {
  const present = (await readUserDatabases(admin)).map(({ name }) => name);
  const { rows } = await admin.query<{ rolname: string }>('SELECT rolname FROM pg_catalog.pg_roles');
  const presentRoles = rows.map(({ rolname }) => rolname);
  return {
    databases: databases.map(({ name }) => name).filter((name) => !present.includes(name)),
    roles: roles.filter((name) => !presentRoles.includes(name)),
  };
}

function requireServerFor(manifest: Manifest, serverMajor: number): void {
  if (serverMajor < manifest.engine.serverMajor) {
    throw new ActionError(
      'Refused',
      `The server must be at least as new as the source: it has PostgreSQL ${serverMajor}, the backup is of ` +
        `${manifest.engine.serverVersion}. Restore into a newer one.`,
    );
  }
}

async function requireExtensions(manifest: Manifest, admin: Client): Promise<void> {
  const { rows } = await admin.query<{ name: string }>('SELECT name FROM pg_catalog.pg_available_extensions');
  const available = new Set(rows.map(({ name }) => name));
  const missing = manifest.databases.flatMap(({ name: database, extensions }) =>
    extensions.filter(({ name }) => !available.has(name)).map(({ name }) => `${name} (of database ${database})`),
  );
  if (missing.length > 0) {
    throw new ActionError(
      'Refused',
      `The server must offer the extensions of the source; it has no ${missing.join(', ')}. Choose a version of the ` +
        'engine that has them, or drop them at the source and back up again. Nothing was changed here.',
    );
  }
}

/** The target's master replaces the source's, so no other role of the source may have its name. */
function requireNoOtherMaster({ roles }: Manifest, { source, target }: MasterUsers): void {
  if (source !== target && roles.some(({ name }) => name === target)) {
    throw new ActionError(
      'Refused',
      `The master user of the target has the name of a role of the source: ${target}, where the source's master is ` +
        `${source}. Give the target a master user with another name, best ${source}.`,
    );
  }
}

/**
 * If the masters have different names, the loaded objects first belong to a role with the source's name, as in the dump.
 * They are given to the target's master before rights are granted.
 */
async function createSourceMasterRole(
  admin: Client,
  { source, target }: MasterUsers,
  unfinished: boolean,
): Promise<void> {
  if (source === target) return;
  const { rowCount } = await admin.query('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [source]);
  if (rowCount !== 0 && !unfinished) {
    throw new ActionError(
      'Refused',
      `The target has a role with the name of the source's master, ${source}, which is not its own master ${target}. ` +
        'Drop that role, or give the target a master user of the same name.',
    );
  }
  if (rowCount === 0) await admin.query(`CREATE ROLE ${escapeIdentifier(source)} NOLOGIN`);
}

async function dropSourceMasterRole(admin: Client, { source, target }: MasterUsers): Promise<void> {
  if (source !== target) await admin.query(`DROP ROLE ${escapeIdentifier(source)}`);
}

function passwordsNeeded(roles: readonly string[]): string {
  return `roles that can log in have no password until you set one: ${roles.join(', ')}`;
}

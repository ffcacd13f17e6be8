import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { ActionError } from '../../contract/action-error';
import { describeFolder } from '../../contract/backup-selection';
import { Manifest } from '../../contract/manifest';
import { distinctRemarks, Remark } from '../../contract/remark';
import { BackupSelector, RestoreAnswer, RestoreRequest } from '../../contract/requests';
import { PartsReader } from '../archive/parts-reader';
import { thisMachine, transferLimits } from '../archive/transfer-limits';
import { withinDeadline } from '../deadline';
import { BackupFolder } from '../folder/backup-folder';
import { sampleOf } from '../folder/sample';
import { StoredBackup } from '../folder/stored-backup';
import {
  ADMINISTRATION_DATABASE,
  DatabaseConnection,
  requireSettingsAtStart,
  resolveConnection,
  withClient,
} from '../postgres/connection';
import { WriterLock } from '../postgres/lock';
import { createRoles, finishRoles, MasterUsers } from '../postgres/roles';
import { readDatabaseBytes, readServerVersion, readUserDatabases } from '../postgres/server';
import { clientVersion, requireClientFor } from '../postgres/tools';
import { EarlierRestore } from '../restore/earlier-restore';
import { LoadedDatabase, loadDatabase } from '../restore/load';
import { LoadJob } from '../restore/load-job';
import { CreatedByRestore, readRestoreMark, RestoreMark, writeRestoreMark } from '../restore/restore-mark';
import { createSourceMasterRole, dropSourceMasterRole } from '../restore/source-master';
import { endStandIns } from '../restore/stand-in-names';
import { databasesWithTables, prepareDatabases, requireEmptyServer } from '../restore/target-databases';
import {
  missingExtensions,
  refuseMissing,
  requireNoOtherMaster,
  requireRights,
  requireServerFor,
} from '../restore/target-requirements';
import { grantTemporaryMemberships, restoredRoles, revokeTemporaryMemberships } from '../restore/temporary-grants';
import { Runtime } from '../runtime';

/** Milliseconds between two attempts to take the lock. */
const POLL_MS = 2_000;

/** What a restore drill does differently. */
export interface RestoreOptions {
  /** Go on without extensions that the server lacks, and without what depends on them. @default false */
  readonly leaveOutMissingExtensions?: boolean;
}

/**
 * Fills an empty server from a backup. A second start waits for the first one and then finds the restore finished. A
 * start after a run that died starts over, with the same backup. A finished restore is never repeated.
 *
 * @throws Refused if the target is not empty or was filled from another source; NotFound; VerificationFailed if the
 * backup is damaged or the loaded data differs from it; Locked if another run lasts longer than this one; DatabaseFault.
 */
export async function restore(
  request: RestoreRequest,
  runtime: Runtime,
  options: RestoreOptions = {},
): Promise<RestoreAnswer> {
  const startedAt = runtime.now();
  return withinDeadline(runtime, 'DatabaseFault', async (signal) => {
    // The storage is opened while the server answers. A failure counts when the storage is needed.
    const folder = BackupFolder.open(request.source, runtime);
    folder.catch(() => undefined);
    const connection = await resolveConnection(request.target, runtime);
    const lock = await waitForLock(connection, request.target.identifier, runtime, signal);
    try {
      await requireSettingsAtStart(lock.connection);
      return await new Restore(request, runtime, connection, lock, folder, signal, options).run(startedAt);
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
  private created: CreatedByRestore = { databases: [], filled: [], roles: [] };

  constructor(
    private readonly request: RestoreRequest,
    private readonly runtime: Runtime,
    private readonly connection: DatabaseConnection,
    private readonly lock: WriterLock,
    private readonly folder: Promise<BackupFolder>,
    private readonly signal: AbortSignal,
    private readonly options: RestoreOptions,
  ) {
    this.source = describeFolder(request.source.storage, request.source.database);
  }

  async run(startedAt: Date): Promise<RestoreAnswer> {
    const earlier = await this.earlierRestore();
    earlier?.requireSame(this.source, this.request.source.backup);
    if (earlier?.isFinished) return this.asAdministrator(async (admin) => earlier.answer(admin));
    const backup = await this.openBackup(earlier);
    const job = await this.prepare(backup, earlier?.mark);
    const { results, passedOver } = await this.load(backup.manifest, job, earlier?.mark);
    return this.finish(backup.manifest, results, passedOver, startedAt);
  }

  /** Undefined if there was none, or what it made was taken back because the request says so. */
  private async earlierRestore(): Promise<EarlierRestore | undefined> {
    return this.asAdministrator(async (admin) => {
      const mark = await readRestoreMark(admin);
      if (!mark) return undefined;
      const { target, emptyTarget } = this.request;
      const earlier = new EarlierRestore(mark, this.connection, target.identifier, this.runtime.log);
      if (!emptyTarget) return earlier;
      await earlier.takeBack(admin);
      return undefined;
    });
  }

  /** The backup to restore. `latest` stays the backup that it was when the restore was first started. */
  private async openBackup(earlier: EarlierRestore | undefined): Promise<StoredBackup> {
    const { source } = this.request;
    const folder = await this.folder;
    const selector: BackupSelector = earlier ? { kind: 'backup', id: earlier.mark.backup } : source.backup;
    return folder.selectBackup(selector).catch((error) => {
      if (!earlier || !(error instanceof ActionError) || error.kind !== 'NotFound') throw error;
      throw earlier.withoutItsBackup(error.message);
    });
  }

  /**
   * Checks everything that can be refused before the target is changed. A sample of the parts is read meanwhile, which is
   * all of a small backup; the load compares each part before it uses a byte of it.
   */
  private async prepare(backup: StoredBackup, mark: RestoreMark | undefined): Promise<LoadJob> {
    const { manifest } = backup;
    const masters: MasterUsers = { source: manifest.master, target: this.connection.username };
    requireNoOtherMaster(manifest, masters);
    const refused = new AbortController();
    const sampled = backup.requireParts(sampleOf(manifest.parts), AbortSignal.any([this.signal, refused.signal]));
    sampled.catch(() => undefined);
    const { serverMajor, withoutExtensions } = await this.asAdministrator(async (admin) => {
      const server = await readServerVersion(admin);
      requireServerFor(manifest, server.major);
      await requireRights(admin);
      requireClientFor(await clientVersion('pg_restore', await this.workDirectory()), server.major);
      const missing = await missingExtensions(manifest, admin);
      if (!this.options.leaveOutMissingExtensions) refuseMissing(missing);
      if (!mark) await requireEmptyServer(this.connection, admin, this.runtime.log);
      return { serverMajor: server.major, withoutExtensions: new Set(missing.map(({ name }) => name)) };
    }).catch((error) => {
      refused.abort(error);
      throw error;
    });
    await sampled;
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
      withoutExtensions,
      keepGoing: this.request.keepGoing ?? false,
      signal: this.signal,
      log: this.runtime.log,
      reportWork: this.runtime.reportWork,
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
      await endStandIns(admin, job.roles);
      const created = await createRoles(admin, manifest, job.masters, job.remark);
      await createSourceMasterRole(admin, job.masters, mark !== undefined);
      await grantTemporaryMemberships(admin, job.roles, major);
      await prepareDatabases(admin, manifest.databases, mark ? { roles: job.roles } : undefined);
      // Emptying a database in place has removed memberships as well.
      await grantTemporaryMemberships(admin, job.roles, major);
      return created;
    });
    const results: LoadedDatabase[] = [];
    // The largest first: what cannot be loaded is most likely in it, and is found out early.
    for (const facts of [...manifest.databases].sort((one, other) => other.sizeBytes - one.sizeBytes)) {
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
      databaseBytes: await this.asAdministrator(readDatabaseBytes),
      connection: { host: this.connection.host, port: this.connection.port, user: this.connection.username },
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

  private async asAdministrator<T>(work: (admin: Client) => Promise<T>): Promise<T> {
    return withClient(this.connection, ADMINISTRATION_DATABASE, work);
  }

  private async workDirectory(): Promise<string> {
    await mkdir(this.runtime.workDirectory, { recursive: true });
    return this.runtime.workDirectory;
  }
}

/** What this restore will create: the databases and roles of the backup that the target lacks. */
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
    filled: databases.map(({ name }) => name).filter((name) => present.includes(name)),
    roles: roles.filter((name) => !presentRoles.includes(name)),
  };
}

function passwordsNeeded(roles: readonly string[]): string {
  return `roles that can log in have no password until you set one: ${roles.join(', ')}`;
}

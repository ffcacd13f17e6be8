import { IResolvable, Op } from 'cdktf';
import { Construct } from 'constructs';
import { BackupSource } from '../backup/backup-source';
import { BACKUP_RIGHTS } from '../contract/minimum-policy';
import { DatabaseEngine } from '../database/database-engine';
import { ManagedDatabaseProps } from '../database/managed-database-props';
import { RdsDatabase } from '../database/rds-database';
import { BackupFunction } from '../function/backup-function';
import { Invocation } from '../function/invocation';
import { StorageAccess } from '../function/storage-access';
import { storageProblems } from '../function/validate-use';
import { given } from '../private/given';
import { InvalidInput, Problem } from '../private/invalid-input';
import { checkedValue } from '../private/rules';

/** Props of a restored database: those of any database, and the backup that it is filled from. */
export interface RestoredDatabaseProps extends ManagedDatabaseProps {
  /**
   * The backup. It is chosen once, when the database is created: the latest backup stays the one that it was then, and a
   * plan with a changed source is refused. `StoredBackups` makes it.
   */
  readonly source: BackupSource;
  /**
   * Whether the restore goes on where the server refuses a constraint, a trigger, a policy or a default. Data is exact all
   * the same; `notEnforced` names what is missing.
   *
   * @default false - the restore fails, naming it
   */
  readonly keepGoing?: boolean;
}

/** What must not run again when function, version or input change later. */
const ONCE_IN_A_LIFE = ['function_name', 'qualifier', 'input'];

/**
 * A new database, filled from a backup. Before the instance is created, a restore check refuses what could not be
 * restored into it. Both run once in the life of the instance.
 */
export class RestoredDatabase extends RdsDatabase {
  /** Id of the backup that the database was filled from, known once it is. */
  readonly restoredBackup: string;
  /**
   * What was not restored, known once the database is filled: a list of objects with `database`, `type`, `schema`, `name`,
   * `reason` and `statement`, the SQL to run by hand. All data is there, and everything is enforced, without it.
   */
  readonly restoreRemarks: IResolvable;
  /** What is not enforced, in the same form. Empty unless `keepGoing` is set. */
  readonly notEnforced: IResolvable;
  /** The function that restores the database and makes its backups. */
  readonly backupFunction: BackupFunction;

  /**
   * Declares a database that is filled from a backup.
   *
   * @param scope the stack, or a construct in it, that the database belongs to.
   * @param id id of the construct, unique in its scope. Another id is another database for Terraform, so do not change it.
   * @param props the backup, and size, engine, network and options of the database.
   */
  constructor(scope: Construct, id: string, props: RestoredDatabaseProps) {
    super(scope, id, props);
    const { source } = props;
    InvalidInput.check(this, targetProblems(given(props)));
    InvalidInput.check(this, storageProblems(source.storage, source.databaseIdentifier, this));
    this.backupFunction = BackupFunction.of(this);
    const { backupFunction } = this;
    const access = new StorageAccess(this, 'SourceStorage', {
      program: backupFunction._program,
      database: this,
      storage: source.storage,
      rights: BACKUP_RIGHTS,
    });
    const { settings } = access;
    const description = source._description;

    const check = new Invocation(this, 'RestoreCheck', {
      program: backupFunction._program,
      request: {
        action: 'restore-check',
        source: { storage: settings, database: source.databaseIdentifier, backup: source._selector },
        target: { engineMajor: this.engine.majorVersion, plan: backupFunction._databaseSettings.plan },
        sourceDescription: description,
      },
      after: access.grants,
      lifecycle: { ignoreChanges: ONCE_IN_A_LIFE },
    });
    this.restoredBackup = check.answer('backup');

    this.createAfter(check.resource);
    this._refuse({
      condition: Op.eq(check.answer('sourceDescription'), description),
      errorMessage: `The source of restored database ${this.identifier} has changed. A database is filled once, and a new source would leave it as it is: go back to the source that it was restored from, or declare another RestoredDatabase. It was restored from ${check.answer('sourceDescription')}; the program names ${description}.`,
    });

    const restore = new Invocation(this, 'Restore', {
      program: backupFunction._program,
      request: {
        action: 'restore',
        source: {
          storage: settings,
          database: source.databaseIdentifier,
          backup: { kind: 'backup', id: this.restoredBackup },
        },
        target: backupFunction._databaseSettings,
        keepGoing: props.keepGoing,
      },
      after: [...access.grants, ...backupFunction._grantDatabase(), this._instance],
      lifecycle: {
        ignoreChanges: ONCE_IN_A_LIFE,
        replaceTriggeredBy: [`${this._instance.terraformResourceType}.${this._instance.friendlyUniqueId}.resource_id`],
      },
    });
    this.restoreRemarks = restore.answerValue('remarks');
    this.notEnforced = restore.answerValue('notEnforced');
    this.dependables.push(restore.resource);
  }

  /** @internal */
  get _isRestored(): boolean {
    return true;
  }
}

/** What can be known before Terraform runs is refused before Terraform runs. */
function targetProblems({ source, plan, engine }: RestoredDatabaseProps): (Problem | undefined)[] {
  const database = source?._database;
  return [
    ...checkedValue('source', source, 'a method of StoredBackups, such as scheduledBackup.backups.latest'),
    database && !plan.isAtLeast(database.plan)
      ? {
          rule: `The plan of a restored database is at least that of its source, ${database.plan.toString()}, in vCPU, memory and storage.`,
          value: plan.toString(),
          remedy: 'Choose a larger plan.',
        }
      : undefined,
    database && isOlder(engine, database.engine)
      ? {
          rule: `The engine of a restored database is not older than that of its source, PostgreSQL ${database.engine.version}.`,
          value: engine.version,
          remedy: 'Choose the same version or a newer one.',
        }
      : undefined,
  ];
}

/** Minor versions are compared where both are given. */
function isOlder(engine: DatabaseEngine, source: DatabaseEngine): boolean {
  if (engine.majorVersion !== source.majorVersion) {
    return engine.majorVersion < source.majorVersion;
  }
  const [minor, sourceMinor] = [engine._minorVersion, source._minorVersion];
  return minor !== undefined && sourceMinor !== undefined && minor < sourceMinor;
}

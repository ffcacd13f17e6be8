import { Op } from 'cdktf';
import { Construct } from 'constructs';
import { BackupSource } from '../backup/backup-source';
import { ManagedDatabase, ManagedDatabaseProps } from '../database/managed-database';
import { BackupFunction } from '../function/backup-function';
import { Invocation } from '../function/invocation';
import { StorageAccess } from '../function/storage-access';
import { InvalidInput } from '../private/invalid-input';

/** Props of a restored database: those of any database, and where it is filled from. */
export interface RestoredDatabaseProps extends ManagedDatabaseProps {
  /**
   * The backup. It is read once, when the database is made: `latest` stays the backup that it was, and a changed source
   * is refused.
   */
  readonly source: BackupSource;
}

/** What must not run again when function, version or input change later. */
const ONCE_IN_A_LIFE = ['function_name', 'qualifier', 'input'];

/**
 * A new database, filled from a backup. Before the instance is created, a restore check refuses what could not be
 * restored into it. Both run once in the life of the instance.
 */
export class RestoredDatabase extends ManagedDatabase {
  /** Id of the backup that the database was filled from, known once it is. */
  readonly restoredBackup: string;

  constructor(scope: Construct, id: string, props: RestoredDatabaseProps) {
    super(scope, id, props);
    const { source } = props;
    validateTarget(props, this);
    const backupFunction = BackupFunction.of(this);
    const access = new StorageAccess(this, 'SourceStorage', { database: this, storage: source.storage });
    const { settings } = access;
    const description = source._description;

    const check = new Invocation(this, 'RestoreCheck', {
      backupFunction,
      request: {
        action: 'restore-check',
        source: { storage: settings, database: source.databaseIdentifier, backup: source._selector },
        target: { engineMajor: this.engine.majorVersion, plan: backupFunction.databaseSettings.plan },
        sourceDescription: description,
      },
      // Another identifier is another instance, which asks anew.
      triggers: { identifier: this.identifier },
      after: access.grants,
      lifecycle: { ignoreChanges: ONCE_IN_A_LIFE },
    });
    this.restoredBackup = check.answer('backup');

    this._waitFor(check.resource);
    this._instance.lifecycle = {
      precondition: [
        {
          condition: Op.eq(check.answer('sourceDescription'), description),
          errorMessage: `The source of restored database ${this.identifier} has changed. A database is filled once, and a new source would leave it as it is: go back to the source that it was restored from, or declare another RestoredDatabase. It was restored from ${check.answer('sourceDescription')}; the program names ${description}.`,
        },
      ],
    };

    const restore = new Invocation(this, 'Restore', {
      backupFunction,
      request: {
        action: 'restore',
        source: {
          storage: settings,
          database: source.databaseIdentifier,
          backup: { kind: 'backup', id: this.restoredBackup },
        },
        target: backupFunction.databaseSettings,
      },
      after: [...access.grants, ...backupFunction.grantDatabase(), this._instance],
      lifecycle: {
        ignoreChanges: ONCE_IN_A_LIFE,
        replaceTriggeredBy: [`${this._instance.terraformResourceType}.${this._instance.friendlyUniqueId}.resource_id`],
      },
    });
    this._ready.push(restore.resource);
  }
}

/** What can be known before Terraform runs is refused before Terraform runs. */
function validateTarget(props: RestoredDatabaseProps, scope: Construct): void {
  const source = props.source._database;
  if (source === undefined) {
    return;
  }
  if (!props.plan.isAtLeast(source.plan)) {
    throw InvalidInput.of(
      `The plan of a restored database is at least that of its source, ${source.plan.toString()}, in vCPU, memory and storage.`,
      props.plan.toString(),
      'Choose a larger plan.',
      scope,
    );
  }
  if (props.engine.majorVersion < source.engine.majorVersion) {
    throw InvalidInput.of(
      `The engine of a restored database is not older than that of its source, PostgreSQL ${source.engine.version}.`,
      props.engine.version,
      'Choose the same version or a newer one.',
      scope,
    );
  }
}

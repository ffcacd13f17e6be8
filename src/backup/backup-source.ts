import { parseBackupId } from '../contract/backup-id';
import { describeSelection } from '../contract/backup-selection';
import { BackupSelector } from '../contract/requests';
import { IManagedDatabase } from '../database/managed-database';
import { InvalidInput } from '../private/invalid-input';
import { BackupStorage } from '../storage/backup-storage';

/** Where a restore comes from: a backup of a database in a storage. */
export class BackupSource {
  /**
   * The newest completed backup in a storage, when only the bucket is left.
   *
   * @param storage where the backups are
   * @param databaseIdentifier identifier of the database that was backed up: the name of its folder
   */
  static fromStorage(storage: BackupStorage, databaseIdentifier: string): BackupSource {
    return BackupSource._of(storage, databaseIdentifier, { kind: 'latest' });
  }

  /**
   * A backup in a storage by its id, such as `20261122T030000Z`.
   *
   * @throws where the text is no backup id
   */
  static backupFromStorage(storage: BackupStorage, databaseIdentifier: string, backupId: string): BackupSource {
    return BackupSource._of(storage, databaseIdentifier, { kind: 'backup', id: backupId });
  }

  /**
   * The newest backup in a storage that was completed before a moment.
   *
   * @param time ISO 8601 in UTC, such as `2026-11-22T03:00:00Z`
   * @throws where the text is no such moment
   */
  static beforeFromStorage(storage: BackupStorage, databaseIdentifier: string, time: string): BackupSource {
    return BackupSource._of(storage, databaseIdentifier, { kind: 'before', time });
  }

  /** @internal */
  static _of(storage: BackupStorage, identifier: string, selector: BackupSelector, database?: IManagedDatabase) {
    return new BackupSource(storage, identifier, validated(selector), database);
  }

  private constructor(
    readonly storage: BackupStorage,
    /** Identifier of the database that was backed up. */
    readonly databaseIdentifier: string,
    /** @internal */
    readonly _selector: BackupSelector,
    /**
     * The source where this program declares it: what is known of it is checked before Terraform runs.
     *
     * @internal
     */
    readonly _database?: IManagedDatabase,
  ) {}

  /**
   * The source in words; recorded with the restored database, so that a changed one is seen.
   *
   * @internal
   */
  get _description(): string {
    return describeSelection(this.storage, this.databaseIdentifier, this._selector);
  }
}

function validated(selector: BackupSelector): BackupSelector {
  switch (selector.kind) {
    case 'latest':
      return selector;
    case 'backup':
      return { kind: 'backup', id: parseBackupId(selector.id) };
    case 'before': {
      const form = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z$/;
      if (!form.test(selector.time) || Number.isNaN(Date.parse(selector.time))) {
        throw InvalidInput.of('A moment is ISO 8601 in UTC.', selector.time, 'Write it as 2026-11-22T03:00:00Z.');
      }
      return selector;
    }
  }
}

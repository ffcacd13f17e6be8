import { describeSelection } from '../contract/backup-selection';
import { BackupSelector } from '../contract/requests';
import { IManagedDatabase } from '../database/database';
import { Problem } from '../private/invalid-input';
import { BackupStorage } from '../storage/backup-storage';

/** Where a restore comes from: one backup of a database in a storage. `StoredBackups` makes it. */
export class BackupSource {
  /** @internal */
  static _of(props: BackupSourceProps): BackupSource {
    return new BackupSource(props.storage, props.databaseIdentifier, props.selector, props.problems, props.database);
  }

  private constructor(
    /** The storage that the backup is in. */
    readonly storage: BackupStorage,
    /** Identifier of the database that was backed up. */
    readonly databaseIdentifier: string,
    /** @internal */
    readonly _selector: BackupSelector,
    /** @internal */
    readonly _problems: readonly Problem[],
    /**
     * The database that was backed up, where this program declares it: what is known of it is checked at synth.
     *
     * @internal
     */
    readonly _database?: IManagedDatabase,
  ) {}

  /**
   * The source in words. It is recorded with the restored database, so that a changed source is noticed.
   *
   * @internal
   */
  get _description(): string {
    return describeSelection(this.storage, this.databaseIdentifier, this._selector);
  }
}

interface BackupSourceProps {
  readonly storage: BackupStorage;
  readonly databaseIdentifier: string;
  readonly selector: BackupSelector;
  readonly problems: readonly Problem[];
  readonly database?: IManagedDatabase;
}

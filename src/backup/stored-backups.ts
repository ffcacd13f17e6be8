import { Token } from 'cdktf';
import { BackupSource } from './backup-source';
import { parseBackupId } from '../contract/backup-id';
import { BackupSelector } from '../contract/requests';
import { IManagedDatabase } from '../database/database';
import { Problem } from '../private/invalid-input';
import { checkedValue, matching, required } from '../private/rules';
import { BackupStorage } from '../storage/backup-storage';

/** The backups of one database in one storage. Its methods choose one of them, as the source of a restore. */
export class StoredBackups {
  /**
   * The backups in a storage, when only the storage is left. Wrong values are refused by the construct that takes the
   * source.
   *
   * @param storage where the backups are.
   * @param databaseIdentifier identifier of the database that was backed up: the name of its folder.
   */
  static fromStorage(storage: BackupStorage, databaseIdentifier: string): StoredBackups {
    return new StoredBackups(storage, databaseIdentifier);
  }

  /** @internal */
  static _of(storage: BackupStorage, database: IManagedDatabase): StoredBackups {
    return new StoredBackups(storage, database.identifier, database);
  }

  private constructor(
    /** The storage that the backups are in. */
    readonly storage: BackupStorage,
    /** Identifier of the database that was backed up. */
    readonly databaseIdentifier: string,
    /** @internal */
    readonly _database?: IManagedDatabase,
  ) {}

  /** The newest completed backup at the time of the restore. */
  latest(): BackupSource {
    return this.source({ kind: 'latest' }, []);
  }

  /**
   * A backup by its id.
   *
   * @param id the UTC second at which the backup was due, `20261122T030000Z` or `2026-11-22T03:00:00Z`. Another text is
   * refused by the construct that takes the source.
   */
  byId(id: string): BackupSource {
    const remedy = 'Copy the id from the list of backups, such as 20261122T030000Z.';
    const missing = required('The id of a backup', id, remedy);
    if (missing) {
      return this.source({ kind: 'backup', id }, [missing]);
    }
    try {
      return this.source({ kind: 'backup', id: parseBackupId(id) }, []);
    } catch {
      const rule = 'A backup id is a UTC second such as 20261122T030000Z or 2026-11-22T03:00:00Z.';
      return this.source({ kind: 'backup', id }, [{ rule, value: id, remedy }]);
    }
  }

  /**
   * The newest backup that was completed before a time.
   *
   * @param time ISO 8601 in UTC, such as `2026-11-22T03:00:00Z`. Another text, and a date that does not exist, is refused
   * by the construct that takes the source.
   */
  before(time: string): BackupSource {
    const problem = timeProblem(time);
    return this.source({ kind: 'before', time }, problem ? [problem] : []);
  }

  private source(selector: BackupSelector, problems: readonly Problem[]): BackupSource {
    const { storage, databaseIdentifier, _database: database } = this;
    const folderRule = 'The identifier of a database has 1 to 63 lower-case letters, digits and single hyphens.';
    const remedy = 'Name the folder of the backups.';
    const found = [
      ...checkedValue('storage of StoredBackups', storage, 'a method of BackupStorage, such as BackupStorage.amazonS3'),
      required('databaseIdentifier of StoredBackups', databaseIdentifier, remedy),
      Token.isUnresolved(databaseIdentifier)
        ? {
            rule: 'databaseIdentifier of StoredBackups is known when the program runs.',
            value: databaseIdentifier,
            remedy,
          }
        : matching(folderRule, databaseIdentifier, /^(?=.{1,63}$)[a-z](?:-?[a-z0-9])*$/, remedy),
      ...problems,
    ].filter((problem) => problem !== undefined);
    return BackupSource._of({ storage, databaseIdentifier, selector, problems: found, database });
  }
}

function timeProblem(time: string): Problem | undefined {
  const remedy = 'Write it as 2026-11-22T03:00:00Z.';
  return (
    required('The time of StoredBackups.before', time, remedy) ??
    (isTime(time) ? undefined : { rule: 'A time is ISO 8601 in UTC and a date that exists.', value: time, remedy })
  );
}

/** `Date.parse` turns the 30th of February into the 2nd of March. */
function isTime(text: string): boolean {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2})?(\.\d+)?Z$/.exec(text);
  const time = new Date(text);
  return (
    match !== null && !Number.isNaN(time.getTime()) && time.toISOString().startsWith(`${match[1]}${match[2] ?? ''}`)
  );
}

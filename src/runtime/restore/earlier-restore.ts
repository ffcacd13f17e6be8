import { Client } from 'pg';
import { removeRestoreMark, RestoreMark } from './restore-mark';
import { endStandIns } from './stand-in-names';
import { databasesWithTables, deleteCreatedByRestore } from './target-databases';
import { ActionError } from '../../contract/action-error';
import { parseBackupId } from '../../contract/backup-id';
import { BackupSelector, RestoreAnswer } from '../../contract/requests';
import { Log } from '../log';
import { DatabaseConnection } from '../postgres/connection';
import { readUserDatabases } from '../postgres/server';

/** A restore that was begun on the target before, finished or not, as its mark says. */
export class EarlierRestore {
  constructor(
    readonly mark: RestoreMark,
    private readonly connection: DatabaseConnection,
    /** The identifier of the target. */
    private readonly target: string,
    private readonly log: Log,
  ) {}

  get isFinished(): boolean {
    return this.mark.state === 'Finished';
  }

  /** @throws Refused if it was of another backup or from another source */
  requireSame(source: string, selector: BackupSelector): void {
    const { mark } = this;
    const wanted = selector.kind === 'backup' ? parseBackupId(selector.id) : mark.backup;
    if (mark.source !== source || mark.backup !== wanted) {
      throw new ActionError(
        'Refused',
        `A server is restored into only once: ${this.target} holds a restore (${mark.state}) of backup ` +
          `${mark.backup} from ${mark.source}, not of ${wanted} from ${source}. Restore into a new database.`,
      );
    }
  }

  /** Deletes what it created, and its mark. @throws Refused if it is finished */
  async takeBack(admin: Client): Promise<void> {
    if (this.isFinished) {
      throw new ActionError(
        'Refused',
        `Only what an unfinished restore created can be deleted: ${this.describe()} is finished, and the target may be in ` +
          'use. Restore into a new database.',
      );
    }
    const { backup, made } = this.mark;
    this.log.info('taking-back-unfinished-restore', { backup, ...made });
    await endStandIns(admin, made.roles);
    await deleteCreatedByRestore(this.connection, admin, made);
    await removeRestoreMark(admin);
  }

  /** The answer of a restore that is finished. @throws Refused if the restored data no longer exists */
  async answer(admin: Client): Promise<RestoreAnswer> {
    const { backup, source } = this.mark;
    const { databasesWithTables: filled, ...result } = this.mark.result!;
    const present = await readUserDatabases(admin);
    const missing = result.databases.filter((name) => !present.some((each) => each.name === name));
    const holding = missing.length > 0 ? [] : await databasesWithTables(this.connection, filled);
    const empty = missing.length > 0 ? [] : filled.filter((name) => !holding.includes(name));
    if (missing.length + empty.length > 0) {
      throw new ActionError(
        'Refused',
        `${this.describe()} was finished, but its data is gone: ` +
          [
            ...missing.map((name) => `database ${name} does not exist`),
            ...empty.map((name) => `database ${name} has no tables`),
          ].join(', ') +
          '. A restore is not repeated on a server that was in use. Restore into a new database.',
      );
    }
    this.log.info('already-restored', { backup, source });
    return { backup, outcome: 'AlreadyRestored', ...result, passedOver: [], durationMs: 0 };
  }

  /** Why it cannot go on. */
  withoutItsBackup(reason: string): ActionError {
    return new ActionError(
      'Refused',
      `The target holds an unfinished restore, ${this.describe()}, and that backup no longer exists (the retention may ` +
        'have deleted it). To restore another backup, start again with --empty-target (emptyTarget in a request), which ' +
        `deletes only what the unfinished restore created, or restore into a new database. ${reason}`,
    );
  }

  private describe(): string {
    return `the restore of backup ${this.mark.backup} from ${this.mark.source} into ${this.target}`;
  }
}

import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { BackupId } from '../../contract/backup-id';
import { Remark } from '../../contract/remark';
import { RestoreAnswer } from '../../contract/requests';
import { RESTORE_MARK_ROLE } from '../postgres/roles';

/** What a restore wrote on its target. */
export interface RestoreMark {
  readonly state: 'Unfinished' | 'Finished';
  /** Which folder of which storage it came from. */
  readonly source: string;
  readonly backup: BackupId;
  readonly made: CreatedByRestore;
  /** What was restored, once it is finished. */
  readonly result?: RestoreResult;
}

/** What the target did not have before the restore began. */
export interface CreatedByRestore {
  readonly databases: readonly string[];
  /** Databases that were there, empty, and that are filled. */
  readonly filled: readonly string[];
  readonly roles: readonly string[];
}

export interface RestoreResult {
  readonly databases: readonly string[];
  /** Those that held tables when the restore ended. */
  readonly databasesWithTables: readonly string[];
  readonly tables: number;
  readonly rows: number;
  readonly databaseBytes: number;
  readonly connection: RestoreAnswer['connection'];
  readonly remarks: readonly Remark[];
  readonly notEnforced: readonly Remark[];
}

/** The mark of a server, or undefined where no restore ever began. */
export async function readRestoreMark(client: Client): Promise<RestoreMark | undefined> {
  const { rows } = await client.query(
    `SELECT shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolname = $1`,
    [RESTORE_MARK_ROLE],
  );
  return rows.length === 0 || rows[0].mark === null ? undefined : JSON.parse(rows[0].mark);
}

/** Marks a server; in one transaction, so that there is never a role without its comment. */
export async function writeRestoreMark(client: Client, mark: RestoreMark): Promise<void> {
  const role = escapeIdentifier(RESTORE_MARK_ROLE);
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [RESTORE_MARK_ROLE]);
  const comment = `COMMENT ON ROLE ${role} IS ${escapeLiteral(JSON.stringify(mark))}`;
  // Several statements in one query are one transaction.
  await client.query(rowCount === 0 ? `CREATE ROLE ${role} NOLOGIN; ${comment}` : comment);
}

/** Takes the mark of an unfinished restore away. */
export async function removeRestoreMark(client: Client): Promise<void> {
  await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(RESTORE_MARK_ROLE)}`);
}

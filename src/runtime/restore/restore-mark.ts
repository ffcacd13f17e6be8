import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { BackupId } from '../../contract/backup-id';
import { RestoreSource } from '../../contract/requests';
import { RESTORE_MARK_ROLE } from '../postgres/roles';

/** What a restore wrote on its target. */
export interface RestoreMark {
  readonly state: 'Unfinished' | 'Finished';
  /** Which folder of which storage it came from. */
  readonly source: string;
  readonly backup: BackupId;
  /** What was restored, once it is finished. */
  readonly result?: { readonly databases: readonly string[]; readonly tables: number; readonly rows: number };
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

/** The source in words that are the same whenever it is: which folder of which storage. */
export function describeSource({ storage, database }: RestoreSource): string {
  return [storage.endpoint ?? `s3.${storage.region}`, storage.bucket, storage.path, database].join('/');
}

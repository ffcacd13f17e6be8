import { createHash } from 'node:crypto';
import { Client, QueryConfig } from 'pg';
import { ADMINISTRATION_DATABASE, connect, DatabaseConnection } from './connection';
import { ActionError } from '../../contract/action-error';

const VERIFY_TIMEOUT_MS = 15_000;

/**
 * The right to write: a session's advisory lock on the server that is backed up. It needs nothing of the storage and
 * lets go by itself when the program or its connection dies.
 */
export class WriterLock {
  /** Takes the lock; undefined where another run holds it. */
  static async take(connection: DatabaseConnection, identifier: string): Promise<WriterLock | undefined> {
    // Advisory locks hold within one database: every run uses the same.
    const client = await connect(connection, ADMINISTRATION_DATABASE);
    try {
      const { rows } = await client.query<{ taken: boolean }>('SELECT pg_catalog.pg_try_advisory_lock($1) AS taken', [
        lockKey(identifier),
      ]);
      if (rows[0].taken) {
        return new WriterLock(client);
      }
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    await client.end();
    return undefined;
  }

  private constructor(private readonly client: Client) {}

  /**
   * Makes sure that the lock is still held: to be asked before every write.
   *
   * @throws Locked where the connection that held it has ended; it never comes back.
   */
  async verify(): Promise<void> {
    const query: QueryConfig & { query_timeout: number } = {
      text: `SELECT 1 FROM pg_catalog.pg_locks
        WHERE locktype = 'advisory' AND granted AND pid = pg_catalog.pg_backend_pid()`,
      query_timeout: VERIFY_TIMEOUT_MS,
    };
    const held = await this.client.query(query).then(
      ({ rowCount }) => rowCount === 1,
      () => false,
    );
    if (!held) {
      await this.release();
      throw new ActionError(
        'Locked',
        'The connection that held the lock on the server has ended (a fail-over, a restart or a cut), so that another ' +
          'run may have begun: nothing more is written. The next run makes a backup of its own.',
      );
    }
  }

  async release(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}

/** 64 bits that belong to one database's folder, as a decimal number. */
export function lockKey(identifier: string): string {
  return createHash('sha256').update(`cdktf-managed-database:${identifier}`).digest().readBigInt64BE(0).toString();
}

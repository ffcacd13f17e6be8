import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, QueryConfig } from 'pg';
import { ADMINISTRATION_DATABASE, connect, DatabaseConnection, refusesSettings } from './connection';
import { ActionError } from '../../contract/action-error';

const VERIFY_TIMEOUT_MS = 15_000;

/** Milliseconds between two attempts to take a lock that another run holds. */
const POLL_MS = 2_000;

/** Statements after which a connection pooler in transaction mode has shown itself. */
const POOLER_ROUNDS = 3;

/**
 * The right to write: a session's advisory lock on the server that is backed up. It needs nothing of the storage, and
 * ends by itself when the program or its connection dies. Advisory locks hold within one database: it is taken in the
 * one that every server has.
 */
export class WriterLock {
  /**
   * Takes the lock; undefined where another run holds it.
   *
   * @throws Refused behind a connection pooler in transaction mode, where a lock would stay behind for ever.
   */
  static async take(given: DatabaseConnection, identifier: string): Promise<WriterLock | undefined> {
    let connection = given;
    const client = await connect(connection, ADMINISTRATION_DATABASE).catch(async (error) => {
      if (!refusesSettings(error)) throw error;
      connection = { ...given, settingsInSession: true };
      return connect(connection, ADMINISTRATION_DATABASE);
    });
    try {
      await requireOwnSession(client, connection);
      const { rows } = await client.query<{ taken: boolean }>('SELECT pg_catalog.pg_try_advisory_lock($1) AS taken', [
        lockKey(identifier),
      ]);
      if (rows[0].taken) {
        return new WriterLock(client, connection);
      }
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    await client.end();
    return undefined;
  }

  /** As `take`, but waits for its turn for so many milliseconds. */
  static async takeWithin(
    connection: DatabaseConnection,
    identifier: string,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<WriterLock | undefined> {
    const end = performance.now() + waitMs;
    for (;;) {
      const lock = await WriterLock.take(connection, identifier);
      if (lock || performance.now() + POLL_MS > end) return lock;
      // Out of time while it waited: the other run is still under way.
      if (await sleep(POLL_MS, false, { signal }).catch(() => true)) return undefined;
    }
  }

  private verifying: Promise<boolean> = Promise.resolve(true);

  private constructor(
    private readonly client: Client,
    /** The server, in the way in which sessions with it begin. */
    readonly connection: DatabaseConnection,
  ) {}

  /**
   * Makes sure that the lock is still held: to be called before every write.
   *
   * @throws DatabaseFault where the connection that held it has ended; it never comes back.
   */
  async verify(): Promise<void> {
    const query: QueryConfig & { query_timeout: number } = {
      text: `SELECT 1 FROM pg_catalog.pg_locks
        WHERE locktype = 'advisory' AND granted AND pid = pg_catalog.pg_backend_pid()`,
      query_timeout: VERIFY_TIMEOUT_MS,
    };
    // One after the other: deletions run side by side, a connection does not.
    this.verifying = this.verifying.then(async () =>
      this.client.query(query).then(
        ({ rowCount }) => rowCount === 1,
        () => false,
      ),
    );
    if (!(await this.verifying)) {
      await this.release();
      throw new ActionError(
        'DatabaseFault',
        'The connection that held the lock on the server has ended (a fail-over, a restart or a cut), so that another ' +
          'run may have begun: nothing more is written. The next run makes a backup of its own.',
      );
    }
  }

  /** Milliseconds by which the server's clock is ahead of this machine's; precise to a second. */
  async clockOffsetMs(now: Date): Promise<number> {
    // As an HTTP date, the form in which the storage gives its time.
    const { rows } = await this.client.query<{ time: string }>(
      `SELECT pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC',
         'Dy, DD Mon YYYY HH24:MI:SS "GMT"') AS time`,
    );
    return Date.parse(rows[0].time) - now.getTime();
  }

  async release(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}

/**
 * Two open connections never share a backend, and one never changes it, unless a pooler deals out backends by the
 * transaction.
 */
async function requireOwnSession(client: Client, connection: DatabaseConnection): Promise<void> {
  const other = await connect(connection, ADMINISTRATION_DATABASE);
  try {
    const own = await backendOf(client);
    for (let round = 0; round < POOLER_ROUNDS; round++) {
      await other.query('BEGIN');
      const [present, foreign] = [await backendOf(client), await backendOf(other)];
      await other.query('COMMIT');
      if (present !== own || foreign === own) {
        throw new ActionError(
          'Refused',
          `${connection.host}:${connection.port} is a connection pooler in transaction mode: the server's process ` +
            `changed between two statements. A backup needs one session: name the server itself, or a pool in session ` +
            'mode.',
        );
      }
    }
  } finally {
    await other.end().catch(() => undefined);
  }
}

async function backendOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return rows[0].pid;
}

/** 64 bits that belong to one database's folder, as a decimal number. */
export function lockKey(identifier: string): string {
  return createHash('sha256').update(`cdktf-managed-database:${identifier}`).digest().readBigInt64BE(0).toString();
}

import { Client } from 'pg';

/** The server's table of locks, which all its sessions share. */
export interface LockRoom {
  /** Objects that can be locked at the same time. */
  readonly capacity: number;
  readonly used: number;
}

/**
 * How a dump takes its locks.
 *
 * - `parallel`: this program locks the tables, takes the snapshot, and shares it with the sessions of pg_dump, each of
 *   which locks the tables again. A TRUNCATE that waits for the first lock keeps pg_dump from its own.
 * - `snapshot first`: only pg_dump locks the tables, in its one session, after this program has taken the snapshot. It
 *   takes a third of the room; what changed in between is found out, and the dump then made again in the last mode.
 * - `one session`: pg_dump works in the session that has the locks and the snapshot already. It never waits for a lock,
 *   but all that it says and reads passes through this program, and the rows are counted before it begins.
 */
export type LockMode = 'parallel' | 'snapshot first' | 'one session';

/** Part of the free room that a dump may fill: other sessions need locks too. */
const USABLE = 0.8;

/** The sessions that hold a lock on every table by the end of a parallel dump: ours, pg_dump's, and its workers together. */
const HOLDERS = 3;

/** The server's table of locks has room for so many holders per object, on average. */
const HOLDERS_PER_OBJECT = 2;

/** The mode in which the locks on so many tables fit into the room. */
export function lockMode(tables: number, { capacity, used }: LockRoom): Exclude<LockMode, 'one session'> {
  const usable = (capacity - used) * USABLE;
  return tables * HOLDERS <= usable * HOLDERS_PER_OBJECT ? 'parallel' : 'snapshot first';
}

/** As PostgreSQL documents it for `max_locks_per_transaction`. */
export async function readLockRoom(client: Client): Promise<LockRoom> {
  const { rows } = await client.query(
    `SELECT pg_catalog.current_setting('max_locks_per_transaction')::int
         * (pg_catalog.current_setting('max_connections')::int
           + pg_catalog.current_setting('max_prepared_transactions')::int) AS capacity,
       (SELECT count(*)::int FROM pg_catalog.pg_locks WHERE NOT fastpath) AS used`,
  );
  return rows[0];
}

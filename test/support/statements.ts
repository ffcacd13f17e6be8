import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';

/** Connects to a server of the sandbox as its master. */
export async function masterClient(
  { host, port, master, caFile }: PostgreSqlServer,
  database: string,
  trusted = caFile,
): Promise<Client> {
  const client = new Client({
    ...{ host, port, user: master.username, password: master.password, database },
    ssl: { ca: await readFile(trusted, 'utf8') },
  });
  await client.connect();
  return client;
}

/** Runs statements in a connection, and ends it; gives the rows of the last statement. */
export async function runStatements(client: Client, statements: readonly string[]): Promise<Record<string, unknown>[]> {
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

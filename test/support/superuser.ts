import { readFile, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { runStatements } from './statements';
import { RDS_ADMIN } from '../../sandbox/postgresql/rds-bootstrap';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';

/** Milliseconds for a server to read its access file again; far more than it needs on a busy machine. */
const READ_WITHIN = 120_000;

/**
 * Connects to a server of the sandbox as its superuser, which RDS allows to nobody: for what a server elsewhere can hold,
 * and for powers that Amazon gives its master by other means.
 */
export async function superuserClient(server: PostgreSqlServer, database: string): Promise<Client> {
  const accessFile = path.join(path.dirname(server.logFile), 'cluster', 'pg_hba.conf');
  const rule = `hostssl all ${RDS_ADMIN} 127.0.0.1/32 trust\n`;
  const present = await readFile(accessFile, 'utf8');
  if (!present.startsWith(rule)) {
    await writeFile(accessFile, rule + present);
    process.kill(server.processId, 'SIGHUP');
  }
  const ca = await readFile(server.caFile, 'utf8');
  // The server reads the file in its own time.
  const deadline = Date.now() + READ_WITHIN;
  for (;;) {
    const client = new Client({ host: server.host, port: server.port, user: RDS_ADMIN, database, ssl: { ca } });
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** Runs statements as the superuser; gives the rows of the last one. */
export async function asSuperuser(
  server: PostgreSqlServer,
  database: string,
  ...statements: string[]
): Promise<Record<string, unknown>[]> {
  return runStatements(await superuserClient(server, database), statements);
}

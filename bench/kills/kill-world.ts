import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { HostileStore } from './hostile-store';
import { Lane } from './lane';
import { buildClientLayer } from '../../packaging/client-layer';
import { CertificateAuthority } from '../../sandbox/certificate-authority';
import { compareDatabases, ComparedServer } from '../../sandbox/compare-databases';
import { CodeStore } from '../../sandbox/lambda/code';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';
import { masterClient, runStatements } from '../../test/support/statements';

const MASTER = { username: 'shopmaster', password: 'a plain password' };

const FUNCTION_ZIP = path.join(__dirname, '../../assets/function.zip');

/** What the master of the source runs in each of its databases, in order. */
const CONTENT: Record<string, readonly string[]> = {
  shop: [
    'CREATE ROLE keeper',
    'GRANT keeper TO CURRENT_USER',
    'CREATE SCHEMA stock AUTHORIZATION keeper',
    'CREATE TABLE item (id serial PRIMARY KEY, name text)',
    'INSERT INTO item (name) SELECT md5(n::text) FROM generate_series(1, 5000) n',
    'CREATE INDEX ON item (name)',
    'CREATE VIEW cheap AS SELECT * FROM item WHERE id < 10',
    'CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM item',
    'CREATE TABLE stock.place (item integer REFERENCES item)',
    'INSERT INTO stock.place SELECT id FROM item',
    'GRANT SELECT ON stock.place TO keeper',
    // No compression helps: a file of several parts.
    `CREATE TABLE picture AS SELECT n AS id, decode(string_agg(md5(n::text || m::text), ''), 'hex') AS content
     FROM generate_series(1, 140) n, generate_series(1, 4000) m GROUP BY n`,
    "SELECT lo_from_bytea(4711, 'a large object')",
    'CREATE DATABASE ledger',
  ],
  ledger: ['CREATE TABLE entry AS SELECT n AS id, n * 100 AS cents FROM generate_series(1, 1000) n'],
};

/** A filled server, a hostile store and the shipped programs. */
export class KillWorld {
  static async start(): Promise<KillWorld> {
    const directory = await mkdtemp(path.join(tmpdir(), 'kills-'));
    await chmod(directory, 0o711);
    const clients = `${(await buildClientLayer()).directory}/bin`;
    const { task } = await new CodeStore(directory).unpack({ zip: await readFile(FUNCTION_ZIP), layers: [] });
    const authority = await CertificateAuthority.create(path.join(directory, 'authority'));
    const server = await startServer(directory, authority, 'source', 'shop');
    for (const [database, statements] of Object.entries(CONTENT)) await execute(server, database, statements);
    return new KillWorld(
      directory,
      clients,
      path.join(task, 'index.js'),
      authority,
      server,
      await HostileStore.start(),
    );
  }

  private readonly lanes: Lane[] = [];

  private constructor(
    private readonly directory: string,
    private readonly clients: string,
    private readonly functionFile: string,
    private readonly authority: CertificateAuthority,
    readonly server: PostgreSqlServer,
    readonly store: HostileStore,
  ) {}

  async openLanes(count: number): Promise<readonly Lane[]> {
    const { directory, store, server, clients, functionFile } = this;
    const certificateFile = this.authority.certificateFile;
    for (let index = 0; index < count; index++) {
      const name = `lane${index}`;
      this.lanes.push(await Lane.open({ name, directory, store, server, certificateFile, clients, functionFile }));
    }
    return this.lanes;
  }

  /** Works with an empty server that is gone afterwards. */
  async withTarget<T>(lane: Lane, work: (target: PostgreSqlServer) => Promise<T>): Promise<T> {
    const identifier = `target-${lane.name}`;
    const target = await startServer(this.directory, this.authority, identifier);
    try {
      return await work(target);
    } finally {
      await target.stop();
      await rm(path.join(this.directory, `server-${identifier}`), { recursive: true, force: true });
    }
  }

  /** What a restored server has otherwise than the source. */
  async differences(target: PostgreSqlServer): Promise<string[]> {
    return compareDatabases(comparedServer(this.server), comparedServer(target), { clients: this.clients });
  }

  async stop(): Promise<void> {
    for (const lane of this.lanes) await lane.relay.stop();
    await this.server.stop();
    await this.store.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function startServer(
  directory: string,
  certificateAuthority: CertificateAuthority,
  identifier: string,
  databaseName?: string,
): Promise<PostgreSqlServer> {
  const dataDirectory = path.join(directory, `server-${identifier}`);
  return PostgreSqlServer.start({
    identifier,
    major: 17,
    dataDirectory,
    master: MASTER,
    databaseName,
    certificateAuthority,
  });
}

function comparedServer({ host, port, master, caFile }: PostgreSqlServer): ComparedServer {
  return { host, port, user: master.username, password: master.password, caFile };
}

/** Runs statements as the master; gives the rows of the last one. */
export async function execute(
  server: PostgreSqlServer,
  database: string,
  statements: readonly string[],
): Promise<Record<string, unknown>[]> {
  return runStatements(await masterClient(server, database), statements);
}

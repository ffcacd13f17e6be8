import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Client } from 'pg';
import { buildClientLayer } from '../../packaging/client-layer';
import { CertificateAuthority } from '../../sandbox/certificate-authority';
import { MotoProgram } from '../../sandbox/moto';
import { PostgreSqlMajor } from '../../sandbox/postgresql/program';
import { PostgreSqlServer, PostgreSqlServerProps } from '../../sandbox/postgresql/server';
import { CustomerStorage } from '../../sandbox/storage';
import { DatabaseSettings } from '../../src/contract/database-settings';
import { ObjectKeys } from '../../src/contract/object-keys';
import { StorageSettings } from '../../src/contract/storage-settings';
import { Log } from '../../src/runtime/log';
import { Runtime } from '../../src/runtime/runtime';
import { openObjectStore } from '../../src/runtime/storage/s3-object-store';
import { runStatements } from '../support/statements';

const BUCKET = 'customer-backups';
const FOLDER = 'nightly/production';
const MASTER = { username: 'shopmaster', password: "It's $ecret" };
const SECRETS_REGION = 'eu-central-1';

export interface LoggedEvent {
  readonly level: string;
  readonly event: string;
  readonly [fact: string]: unknown;
}

/**
 * A real server as on RDS, a real S3 endpoint with keys of the three permissions, and the clients of the layer: what
 * the program meets, for tests of its actions.
 */
export class RealWorld {
  static async start(
    major: PostgreSqlMajor,
    identifier = 'shop',
    more: Partial<PostgreSqlServerProps> = {},
  ): Promise<RealWorld> {
    const directory = await mkdtemp(path.join(tmpdir(), 'real-world-'));
    // The server may run as another user, who must be able to reach its files.
    await chmod(directory, 0o711);
    const layer = await buildClientLayer();
    const authority = await CertificateAuthority.create(path.join(directory, 'authority'));
    const storage = await CustomerStorage.start({
      program: await MotoProgram.locate(path.join(__dirname, '../../.cache')),
      certificateAuthority: authority,
      directory: path.join(directory, 'storage'),
    });
    try {
      await storage.createBucket(BUCKET);
      const keys = await storage.createKeys({ bucket: BUCKET, path: FOLDER });
      const server = await PostgreSqlServer.start({
        identifier,
        major,
        dataDirectory: path.join(directory, 'server'),
        master: MASTER,
        databaseName: 'shop',
        certificateAuthority: authority,
        ...more,
      });
      process.env.PATH = `${layer.directory}/bin:${process.env.PATH}`;
      process.env.PGSSLROOTCERT = authority.certificateFile;
      return new RealWorld(directory, storage, server, JSON.stringify(keys));
    } catch (error) {
      await storage.stop();
      throw error;
    }
  }

  /** What the program said. */
  readonly events: LoggedEvent[] = [];
  private runs = 0;

  private constructor(
    private readonly directory: string,
    readonly storage: CustomerStorage,
    readonly server: PostgreSqlServer,
    private readonly storageSecret: string,
  ) {}

  get storageSettings(): StorageSettings {
    return {
      kind: 's3-compatible',
      endpoint: this.storage.endpoint,
      region: this.storage.region,
      bucket: BUCKET,
      path: FOLDER,
      pathStyle: true,
      allowUnencrypted: false,
      caCertificate: this.storage.caPem,
      credentials: { kind: 'secret', secretArn: secretArn('storage') },
    };
  }

  get databaseSettings(): DatabaseSettings {
    return {
      identifier: this.server.identifier,
      endpoint: `${this.server.host}:${this.server.port}`,
      credentials: { kind: 'secret', secretArn: secretArn('database') },
      plan: { name: 'small', vcpu: 2, memoryGib: 2, storageGib: 20 },
    };
  }

  get keys(): ObjectKeys {
    return new ObjectKeys(FOLDER, this.server.identifier);
  }

  /** A runtime of one run, with a work directory of its own. */
  runtime(overrides: Partial<Runtime> = {}): Runtime {
    const log: Log = {
      info: (event, facts) => this.events.push({ level: 'info', event, ...facts }),
      warn: (event, facts) => this.events.push({ level: 'warn', event, ...facts }),
    };
    const secrets = {
      read: async (arn: string) =>
        arn === secretArn('storage') ? this.storageSecret : JSON.stringify(this.server.master),
    };
    this.runs += 1;
    return {
      now: () => new Date(),
      remainingMs: () => Infinity,
      // Tests tell the program what time it is; the server and the storage live in the present.
      maximumClockDifferenceMs: Infinity,
      account: '123456789012',
      region: SECRETS_REGION,
      libraryVersion: '1.2.3',
      log,
      secrets,
      workDirectory: path.join(this.directory, `run-${this.runs}`),
      openStorage: async (settings) => openObjectStore(settings, { secrets, log, region: SECRETS_REGION }),
      ...overrides,
    };
  }

  /** Connects as the master; the caller ends the connection. */
  async connect(database: string): Promise<Client> {
    const client = new Client({
      host: this.server.host,
      port: this.server.port,
      user: this.server.master.username,
      password: this.server.master.password,
      database,
      ssl: { ca: this.storage.caPem },
    });
    await client.connect();
    return client;
  }

  /** Runs statements as the master. */
  async sql(database: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
    return runStatements(await this.connect(database), statements);
  }

  /** Keys in the bucket, without the database's folder. */
  async storedKeys(): Promise<string[]> {
    const folder = `${this.keys.folder}/`;
    const objects = await this.storage.list(BUCKET);
    return objects.filter(({ key }) => key.startsWith(folder)).map(({ key }) => key.slice(folder.length));
  }

  async fetch(key: string): Promise<Buffer> {
    return this.storage.get(BUCKET, key);
  }

  async replace(key: string, body: Buffer): Promise<void> {
    await this.storage.put(BUCKET, key, body);
  }

  async remove(key: string): Promise<void> {
    await this.storage.delete(BUCKET, key);
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.storage.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

function secretArn(name: string): string {
  return `arn:aws:secretsmanager:${SECRETS_REGION}:123456789012:secret:${name}`;
}

import { ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Measured, measure } from './measure';
import { buildClientLayer } from '../../packaging/client-layer';
import { CertificateAuthority } from '../../sandbox/certificate-authority';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';
import { DatabaseSettings } from '../../src/contract/database-settings';
import { Invocation } from '../../src/contract/requests';
import { StorageSettings } from '../../src/contract/storage-settings';
import { StorageClient } from '../../src/runtime/storage/s3-client';
import { BACKUP_BOUNDS } from '../../src/runtime/storage/s3-object-store';
import { masterClient, runStatements } from '../../test/support/statements';
import { versitygwProgram } from '../../test/support/versitygw-program';

const MAJOR = 17;
const MASTER = { username: 'shopmaster', password: 'secret-of-the-bench' };
const KEYS = { accessKeyId: 'bench', secretAccessKey: 'secret-of-the-bench' };
const REGION = 'us-east-1';
const BUCKET = 'backups';
const CACHE = path.join(__dirname, '../../.cache/bench');

/** Where our backups are in the bucket. */
export const OUR_FOLDER = 'ours';

/** ext4 puts the files of a directory into one of the groups of so many inodes, as it is made by default. */
const INODES_OF_A_PLACE = 16 * 8192;

/** Of this process: what was deleted counts for minutes. */
const usedPlaces = new Set<number>();

/** There may be few places, and other file systems have none. */
const TRIED_PLACES = 100;

/** Servers, a store and clients of their own for one run of a benchmark. */
export class SpeedWorld {
  static async start(progress: (line: string) => void): Promise<SpeedWorld> {
    progress('programs');
    const layer = await buildClientLayer();
    const aws = await awsCli();
    const gateway = await versitygwProgram();
    process.env.PATH = `${layer.directory}/bin:${path.dirname(aws)}:${process.env.PATH}`;
    const directory = await mkdtemp(path.join(tmpdir(), 'speed-'));
    await chmod(directory, 0o711);
    await promisify(execFile)('unzip', ['-q', path.join(__dirname, '../../assets/function.zip'), '-d', directory]);
    const authority = await CertificateAuthority.create(path.join(directory, 'authority'));
    const bucket = path.join(directory, 'store', BUCKET);
    const runs = path.join(directory, 'runs');
    for (const parent of [bucket, runs]) {
      await mkdir(parent, { recursive: true });
      await spreadDirectories(parent);
    }
    const port = await freePort();
    const accessLog = path.join(directory, 'access.log');
    const store = spawn(
      gateway,
      ['--port', `127.0.0.1:${port}`, '--quiet', '--access-log', accessLog, 'posix', path.join(directory, 'store')],
      {
        env: { PATH: process.env.PATH, ROOT_ACCESS_KEY: KEYS.accessKeyId, ROOT_SECRET_KEY: KEYS.secretAccessKey },
        stdio: 'ignore',
      },
    );
    try {
      const start = async (identifier: string) =>
        PostgreSqlServer.start({
          identifier,
          major: MAJOR,
          dataDirectory: path.join(directory, identifier),
          master: MASTER,
          certificateAuthority: authority,
        });
      const world = new SpeedWorld(directory, store, port, accessLog, await start('source'), await start('target'));
      await world.waitForStore();
      return world;
    } catch (error) {
      store.kill();
      throw error;
    }
  }

  private directories = 0;

  private constructor(
    readonly directory: string,
    private readonly store: ChildProcess,
    private readonly port: number,
    private readonly accessLog: string,
    readonly source: PostgreSqlServer,
    readonly target: PostgreSqlServer,
  ) {}

  get storage(): StorageSettings {
    return {
      kind: 's3-compatible',
      endpoint: `http://127.0.0.1:${this.port}`,
      region: REGION,
      bucket: BUCKET,
      path: OUR_FOLDER,
      pathStyle: true,
      allowUnencrypted: true,
      credentials: { kind: 'environment' },
    };
  }

  get client(): StorageClient {
    return new StorageClient(this.storage, KEYS, BACKUP_BOUNDS);
  }

  settings(server: PostgreSqlServer): DatabaseSettings {
    return {
      identifier: server.identifier,
      endpoint: `${server.host}:${server.port}`,
      credentials: { kind: 'environment' },
      plan: { name: 'bench', vcpu: 2, memoryGib: 8, storageGib: 100 },
    };
  }

  /** The `aws` command with the store's address. */
  get aws(): string {
    return `aws --endpoint-url ${this.storage.endpoint}`;
  }

  bucket(key: string): string {
    return `s3://${BUCKET}/${key}`;
  }

  /** Bytes in the store under a prefix. */
  async stored(prefix: string): Promise<number> {
    const folder = path.join(this.directory, 'store', BUCKET, prefix);
    await mkdir(folder, { recursive: true });
    const { stdout } = await promisify(execFile)('du', ['--summarize', '--apparent-size', '--block-size=1', folder]);
    return Number.parseInt(stdout, 10);
  }

  async empty(prefix: string): Promise<void> {
    await rm(path.join(this.directory, 'store', BUCKET, prefix), { recursive: true, force: true });
  }

  async requests(): Promise<number> {
    return (await readFile(this.accessLog, 'utf8').catch(() => '')).split('\n').length - 1;
  }

  /** Runs a command as any client of a server would. */
  async run(command: string, server: PostgreSqlServer, database = 'shop'): Promise<Measured> {
    const env = {
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGUSER: server.master.username,
      PGPASSWORD: server.master.password,
      PGDATABASE: database,
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: server.caFile,
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      AWS_DEFAULT_REGION: REGION,
      AWS_REGION: REGION,
      // Locales for the server of a drill.
      ...(process.env.LOCPATH && { LOCPATH: process.env.LOCPATH }),
    };
    return measure({ command, env, directory: await this.newDirectory(), serverProcess: server.processId });
  }

  /** Runs one action in the function's bundle. */
  async runOurs(request: Invocation, server: PostgreSqlServer): Promise<Measured> {
    const program = path.join(this.directory, 'run.js');
    await writeFile(
      program,
      `require('./index.js').handler(${JSON.stringify(request)}, {
         invokedFunctionArn: 'arn:aws:lambda:${REGION}:123456789012:function:bench',
         getRemainingTimeInMillis: () => 3600000,
       }).then(() => process.exit(0), (error) => { console.error(error.message); process.exit(1); });`,
    );
    return this.run(`${process.execPath} ${program}`, server, 'postgres');
  }

  async sql(server: PostgreSqlServer, database: string, statements: readonly string[]): Promise<void> {
    await runStatements(await masterClient(server, database), statements);
  }

  async stop(): Promise<void> {
    await this.source.stop();
    await this.target.stop();
    this.store.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** A directory for one run, whose files have a place on the disk that no earlier run had, as far as there is one. */
  private async newDirectory(): Promise<string> {
    for (let left = TRIED_PLACES; ; left--) {
      const directory = path.join(this.directory, 'runs', String(++this.directories));
      await mkdir(directory);
      const place = Math.floor((await stat(directory)).ino / INODES_OF_A_PLACE);
      if (left > 0 && usedPlaces.has(place)) continue;
      usedPlaces.add(place);
      return directory;
    }
  }

  private async waitForStore(): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const { result } = await this.client.put(`${OUR_FOLDER}/first`, Buffer.from('first'));
      if (result.kind === 'done') return;
      await sleep(100);
    }
    throw new Error('versitygw did not answer within 10 s.');
  }
}

/**
 * Each directory in this one gets its files in a place of its own on the disk. For each file that is created, ext4
 * without a journal looks through those of the same place that were deleted lately (`recently_deleted` in Linux's
 * fs/ext4/ialloc.c): one run would pay for what another one deleted. Other file systems need no such thing.
 */
async function spreadDirectories(directory: string): Promise<void> {
  await promisify(execFile)('chattr', ['+T', directory]).catch(() => undefined);
}

/** The AWS command line: the one on PATH, else from PyPI. */
async function awsCli(): Promise<string> {
  const found = await onPath('aws');
  if (found !== undefined) return found;
  const environment = path.join(CACHE, 'awscli');
  const aws = path.join(environment, 'bin/aws');
  await promisify(execFile)(aws, ['--version']).catch(async () => {
    await promisify(execFile)('python3', ['-m', 'venv', environment]);
    await promisify(execFile)(path.join(environment, 'bin/pip'), ['install', '--quiet', 'awscli']);
  });
  return aws;
}

async function onPath(program: string): Promise<string | undefined> {
  return promisify(execFile)('which', [program]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

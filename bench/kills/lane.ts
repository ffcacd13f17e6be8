import { ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HostileRelay } from './hostile-relay';
import { HostileStore } from './hostile-store';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';
import { Catalog, CatalogEntry } from '../../src/contract/catalog';
import { ObjectKeys } from '../../src/contract/object-keys';
import { BackUpRequest } from '../../src/contract/requests';
import { DAY_MS } from '../../src/contract/retention';
import { BackupFolder } from '../../src/runtime/folder/backup-folder';
import { ObjectStore } from '../../src/runtime/storage/object-store';
import { seal, unseal } from '../../src/runtime/storage/sealed-json';

export const RETENTION_DAYS = 30;

/** Completed backups that a folder keeps; older ones are made so old that the next run deletes them. */
const KEPT = 3;

const BUCKET = 'bucket';
const REGION = 'eu-1';
const COMMAND_LINE = path.join(__dirname, '../../assets/cli/cdktf-managed-database.js');

/** The function's time, of which it waits half for its turn. */
const FUNCTION_MS = 240_000;

const INVOKE = `
  const { handler } = require(process.argv[1]);
  const end = Date.now() + ${FUNCTION_MS};
  const context = { invokedFunctionArn: 'arn:aws:lambda:${REGION}:local:function:f', getRemainingTimeInMillis: () => end - Date.now() };
  handler(JSON.parse(process.env.EVENT), context).then(
    (answer) => console.log(JSON.stringify(answer)),
    (error) => { console.log(JSON.stringify({ error: error.name, message: error.message })); process.exitCode = 1; },
  );`;

/** In a mount namespace, where the run's temporary directory is a disk of so many KiB that is gone with the run. */
const ON_SMALL_DISK = 'mount -t tmpfs -o size="$DISK_KIB"k tmpfs "$TMPDIR" && exec "$@"';

export interface Program {
  readonly process: ChildProcess;
  readonly ended: Promise<Run>;
}

/** How a program ended. */
export interface Run {
  readonly code: number | null;
  readonly outcome?: string;
  readonly backup?: string;
  readonly backups?: readonly { readonly backup: string; readonly state: string }[];
  /** What it wrote on both outputs. */
  readonly output: string;
}

export interface LaneSettings {
  readonly name: string;
  readonly directory: string;
  readonly store: HostileStore;
  readonly server: PostgreSqlServer;
  readonly certificateFile: string;
  /** Directory of the PostgreSQL clients. */
  readonly clients: string;
  /** The function's program. */
  readonly functionFile: string;
}

/** One folder of backups, its programs, and a network to the server of its own. */
export class Lane {
  static async open(settings: LaneSettings): Promise<Lane> {
    const { server } = settings;
    const lane = new Lane(settings, await HostileRelay.start('127.0.0.1', server.port));
    await mkdir(lane.temporary, { recursive: true });
    return lane;
  }

  readonly name: string;
  /** What runs said is Completed. */
  readonly said = new Set<string>();
  private readonly expired = new Set<string>();

  private constructor(
    private readonly settings: LaneSettings,
    readonly relay: HostileRelay,
  ) {
    this.name = settings.name;
  }

  /** Prefix of every key. */
  get prefix(): string {
    return `${this.name}/`;
  }

  get temporary(): string {
    return path.join(this.settings.directory, `tmp-${this.name}`);
  }

  backUp({ diskKib }: { diskKib?: number } = {}): Program {
    const args = ['back-up', '--json', ...this.storageOptions, ...this.serverOptions];
    const node = [process.execPath, COMMAND_LINE, ...args];
    return diskKib === undefined
      ? this.start(node)
      : this.start(['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', ON_SMALL_DISK, 'sh', ...node], {
          DISK_KIB: String(diskKib),
        });
  }

  /** The function with an event that names the backup. */
  backUpDue(dueAt: string): Program {
    const event: BackUpRequest = {
      action: 'back-up',
      storage: {
        kind: 's3-compatible',
        endpoint: this.settings.store.endpoint,
        region: REGION,
        bucket: BUCKET,
        path: this.name,
        pathStyle: true,
        allowUnencrypted: true,
        credentials: { kind: 'environment' },
      },
      database: {
        identifier: this.name,
        endpoint: `localhost:${this.relay.port}`,
        credentials: { kind: 'environment' },
        plan: { name: 'small', vcpu: 2, memoryGib: 2, storageGib: 20 },
      },
      retentionDays: RETENTION_DAYS,
      dueAt,
    };
    return this.start([process.execPath, '-e', INVOKE, this.settings.functionFile], { EVENT: JSON.stringify(event) });
  }

  prune(): Program {
    return this.start([
      process.execPath,
      COMMAND_LINE,
      'prune',
      '--yes',
      '--json',
      ...this.storageOptions,
      ...this.serverOptions,
    ]);
  }

  list(): Program {
    return this.start([process.execPath, COMMAND_LINE, 'list', '--json', ...this.storageOptions]);
  }

  restore(
    backup: string,
    { host, port, master }: Pick<PostgreSqlServer, 'host' | 'master'> & { readonly port: number },
  ): Program {
    const server = ['--host', host, '--port', String(port), '--user', master.username, '--identifier', 'restored'];
    return this.start([process.execPath, COMMAND_LINE, 'restore', backup, '--json', ...this.storageOptions, ...server]);
  }

  /** The folder as it stands, read without the network and its faults. */
  folder(): BackupFolder {
    const { objects } = this.settings.store;
    const store = {
      get: async (key: string) => {
        const body = objects.get(key);
        return body === undefined ? { kind: 'missing' } : { kind: 'found', body };
      },
    } as unknown as ObjectStore;
    const log = { info: () => undefined, warn: () => undefined };
    return new BackupFolder(store, this.keys, { log, now: () => new Date() });
  }

  async completed(): Promise<CatalogEntry[]> {
    const catalog = await this.folder().readCatalog();
    return (catalog?.entries ?? []).filter(({ state }) => state === 'Completed');
  }

  /** Whether a list is to be expected: a folder in which nothing was begun yet has none. */
  get hasManifests(): boolean {
    return this.storedKeys().some((key) => key.endsWith('manifest.json'));
  }

  /** What is wrong with the backups that the list calls Completed. */
  async faultsOfCompleted(): Promise<string[]> {
    const faults: string[] = [];
    for (const entry of await this.completed()) {
      const fault = await this.folder()
        .openBackup(entry)
        .then(
          async (backup) => (await backup.damagedParts(backup.manifest.parts, new AbortController().signal))[0],
          (error: Error) => error.message,
        );
      if (fault !== undefined) faults.push(`${this.name}/${entry.id}: ${fault}`);
    }
    return faults;
  }

  /** Backups that were said to be Completed, have not expired, and are not among these. */
  missingFrom(listed: readonly string[]): string[] {
    return [...this.said].filter((id) => !this.expired.has(id) && !listed.includes(id));
  }

  /** Makes all but the newest backups so old, in both lists, that the next run deletes them. */
  async expireOldest(): Promise<void> {
    const { objects } = this.settings.store;
    const old = (await this.completed()).slice(0, -KEPT).map(({ id }) => id);
    for (const id of old) this.expired.add(id);
    for (const key of this.keys.catalogs) {
      const catalog = objects.has(key) ? unseal<Catalog>(objects.get(key)!)?.value : undefined;
      if (!catalog) continue;
      const endedAt = new Date(Date.now() - 2 * RETENTION_DAYS * DAY_MS).toISOString();
      const entries = catalog.entries.map((entry) => (old.includes(entry.id) ? { ...entry, endedAt } : entry));
      objects.set(key, seal({ ...catalog, entries }));
    }
  }

  /** Objects that belong to no completed backup. */
  async orphans(): Promise<string[]> {
    const owned = new Set<string>([...this.keys.catalogs, this.keys.record]);
    for (const entry of await this.completed()) {
      owned.add(this.keys.manifest(entry.id));
      const { manifest } = await this.folder().openBackup(entry);
      manifest.parts.forEach(({ number }) => owned.add(this.keys.part(entry.id, number)));
    }
    return this.storedKeys().filter((key) => !owned.has(key) && !key.includes('/.connection-test.'));
  }

  async temporaryFiles(): Promise<string[]> {
    return (await readdir(this.temporary)).map((name) => `${this.name}: ${name} in /tmp`);
  }

  /** Processes of this lane that still run some seconds after their programs have ended. */
  async processesLeft(): Promise<string[]> {
    let left: string[] = [];
    for (let attempt = 0; attempt < 50; attempt++) {
      left = await processesWith(`TMPDIR=${this.temporary}`);
      if (left.length === 0) return [];
      await sleep(200);
    }
    return left.map((command) => `${this.name}: still runs: ${command}`);
  }

  private get keys(): ObjectKeys {
    return new ObjectKeys(this.name, this.name);
  }

  private storedKeys(): string[] {
    return [...this.settings.store.objects.keys()].filter((key) => key.startsWith(this.prefix));
  }

  private get storageOptions(): string[] {
    return [
      ...['--endpoint', this.settings.store.endpoint, '--allow-unencrypted', '--bucket', BUCKET],
      ...['--path', this.name, '--region', REGION, '--database', this.name],
    ];
  }

  private get serverOptions(): string[] {
    const { master } = this.settings.server;
    return [
      ...['--host', 'localhost', '--port', String(this.relay.port), '--user', master.username],
      ...['--retention-days', String(RETENTION_DAYS)],
    ];
  }

  private start([program, ...args]: readonly string[], environment: Record<string, string> = {}): Program {
    const { clients, server, certificateFile } = this.settings;
    const child = spawn(program, args, {
      env: {
        PATH: `${clients}:${process.env.PATH}`,
        TMPDIR: this.temporary,
        AWS_ACCESS_KEY_ID: 'key',
        AWS_SECRET_ACCESS_KEY: 'secret',
        // Small parts, so that a backup of a few MB has several.
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
        PGUSER: server.master.username,
        PGPASSWORD: server.master.password,
        PGSSLROOTCERT: certificateFile,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<Run>((resolve) =>
      child.on('close', (code) => {
        const run = { ...answerIn(stdout), code, output: `${stdout}\n${stderr}` };
        if (run.outcome === 'Completed') this.said.add(run.backup!);
        resolve(run);
      }),
    );
    return { process: child, ended };
  }
}

/** The answer is the last line. */
function answerIn(output: string): Pick<Run, 'outcome' | 'backup' | 'backups'> {
  try {
    return JSON.parse(output.trimEnd().split('\n').at(-1)!);
  } catch {
    return {};
  }
}

/** Command lines of the processes whose environment has a text. */
async function processesWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (!environment.includes(text)) continue;
    found.push((await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')).replaceAll('\0', ' ').slice(0, 120));
  }
  return found;
}

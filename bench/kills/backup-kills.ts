import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Client } from 'pg';
import { HostileStore, StoreFault, StoreRequest } from './hostile-store';
import { buildClientLayer } from '../../packaging/client-layer';
import { CertificateAuthority } from '../../sandbox/certificate-authority';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';
import { ObjectKeys } from '../../src/contract/object-keys';
import { BackupFolder } from '../../src/runtime/folder/backup-folder';
import { ObjectStore } from '../../src/runtime/storage/object-store';
import { atLeast, exactly, Figure } from '../figures';

export interface KillOptions {
  readonly seed: number;
  readonly minutes: number;
  /** Only the phases whose name has this in it. */
  readonly only?: string;
  readonly lanes: number;
  readonly kills: number;
  readonly faults: number;
}

const BUCKET = 'bucket';
const MASTER = { username: 'shopmaster', password: 'a plain password' };
const PROGRAM = path.join(__dirname, '../../assets/cli/cdktf-managed-database.js');

/** Moments of a run by what the storage is asked, in the order in which they come. */
const PHASES: Record<string, (request: StoreRequest) => boolean> = {
  'reading the list': ({ operation, key }) => operation === 'GET' && key.endsWith('catalog.a.json'),
  'writing the list': ({ operation, key }) => operation === 'PUT' && key.includes('/catalog.'),
  'storing a part': ({ operation, key }) => operation === 'PUT' && /\/\d{6}$/.test(key),
  'reading a part back': ({ operation, key }) => operation === 'GET' && /\/\d{6}$/.test(key),
  'storing the manifest': ({ operation, key }) => operation === 'PUT' && key.endsWith('manifest.json'),
  'reading the manifest back': ({ operation, key }) => operation === 'GET' && key.endsWith('manifest.json'),
  deleting: ({ operation }) => operation === 'DELETE',
};

/** Phases that no request marks: killed after so many milliseconds of the run. */
const TIMED_PHASES = { 'starting and waiting for the lock': 500, dumping: 1_600 };

const PHASE_NAMES = [...Object.keys(PHASES), ...Object.keys(TIMED_PHASES)];

const FAULTS: readonly StoreFault[] = ['500', '503', 'cut', 'not-stored', 'flipped', 'late', 'denied'];

interface Run {
  readonly code: number | null;
  readonly outcome?: string;
  readonly backup?: string;
}

/** Kills and faults on real backups of a real server by the shipped command line. */
export async function backupKills(options: KillOptions, progress: (line: string) => void): Promise<Figure[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'kills-'));
  await chmod(directory, 0o711);
  const layer = await buildClientLayer();
  const authority = await CertificateAuthority.create(path.join(directory, 'authority'));
  const store = await HostileStore.start();
  const server = await PostgreSqlServer.start({
    identifier: 'kills',
    major: 17,
    dataDirectory: path.join(directory, 'server'),
    master: MASTER,
    databaseName: 'shop',
    certificateAuthority: authority,
  });
  try {
    const client = new Client({
      ...{ host: server.host, port: server.port, user: MASTER.username, password: MASTER.password },
      ...{ database: 'shop', ssl: { ca: authority.certificatePem } },
    });
    await client.connect();
    await client.query('CREATE TABLE item AS SELECT n AS id, md5(n::text) AS name FROM generate_series(1, 5000) n');
    await client.end();
    const storm = new Storm(options, directory, server, store, authority.certificateFile, layer.directory, progress);
    return await storm.run();
  } finally {
    await server.stop();
    await store.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

class Storm {
  private kills = 0;
  private readonly phases = new Set<string>();
  private readonly broken: string[] = [];
  private readonly said = new Set<string>();
  private readonly wrongCatalogs: string[] = [];
  private scenarios = 0;
  private readonly end: number;
  private state: number;

  constructor(
    private readonly options: KillOptions,
    private readonly directory: string,
    private readonly server: PostgreSqlServer,
    private readonly store: HostileStore,
    private readonly certificateFile: string,
    private readonly layer: string,
    private readonly progress: (line: string) => void,
  ) {
    this.end = Date.now() + options.minutes * 60_000;
    this.state = options.seed;
  }

  async run(): Promise<Figure[]> {
    const lanes = Array.from({ length: this.options.lanes }, (_, index) => `lane${index}`);
    await Promise.all(lanes.map(async (lane) => this.runLane(lane)));
    const left: string[] = [];
    const stuck: string[] = [];
    await Promise.all(
      lanes.map(async (lane) => {
        // Two good runs after everything.
        this.store.watch(`${lane}/`);
        for (let round = 0; round < 2; round++) {
          const last = await this.backUp(lane);
          if (last.outcome !== 'Completed') stuck.push(`${lane} ended with ${last.code} (${last.outcome})`);
        }
        const folder = this.folder(lane);
        const entries = (await folder.readCatalog())?.entries ?? [];
        stuck.push(...entries.filter(({ state }) => state === 'Running').map(({ id }) => `${lane}/${id} is Running`));
        await this.verifyLane(lane, true);
        left.push(...(await this.orphans(lane)));
        left.push(...(await readdir(this.temporaryOf(lane))).map((name) => `${lane}: ${name}`));
      }),
    );
    for (const line of [...this.broken, ...this.wrongCatalogs, ...left, ...stuck]) this.progress(line);
    const missed = PHASE_NAMES.filter((phase) => !this.phases.has(phase));
    this.progress(
      `scenarios ${this.scenarios}, completed ${this.said.size}, phases missed: ${missed.join(', ') || '-'}`,
    );
    return [
      atLeast('kills', this.kills, this.options.kills),
      atLeast('faults', this.store.faults, this.options.faults),
      exactly('phases-missed', missed.length, 0),
      exactly('not-restorable', this.broken.length, 0),
      exactly('catalogs-broken', this.wrongCatalogs.length, 0),
      exactly('orphans', left.length, 0),
      exactly('stuck', stuck.length, 0),
    ];
  }

  private async runLane(lane: string): Promise<void> {
    await mkdir(this.temporaryOf(lane), { recursive: true });
    while (Date.now() < this.end && (this.kills < this.options.kills || this.store.faults < this.options.faults)) {
      this.scenarios += 1;
      if (this.random() < 0.8) await this.kill(lane);
      else await this.disturb(lane);
      this.store.watch(`${lane}/`);
      await this.verifyLane(lane, false);
      if (this.scenarios % 20 === 0) this.progress(`${this.kills} kills, ${this.store.faults} faults`);
    }
  }

  /** Kills a run in one of the phases, at the first to fourth request of its kind, before or after it is obeyed. */
  private async kill(lane: string): Promise<void> {
    const names = PHASE_NAMES.filter((name) => name.includes(this.options.only ?? ''));
    const phase = names[Math.floor(this.random() * names.length)];
    const delay = TIMED_PHASES[phase as keyof typeof TIMED_PHASES];
    const child = this.start(lane);
    const killed = () => {
      if (child.process.exitCode === null && child.process.kill('SIGKILL')) {
        this.kills += 1;
        this.phases.add(phase);
      }
    };
    if (delay !== undefined) {
      const timer = setTimeout(killed, delay * (0.5 + this.random()));
      await child.ended;
      clearTimeout(timer);
      return;
    }
    let count = 1 + Math.floor(this.random() * 3);
    const isLate = this.random() < 0.5;
    this.store.watch(`${lane}/`, (request) => {
      if (PHASES[phase](request) && --count === 0) {
        if (isLate) setImmediate(killed);
        else killed();
      }
      return undefined;
    });
    this.note(lane, await child.ended);
  }

  /** Lets a run meet faults of the storage at 5, 20 or 100 %. */
  private async disturb(lane: string): Promise<void> {
    const fault = FAULTS[Math.floor(this.random() * FAULTS.length)];
    const share = [0.05, 0.2, 1][Math.floor(this.random() * 3)];
    this.store.watch(`${lane}/`, ({ operation }) => {
      if (fault === 'denied' && operation !== 'DELETE') return undefined;
      if (fault === 'late' && share === 1) return undefined;
      return this.random() < share ? fault : undefined;
    });
    this.note(lane, await this.start(lane).ended);
  }

  private async backUp(lane: string): Promise<Run> {
    const run = await this.start(lane).ended;
    this.note(lane, run);
    return run;
  }

  private note(lane: string, run: Run): void {
    if (run.outcome === 'Completed') this.said.add(`${lane}/${run.backup}`);
  }

  private start(lane: string) {
    const { host, port } = this.server;
    const program = spawn(
      process.execPath,
      [
        ...[PROGRAM, 'back-up', '--json', '--endpoint', this.store.endpoint, '--allow-unencrypted', '--bucket', BUCKET],
        ...['--path', lane, '--region', 'eu-1', '--database', lane, '--retention-days', '30'],
        ...['--host', host, '--port', String(port), '--user', MASTER.username],
      ],
      {
        env: {
          PATH: `${this.layer}/bin:${process.env.PATH}`,
          TMPDIR: this.temporaryOf(lane),
          AWS_ACCESS_KEY_ID: 'key',
          AWS_SECRET_ACCESS_KEY: 'secret',
          PGPASSWORD: MASTER.password,
          PGSSLROOTCERT: this.certificateFile,
        },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    let output = '';
    program.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<Run>((resolve) => program.on('close', (code) => resolve({ code, ...answerIn(output) })));
    return { process: program, ended };
  }

  /** Every backup that the list calls Completed is whole, and none that was said to be is missing, after a good run. */
  private async verifyLane(lane: string, isAfterGoodRun: boolean): Promise<void> {
    const folder = this.folder(lane);
    const catalog = await folder.readCatalog().catch((error: Error) => {
      // A folder in which nothing was begun yet has no list.
      if (this.keysOf(lane).some((key) => key.endsWith('manifest.json'))) {
        this.wrongCatalogs.push(`${lane}: ${error.message}`);
      }
      return undefined;
    });
    const completed = (catalog?.entries ?? []).filter(({ state }) => state === 'Completed');
    for (const entry of completed) {
      const fault = await folder.openBackup(entry).then(
        async (backup) => (await backup.damagedParts(backup.manifest.parts, new AbortController().signal))[0],
        (error: Error) => error.message,
      );
      if (fault !== undefined) this.broken.push(`${lane}/${entry.id}: ${fault}`);
    }
    const ids = completed.map(({ id }) => `${lane}/${id}`);
    if (isAfterGoodRun) {
      this.wrongCatalogs.push(
        ...[...this.said]
          .filter((id) => id.startsWith(`${lane}/`) && !ids.includes(id))
          .map((id) => `${id} is not listed`),
      );
    }
  }

  private async orphans(lane: string): Promise<string[]> {
    const keys = new ObjectKeys(lane, lane);
    const owned = new Set<string>([...keys.catalogs, keys.record]);
    const folder = this.folder(lane);
    for (const entry of (await folder.readCatalog())?.entries ?? []) {
      if (entry.state !== 'Completed') continue;
      owned.add(keys.manifest(entry.id));
      const { manifest } = await folder.openBackup(entry);
      manifest.parts.forEach(({ number }) => owned.add(keys.part(entry.id, number)));
    }
    return this.keysOf(lane).filter((key) => !owned.has(key) && !key.includes('/.connection-test.'));
  }

  private keysOf(lane: string): string[] {
    return [...this.store.objects.keys()].filter((key) => key.startsWith(`${lane}/`));
  }

  /** The folder as it stands, read without the network and its faults. */
  private folder(lane: string): BackupFolder {
    const { objects } = this.store;
    const store = {
      get: async (key: string) => {
        const body = objects.get(key);
        return body === undefined ? { kind: 'missing' } : { kind: 'found', body };
      },
    } as unknown as ObjectStore;
    const log = { info: () => undefined, warn: () => undefined };
    return new BackupFolder(store, new ObjectKeys(lane, lane), { log, now: () => new Date() });
  }

  private temporaryOf(lane: string): string {
    return path.join(this.directory, `tmp-${lane}`);
  }

  /** The same seed draws the same scenarios: a linear congruential generator (Numerical Recipes). */
  private random(): number {
    this.state = (this.state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return this.state / 2 ** 32;
  }
}

function answerIn(output: string): { outcome?: string; backup?: string } {
  try {
    return JSON.parse(output) as { outcome?: string; backup?: string };
  } catch {
    return {};
  }
}

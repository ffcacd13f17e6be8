import { randomInt } from 'node:crypto';
import { compareDatabases } from '../../../sandbox/compare-databases';
import { ActionError } from '../../../src/contract/action-error';
import { BackupId } from '../../../src/contract/backup-id';
import { describeFolder } from '../../../src/contract/backup-selection';
import { Catalog } from '../../../src/contract/catalog';
import { Manifest } from '../../../src/contract/manifest';
import { restore } from '../../../src/runtime/actions/restore';
import { restoreCheck } from '../../../src/runtime/actions/restore-check';
import { verify } from '../../../src/runtime/actions/verify';
import { CLOSING_MS } from '../../../src/runtime/deadline';
import { sampleOf } from '../../../src/runtime/folder/sample';
import { resolveConnection } from '../../../src/runtime/postgres/connection';
import { WriterLock } from '../../../src/runtime/postgres/lock';
import { seal, unseal } from '../../../src/runtime/storage/sealed-json';
import { asSuperuser } from '../../support/superuser';
import { RealWorld } from '../real-world';
import { RestoreWorld } from '../restore/restore-world';
import { backedUp, BACKUP, filledAndBackedUp } from '../restore/sample-backup';

jest.mock('../../../src/runtime/folder/read-again', () => {
  const actual = jest.requireActual('../../../src/runtime/folder/read-again');
  actual.READ_AGAIN_PAUSES_MS.fill(0);
  return actual;
});

const MASTER = { username: 'shopmaster', password: "An0ther's" };
const LATER = '20261123T030000Z';
const KILLED = 'killed on purpose';

describe('a restore', () => {
  let source: RealWorld;
  let world: RestoreWorld;

  beforeAll(async () => {
    source = await RealWorld.start(17);
    await source.sql('postgres', `CREATE ROLE keeper; GRANT keeper TO CURRENT_USER`);
    // The administration database holds something too, and even its schema is somebody's.
    await source.sql(
      'postgres',
      `CREATE TABLE kept (n int); INSERT INTO kept VALUES (1), (2); GRANT ALL ON kept TO keeper;
       CREATE EXTENSION hstore; SELECT lo_from_bytea(0, 'x'); CREATE SCHEMA more AUTHORIZATION keeper;
       ALTER SCHEMA public OWNER TO keeper; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO keeper`,
    );
    await filledAndBackedUp(source);
    await backedUp(source, '2026-11-23T03:00:00Z');
  });
  afterAll(async () => source?.stop());

  /** A runtime that dies once a database has been restored. */
  function dyingAfter(database: string) {
    const log = {
      info: (event: string, facts?: Record<string, unknown>) => {
        if (event === 'database-restored' && facts?.database === database) throw new Error(KILLED);
      },
      warn: () => undefined,
    };
    return world.runtime({ log });
  }

  async function isEmpty(): Promise<boolean> {
    const roles = await world.sql('postgres', `SELECT FROM pg_roles WHERE rolname !~ '^(pg_|rds)'`);
    const databases = await world.sql('postgres', `SELECT FROM pg_database WHERE datname = 'Shop reports'`);
    const tables = await world.sql('shop', `SELECT FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'`);
    return roles.length === 1 && databases.length === 0 && tables.length === 0;
  }

  let manifestKey: string;
  let partKey: string;
  let manifest: Buffer;
  let part: Buffer;
  let catalogs: Buffer[];

  beforeAll(async () => {
    manifestKey = source.keys.manifest(LATER);
    partKey = source.keys.part(LATER, 1);
    manifest = await source.fetch(manifestKey);
    part = await source.fetch(partKey);
    catalogs = await Promise.all(source.keys.catalogs.map(async (key) => source.fetch(key)));
  });
  afterEach(async () => {
    await storeTrueManifest();
    await source.replace(partKey, part);
  });

  async function storeTrueManifest(): Promise<void> {
    await source.replace(manifestKey, manifest);
    for (const [index, key] of source.keys.catalogs.entries()) await source.replace(key, catalogs[index]);
  }

  /** Stores another manifest as if it had been made so: the digests of the manifest and of the list are right. */
  async function storeChangedManifest(change: (manifest: Manifest) => unknown): Promise<void> {
    const changed = structuredClone(unseal<Manifest>(manifest)!.value);
    change(changed);
    const body = seal(changed);
    await source.replace(manifestKey, body);
    const manifestDigest = unseal(body)!.digest;
    for (const [index, key] of source.keys.catalogs.entries()) {
      const catalog = unseal<Catalog>(catalogs[index])!.value;
      const entries = catalog.entries.map((entry) => (entry.id === LATER ? { ...entry, manifestDigest } : entry));
      await source.replace(key, seal({ ...catalog, entries }));
    }
  }

  describe('that writes on its target', () => {
    beforeEach(async () => {
      world = await RestoreWorld.start(source, 17, MASTER);
    });
    afterEach(async () => world.stop());

    test.each(['Shop reports', 'postgres', 'shop'])(
      'that died behind %s starts over and completes',
      async (database) => {
        await expect(restore(world.request({ kind: 'backup', id: BACKUP }), dyingAfter(database))).rejects.toThrow(
          KILLED,
        );
        // Somebody who watches what comes in must not keep it from beginning anew.
        const watching = world.sql('shop', 'SELECT pg_sleep(10000)').catch(() => undefined);

        const answer = await restore(world.request({ kind: 'backup', id: BACKUP }), world.runtime());
        await watching;

        expect(answer.outcome).toBe('Restored');
        expect(await compareDatabases(...world.compared)).toEqual([]);
      },
    );

    test('that died keeps what latest meant, and refuses another backup', async () => {
      await expect(
        restore(world.request({ kind: 'before', time: '2026-11-22T12:00:00Z' }), dyingAfter('postgres')),
      ).rejects.toThrow('has no completed backup that is the newest backup completed before 2026-11-22T12:00:00Z');
      await expect(restore(world.request({ kind: 'backup', id: BACKUP }), dyingAfter('postgres'))).rejects.toThrow(
        KILLED,
      );

      await expect(restore(world.request({ kind: 'backup', id: LATER }), world.runtime())).rejects.toThrow(
        `A server is restored into only once: shop-restored holds a restore (Unfinished) of backup ${BACKUP}`,
      );
      const answer = await restore(world.request({ kind: 'latest' }), world.runtime());
      expect(answer.backup).toBe(BACKUP);
    });

    test('that is finished is never repeated', async () => {
      const first = await restore(world.request({ kind: 'backup', id: BACKUP }), world.runtime());
      await world.sql('shop', 'DELETE FROM shop.order_lines');

      const second = await restore(world.request({ kind: 'latest' }), world.runtime());

      expect(second).toMatchObject({
        backup: BACKUP,
        outcome: 'AlreadyRestored',
        databases: first.databases,
        tables: first.tables,
        rows: first.rows,
      });
      expect(await world.sql('shop', 'SELECT FROM shop.order_lines')).toHaveLength(0);
      await expect(restore(world.request({ kind: 'backup', id: LATER }), world.runtime())).rejects.toThrow(
        /holds a restore \(Finished\) of backup 20261122T030000Z/,
      );
      const folder = (database: string) => describeFolder(source.storageSettings, database);
      const elsewhere = { ...world.request(), source: { ...world.request().source, database: 'users' } };
      await expect(restore(elsewhere, world.runtime())).rejects.toThrow(
        `of backup ${BACKUP} from ${folder('shop')}, not of ${BACKUP} from ${folder('users')}. Restore into a new database.`,
      );
    });

    test('that is started twice at once is done once', async () => {
      const answers = await Promise.all([
        restore(world.request(), world.runtime()),
        restore(world.request(), world.runtime()),
      ]);

      const [second, first] = [...answers].sort((one, other) => (one.outcome < other.outcome ? -1 : 1));
      expect([first.outcome, second.outcome]).toEqual(['Restored', 'AlreadyRestored']);
      const ofThisStart = { outcome: '', durationMs: 0, passedOver: [] };
      expect({ ...second, ...ofThisStart }).toEqual({ ...first, ...ofThisStart });
      expect(first).toMatchObject({
        connection: { host: world.target.host, port: world.target.port, user: 'shopmaster' },
        databaseBytes: expect.any(Number),
      });
      expect(first.databaseBytes).toBeGreaterThan(10_000_000);
      expect(JSON.stringify(first)).not.toContain(MASTER.password);
      expect(await compareDatabases(...world.compared)).toEqual([]);
    });

    test('fails where a count is not the manifest’s, and is not finished then', async () => {
      await storeChangedManifest(({ databases }) => Object.assign(databases[0].tables[0], { rows: 36 }));

      await expect(restore(world.request(), world.runtime())).rejects.toThrow('reports.years: 35, not 36');

      await storeTrueManifest();
      expect(await restore(world.request(), world.runtime())).toMatchObject({ outcome: 'Restored' });
    });

    test('fails where large objects are missing', async () => {
      await storeChangedManifest(({ databases }) => Object.assign(databases[2], { largeObjects: 41 }));

      await expect(restore(world.request(), world.runtime())).rejects.toThrow('large objects: 40, not 41');
    });
  });

  describe('of a backup with a damaged part', () => {
    beforeEach(async () => {
      world = await RestoreWorld.start(source, 17, MASTER);
    });
    afterEach(async () => world.stop());

    test('fails naming the part, and is whole once the part was put back', async () => {
      const flipped = Buffer.from(part);
      const middle = Math.floor(flipped.length / 2);
      flipped[middle] = 255 - flipped[middle];
      await source.replace(partKey, flipped);
      await expect(restore(world.request(), world.runtime())).rejects.toMatchObject({
        kind: 'VerificationFailed',
        message: expect.stringContaining(`The part ${partKey} has SHA-256`),
      });
      // It is one of the sample that is read before anything is written.
      expect(await isEmpty()).toBe(true);

      await source.replace(partKey, part);
      expect(await restore(world.request(), world.runtime())).toMatchObject({ outcome: 'Restored' });
      expect(await compareDatabases(...world.compared)).toEqual([]);
    });
  });

  describe('that changes nothing on its target', () => {
    beforeAll(async () => {
      world = await RestoreWorld.start(source, 17, MASTER);
    });
    afterAll(async () => world.stop());

    test('fails with Locked where another run outlasts it, and changes nothing', async () => {
      const connection = await resolveConnection(world.targetSettings, world.runtime());
      const lock = await WriterLock.take(connection, world.target.identifier);
      try {
        await expect(
          restore(world.request(), world.runtime({ remainingMs: () => CLOSING_MS + 500 })),
        ).rejects.toMatchObject({ kind: 'Locked' });
      } finally {
        await lock!.release();
      }
      expect(await isEmpty()).toBe(true);
    });

    test.each([
      ['shop', 'CREATE TABLE precious (n int)', 'DROP TABLE precious', 'database shop at localhost'],
      ['postgres', 'CREATE SCHEMA precious', 'DROP SCHEMA precious', 'holds schema precious'],
      [
        'shop',
        `CREATE FUNCTION precious() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
        'DROP FUNCTION precious',
        'holds function public.precious',
      ],
      ['shop', `SELECT lo_from_bytea(765432, 'precious')`, 'SELECT lo_unlink(765432)', 'holds large object 765432'],
    ])('fails in a server whose database %s holds something (%s)', async (database, sql, undo, message) => {
      await world.sql(database, sql);

      await expect(restore(world.request(), world.runtime())).rejects.toThrow(message);

      await world.sql(database, undo);
      expect(await isEmpty()).toBe(true);
    });

    describe('one bit of any object of the backup that is another', () => {
      const actions: Record<string, (id: BackupId) => Promise<unknown>> = {
        verify: async (id) => verify({ action: 'verify', ...sourceOf(id) }, source.runtime()),
        'restore-check': async (id) => {
          const target = { engineMajor: 17, plan: source.databaseSettings.plan };
          return restoreCheck(
            { action: 'restore-check', source: sourceOf(id), target, sourceDescription: '' },
            source.runtime(),
          );
        },
        restore: async (id) =>
          restore(world.request({ kind: 'backup', id }), { ...world.runtime(), log: source.runtime().log }),
      };
      const sourceOf = (id: BackupId) => world.restoreSource({ kind: 'backup', id });

      /** Runs the actions while a bit is another one. @returns what each of them said */
      async function withFlippedBit(
        key: string,
        whole: Buffer,
        bit: number,
        id: BackupId,
        names = Object.keys(actions),
      ) {
        const flipped = Buffer.from(whole);
        const byte = Math.floor(bit / 8);
        flipped[byte] = flipBit(flipped[byte], bit % 8);
        await source.replace(key, flipped);
        const said: Record<string, string> = {};
        for (const name of names) {
          source.events.splice(0);
          const error = await actions[name](id).then(
            () => undefined,
            ({ kind }: ActionError) => kind,
          );
          const warned = source.events.some(
            (logged) => logged.event === 'folder-object-not-read' && logged.key === key,
          );
          said[name] = warned ? 'warning' : (error ?? 'nothing');
        }
        await source.replace(key, whole);
        return said;
      }

      test('fails verify in every part, and restore-check in those that it reads', async () => {
        const { parts } = unseal<Manifest>(manifest)!.value;
        const sample = sampleOf(parts);
        for (const each of parts) {
          const key = source.keys.part(LATER, each.number);
          const whole = await source.fetch(key);
          const bit = randomInt(whole.length * 8);
          const said = await withFlippedBit(key, whole, bit, LATER, ['verify', 'restore-check']);
          expect({ key, bit, ...said }).toEqual({
            ...{ key, bit, verify: 'VerificationFailed' },
            'restore-check': sample.includes(each) ? 'VerificationFailed' : 'nothing',
          });
        }
      });

      test('fails each in the manifest, and a restore writes nothing', async () => {
        const bit = randomInt(manifest.length * 8);
        const fault = 'VerificationFailed';
        const said = await withFlippedBit(manifestKey, manifest, bit, LATER);
        expect({ bit, ...said }).toEqual({ bit, verify: fault, 'restore-check': fault, restore: fault });
        expect(await isEmpty()).toBe(true);
      });

      test.each(['catalog.a.json', 'catalog.b.json', 'folder.json'])('is a warning of each in %s', async (name) => {
        const key = `${source.keys.folder}/${name}`;
        const whole = await source.fetch(key);
        const bit = randomInt(whole.length * 8);
        // There is no such backup: a restore of one that is there would succeed, from the other list.
        const said = await withFlippedBit(key, whole, bit, '20261224T030000Z');
        expect({ bit, ...said }).toEqual({ bit, verify: 'warning', 'restore-check': 'warning', restore: 'warning' });
      });
    });

    test.each(['CREATEROLE', 'CREATEDB'])(
      'fails where the user lacks %s, before anything is written',
      async (right) => {
        await asSuperuser(world.target, 'postgres', `ALTER ROLE shopmaster NO${right}`);
        await expect(restore(world.request(), world.runtime())).rejects.toMatchObject({
          kind: 'Refused',
          message: expect.stringMatching(
            new RegExp(`: user shopmaster of the target lacks ${right}\\. .* ALTER ROLE "shopmaster" ${right}\\. `),
          ),
        });
        expect(await isEmpty()).toBe(true);
        await asSuperuser(world.target, 'postgres', `ALTER ROLE shopmaster ${right}`);
      },
    );

    test('fails where the server lacks an extension, before anything is written', async () => {
      await storeChangedManifest(({ databases }) =>
        (databases[2].extensions as unknown[]).push({ name: 'nowhere', version: '1' }),
      );

      await expect(restore(world.request(), world.runtime())).rejects.toThrow('it has no nowhere (of database shop)');
      expect(await isEmpty()).toBe(true);
    });
  });

  test('fails where the target is older than the source', async () => {
    const older = await RestoreWorld.start(source, 15, MASTER);
    try {
      await expect(restore(older.request(), older.runtime())).rejects.toThrow(
        'it has PostgreSQL 15, the backup is of 17.10',
      );
    } finally {
      await older.stop();
    }
  });

  test('fails where the target’s master has the name of another role of the source', async () => {
    const other = await RestoreWorld.start(source, 17, { username: 'shop_admin', password: 'pass' });
    try {
      await expect(restore(other.request(), other.runtime())).rejects.toMatchObject({ kind: 'Refused' });
    } finally {
      await other.stop();
    }
  });
});

function flipBit(byte: number, bit: number): number {
  const isSet = Math.floor(byte / 2 ** bit) % 2 === 1;
  return isSet ? byte - 2 ** bit : byte + 2 ** bit;
}

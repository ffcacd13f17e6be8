import { escapeIdentifier } from 'pg';
import { FidelityCase } from './cases';
import { compareDatabases } from '../../sandbox/compare-databases';
import { PostgreSqlMajor } from '../../sandbox/postgresql/program';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';
import { describeRemark, Remark } from '../../src/contract/remark';
import { BackUpAnswer } from '../../src/contract/requests';
import { backUp } from '../../src/runtime/actions/back-up';
import { restore } from '../../src/runtime/actions/restore';
import { verify } from '../../src/runtime/actions/verify';
import { RealWorld } from '../../test/runtime/real-world';
import { RestoreWorld } from '../../test/runtime/restore/restore-world';
import {
  connectionTo,
  createEncodedDatabase,
  encodedDigest,
  serverEncodings,
  withBytes,
} from '../../test/support/encoded-database';
import { asSuperuser } from '../../test/support/superuser';

export interface BatchOutcome {
  /** Why nothing was restored. */
  readonly error?: string;
  readonly differences: ReadonlyMap<FidelityCase, readonly string[]>;
  readonly serverDifferences: readonly string[];
  /** What backup and restore said about the case's database or about the server. */
  readonly remarks: ReadonlyMap<FidelityCase, string>;
}

const MASTER = { username: 'shopmaster', password: "An0ther's" };

/** Roles that belong to the server itself. */
const KEPT_ROLES = `'^(pg_|rds)'`;

/** A source that is filled anew for each batch, and a new target for each. */
export class FidelityWorld {
  static async start(major: PostgreSqlMajor): Promise<FidelityWorld> {
    return new FidelityWorld(major, await RealWorld.start(major));
  }

  private backups = 0;
  private last?: BackUpAnswer;

  private constructor(
    private readonly major: PostgreSqlMajor,
    private readonly source: RealWorld,
  ) {}

  async encodings(): Promise<string[]> {
    return withBytes(connectionTo(this.source.server), 'postgres', 'UTF8', serverEncodings);
  }

  /** @param targetMajor @default - that of the source */
  async run(batch: readonly FidelityCase[], targetMajor = this.major): Promise<BatchOutcome> {
    const nothing = { differences: new Map(), serverDifferences: [], remarks: new Map() };
    let target: RestoreWorld | undefined;
    // A target sets it, and takes its file along when it ends.
    process.env.PGSSLROOTCERT = this.source.server.caFile;
    try {
      await this.empty();
      for (const each of batch) await this.create(databaseOf(batch, each), each);
      const answer = await this.backUp();
      if (batch[0].kind === 'refused') return nothing;
      target = await RestoreWorld.start(this.source, targetMajor, MASTER);
      const powerful = batch.some(({ power }) => power !== undefined);
      if (powerful) await setSuperuser(target.target, true);
      const restored = await restore(target.request({ kind: 'backup', id: answer.backup }), target.runtime());
      if (powerful) await setSuperuser(target.target, false);
      return await this.compare(batch, target, [...(answer.remarks ?? []), ...restored.remarks]);
    } catch (error) {
      return { ...nothing, error: (error as Error).message };
    } finally {
      await target?.stop();
    }
  }

  /** Changes one byte in each object of the last backup and in each catalog, in turn, and asks whether it is whole. */
  async flipBytes(seed: number, progress: (line: string) => void): Promise<{ flipped: number; unnoticed: number }> {
    process.env.PGSSLROOTCERT = this.source.server.caFile;
    let unnoticed = 0;
    const id = this.last?.backup;
    const keys =
      id === undefined
        ? []
        : (await this.source.storedKeys()).filter((key) => key.startsWith(id) || key.startsWith('catalog'));
    for (const key of keys) {
      const full = `${this.source.keys.folder}/${key}`;
      const whole = await this.source.fetch(full);
      const damaged = Buffer.from(whole);
      const position = Math.floor(pseudoRandom(seed, key) * damaged.length);
      damaged[position] = 255 - damaged[position];
      await this.source.replace(full, damaged);
      this.source.events.splice(0);
      const noticed = await verify(
        {
          action: 'verify',
          storage: this.source.storageSettings,
          database: this.source.server.identifier,
          backup: { kind: 'backup', id: id! },
        },
        this.source.runtime(),
      ).then(
        () => this.source.events.some(({ level }) => level === 'warn'),
        () => true,
      );
      if (!noticed) {
        unnoticed += 1;
        progress(`  unnoticed: byte ${position} of ${key}`);
      }
      await this.source.replace(full, whole);
    }
    return { flipped: keys.length, unnoticed };
  }

  async stop(): Promise<void> {
    await this.source.stop();
  }

  private async create(database: string, each: FidelityCase): Promise<void> {
    const connection = connectionTo(this.source.server);
    if (each.encoding) return createEncodedDatabase(connection, { database, encoding: each.encoding });
    const options = each.options ? ` TEMPLATE template0 ${each.options}` : '';
    await this.source.sql('postgres', `CREATE DATABASE ${escapeIdentifier(database)}${options}`);
    if (each.superuser) await asSuperuser(this.source.server, database, ...each.superuser);
    if (each.power) await setSuperuser(this.source.server, true);
    await this.source.sql(database, ...(each.sql ?? [])).catch((error: Error) => {
      throw new Error(`The case "${each.name}" could not be made: ${error.message}`);
    });
    if (each.power) await setSuperuser(this.source.server, false);
  }

  private async backUp(): Promise<BackUpAnswer> {
    this.backups += 1;
    const dueAt = new Date(Date.UTC(2026, 0, 1) + this.backups * 1000).toISOString();
    this.last = await backUp(
      {
        action: 'back-up',
        storage: this.source.storageSettings,
        database: this.source.databaseSettings,
        retentionDays: 7,
        dueAt,
      },
      this.source.runtime(),
    );
    return this.last;
  }

  private async compare(
    batch: readonly FidelityCase[],
    target: RestoreWorld,
    remarks: readonly Remark[],
  ): Promise<BatchOutcome> {
    const differences = new Map<FidelityCase, string[]>();
    const serverDifferences: string[] = [];
    if (batch[0].encoding) {
      for (const each of batch) {
        const before = await encodedDigest(connectionTo(this.source.server), databaseOf(batch, each));
        const after = await encodedDigest(connectionTo(target.target), databaseOf(batch, each));
        if (before !== after) differences.set(each, [before, after]);
      }
    } else {
      for (const difference of await compareDatabases(...target.compared)) {
        const each = batch.find((one) => difference.startsWith(`database ${databaseOf(batch, one)}: `));
        if (each?.lacks?.test(difference)) continue;
        if (each) differences.set(each, [...(differences.get(each) ?? []), difference]);
        else if (!batch.some(({ lacks }) => lacks?.test(difference))) serverDifferences.push(difference);
      }
    }
    const about = (each: FidelityCase) =>
      remarks
        .filter(({ database }) => database === undefined || database === databaseOf(batch, each))
        .map(describeRemark);
    return {
      differences,
      serverDifferences,
      remarks: new Map(batch.map((each) => [each, about(each).join('\n')])),
    };
  }

  /** Drops what the batch before made. */
  private async empty(): Promise<void> {
    const { server } = this.source;
    const subscriptions = await asSuperuser(
      server,
      'postgres',
      'SELECT datname AS name FROM pg_subscription JOIN pg_database d ON d.oid = subdbid',
    );
    for (const { name } of subscriptions) {
      const drop = [
        'ALTER SUBSCRIPTION s DISABLE',
        'ALTER SUBSCRIPTION s SET (slot_name = NONE)',
        'DROP SUBSCRIPTION s',
      ];
      await asSuperuser(server, String(name), ...drop);
    }
    const databases = await asSuperuser(
      server,
      'postgres',
      `SELECT datname AS name FROM pg_database WHERE datname !~ '^(template[01]|postgres|shop|rdsadmin)$'`,
    );
    for (const { name } of databases) {
      await asSuperuser(server, 'postgres', `DROP DATABASE ${escapeIdentifier(String(name))} WITH (FORCE)`);
    }
    const tablespaces = await asSuperuser(
      server,
      'postgres',
      `SELECT spcname AS name FROM pg_tablespace WHERE spcname !~ '^pg_'`,
    );
    for (const { name } of tablespaces) {
      await asSuperuser(server, 'postgres', `DROP TABLESPACE ${escapeIdentifier(String(name))}`);
    }
    const roles = await asSuperuser(
      server,
      'postgres',
      `SELECT rolname AS name FROM pg_roles WHERE rolname !~ ${KEPT_ROLES} AND rolname <> 'shopmaster'`,
    );
    for (const { name } of roles) {
      const role = escapeIdentifier(String(name));
      await asSuperuser(server, 'postgres', `DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    }
  }
}

/** PostgreSQL gives single powers of RDS's master to superusers alone. */
async function setSuperuser(server: PostgreSqlServer, superuser: boolean): Promise<void> {
  const name = escapeIdentifier(server.master.username);
  await asSuperuser(server, 'postgres', `ALTER ROLE ${name} ${superuser ? 'SUPERUSER' : 'NOSUPERUSER'}`);
}

function databaseOf(batch: readonly FidelityCase[], each: FidelityCase): string {
  return each.database ?? `case_${batch.indexOf(each)}`;
}

/** A number from 0 to 1 that the seed and the text decide. */
function pseudoRandom(seed: number, text: string): number {
  let state = seed;
  for (const character of text) state = (state * 31 + character.charCodeAt(0)) % 4294967291;
  return ((state * 48271) % 2147483647) / 2147483647;
}

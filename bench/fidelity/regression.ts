import { escapeIdentifier } from 'pg';
import { RegressionSuite } from './regression-suite';
import { compareDatabases } from '../../sandbox/compare-databases';
import { PostgreSqlMajor } from '../../sandbox/postgresql/program';
import { describeRemark, distinctRemarks, Remark } from '../../src/contract/remark';
import { backUp } from '../../src/runtime/actions/back-up';
import { restore } from '../../src/runtime/actions/restore';
import { RealWorld } from '../../test/runtime/real-world';
import { RestoreWorld } from '../../test/runtime/restore/restore-world';
import { asSuperuser } from '../../test/support/superuser';
import { atLeast, exactly, Figure } from '../figures';

/** The majors whose suites are run. */
export const REGRESSION_MAJORS = [15, 17, 18] as const;

const DATABASE = 'regression';

/** A suite leaves at least so many tables in the database when its tests have run. */
const TABLES = 500;

/** As who the tests run: as on RDS, where many of their statements fail, or as a superuser, as PostgreSQL does. */
export const REGRESSION_POWERS = ['master', 'superuser'] as const;
type Power = (typeof REGRESSION_POWERS)[number];

interface Outcome {
  readonly tables: number;
  readonly remarks: number;
  /** Tables that the product refused by name, and that were dropped for it. */
  readonly refused: number;
  readonly different: number;
}

/**
 * PostgreSQL's own regression suite of a major: what it leaves in a database is backed up and restored as a master who is
 * no superuser. A difference counts unless a remark names its object, or its statement. A table that such a master cannot
 * read, or cannot restore, must be named; then it is dropped, and the rest has to come back.
 */
export async function regressionFigures(
  major: PostgreSqlMajor,
  power: Power,
  progress: (line: string) => void,
): Promise<Figure[]> {
  const source = await RealWorld.start(major);
  try {
    const outcome = await new RegressionRun(source, major, power, progress).run();
    const name = (what: keyof Outcome) => `regression-${major}-${power}-${what}`;
    return [
      atLeast(name('tables'), outcome.tables, TABLES),
      atLeast(name('remarks'), outcome.remarks, 0),
      atLeast(name('refused'), outcome.refused, 0),
      exactly(name('different'), outcome.different, 0),
    ];
  } finally {
    await source.stop();
  }
}

class RegressionRun {
  private readonly master: string;
  private backups = 0;
  private refused = 0;

  constructor(
    private readonly source: RealWorld,
    private readonly major: PostgreSqlMajor,
    private readonly power: Power,
    private readonly progress: (line: string) => void,
  ) {
    this.master = escapeIdentifier(source.server.master.username);
  }

  async run(): Promise<Outcome> {
    await this.runTests();
    await this.dropUnreadableTables();
    await this.refreshMaterializedViews();
    // What a superuser's types are needed for cannot be restored.
    if (this.power === 'superuser') await this.dropUnrestorableTables();
    const { remarks, target } = await this.throughTheProduct();
    try {
      const differences = await compareDatabases(...target.compared, { shown: Infinity });
      const unexplained = differences.filter(
        (difference) =>
          !remarks.some((remark) => isAbout(difference, remark) || isStatementOf(difference, remark.statement)),
      );
      for (const difference of unexplained) this.progress(`  different: ${difference}`);
      const [{ tables }] = await target.sql(
        DATABASE,
        `SELECT count(*)::int AS tables FROM pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384`,
      );
      for (const remark of remarks) this.progress(`  remark: ${describeRemark(remark)}`);
      return {
        tables: Number(tables),
        remarks: remarks.length,
        refused: this.refused,
        different: unexplained.length,
      };
    } finally {
      await target.stop();
    }
  }

  private async runTests(): Promise<void> {
    await this.source.sql('postgres', `CREATE DATABASE ${DATABASE} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`);
    const suite = await RegressionSuite.of(this.major, this.progress);
    // COPY of the tests' data. From 16 on, the master has to be a member of the roles that it makes, as it is before.
    const [lend, takeBack] =
      this.power === 'superuser'
        ? [[`ALTER ROLE ${this.master} SUPERUSER`], [`ALTER ROLE ${this.master} NOSUPERUSER`]]
        : [
            [
              `GRANT pg_read_server_files TO ${this.master}`,
              ...(this.major >= 16 ? [`ALTER ROLE ${this.master} SET createrole_self_grant = 'set, inherit'`] : []),
            ],
            [`REVOKE pg_read_server_files FROM ${this.master}`, `ALTER ROLE ${this.master} RESET ALL`],
          ];
    await asSuperuser(this.source.server, 'postgres', ...lend);
    const tests = await suite.runIn(this.source.server, DATABASE);
    await asSuperuser(this.source.server, 'postgres', ...takeBack);
    if (this.major >= 16) await this.makeAdministratorOfRoles();
    this.progress(`regression: PostgreSQL ${this.major}, ${tests} tests as ${this.power}`);
  }

  /** As the server makes of a master who creates roles and is no superuser, at every restore among others. */
  private async makeAdministratorOfRoles(): Promise<void> {
    const roles = await asSuperuser(
      this.source.server,
      'postgres',
      `SELECT format('%I', rolname) AS name FROM pg_roles
       WHERE oid >= 16384 AND rolname !~ '^rds' AND NOT rolsuper AND rolname <> '${this.source.server.master.username}'
         AND NOT pg_has_role('${this.source.server.master.username}', oid, 'MEMBER WITH ADMIN OPTION')`,
    );
    const grants = roles.map(
      ({ name }) => `GRANT ${String(name)} TO ${this.master} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`,
    );
    if (grants.length > 0) await asSuperuser(this.source.server, 'postgres', ...grants);
  }

  /** The backup must name each table that the master cannot read, and nothing else. */
  private async dropUnreadableTables(): Promise<void> {
    const unreadable: string[] = [];
    for (const table of await this.tables(`relkind IN ('r', 'p', 'm')`)) {
      const read = [`SET row_security = off`, `SELECT FROM ONLY ${table} LIMIT 1`];
      await this.source.sql(DATABASE, ...read).catch(() => unreadable.push(table));
    }
    if (unreadable.length === 0) return;
    await this.dropNamed(unreadable, async () => this.backUp());
  }

  /** The restore must name each table with a column of a type that the master cannot create. */
  private async dropUnrestorableTables(): Promise<void> {
    const ofBaseTypes = `relkind IN ('r', 'p') AND EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_type e ON e.oid = t.typelem
      WHERE a.attrelid = c.oid AND a.atttypid >= 16384 AND 'b' IN (t.typtype, e.typtype) AND t.typcategory <> 'A')`;
    const unrestorable = await this.tables(ofBaseTypes);
    if (unrestorable.length === 0) return;
    await this.dropNamed(unrestorable, async () => (await this.throughTheProduct()).target.stop());
  }

  /** Drops the tables that must be named in the message or, where they are many, in the log. */
  private async dropNamed(tables: readonly string[], attempt: () => Promise<unknown>): Promise<void> {
    this.source.events.splice(0);
    const message = await attempt().then(
      () => 'Nothing was refused.',
      (error: Error) => error.message,
    );
    this.progress(`  refused: ${message.slice(0, 600)}`);
    const warnings = this.source.events.filter(({ level }) => level === 'warn');
    const said = `${message}\n${warnings.map((warning) => Object.values(warning).join(' ')).join('\n')}`;
    for (const table of tables) {
      if (!isAbout(said, { name: table.split('.').at(-1)! })) throw new Error(`${table} is not named: ${message}`);
      this.refused += 1;
      await asSuperuser(this.source.server, DATABASE, `DROP TABLE IF EXISTS ${table} CASCADE`);
    }
  }

  /** A restore fills them anew; tests leave some that are older than their tables. */
  private async refreshMaterializedViews(): Promise<void> {
    for (const view of await this.tables(`relkind = 'm' AND relispopulated`)) {
      // Some cannot be refreshed: a remark of the restore.
      await asSuperuser(this.source.server, DATABASE, `REFRESH MATERIALIZED VIEW ${view}`).catch(() => undefined);
    }
  }

  private async tables(condition: string): Promise<string[]> {
    const rows = await asSuperuser(
      this.source.server,
      DATABASE,
      `SELECT format('%I.%I', nspname, relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
       WHERE c.oid >= 16384 AND nspname !~ '^pg_' AND ${condition} ORDER BY 1`,
    );
    return rows.map(({ name }) => String(name));
  }

  private async throughTheProduct(): Promise<{ readonly remarks: readonly Remark[]; readonly target: RestoreWorld }> {
    const backup = await this.backUp();
    const target = await RestoreWorld.start(this.source, this.major, this.source.server.master);
    try {
      // RDS's master makes event triggers; this one is no superuser, and must be told what is not enforced.
      const keepGoing = this.power === 'superuser';
      const { remarks, notEnforced } = await restore({ ...target.request(), keepGoing }, target.runtime());
      return { remarks: distinctRemarks([...(backup.remarks ?? []), ...remarks, ...notEnforced]), target };
    } catch (error) {
      await target.stop();
      throw error;
    }
  }

  private async backUp() {
    this.backups += 1;
    process.env.PGSSLROOTCERT = this.source.server.caFile;
    return backUp(
      {
        action: 'back-up',
        storage: this.source.storageSettings,
        database: this.source.databaseSettings,
        retentionDays: 7,
        dueAt: new Date(Date.UTC(2026, 0, 1) + this.backups * 1000).toISOString(),
      },
      this.source.runtime(),
    );
  }
}

/** Whether a difference is the statement that a remark says to run by hand. */
function isStatementOf(difference: string, statement: string | undefined): boolean {
  return statement !== undefined && difference.endsWith(statement);
}

/** Whether a text has the name as a whole; of a function without its arguments. */
function isAbout(text: string, { name }: Pick<Remark, 'name'>): boolean {
  const escaped = name.replace(/\(.*$/s, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<!\\w)${escaped}(?!\\w)`).test(text);
}

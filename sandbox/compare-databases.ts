import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A server and its master user. */
export interface ComparedServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The certificate authority of the server, as a file. */
  readonly caFile: string;
}

export interface CompareDatabasesOptions {
  /** Directory of `psql` and `pg_dump`, at least as new as both servers. @default - those on PATH */
  readonly clients?: string;
  /** At most so many lines of one kind are shown. @default 10 */
  readonly shown?: number;
}

/**
 * What differs between two servers, in words; empty when they hold the same. It asks `pg_dump` and `psql` alone, so that
 * it shares no mistake with what it judges: the definitions of every database, the rows of every table, the values of
 * sequences, large objects, roles and memberships. Passwords cannot be compared, since RDS never shows them.
 */
export async function compareDatabases(
  source: ComparedServer,
  target: ComparedServer,
  options: CompareDatabasesOptions = {},
): Promise<string[]> {
  const compareLines = (what: string, lines: readonly string[], others: readonly string[]) =>
    linesOnlyOfOne(what, lines, others, options.shown ?? 10);
  const one = new Side(source, options);
  const other = new Side(target, options);
  const names = [await one.databases(), await other.databases()];
  const differences = compareLines('databases', names[0], names[1]);
  const majors = [await one.major(), await other.major()];
  const sameMajor = majors[0] === majors[1];
  const bothKnowMembershipOptions = Math.min(...majors) >= 16;
  for (const [what, query] of serverQueries(bothKnowMembershipOptions)) {
    differences.push(...compareLines(what, await one.lines('postgres', query), await other.lines('postgres', query)));
  }
  for (const database of names[0].filter((name) => names[1].includes(name))) {
    const inDatabase = (what: string) => `database ${database}: ${what}`;
    differences.push(
      ...compareLines(
        inDatabase('definitions'),
        ...acrossMajors(await one.definitions(database), await other.definitions(database), sameMajor),
      ),
      ...compareLines(inDatabase('rows'), await one.checksums(database), await other.checksums(database)),
    );
    for (const [what, query] of DATABASE_QUERIES) {
      differences.push(
        ...compareLines(inDatabase(what), await one.lines(database, query), await other.lines(database, query)),
      );
    }
  }
  return differences;
}

/** Roles that every RDS server has of its own, and the note that a restore leaves on what it filled. */
const OWN_ROLES = `'^(pg_.*|rds_.*|rdsadmin|rdstopmgr|rdsrepladmin|cdktf_managed_database_restore)$'`;

/** The master is called so on both sides, whatever its name. */
const MASTER = '"the master"';

const ROLE = (oid: string) =>
  `CASE pg_get_userbyid(${oid}) WHEN current_user THEN '${MASTER}' ELSE quote_ident(pg_get_userbyid(${oid})) END`;

function serverQueries(membershipOptions: boolean): [string, string][] {
  // Up to PostgreSQL 15 there are no such options, and who makes a role does not become its administrator.
  const options = membershipOptions
    ? `bool_or(admin_option), bool_or(inherit_option), bool_or(set_option)`
    : `bool_or(admin_option AND pg_get_userbyid(member) <> current_user)`;
  const implied = membershipOptions
    ? ''
    : `AND NOT (pg_get_userbyid(member) = current_user AND admin_option
         AND to_jsonb(m) ->> 'inherit_option' = 'false' AND to_jsonb(m) ->> 'set_option' = 'false')`;
  return [
    [
      'roles',
      `SELECT ${ROLE('oid')}, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
         rolconnlimit, rolvaliduntil, CASE WHEN rolname <> current_user THEN shobj_description(oid, 'pg_authid') END
       FROM pg_roles WHERE rolname !~ ${OWN_ROLES} ORDER BY 1`,
    ],
    [
      'settings of roles and databases',
      `SELECT CASE WHEN setrole <> 0 THEN ${ROLE('setrole')} END, datname, unnest(setconfig)
       FROM pg_db_role_setting LEFT JOIN pg_database d ON d.oid = setdatabase ORDER BY 1, 2, 3`,
    ],
    [
      'memberships',
      `SELECT ${ROLE('roleid')}, ${ROLE('member')}, ${options} FROM pg_auth_members m
       WHERE pg_get_userbyid(member) !~ ${OWN_ROLES} AND pg_get_userbyid(roleid) <> 'cdktf_managed_database_restore'
         AND pg_get_userbyid(roleid) <> 'rds_superuser' ${implied}
       GROUP BY roleid, member ORDER BY 1, 2`,
    ],
  ];
}

const DATABASE_QUERIES: [string, string][] = [
  [
    'sequences',
    `SELECT format('SELECT %L, last_value, is_called FROM %I.%I', c.oid::regclass, nspname, relname)
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind = 'S' AND nspname !~ '^pg_temp' ORDER BY nspname, relname \\gexec`,
  ],
  [
    'large objects',
    `SELECT oid, ${ROLE('lomowner')}, obj_description(oid, 'pg_largeobject'), md5(lo_get(oid))
     FROM pg_largeobject_metadata ORDER BY oid`,
  ],
  ['extensions', `SELECT extname, extnamespace::regnamespace FROM pg_extension ORDER BY 1`],
  [
    'order of columns',
    `SELECT c.oid::regclass, string_agg(quote_ident(attname), ', ' ORDER BY attnum)
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute ON attrelid = c.oid
     WHERE relkind IN ('r', 'p', 'f', 'm') AND attnum > 0 AND NOT attisdropped AND nspname !~ '^pg_'
     GROUP BY c.oid ORDER BY c.oid::regclass::text COLLATE "C"`,
  ],
];

/** A checksum of the rows of every table and filled materialized view, each row with its columns in the order of their names. */
const CHECKSUMS = `
  SELECT format('SELECT %L, count(*), md5(string_agg(md5(row::text), '''' ORDER BY md5(row::text)))
      FROM ONLY %I.%I AS t, LATERAL (SELECT ROW(%s) AS row) AS r', c.oid::regclass, nspname, relname,
    (SELECT string_agg(format('t.%I', attname), ', ' ORDER BY attname COLLATE "C") FROM pg_attribute
     WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped))
  FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE (relkind = 'r' OR relkind = 'm' AND relispopulated) AND nspname !~ '^pg_' AND nspname <> 'information_schema'
  ORDER BY nspname, relname \\gexec`;

class Side {
  constructor(
    private readonly server: ComparedServer,
    private readonly options: CompareDatabasesOptions,
  ) {}

  async databases(): Promise<string[]> {
    const query = `SELECT datname FROM pg_database WHERE datname !~ '^(template[01]|rdsadmin)$' ORDER BY 1`;
    // As they are: a database may have the master's name, and often has.
    return (await this.run('psql', 'postgres', [...PSQL, '-c', query])).split('\n').slice(0, -1);
  }

  async major(): Promise<number> {
    return Math.floor(Number(await this.run('psql', 'postgres', [...PSQL, '-c', 'SHOW server_version_num'])) / 10_000);
  }

  /** The statements that create the database and what is in it, one an object, without its rows. */
  async definitions(database: string): Promise<string[]> {
    const sql = await this.run('pg_dump', database, ['--schema-only', '--create', '--no-password']);
    return objectsIn(withoutOrderOfColumns(this.nameMaster(sql)));
  }

  async checksums(database: string): Promise<string[]> {
    return this.lines(database, CHECKSUMS);
  }

  async lines(database: string, query: string): Promise<string[]> {
    const prelude = `SET search_path = ''; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET row_security = off;\n`;
    const output = await this.run('psql', database, [...PSQL, '--file=-'], `${prelude}${query}\n;`);
    return this.nameMaster(output).split('\n').slice(0, -1);
  }

  private nameMaster(text: string): string {
    const plain = /^[a-z_][a-z0-9_]*$/.test(this.server.user);
    const quoted = `"${this.server.user.replaceAll('"', '""')}"`;
    const name = (plain ? this.server.user : quoted).replace(/[.*+?^\${}()|[\]\\]/g, '\\$&');
    return text.replace(new RegExp(`(?<![\\w"])${name}(?![\\w"])`, 'g'), MASTER);
  }

  private async run(program: string, database: string, args: string[], input = ''): Promise<string> {
    const { host, port, user, password, caFile } = this.server;
    const running = execute(this.options.clients ? `${this.options.clients}/${program}` : program, args, {
      maxBuffer: 1024 ** 3,
      env: {
        PATH: process.env.PATH,
        LC_ALL: 'C',
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGPASSWORD: password,
        PGDATABASE: database,
        PGSSLMODE: 'verify-full',
        PGSSLROOTCERT: caFile,
        // Whatever the database asks for, its own time-outs among it.
        PGOPTIONS: '-c client_min_messages=warning -c statement_timeout=0 -c lock_timeout=0',
        PGCLIENTENCODING: 'UTF8',
      },
    });
    running.child.stdin!.on('error', () => undefined).end(input);
    return (await running).stdout;
  }
}

const PSQL = ['--no-psqlrc', '--no-password', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1'];

/** Lines that differ between any two dumps: versions and random tokens, and comments that name a dump's own numbers. */
const OWN_LINES = /^(--.*|\\(un)?restrict .*|)$/;

/**
 * The columns of a table that inherits are compared in the order of their names: pg_dump cannot keep their own, which is
 * compared by itself.
 */
function withoutOrderOfColumns(sql: string): string {
  return sql.replace(
    /^(CREATE .*TABLE .* \(\n)((?: {4}.*\n)*)(?=\)\nINHERITS \()/gm,
    (_, head: string, columns: string) => {
      const lines = columns.split('\n').slice(0, -1);
      const sorted = lines.map((line) => line.replace(/,$/, '')).sort();
      return `${head}${sorted.join('\n')}\n`;
    },
  );
}

/** pg_dump writes a comment before each object. Between objects it sets what the next ones need. */
function objectsIn(sql: string): string[] {
  return sql
    .split(/^(?=-- Name: )|^(?=SET )/m)
    .map((object) => object.split('\n').filter((line) => !OWN_LINES.test(line)))
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'));
}

/**
 * From PostgreSQL 16 on a view of one table is written without the table's name before each column: between servers of
 * different majors, names before a dot in continued lines are not compared.
 */
function acrossMajors(source: string[], target: string[], sameMajor: boolean): [string[], string[]] {
  const unqualified = (object: string) => object.replace(/^\s.*$/gm, (line) => line.replace(/\b\w+\.(?=\w)/g, ''));
  return sameMajor ? [source, target] : [source.map(unqualified), target.map(unqualified)];
}

function linesOnlyOfOne(what: string, source: readonly string[], target: readonly string[], shown: number): string[] {
  if (source.join('\n') === target.join('\n')) return [];
  const missing = without(source, target).map((line) => `${what}: only at the source: ${line.replaceAll('\n', ' ')}`);
  const added = without(target, source).map((line) => `${what}: only at the target: ${line.replaceAll('\n', ' ')}`);
  if (missing.length + added.length === 0) return [`${what}: the same lines in another order`];
  return [...missing.slice(0, shown), ...added.slice(0, shown)];
}

/** The lines of the one that the other does not have as often. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

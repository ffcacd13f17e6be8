import { Client } from 'pg';
import {
  countLockableTables,
  qualified,
  readLockableTables,
  readUnreadable,
  TableName,
} from '../../../src/runtime/postgres/tables';
import { asSuperuser } from '../../support/superuser';
import { RealWorld } from '../real-world';

let world: RealWorld;
let client: Client;

const NONE: ReadonlySet<number> = new Set();
const ROLES = ['owner', 'heir', 'distant_heir', 'reader', 'stranger'];

beforeAll(async () => {
  world = await RealWorld.start(15);
  const master = world.server.master.username;
  await world.sql('postgres', 'CREATE DATABASE rights');
  await world.sql(
    'rights',
    ...ROLES.map((role) => `CREATE ROLE ${role}`),
    'ALTER ROLE distant_heir NOINHERIT',
    'GRANT owner TO heir, distant_heir',
    ...ROLES.map((role) => `GRANT ${role} TO ${master}`),
    'CREATE SCHEMA seen',
    'CREATE SCHEMA closed',
    `GRANT USAGE ON SCHEMA seen TO ${ROLES.join(', ')}`,
    'GRANT CREATE, USAGE ON SCHEMA seen, closed TO owner',
  );
  await asSuperuser(world.server, 'postgres', 'CREATE ROLE of_all_data');
  await asSuperuser(world.server, 'postgres', `GRANT pg_read_all_data TO of_all_data; GRANT of_all_data TO ${master}`);
  const rights = [
    '',
    'GRANT SELECT ON %s TO reader',
    'GRANT SELECT ON %s TO PUBLIC',
    'GRANT INSERT ON %s TO reader',
    'REVOKE SELECT ON %s FROM owner',
    'ALTER TABLE %s ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE %s ENABLE ROW LEVEL SECURITY; ALTER TABLE %s FORCE ROW LEVEL SECURITY; GRANT SELECT ON %s TO reader',
  ];
  const kinds = ['TABLE %s (a int)', 'TABLE %s (a int) PARTITION BY LIST (a)', 'SEQUENCE %s'];
  const statements = kinds.flatMap((kind, k) =>
    ['seen', 'closed'].flatMap((schema) =>
      rights
        .filter((right) => !(kind.startsWith('SEQUENCE') && right.startsWith('ALTER')))
        .flatMap((right, r) => {
          const name = `${schema}.relation_${k}_${r}`;
          return [`CREATE ${kind}`, right].map((statement) => statement.replaceAll('%s', name)).filter(Boolean);
        }),
    ),
  );
  await world.sql('rights', 'SET ROLE owner', ...statements, 'RESET ROLE', 'REVOKE USAGE ON SCHEMA closed FROM owner');
  client = await world.connect('rights');
});
afterAll(async () => {
  await client?.end();
  await world?.stop();
});

/** Whether the server does it, for the present role. */
async function isAllowed(...statements: string[]): Promise<boolean> {
  await client.query('BEGIN');
  try {
    for (const statement of statements) await client.query(statement);
    return true;
  } catch {
    return false;
  } finally {
    await client.query('ROLLBACK');
  }
}

async function relations(kinds: string): Promise<TableName[]> {
  const { rows } = await client.query<TableName>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('seen', 'closed') AND c.relkind = ANY ($1::"char"[]) ORDER BY 1, 2`,
    [kinds],
  );
  return rows;
}

async function those(of: readonly TableName[], are: (name: string) => Promise<boolean>): Promise<string[]> {
  const found: string[] = [];
  for (const each of of) if (await are(qualified(each))) found.push(`${each.schema}.${each.name}`);
  return found;
}

test.each(['the master', ...ROLES, 'of_all_data'])(
  'what the server refuses to %s is what counts as unreadable',
  async (role) => {
    await client.query(role === 'the master' ? 'RESET ROLE' : `SET ROLE ${role}`);

    const refused = await those(
      await relations('{r,p,S}'),
      async (name) => !(await isAllowed('SET LOCAL row_security = off', `SELECT * FROM ${name}`)),
    );
    const lockable = await those(await relations('{r,p}'), async (name) =>
      isAllowed(`LOCK TABLE ${name} IN ACCESS SHARE MODE`),
    );

    const unreadable = await readUnreadable(client, NONE);
    expect(unreadable.map(({ problem }) => /^\w+ (.*?):/.exec(problem)![1])).toEqual(refused);
    const locked = await readLockableTables(client, NONE);
    expect(locked.map(({ schema, name }) => `${schema}.${name}`).sort()).toEqual(lockable);
    expect(await countLockableTables(client, NONE)).toBe(lockable.length);
  },
);

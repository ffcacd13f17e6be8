import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';
import { finish, Finished } from '../../sandbox/process';
import { Sandbox } from '../../sandbox/sandbox';
import { ListAnswer } from '../../src/contract/requests';
import { unwrapped } from '../support/terraform-output';

const execute = promisify(execFile);
const MINUTE = 60_000;
const APP = path.join(__dirname, 'restores');
const COMMAND_LINE = path.resolve(__dirname, '../../assets/cli/cdktf-managed-database.js');
jest.setTimeout(40 * MINUTE);

describe('The ways into a restore, on real Terraform', () => {
  let sandbox: Sandbox;
  let variables: Record<string, unknown>;
  /** The backups: the n-th one has n rows. */
  const backups: string[] = [];
  /** Every database that is restored, and one that is empty. */
  let restores: Record<string, string>;

  beforeAll(async () => {
    sandbox = await Sandbox.start();
    variables = await sandbox.programVariables(
      await sandbox.storage.createBucketWithKeys('company-backups', 'backups'),
    );
    await succeed('apply');
    await query('orders', 'CREATE TABLE lines (id bigint PRIMARY KEY)');
    await backUp();
    // Another second: a time has to lie between the two.
    await sleep(2_000);
    await backUp();
    restores = { LATEST: '1', BY_ID: backups[0], BEFORE: timeOf(backups[1]), EMPTY: '1' };
  });

  afterAll(async () => sandbox?.stop());

  const run = async (verb: 'apply' | 'plan', environment: Record<string, string> = {}): Promise<Finished> =>
    sandbox[verb](APP, { variables, environment });
  const succeed = async (verb: 'apply' | 'plan', environment = {}) => {
    const { exitCode, output } = await run(verb, environment);
    if (exitCode !== 0) throw new Error(`terraform ${verb} ended with ${exitCode}:\n${output}`);
  };
  const identifiers = () =>
    sandbox
      .databases()
      .map(({ identifier }) => identifier)
      .sort();
  const database = (name: string): PostgreSqlServer =>
    sandbox.databases().find(({ identifier }) => identifier === name)!;

  async function query(name: string, statement: string): Promise<any[]> {
    const { host, port, master } = database(name);
    const client = new Client({
      host,
      port,
      user: master.username,
      password: master.password,
      database: 'postgres',
      ssl: { ca: sandbox.certificateAuthority.certificatePem },
    });
    await client.connect();
    try {
      return (await client.query(statement)).rows;
    } finally {
      await client.end();
    }
  }

  const rowsOf = async (name: string): Promise<number> =>
    Number((await query(name, 'SELECT count(*) AS rows FROM lines'))[0].rows);

  async function backUp(): Promise<void> {
    await query('orders', `INSERT INTO lines VALUES (${backups.length + 1})`);
    const { payload } = await sandbox.fire('orders-backup');
    const { backup, outcome } = JSON.parse(payload);
    expect(outcome).toBe('Completed');
    backups.push(backup);
  }

  const environmentWith = (environment: Record<string, string> = {}) => ({
    env: { PATH: process.env.PATH, ...sandbox.environment(), ...environment },
  });
  const commandLine = async (args: readonly string[], environment?: Record<string, string>): Promise<Finished> =>
    finish(process.execPath, [COMMAND_LINE, ...args], environmentWith(environment));
  const answerOf = async (...args: string[]) =>
    JSON.parse((await execute(process.execPath, [COMMAND_LINE, ...args, '--json'], environmentWith())).stdout);

  async function completed(schedule: string): Promise<string[]> {
    const answer: ListAnswer = await answerOf('list', '--schedule', schedule, '--state', 'Completed');
    return answer.backups.map(({ backup }) => backup);
  }

  test('latest, by id and before a time, of the same program; each has the data of its backup', async () => {
    // WHEN
    await succeed('apply', restores);

    // THEN
    const outputs = await (await sandbox.app(APP)).outputs({ variables, environment: restores });
    expect(outputs).toMatchObject({
      restored_latest: backups[1],
      restored_id: backups[0],
      restored_before: backups[0],
    });
    const rows = await Promise.all(['orders-latest', 'orders-id', 'orders-before'].map(rowsOf));
    expect(rows).toEqual([2, 1, 1]);
    // AND the source is as it was
    expect(await rowsOf('orders')).toBe(2);
  });

  test('a restored database has backups of its own', async () => {
    // GIVEN that it goes on without its source
    await query('orders-latest', 'INSERT INTO lines VALUES (100)');

    // WHEN
    const { payload } = await sandbox.fire('orders-latest-backup');

    // THEN
    const { backup, outcome } = JSON.parse(payload);
    expect(outcome).toBe('Completed');
    expect(await completed('orders-latest-backup')).toEqual([backup]);
    expect((await completed('orders-backup')).sort()).toEqual(backups);
    // AND it holds the rows of the restored database
    const { databases } = await answerOf('show', backup, '--schedule', 'orders-latest-backup');
    expect(databases).toMatchObject([{ name: 'postgres', tables: [{ name: 'lines', rows: 3 }] }]);
  });

  test('run once: after a newer backup there is nothing to plan', async () => {
    await backUp();
    await succeed('plan', restores);
    expect(await rowsOf('orders-latest')).toBe(3);
  });

  test('another source is refused at plan', async () => {
    const { exitCode, output } = await run('plan', { ...restores, BY_ID: backups[1] });
    expect(exitCode).toBe(1);
    expect(unwrapped(output)).toContain('The source of restored database orders-id has changed.');
  });

  test.each([
    ['another class and a source', 'orders-by-hand', 'database orders-by-hand was not created as a RestoredDatabase.'],
    [
      'another class, identifier and a source',
      'orders-anew',
      'it was orders-by-hand, and the program names orders-anew.',
    ],
  ])('a database that exists is not turned into a restored one by %s', async (_, identifier, refusal) => {
    const { EMPTY, ...others } = restores;
    const { exitCode, output } = await run('plan', { ...others, CHANGED_CLASS: identifier });
    expect(exitCode).toBe(1);
    expect(unwrapped(output)).toContain(refusal);
  });

  test('a backup that is not there is refused before an instance is created', async () => {
    const before = identifiers();
    const { exitCode, output } = await run('apply', { ...restores, MISSING: '20200101T030000Z' });
    expect(exitCode).toBe(1);
    expect(unwrapped(output)).toContain('20200101T030000Z');
    expect(unwrapped(output)).toContain('"errorType":"NotFound"');
    expect(identifiers()).toEqual(before);
    await succeed('apply', restores);
  });

  test('from a terminal, on this machine, into an empty database', async () => {
    const { host, port, master, caFile } = database('orders-by-hand');
    const server = ['--host', host, '--port', String(port), '--user', master.username];
    const environment = { PGPASSWORD: master.password, PGSSLROOTCERT: caFile };
    const args = ['restore', '--latest', '--schedule', 'orders-backup', ...server];
    const { exitCode, output } = await commandLine(args, environment);
    expect([exitCode, exitCode === 0 ? '' : output]).toEqual([0, '']);
    expect(await rowsOf('orders-by-hand')).toBe(3);
  });

  test("from a terminal, through the function, into the schedule's own database once it is empty", async () => {
    const args = ['restore', '--latest', '--schedule', 'orders-backup', '--in-function'];
    // GIVEN a database with contents: nothing of it is touched
    const refused = await commandLine(args);
    expect(refused.exitCode).toBe(6);
    expect(await rowsOf('orders')).toBe(3);

    // WHEN it is empty
    await query('orders', 'DROP TABLE lines');
    const { exitCode, output } = await commandLine(args);

    // THEN
    expect([exitCode, exitCode === 0 ? '' : output]).toEqual([0, '']);
    expect(await rowsOf('orders')).toBe(3);
  });
});

/** The time that a backup is named by. */
function timeOf(backup: string): string {
  return backup.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
}

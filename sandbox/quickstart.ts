import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { compareDatabases, ComparedServer } from './compare-databases';
import { PostgreSqlServer } from './postgresql/server';
import { finish, Finished } from './process';
import { ProgramVariables } from './program-variables';
import { fillSampleDatabase } from './sample-database';
import { Sandbox } from './sandbox';
import { Terminal } from './terminal';
import { durationText } from '../src/cli/output/format';
import { tableLines } from '../src/cli/output/table';
import { drillScheduleName, failureAlarmName, watchScheduleName } from '../src/contract/deployed-names';

const REPOSITORY = path.resolve(__dirname, '..');
const QUICKSTART = path.join(REPOSITORY, 'examples', 'typescript', 'quickstart');
const RESTORE = path.join(REPOSITORY, 'examples', 'typescript', 'restore');
const COMMAND_LINE = path.join(REPOSITORY, 'assets', 'cli', 'cdktf-managed-database.js');
const CLIENTS = path.join(REPOSITORY, 'assets', 'client-layer-x86_64', 'bin');

const BUCKET = 'company-backups';
const FOLDER = 'backups/orders';
const SCHEDULE = 'orders-backup';
const DRILL = drillScheduleName(SCHEDULE);

/** A step that took its time, and what it showed. */
export interface FinishedStep {
  readonly name: string;
  readonly durationMs: number;
}

/**
 * The main job from deployment to restore, on real parts: every step states what it expects and throws where it does
 * not hold.
 */
export class Quickstart {
  readonly steps: FinishedStep[] = [];

  private variables!: ProgramVariables;

  constructor(
    private readonly sandbox: Sandbox,
    private readonly terminal: Terminal,
    /** Whether Terraform's own lines are shown too. */
    private readonly verbose: boolean = false,
  ) {}

  async run(): Promise<void> {
    await this.step('Make a bucket, and keys with the three permissions', () => this.prepareStorage());
    await this.step('Deploy with a wrong secret: refused, nothing created', () => this.deployWithWrongSecret());
    await this.step('Deploy with the right one', () => this.deploy());
    await this.step('Apply again: no change', () => this.expectNoChange(QUICKSTART));
    await this.step('Fill the database', () => this.fill());
    const first = await this.step('Fire the schedule', () => this.backUp());
    const second = await this.step('Fire it once more', () => this.backUp());
    await this.step('Drill the latest backup: proved', () => this.prove(second));
    await this.step('List the backups', () => this.list());
    await this.step('Look at the schedule: no alarm', () => this.watch([]));
    await this.step('Restore the latest backup into a new database', () => this.restore(second));
    await this.step('Compare the two databases, by psql and pg_dump', () => this.compare());
    await this.step('Apply the restore again: no change', () => this.expectNoChange(RESTORE));
    await this.step('Name another backup for it: refused', () => this.changeSource(first));
    await this.step('Set the clock ahead by 31 days, and fire once more', () => this.prune([first, second]));
    await this.step('Damage that backup, and drill it: disproved', () => this.disprove());
    await this.step('Look at the schedule: the alarm on drills', () => this.watch([failureAlarmName(DRILL)]));
    await this.step('Destroy', () => this.destroy());
    await this.step("Compare every call to AWS with AWS's own models", () => this.expectModelledCalls());
  }

  private async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.terminal.line(`\n${this.terminal.bold(`${this.steps.length + 1}. ${name}`)}`);
    const start = Date.now();
    const result = await work();
    const durationMs = Date.now() - start;
    this.steps.push({ name, durationMs });
    this.terminal.line(`   ${this.terminal.green('done')} ${this.terminal.dim(durationText(durationMs))}`);
    return result;
  }

  private say(text: string): void {
    for (const line of text.trimEnd().split('\n')) {
      this.terminal.line(`   ${line}`);
    }
  }

  private async prepareStorage(): Promise<void> {
    const { storage } = this.sandbox;
    this.variables = await this.sandbox.programVariables(await storage.createBucketWithKeys(BUCKET, 'backups'));
  }

  private async deployWithWrongSecret(): Promise<void> {
    const { output, exitCode } = await this.terraform('apply', QUICKSTART, { storage_secret_access_key: 'wrong' });
    const error = output.split('\n').find((line) => line.includes('ConnectionTestFailed'));
    expect(exitCode !== 0 && error !== undefined, `the deployment is refused by the connection test:\n${output}`);
    this.say(error!.replace(/^[│╷╵\s]+/, ''));
    expect(this.sandbox.databases().length === 0, 'no database was created');
    expect((await this.sandbox.schedules()).length === 0, 'no schedule was created');
    expect((await this.sandbox.storage.list(BUCKET)).length === 0, 'nothing is left in the bucket');
  }

  private async deploy(): Promise<void> {
    await this.succeed('apply', QUICKSTART);
    const names = (await this.sandbox.schedules()).map(({ name }) => name);
    expect(names.includes(SCHEDULE), `the schedule ${SCHEDULE} is there; found ${names.join(', ')}`);
  }

  private async fill(): Promise<void> {
    const { rows, tables } = await fillSampleDatabase({
      ...addressOf(this.database('orders')),
      database: 'orders',
      ssl: { ca: this.sandbox.certificateAuthority.certificatePem },
    });
    this.say(`${rows} rows in ${tables} tables`);
  }

  /** Fires the schedule; answers the id of the backup. */
  private async backUp(): Promise<string> {
    const { payload, functionError } = await this.sandbox.fire(SCHEDULE);
    const answer = JSON.parse(payload);
    expect(!functionError && answer.outcome === 'Completed', `the backup is completed: ${payload}`);
    this.say(`${answer.backup}: ${answer.databaseBytes} bytes in the database, ${answer.storedBytes} stored`);
    return answer.backup;
  }

  /** A drill restores into a server of its own: neither the database nor an instance has any part in it. */
  private async prove(backup: string): Promise<void> {
    const { payload, functionError } = await this.sandbox.fire(DRILL);
    const proof = JSON.parse(payload);
    expect(!functionError && proof.state === 'Proved' && proof.backup === backup, `${backup} is proved: ${payload}`);
    const { tables, rows } = proof.loaded;
    this.say(`${backup}: ${rows} rows in ${tables} tables were restored in ${durationText(proof.durations.restoreMs)}`);
    await this.expectProof(backup, 'Proved');
  }

  /** One byte of one part is enough. */
  private async disprove(): Promise<void> {
    const { newest: backup } = await this.answer('watch', '--schedule', SCHEDULE);
    const key = `${FOLDER}/${backup}/000001`;
    const part = await this.sandbox.storage.get(BUCKET, key);
    const middle = Math.floor(part.length / 2);
    part[middle] = 255 - part[middle];
    await this.sandbox.storage.put(BUCKET, key, part);
    const { payload, functionError } = await this.sandbox.fire(DRILL);
    const { errorType, errorMessage } = JSON.parse(payload);
    expect(functionError !== undefined && errorType === 'VerificationFailed', `${backup} is disproved: ${payload}`);
    this.say(errorMessage);
    await this.expectProof(backup, 'Disproved');
  }

  private async expectProof(backup: string, state: string): Promise<void> {
    const { backups } = await this.answer('list', '--schedule', SCHEDULE);
    const found = backups.find((each: { backup: string }) => each.backup === backup)?.proof?.state;
    expect(found === state, `the list says that ${backup} is ${state}; found ${found}`);
  }

  private async list(): Promise<void> {
    this.say((await this.commandLine('list', '--schedule', SCHEDULE)).output);
  }

  /** What a person on call looks at; the alarms follow what the functions logged. */
  private async watch(raised: string[]): Promise<void> {
    await this.sandbox.fire(watchScheduleName(SCHEDULE));
    this.say((await this.commandLine('databases')).output);
    this.say((await this.commandLine('status', SCHEDULE)).output);
    const { alarms } = await this.answer('status', SCHEDULE);
    const names = (state: string) =>
      alarms.filter((alarm: { state: string }) => alarm.state === state).map(({ name }: { name: string }) => name);
    expect(alarms.length === 4, `backups and drills have two alarms each; found ${alarms.length}`);
    expect(String(names('ALARM')) === String(raised), `the alarms raised are [${raised}]; found [${names('ALARM')}]`);
  }

  private async restore(expected: string): Promise<void> {
    await this.succeed('apply', RESTORE);
    const app = await this.sandbox.app(RESTORE);
    const { restored_backup: restored } = await app.outputs({ variables: this.variables });
    expect(restored === expected, `the latest backup, ${expected}, was restored; found ${restored}`);
  }

  private async compare(): Promise<void> {
    const [source, restored] = ['orders', 'orders-restored'].map((name) => addressOf(this.database(name)));
    const differences = await compareDatabases(source, restored, { clients: CLIENTS });
    expect(differences.length === 0, `the databases are equal:\n${differences.join('\n')}`);
    this.say('equal by schema text, by a checksum of every table, by sequences, large objects, roles and grants');
  }

  /** A database is filled once: another source must neither replace it nor be passed over in silence. */
  private async changeSource(backup: string): Promise<void> {
    const { exitCode, output } = await this.terraform('plan', RESTORE, {}, { BACKUP_ID: backup });
    const refused = exitCode === 1 && /source of restored database\s+orders-restored\s+has\s+changed/.test(output);
    expect(refused, `a changed source is refused:\n${output}`);
    this.say(output.slice(output.indexOf('The source of restored database')));
  }

  private async prune(aged: string[]): Promise<void> {
    this.sandbox.setClock('+31d');
    const newest = await this.backUp();
    const keys = (await this.sandbox.storage.list(BUCKET, FOLDER)).map(({ key }) => key);
    for (const id of aged) {
      const left = keys.filter((key) => key.includes(`/${id}/`));
      expect(
        left.length === 0,
        `the objects of ${id}, which is older than 30 days, are gone; found ${left.join(', ')}`,
      );
    }
    await this.expectWhole(newest);
    this.say(`${aged.join(' and ')} are gone, ${newest} is there and whole`);
  }

  /** Every part that the manifest names is in the bucket, byte for byte. */
  private async expectWhole(backup: string): Promise<void> {
    const { storage } = this.sandbox;
    const manifest = JSON.parse((await storage.get(BUCKET, `${FOLDER}/${backup}/manifest.json`)).toString());
    expect(manifest.parts.length > 0, `the manifest of ${backup} names parts`);
    for (const { number, sha256 } of manifest.parts) {
      const part = await storage.get(BUCKET, `${FOLDER}/${backup}/${String(number).padStart(6, '0')}`);
      expect(createHash('sha256').update(part).digest('hex') === sha256, `part ${number} of ${backup} is whole`);
    }
  }

  private async expectNoChange(app: string): Promise<void> {
    const { exitCode, output } = await this.terraform('plan', app);
    expect(exitCode === 0, `a second apply changes nothing:\n${output}`);
    this.say(output.split('\n').find((line) => line.startsWith('No changes.'))!);
  }

  private async destroy(): Promise<void> {
    await Promise.all([this.succeed('destroy', RESTORE), this.succeed('destroy', QUICKSTART)]);
    expect(this.sandbox.databases().length === 0, 'no database is left');
  }

  /** Of the provider, the function and the command line. The gateway refused each call against a model already. */
  private async expectModelledCalls(): Promise<void> {
    const { seen, unchecked } = this.sandbox.modelCheck;
    const against = seen.flatMap(({ service, operation, violations }) =>
      violations.map(({ message }) => `${service} ${operation}: ${message}`),
    );
    expect(against.length === 0, `every call keeps to AWS's own models; found\n${against.join('\n')}`);
    expect(unchecked.length === 0, `there is a model for every call; found none for ${unchecked.join(', ')}`);
    const calls = seen.reduce((sum, operation) => sum + operation.calls, 0);
    this.say(`${calls} calls of ${seen.length} operations, none against its model`);
  }

  private async succeed(verb: 'apply' | 'destroy', app: string): Promise<void> {
    const { exitCode, output } = await this.terraform(verb, app);
    expect(exitCode === 0, `terraform ${verb} succeeds:\n${output}`);
    this.say(output.split('\n').find((line) => /^(Apply|Destroy) complete!/.test(line))!);
  }

  private async terraform(
    verb: 'apply' | 'plan' | 'destroy',
    app: string,
    wrong: ProgramVariables = {},
    environment: Record<string, string> = {},
  ): Promise<Finished> {
    return this.sandbox[verb](app, {
      variables: { ...this.variables, ...wrong },
      environment,
      onLine: this.verbose ? (line) => this.say(this.terminal.dim(line)) : undefined,
    });
  }

  /** With --json the answer is one line; logs are others. */
  private async answer(...args: string[]): Promise<any> {
    const { output } = await this.commandLine(...args, '--json');
    return JSON.parse(output.split('\n').find((line) => line.startsWith('{"ok":'))!);
  }

  private async commandLine(...args: string[]): Promise<Finished> {
    const env = { PATH: process.env.PATH, ...this.sandbox.environment() };
    const result = await finish(process.execPath, [COMMAND_LINE, ...args], { env });
    expect(result.exitCode === 0, `cdktf-managed-database ${args.join(' ')} succeeds:\n${result.output}`);
    return result;
  }

  private database(identifier: string): PostgreSqlServer {
    const found = this.sandbox.databases().find((database) => database.identifier === identifier);
    expect(found !== undefined, `the database ${identifier} is there`);
    return found!;
  }
}

function expect(holds: boolean, what: string): void {
  if (!holds) {
    throw new Error(`It does not hold that ${what}`);
  }
}

function addressOf({ host, port, master, caFile }: PostgreSqlServer): ComparedServer {
  return { host, port, user: master.username, password: master.password, caFile };
}

async function main(): Promise<void> {
  // The SDK's plans for Node versions are no part of the story.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const terminal = new Terminal(process.stdout);
  const interrupted = new AbortController();
  const began = Date.now();
  terminal.line(terminal.bold('Starting a local AWS'));
  let sandbox: Sandbox | undefined;
  const interrupt = () => {
    // What is starting ends itself.
    interrupted.abort();
    void sandbox?.stop().finally(() => process.exit(130));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  sandbox = await Sandbox.start({
    onProgress: (step) => terminal.line(`   ${step}`),
    signal: interrupted.signal,
  });
  const quickstart = new Quickstart(sandbox, terminal, process.argv.includes('--verbose'));
  try {
    await quickstart.run();
  } finally {
    await sandbox.stop();
  }
  terminal.line();
  for (const line of tableLines(quickstart.steps.map(({ name, durationMs }) => [name, durationText(durationMs)]))) {
    terminal.line(`   ${line}`);
  }
  terminal.line(`\n${terminal.green('Every comparison held')}, in ${durationText(Date.now() - began)}.`);
}

if (require.main === module) {
  main().catch((error: Error) => {
    new Terminal(process.stderr).line(`\n${error.message}`);
    process.exit(1);
  });
}

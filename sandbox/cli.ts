import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, open, rm, stat } from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { FiredSchedule } from './aws/scheduler';
import { ask, ControlAddress, ControlRequest } from './control';
import { Finished } from './process';
import { bucketVariables, inEnvironment } from './program-variables';
import { DatabaseStatus, SandboxStatus } from './sandbox';
import { exportLines, providerBlock, shellVariables } from './shell';
import { isRunning, RecordedProcess, RecordedSandbox, StateFile } from './state-file';
import { CreatedBucket } from './storage';
import { supervise, SupervisorMessage } from './supervisor';
import { Terminal } from './terminal';
import { durationText } from '../src/cli/output/format';
import { tableLines } from '../src/cli/output/table';

interface CommonOptions {
  readonly name: string;
  readonly json: boolean;
}

interface AppOptions extends CommonOptions {
  readonly var: Record<string, string>;
  readonly stack?: string;
}

const out = new Terminal(process.stdout);
const err = new Terminal(process.stderr);

const program = new Command('sandbox')
  .description('A local AWS, with real Terraform, real functions and real PostgreSQL, to try and test the library in.')
  .showHelpAfterError();

command('up', 'start a sandbox; returns when it is ready').action(up);
for (const verb of ['apply', 'plan', 'destroy'] as const) {
  command(`${verb} <app>`, `${verb} an app: a directory with a CDKTF program main.ts, or with Terraform's own files`)
    .option(
      '--var <name=value>',
      'a Terraform variable; may be repeated. A secret goes into the environment, as TF_VAR_<name>',
      collectVariable,
      {},
    )
    .option('--stack <name>', 'which stack of an app that has several')
    .action((app: string, options: AppOptions) => deploy(verb, app, options));
}
command('fire <schedule>', 'fire a schedule now, and wait for what the function answers')
  .option('--force', 'although it is switched off', false)
  .option('--twice', 'deliver the event twice at the same time, as EventBridge Scheduler may', false)
  .action(fire);
command('psql <database> [arguments...]', 'open psql as the master of a database; arguments go to psql, behind --')
  .allowUnknownOption()
  .action(psql);
command('clock <span>', "set the functions' and schedules' clock: +30d, +12h, +90m, or back with -- -30d").action(
  clock,
);
command('env', 'print what a shell needs to work with the sandbox: eval "$(npm run --silent sandbox -- env)"').action(
  env,
);
command('provider', "print the provider block of a program that works without the shell's variables").action(provider);
command('bucket <bucket>', 'make a bucket in the storage, and keys that may put, get and delete in it; printed once')
  .option('--path <folder>', 'the folder that the keys are for', 'backups')
  .action(bucket);
command('status', 'show every endpoint, credential and process').action(status);
command('down', 'end every process and remove the data').action(down);
program
  .command('supervise <directory>', { hidden: true })
  .option('--name <name>')
  .action((directory: string, { name }: CommonOptions) => supervise(directory, new StateFile(name)));

program.parseAsync().catch((error: Error) => {
  err.line(`${err.red('error')} ${error.message}`);
  process.exitCode = 1;
});

function command(usage: string, description: string): Command {
  return program
    .command(usage)
    .description(description)
    .option('--name <name>', 'which sandbox, where there are several', 'default')
    .option('--json', 'print JSON', false);
}

function collectVariable(text: string, known: Record<string, string>): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new Error(`--var takes name=value; got ${JSON.stringify(text)}.`);
  return { ...known, [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** Variables given as to Terraform itself, `TF_VAR_<name>`: a secret need not be an argument. */
function variablesOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const prefix = 'TF_VAR_';
  const given = Object.entries(environment).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(given.map(([name, value]) => [name.slice(prefix.length), value!]));
}

async function up(options: CommonOptions): Promise<void> {
  const stateFile = new StateFile(options.name);
  const before = await stateFile.read();
  if (before && (await isAlive(before))) {
    throw new Error(`The sandbox ${options.name} is up already: see "status", or end it with "down".`);
  }
  if (before) await endLeftovers(before, stateFile);
  await startSupervisor(options);
  const { control } = (await stateFile.read())!;
  showStatus(await ask<SandboxStatus>(control, { command: 'status' }), options);
}

/** Starts the process that holds the sandbox, and waits until it is ready. Ctrl-C ends it and all that it started. */
async function startSupervisor({ name }: CommonOptions): Promise<void> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'managed-database-sandbox-'));
  await chmod(directory, 0o711);
  const log = await open(path.join(directory, 'supervisor.log'), 'a', 0o600);
  const args = ['--require', require.resolve('tsx/cjs'), __filename, 'supervise', directory, '--name', name];
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', log.fd, log.fd, 'ipc'] });
  await log.close();
  const interrupt = () => child.kill('SIGTERM');
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    await progressUntilReady(child);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  if (child.connected) child.disconnect();
  child.unref();
}

async function progressUntilReady(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  let began = Date.now();
  let step = 'Starting';
  let failure = 'The sandbox ended while it was starting.';
  const ready = new Promise<true>((resolve) => {
    child.on('message', (message: SupervisorMessage) => {
      if ('error' in message) {
        failure = message.error;
      } else if ('ready' in message) {
        resolve(true);
      } else {
        err.line(`${step} ${err.dim(durationText(Date.now() - began))}`);
        [step, began] = [message.progress, Date.now()];
      }
    });
  });
  if ((await Promise.race([ready, ended])) !== true) throw new Error(failure);
}

async function deploy(verb: 'apply' | 'plan' | 'destroy', app: string, options: AppOptions): Promise<void> {
  const control = await running(options);
  const began = Date.now();
  const terminal = options.json ? err : out;
  const finished = await ask<Finished>(
    control,
    {
      command: verb,
      app: path.resolve(app),
      options: {
        variables: { ...variablesOf(process.env), ...options.var },
        stack: options.stack,
        environment: process.env as Record<string, string>,
        colour: terminal.colours,
      },
    },
    (line) => terminal.line(line),
  );
  if (options.json) out.line(JSON.stringify(finished));
  else out.line(out.dim(`${verb} took ${durationText(Date.now() - began)}`));
  process.exitCode = finished.exitCode;
}

async function fire(schedule: string, options: CommonOptions & { force: boolean; twice: boolean }): Promise<void> {
  const control = await running(options);
  const fired = await ask<FiredSchedule>(control, {
    ...{ command: 'fire', schedule, force: options.force, twice: options.twice },
  });
  if (options.json) {
    out.line(JSON.stringify(fired));
  } else {
    const verdict = fired.functionError ? out.red(fired.functionError) : out.green('done');
    const attempts = fired.attempts === 1 ? '' : `  ${fired.attempts} attempts`;
    const took = durationText(fired.durationMs);
    out.line(`${out.bold(fired.schedule)}  ${fired.scheduledTime}  ${verdict}  ${took}${attempts}`);
    out.line(fired.payload);
  }
  process.exitCode = fired.functionError ? 1 : 0;
}

async function psql(identifier: string, args: string[], options: CommonOptions): Promise<void> {
  const { databases } = await ask<SandboxStatus>(await running(options), { command: 'status' });
  const database = databases.find((one) => one.identifier === identifier);
  if (!database) {
    const names = databases.map((one) => one.identifier).join(', ') || 'none';
    throw new Error(`There is no database ${identifier}. There are: ${names}.`);
  }
  if (options.json) {
    out.line(JSON.stringify(database));
    return;
  }
  const child = spawn(await psqlProgram(), args, { stdio: 'inherit', env: psqlEnvironment(database) });
  const [code] = await once(child, 'exit');
  process.exitCode = code ?? 1;
}

/** The client that the library ships, if it is built, else the machine's. */
async function psqlProgram(): Promise<string> {
  const shipped = path.resolve(__dirname, '..', 'assets', 'client-layer-x86_64', 'bin', 'psql');
  return stat(shipped).then(
    () => shipped,
    () => 'psql',
  );
}

function psqlEnvironment({ host, port, username, password, caFile }: DatabaseStatus): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: username,
    PGPASSWORD: password,
    PGDATABASE: process.env.PGDATABASE ?? 'postgres',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: caFile,
  };
}

async function clock(span: string, options: CommonOptions): Promise<void> {
  const set = await ask<{ now: string }>(await running(options), { command: 'clock', change: span });
  out.line(options.json ? JSON.stringify(set) : `The clock says ${out.bold(set.now)}.`);
}

async function env(options: CommonOptions): Promise<void> {
  const variables = shellVariables(await ask<SandboxStatus>(await running(options), { command: 'status' }));
  showVariables(variables, options);
}

function showVariables(variables: Record<string, string>, { json }: CommonOptions): void {
  if (json) out.line(JSON.stringify(variables));
  else exportLines(variables).forEach((line) => out.line(line));
}

async function provider(options: CommonOptions): Promise<void> {
  const lines = providerBlock(await ask<SandboxStatus>(await running(options), { command: 'status' }));
  if (options.json) out.line(JSON.stringify({ provider: lines.join('\n') }));
  else lines.forEach((line) => out.line(line));
}

async function bucket(name: string, options: CommonOptions & { path: string }): Promise<void> {
  const folder = options.path.replace(/^\/+|\/+$/g, '');
  const created = await ask<CreatedBucket>(await running(options), { command: 'bucket', bucket: name, path: folder });
  showVariables(inEnvironment(bucketVariables(created)), options);
}

async function status(options: CommonOptions): Promise<void> {
  showStatus(await ask<SandboxStatus>(await running(options), { command: 'status' }), options);
}

function showStatus(sandbox: SandboxStatus, { json }: CommonOptions): void {
  if (json) {
    out.line(JSON.stringify(sandbox));
    return;
  }
  const section = (title: string, rows: string[][]) => {
    out.line(out.bold(title));
    const lines = tableLines(rows);
    (lines.length > 0 ? lines : [out.dim('none')]).forEach((line) => out.line(`  ${line}`));
  };
  section('Sandbox', [
    ['AWS', sandbox.endpoint, `account ${sandbox.account}, ${sandbox.region}`],
    ['Storage', sandbox.storage.endpoint, `authority ${sandbox.storage.caFile}`],
    ['Terraform', sandbox.terraform.version, `provider from ${sandbox.terraform.providerSource}`],
    ['Clock', sandbox.clock.now, sandbox.clock.offsetMs === 0 ? 'as the machine' : 'set by hand'],
    ['Directory', sandbox.directory, ''],
  ]);
  section(
    'Databases',
    sandbox.databases.map((one) => [
      one.identifier,
      `PostgreSQL ${one.version}`,
      `${one.host}:${one.port}`,
      one.username,
    ]),
  );
  section(
    'Schedules',
    sandbox.schedules.map((one) => [`${one.group}/${one.name}`, one.state, one.target]),
  );
  section(
    'Processes',
    sandbox.processes.map((one) => [String(one.processId), one.name]),
  );
}

async function down(options: CommonOptions): Promise<void> {
  const stateFile = new StateFile(options.name);
  const recorded = await stateFile.read();
  if (!recorded) throw new Error(`There is no sandbox ${options.name}: nothing to end.`);
  if (await isAlive(recorded)) {
    await ask(recorded.control, { command: 'down' });
    await waitForEnd(recorded.supervisor);
  }
  await endLeftovers(recorded, stateFile);
  out.line(options.json ? '{}' : 'Everything has ended, and its data are gone.');
}

/** Ends what a sandbox left whose supervisor was killed: each process by its id, if it is still that process. */
async function endLeftovers(recorded: RecordedSandbox, stateFile: StateFile): Promise<void> {
  for (const one of [recorded.supervisor, ...recorded.processes]) {
    if (!(await isRunning(one))) continue;
    process.kill(one.processId, 'SIGTERM');
    await waitForEnd(one);
  }
  await rm(recorded.directory, { recursive: true, force: true });
  await stateFile.remove();
}

async function waitForEnd(one: RecordedProcess): Promise<void> {
  for (let waited = 0; waited < PATIENCE; waited += 50) {
    if (!(await isRunning(one))) return;
    await sleep(50);
  }
  process.kill(one.processId, 'SIGKILL');
}

/** Milliseconds for a process to end in good order. */
const PATIENCE = 30_000;

async function running({ name }: CommonOptions): Promise<ControlAddress> {
  const recorded = await new StateFile(name).read();
  if (!recorded || !(await isAlive(recorded))) {
    throw new Error(`There is no sandbox ${name}: start one with "npm run sandbox -- up".`);
  }
  return recorded.control;
}

async function isAlive({ control }: RecordedSandbox): Promise<boolean> {
  const request: ControlRequest = { command: 'status' };
  return ask(control, request).then(
    () => true,
    () => false,
  );
}

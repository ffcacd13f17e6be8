import { setTimeout as sleep } from 'node:timers/promises';
import { KillOptions } from './backup-kills';
import { HostileRelay } from './hostile-relay';
import { KillWorld } from './kill-world';
import { Lane, Program, Run } from './lane';
import { RestoreScenario, restoreScenarios } from './restore-scenarios';
import { nextOf, NONE, Random, shuffled } from './scenarios';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';
import { masterClient } from '../../test/support/statements';
import { timeLimit } from '../bench';
import { atLeast, exactly, Figure } from '../figures';

/** Between two looks at the sessions of the target, in milliseconds. */
const LOOK_MS = 3;

/** Sessions of the restore whose present or last statement is of a phase. */
const SESSIONS = `
  FROM pg_stat_activity WHERE application_name = 'cdktf-managed-database' AND pid <> pg_backend_pid() AND query ~* $1`;

/** Kills and faults in every phase of real restores, each followed by a second start, by the shipped command line. */
export async function restoreKills(options: KillOptions, progress: (line: string) => void): Promise<Figure[]> {
  const world = await KillWorld.start();
  try {
    return await new RestoreStorm(options, world, progress).run();
  } finally {
    await world.stop();
  }
}

class RestoreStorm {
  private readonly random: Random;
  private readonly wanted: readonly RestoreScenario[];
  private readonly scenarios: Generator<RestoreScenario>;
  private readonly isOver: () => boolean;
  /** Names of the scenarios that happened. */
  private readonly met = new Set<string>();
  private readonly notEqual: string[] = [];
  private readonly restoredButShort: string[] = [];
  private readonly stuck: string[] = [];
  private kills = 0;
  /** Faults of the server. */
  private serverFaults = 0;
  private begun = 0;

  constructor(
    private readonly options: KillOptions,
    private readonly world: KillWorld,
    private readonly progress: (line: string) => void,
  ) {
    this.isOver = timeLimit(options);
    this.random = new Random(options.seed);
    this.wanted = restoreScenarios().filter(({ name }) => name.includes(options.only ?? ''));
    if (this.wanted.length === 0) throw new Error(`No scenario has ${options.only} in its name.`);
    this.scenarios = shuffled(this.wanted, this.random);
  }

  async run(): Promise<Figure[]> {
    const lanes = await this.world.openLanes(this.options.lanes);
    await Promise.all(lanes.map(async (lane) => this.runLane(lane)));
    const missed = [...this.names].filter((name) => !this.met.has(name));
    for (const line of [...this.notEqual, ...this.restoredButShort, ...this.stuck]) this.progress(line);
    this.progress(`${this.begun} scenarios; missed: ${missed.join(', ') || 'none'}`);
    return [
      atLeast('kills', this.kills, this.options.kills),
      atLeast('faults', this.faults, this.options.faults),
      exactly('phases-missed', missed.length, 0),
      exactly('not-equal', this.notEqual.length, 0),
      exactly('restored-but-short', this.restoredButShort.length, 0),
      exactly('stuck', this.stuck.length, 0),
    ];
  }

  private get names(): Set<string> {
    return new Set(this.wanted.map(({ name }) => name));
  }

  private get faults(): number {
    return this.world.store.faults + this.serverFaults;
  }

  private get isEnough(): boolean {
    return this.kills >= this.options.kills && this.faults >= this.options.faults;
  }

  private get isDone(): boolean {
    return this.isOver() || (this.isEnough && this.met.size >= this.names.size);
  }

  private async runLane(lane: Lane): Promise<void> {
    const { outcome, backup, output } = await lane.backUp().ended;
    if (outcome !== 'Completed') throw new Error(`The backup to restore was not made: ${output.slice(-800)}`);
    while (!this.isDone) {
      const scenario = nextOf(this.scenarios, this.isEnough ? this.met : NONE);
      this.begun += 1;
      if (this.begun % 10 === 0) this.progress(`${this.begun} scenarios, ${this.kills} kills, ${this.faults} faults`);
      await this.world.withTarget(lane, async (target) => this.play(lane, backup!, target, scenario));
      // A killed run leaves its files; the next one deletes them, and its own.
      this.stuck.push(...(await lane.processesLeft()), ...(await lane.temporaryFiles()));
    }
  }

  /** A restore that is disturbed, and another one where it did not end well. */
  private async play(lane: Lane, backup: string, target: PostgreSqlServer, scenario: RestoreScenario): Promise<void> {
    const where = `${lane.name}: ${scenario.name}`;
    const first = await this.disturb(lane, backup, target, scenario);
    this.world.store.watch(lane.prefix);
    if (first.code === 0) {
      const differences = await this.world.differences(target);
      this.restoredButShort.push(...differences.map((each) => `${where}: ${each}`));
      return;
    }
    const second = await lane.restore(backup, target).ended;
    if (second.code !== 0) {
      this.stuck.push(`${where}: the second restore ended with ${second.code}: ${second.output.slice(-1500)}`);
      return;
    }
    const differences = await this.world.differences(target);
    this.notEqual.push(...differences.map((each) => `${where}: ${each}`));
  }

  private async disturb(lane: Lane, backup: string, target: PostgreSqlServer, scenario: RestoreScenario): Promise<Run> {
    const relay = await HostileRelay.start('127.0.0.1', target.port);
    try {
      const program = lane.restore(backup, { host: 'localhost', port: relay.port, master: target.master });
      if (scenario.phase.at === 'storage') this.disturbAtRequest(lane, program, scenario);
      else await this.disturbAtStatement(program, target, relay, scenario);
      return await program.ended;
    } finally {
      await relay.stop();
    }
  }

  private disturbAtRequest(lane: Lane, program: Program, { name, phase, event }: RestoreScenario): void {
    if (phase.at !== 'storage') return;
    let left = phase.earliest + this.random.below(2);
    this.world.store.watch(lane.prefix, (request) => {
      if (!phase.isMoment(request) || --left > 0) return undefined;
      if (event.kind === 'kill') this.kill(program, name);
      if (event.kind !== 'storage' || (left < 0 && this.random.next() >= event.share)) return undefined;
      this.met.add(name);
      return event.fault;
    });
  }

  private async disturbAtStatement(
    program: Program,
    target: PostgreSqlServer,
    relay: HostileRelay,
    { name, phase, event }: RestoreScenario,
  ): Promise<void> {
    if (phase.at !== 'server') return;
    let hasEnded = false;
    const end = () => (hasEnded = true);
    program.ended.then(end, end);
    const client = await masterClient(target, 'postgres');
    try {
      while (!hasEnded) {
        const { rowCount } = await client.query(`SELECT ${SESSIONS}`, [phase.statement]);
        if (rowCount === 0) {
          await sleep(LOOK_MS);
          continue;
        }
        if (event.kind === 'kill') return this.kill(program, name);
        if (event.kind === 'connections cut') relay.cutAll();
        else await client.query(`SELECT pg_terminate_backend(pid) ${SESSIONS}`, [phase.statement]);
        this.serverFaults += 1;
        this.met.add(name);
        return;
      }
    } finally {
      await client.end();
    }
  }

  private kill({ process }: Program, name: string): void {
    if (process.exitCode === null && process.signalCode === null && process.kill('SIGKILL')) {
      this.kills += 1;
      this.met.add(name);
    }
  }
}

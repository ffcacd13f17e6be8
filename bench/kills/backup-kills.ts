import { setTimeout as sleep } from 'node:timers/promises';
import { execute, KillWorld } from './kill-world';
import { Lane, Program, Run } from './lane';
import { allScenarios, nextOf, NONE, Random, Scenario, shuffled } from './scenarios';
import { timeLimit } from '../bench';
import { atLeast, exactly, Figure } from '../figures';

export interface KillOptions {
  readonly seed: number;
  /** @default - no limit */
  readonly minutes?: number;
  /** Only the scenarios whose name has this in it. */
  readonly only?: string;
  /** Folders that are worked on side by side. */
  readonly lanes: number;
  readonly kills: number;
  readonly faults: number;
}

/** Every so many Completed backups one is restored and compared. */
const RESTORED_SHARE = 10;

/** A list and a prune run beside every so many scenarios. */
const COMPANY_SHARE = 3;

/** Bytes between the program and the server in one run: handshakes, questions and the rows. */
const SERVER_BYTES = 10_000_000;

/** What was found, by the figure that it counts for. */
class Findings {
  readonly notRestorable: string[] = [];
  readonly catalogsBroken: string[] = [];
  readonly orphans: string[] = [];
  readonly stuck: string[] = [];
  readonly notNamed: string[] = [];
}

/** Kills and faults on real backups of a real server, by the shipped command line and the function's program. */
export async function backupKills(options: KillOptions, progress: (line: string) => void): Promise<Figure[]> {
  const world = await KillWorld.start();
  try {
    return await new Storm(options, await world.openLanes(options.lanes), world, progress).run();
  } finally {
    await world.stop();
  }
}

class Storm {
  private readonly findings = new Findings();
  private readonly random: Random;
  private readonly wanted: readonly Scenario[];
  private readonly scenarios: Generator<Scenario>;
  private readonly isOver: () => boolean;
  /** Names of the scenarios that happened. */
  private readonly met = new Set<string>();
  private kills = 0;
  /** Sessions ended by the server, and full disks. */
  private otherFaults = 0;
  private begun = 0;
  private completed = 0;
  private restored = 0;

  constructor(
    private readonly options: KillOptions,
    private readonly lanes: readonly Lane[],
    private readonly world: KillWorld,
    private readonly progress: (line: string) => void,
  ) {
    this.isOver = timeLimit(options);
    this.random = new Random(options.seed);
    this.wanted = allScenarios().filter(({ name }) => name.includes(options.only ?? ''));
    if (this.wanted.length === 0) throw new Error(`No scenario has ${options.only} in its name.`);
    this.scenarios = shuffled(this.wanted, this.random);
  }

  async run(): Promise<Figure[]> {
    await Promise.all(this.lanes.map(async (lane) => this.runLane(lane)));
    await Promise.all(this.lanes.map(async (lane) => this.finish(lane)));
    const missed = [...new Set(this.wanted.map(({ name }) => name))].filter((name) => !this.met.has(name));
    const { notRestorable, catalogsBroken, orphans, stuck, notNamed } = this.findings;
    for (const line of [...notRestorable, ...catalogsBroken, ...orphans, ...stuck, ...notNamed]) this.progress(line);
    this.progress(
      `${this.begun} scenarios, ${this.completed} backups Completed; missed: ${missed.join(', ') || 'none'}`,
    );
    return [
      atLeast('kills', this.kills, this.options.kills),
      atLeast('faults', this.faults, this.options.faults),
      atLeast('restored', this.restored, 1),
      exactly('phases-missed', missed.length, 0),
      exactly('not-restorable', notRestorable.length, 0),
      exactly('catalogs-broken', catalogsBroken.length, 0),
      exactly('orphans', orphans.length, 0),
      exactly('stuck', stuck.length, 0),
      exactly('wrong-reasons', notNamed.length, 0),
    ];
  }

  private get faults(): number {
    return this.world.store.faults + this.otherFaults + this.lanes.reduce((sum, { relay }) => sum + relay.faults, 0);
  }

  private get isEnough(): boolean {
    return this.kills >= this.options.kills && this.faults >= this.options.faults;
  }

  private get isDone(): boolean {
    const names = new Set(this.wanted.map(({ name }) => name));
    return this.isOver() || (this.isEnough && this.met.size >= names.size);
  }

  private async runLane(lane: Lane): Promise<void> {
    while (!this.isDone) {
      const scenario = nextOf(this.scenarios, this.isEnough ? this.met : NONE);
      this.begun += 1;
      if (this.begun % 20 === 0) this.progress(`${this.begun} scenarios, ${this.kills} kills, ${this.faults} faults`);
      const company = this.begun % COMPANY_SHARE === 0 ? this.keepCompany(lane) : undefined;
      const runs = await this.play(lane, scenario);
      this.world.store.watch(lane.prefix);
      lane.relay.expect();
      await company;
      // Only where another run was under way.
      if (runs.length === 1 && company === undefined && runs[0].code === 7) {
        this.findings.stuck.push(`${lane.name}: ${scenario.name}: Locked, and no other run is under way`);
      }
      this.findings.stuck.push(...(await lane.processesLeft()));
      await this.inspect(lane, false);
      for (const run of runs) await this.restoreSome(lane, run);
      await lane.expireOldest().catch(() => undefined);
    }
  }

  private async play(lane: Lane, scenario: Scenario): Promise<Run[]> {
    switch (scenario.kind) {
      case 'killed at a request':
        return [await this.killAtRequest(lane, scenario)];
      case 'killed after a time':
        return [await this.killAfter(lane.backUp(), scenario.afterMs * (0.5 + this.random.next()), scenario.name)];
      case 'storage':
        this.world.store.watch(lane.prefix, ({ operation }) =>
          (scenario.on ?? operation) === operation && this.random.next() < scenario.share ? scenario.fault : undefined,
        );
        return [await this.disturbed(lane.backUp(), scenario.name, () => this.world.store.faults)];
      case 'one request without an answer':
        return [await this.disturbed(this.silence(lane), scenario.name, () => this.world.store.faults)];
      case 'server': {
        // As often among the first bytes as among the many of the rows.
        lane.relay.expect({ kind: scenario.fault, afterBytes: SERVER_BYTES ** this.random.next() });
        return [await this.disturbed(lane.backUp(), scenario.name, () => lane.relay.faults)];
      }
      case 'session ended by the server':
        return [await this.endSession(lane, scenario.session, scenario.name)];
      case 'disk full':
        return [await this.fillDisk(lane, scenario.name)];
      case 'eight at once':
        return this.eightAtOnce(lane, scenario.name);
      case 'same event twice':
        return this.sameEventTwice(lane, scenario.isKilled, scenario.name);
    }
  }

  /** Kills a run at the first to third request of a kind, before or after it is obeyed. */
  private async killAtRequest(
    lane: Lane,
    { name, isMoment }: Extract<Scenario, { kind: 'killed at a request' }>,
  ): Promise<Run> {
    let count = 1 + this.random.below(3);
    const isLate = this.random.next() < 0.5;
    const program = lane.backUp();
    const kill = () => this.kill(program, name);
    this.world.store.watch(lane.prefix, (request) => {
      if (isMoment(request) && --count === 0) {
        if (isLate) setImmediate(kill);
        else kill();
      }
      return undefined;
    });
    return program.ended;
  }

  private async killAfter(program: Program, milliseconds: number, name: string): Promise<Run> {
    const timer = setTimeout(() => this.kill(program, name), milliseconds);
    const run = await program.ended;
    clearTimeout(timer);
    return run;
  }

  private kill({ process }: Program, name: string): void {
    if (process.exitCode === null && process.kill('SIGKILL')) {
      this.kills += 1;
      this.met.add(name);
    }
  }

  private async disturbed(program: Program, name: string, faults: () => number): Promise<Run> {
    const before = faults();
    const run = await program.ended;
    if (faults() > before) this.met.add(name);
    return run;
  }

  /** One request of the run, whichever comes then, gets no answer. */
  private silence(lane: Lane): Program {
    let count = 1 + this.random.below(20);
    this.world.store.watch(lane.prefix, () => (--count === 0 ? 'silent' : undefined));
    return lane.backUp();
  }

  /** An administrator ends a session of the run, as soon as it has one. */
  private async endSession(lane: Lane, session: 'lock' | 'dump', name: string): Promise<Run> {
    const program = lane.backUp();
    let hasEnded = false;
    const ended = program.ended.finally(() => (hasEnded = true));
    await sleep(300 + this.random.below(1_200));
    const lock = "EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND locktype = 'advisory')";
    const condition =
      session === 'lock' ? lock : `NOT ${lock} AND backend_type = 'client backend' AND datname = 'shop'`;
    while (!hasEnded) {
      const ports = [0, ...lane.relay.clientPorts].join(', ');
      const ends = await execute(this.world.server, 'postgres', [
        `SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity a
         WHERE client_port IN (${ports}) AND ${condition} LIMIT 1`,
      ]);
      if (ends.length > 0) {
        this.otherFaults += 1;
        this.met.add(name);
        break;
      }
      await sleep(50);
    }
    const run = await ended;
    if (session === 'lock' && run.outcome === undefined && run.code === 7) {
      this.findings.notNamed.push(`${lane.name}: ${name}: a lost lock was called another run under way`);
    }
    return run;
  }

  private async fillDisk(lane: Lane, name: string): Promise<Run> {
    // More than the program's own small files, less than the dump.
    const run = await lane.backUp({ diskKib: 64 + this.random.below(3_000) }).ended;
    if (run.outcome === 'Completed') return run;
    this.otherFaults += 1;
    if (/ENOSPC|No space left on device/.test(run.output)) this.met.add(name);
    else this.findings.notNamed.push(`${lane.name}: a full disk is not named: ${run.output.slice(-800)}`);
    return run;
  }

  /** One after the other gets its turn within its time; the others say Locked. */
  private async eightAtOnce(lane: Lane, name: string): Promise<Run[]> {
    const now = Date.now();
    const due = Array.from({ length: 8 }, (_, index) => new Date(now - index * 1000).toISOString());
    const runs = await Promise.all(due.map(async (dueAt) => lane.backUpDue(dueAt).ended));
    for (const { outcome, output } of runs) {
      if (!['Completed', 'AlreadyCompleted', 'Locked'].includes(outcome ?? '')) {
        this.findings.stuck.push(`${lane.name}: one of eight ended so: ${output.slice(-800)}`);
      }
    }
    this.met.add(name);
    return runs;
  }

  private async sameEventTwice(lane: Lane, isKilled: boolean, name: string): Promise<Run[]> {
    const dueAt = new Date().toISOString();
    const [one, other] = [lane.backUpDue(dueAt), lane.backUpDue(dueAt)];
    const runs = isKilled
      ? await Promise.all([this.killAfter(one, 500 + this.random.below(3_000), name), other.ended])
      : await Promise.all([one.ended, other.ended]);
    if (!isKilled) this.met.add(name);
    const outcomes = runs.map(({ outcome }) => outcome);
    if (outcomes.every((outcome) => outcome === 'Completed')) {
      this.findings.stuck.push(`${lane.name}: two runs of one event both made the backup`);
    }
    if (!outcomes.some((outcome) => outcome === 'Completed' || outcome === 'AlreadyCompleted')) {
      this.findings.stuck.push(`${lane.name}: ${name}: ${outcomes.join(' and ')}: ${runs[1].output.slice(-800)}`);
    }
    return runs;
  }

  /** `list` and `prune` at some moments of whatever happens. */
  private async keepCompany(lane: Lane): Promise<void> {
    await sleep(this.random.below(2_000));
    const pruning = lane.prune().ended;
    const before = new Set(lane.said);
    const { code, backups = [] } = await lane.list().ended;
    const listed = backups.filter(({ state }) => state === 'Completed').map(({ backup }) => backup);
    const missing = lane.missingFrom(listed).filter((id) => before.has(id));
    if (code === 0 && missing.length > 0) {
      this.findings.catalogsBroken.push(`${lane.name}: list lacks ${missing.join(', ')}`);
    }
    await pruning;
  }

  /** Every backup that the list calls Completed is whole; after a good run none is missing. */
  private async inspect(lane: Lane, isAfterGoodRun: boolean): Promise<void> {
    try {
      this.findings.notRestorable.push(...(await lane.faultsOfCompleted()));
      if (!isAfterGoodRun) return;
      const missing = lane.missingFrom((await lane.completed()).map(({ id }) => id));
      this.findings.catalogsBroken.push(...missing.map((id) => `${lane.name}/${id} is not listed`));
    } catch (error) {
      if (lane.hasManifests) this.findings.catalogsBroken.push(`${lane.name}: ${(error as Error).message}`);
    }
  }

  private async restoreSome(lane: Lane, { outcome, backup }: Run): Promise<void> {
    if (outcome !== 'Completed') return;
    this.completed += 1;
    if (this.completed % RESTORED_SHARE !== 1) return;
    const differences = await this.world.withTarget(lane, async (target) => {
      const { code, output } = await lane.restore(backup!, target).ended;
      if (code !== 0) return [`the restore ended with ${code}: ${output.slice(-1500)}`];
      return this.world.differences(target);
    });
    this.restored += 1;
    this.findings.notRestorable.push(...differences.map((difference) => `${lane.name}/${backup}: ${difference}`));
  }

  /** Two good runs after everything leave nothing behind. */
  private async finish(lane: Lane): Promise<void> {
    for (let round = 0; round < 2; round++) {
      const last = await lane.backUp().ended;
      if (last.outcome !== 'Completed') {
        this.findings.stuck.push(`${lane.name}: a good run ended with ${last.code}: ${last.output.slice(-800)}`);
      }
      await this.inspect(lane, true);
    }
    const entries = (await lane.folder().readCatalog())?.entries ?? [];
    const running = entries.filter(({ state }) => state !== 'Completed' && state !== 'Failed');
    this.findings.stuck.push(...running.map(({ id, state }) => `${lane.name}/${id} is ${state}`));
    this.findings.orphans.push(...(await lane.orphans()), ...(await lane.temporaryFiles()));
    this.findings.stuck.push(...(await lane.processesLeft()));
  }
}

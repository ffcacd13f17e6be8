import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ActionRunner } from './action-runner';
import { preferBundledClients } from './bundled-clients';
import { offerBundledServer } from './bundled-server';
import { Interruption } from './interruption';
import { Action, Answers, Request } from '../contract/requests';
import { runAction } from '../runtime/actions';
import { libraryVersion } from '../runtime/library-version';
import { Log } from '../runtime/log';
import { Runtime } from '../runtime/runtime';
import { SecretsManager } from '../runtime/secrets';
import { openObjectStore } from '../runtime/storage/s3-object-store';
import { makeWorkDirectory } from '../runtime/work-directory';

/** The owner that backups from this process are recorded under. */
export interface AccountAndRegion {
  /** Absent without an AWS account. */
  readonly account?: string;
  readonly region: string;
}

/** Actions that write end in good order when interrupted: they record that they failed and release their lock. */
const WRITING_ACTIONS: readonly Action[] = ['back-up', 'prune', 'repair', 'restore', 'drill'];

/** Actions that start PostgreSQL's clients. */
const CLIENT_ACTIONS: readonly Action[] = ['back-up', 'restore', 'drill'];

/** Runs actions in this process, without a time limit. */
export class LocalRunner implements ActionRunner {
  constructor(
    private readonly owner: AccountAndRegion,
    private readonly log: Log,
  ) {}

  async run<R extends Request>(request: R): Promise<Answers[R['action']]> {
    const workDirectory = await makeWorkDirectory();
    const interruption = new Interruption(
      WRITING_ACTIONS.includes(request.action),
      (note) => this.log.warn('interrupted', { note }),
      () => rmSync(workDirectory, { recursive: true, force: true }),
    );
    try {
      if (CLIENT_ACTIONS.includes(request.action)) await preferBundledClients(join(workDirectory, 'bundled-clients'));
      if (request.action === 'drill') await offerBundledServer(join(workDirectory, 'bundled-server'));
      return await runAction(request, this.runtime(workDirectory, interruption.signal));
    } finally {
      interruption.end();
      await rm(workDirectory, { recursive: true, force: true });
    }
  }

  private runtime(workDirectory: string, interruption: AbortSignal): Runtime {
    const { log, owner } = this;
    const secrets = new SecretsManager();
    return {
      now: () => new Date(),
      remainingMs: () => Infinity,
      ...owner,
      libraryVersion,
      log,
      secrets,
      workDirectory,
      interruption,
      openStorage: async (settings) => openObjectStore(settings, { secrets, log, region: owner.region }),
    };
  }
}

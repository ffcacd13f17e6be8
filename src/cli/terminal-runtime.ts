import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ActionRunner } from './action-runner';
import { preferOwnClients } from './clients';
import { Interruption } from './interruption';
import { Answers, Request } from '../contract/requests';
import { runAction } from '../runtime/actions';
import { libraryVersion } from '../runtime/library-version';
import { Log } from '../runtime/log';
import { Runtime } from '../runtime/runtime';
import { SecretsManager } from '../runtime/secrets';
import { openObjectStore } from '../runtime/storage/s3-object-store';

/** For whom a program in a terminal writes. */
export interface Place {
  /** Absent where there is no AWS account. */
  readonly account?: string;
  readonly region: string;
}

/** Does what is asked in this process, with as much time as it takes. */
export class TerminalRuntime implements ActionRunner {
  constructor(
    private readonly place: Place,
    private readonly log: Log,
  ) {}

  async run<R extends Request>(request: R): Promise<Answers[R['action']]> {
    preferOwnClients();
    const workDirectory = await mkdtemp(join(tmpdir(), 'cdktf-managed-database-'));
    const interruption = new Interruption(
      (note) => this.log.warn('interrupted', { note }),
      () => rmSync(workDirectory, { recursive: true, force: true }),
    );
    try {
      return await runAction(request, this.runtime(workDirectory));
    } finally {
      interruption.end();
      await rm(workDirectory, { recursive: true, force: true });
    }
  }

  private runtime(workDirectory: string): Runtime {
    const { log, place } = this;
    const secrets = new SecretsManager();
    return {
      now: () => new Date(),
      remainingMs: () => Infinity,
      ...place,
      libraryVersion,
      log,
      secrets,
      workDirectory,
      openStorage: async (settings) => openObjectStore(settings, { secrets, log, region: place.region }),
    };
  }
}

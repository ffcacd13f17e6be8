import { Client } from 'pg';
import { analyze } from './analyze';
import {
  commentOnExtensions,
  giveToTargetMaster,
  possibleHere,
  restoreProperties,
  runEach,
} from './database-statements';
import { LeftOutWithExtensions } from './left-out-with-extensions';
import { ADMINISTRATION, inDatabase, LoadJob, mastersIn } from './load-job';
import { planLoad } from './load-plan';
import { LoadProgress } from './load-progress';
import { pgRestore, readSteps, scriptOf } from './pg-restore';
import { notGrantedRemarks } from './provider-grants';
import { RefusedObject } from './refused-objects';
import { ownersInSchemas } from './restore-steps';
import { grantsFor } from './sql-script';
import { endStandIns, renameInArchive, useStandIns } from './stand-in-names';
import { grantTemporarySchemaRights } from './temporary-grants';
import { DatabaseFiles, UnitDirectory } from './unit-files';
import { runUnits } from './unit-runner';
import { verifyCounts } from './verify-counts';
import { ManifestDatabase } from '../../contract/manifest';
import { Remark } from '../../contract/remark';
import { ArchiveEntry } from '../archive/listing';
import { serverNameIn } from '../postgres/encoding';
import { readOwnProviderRoles } from '../postgres/roles';

const DEADLOCK = /deadlock detected/;

/** What was found in a database after it was loaded. */
export interface LoadedDatabase {
  readonly tables: number;
  readonly rows: number;
  /** Harmless messages. */
  readonly passedOver: readonly string[];
  /** Objects that the server refused, without which the data is whole and nothing less is enforced. */
  readonly remarks: readonly Remark[];
  /** Those without which less is enforced. */
  readonly notEnforced: readonly Remark[];
}

/**
 * Fills one empty database, which the user owns, from its dump, as a master that is no superuser, and counts what came:
 *
 * 1. schemas and extensions;
 * 2. rights to make objects are lent to the owners, since objects are handed over to them one by one;
 * 3. everything else: types, functions, tables; rows and indexes, in several sessions; foreign keys, triggers;
 * 4. the temporary rights are revoked, and the rights of the source granted;
 * 5. materialized views, by their owners and with their rights;
 * 6. statistics, and the counts against the manifest;
 * 7. owner, rights, comment and settings of the database itself.
 *
 * @throws DatabaseFault with the server's words; VerificationFailed where a count is not the manifest's.
 */
export async function loadDatabase(job: LoadJob, facts: ManifestDatabase): Promise<LoadedDatabase> {
  const files = await DatabaseFiles.open(job.reader, job.manifest, facts.name, job.workDirectory);
  try {
    const standIns = await inDatabase(job, ADMINISTRATION, async (admin) =>
      useStandIns(admin, job.roles, facts.encoding),
    );
    await renameInArchive(files.archive, standIns);
    const nameOf = (role: string) => standIns.get(role) ?? role;
    const masters = { ...job.masters, source: nameOf(job.masters.source) };
    const renamed = { ...job, masters, roles: job.roles.map(nameOf) };
    const loaded = await new DatabaseLoad(renamed, { ...facts, owner: nameOf(facts.owner) }, files).run();
    await inDatabase(job, ADMINISTRATION, async (admin) => endStandIns(admin, [...standIns.keys()]));
    return loaded;
  } finally {
    await files.remove();
  }
}

/** The load of one database. */
class DatabaseLoad {
  private readonly passedOver: string[] = [];
  private readonly refused: RefusedObject[] = [];
  private readonly leftOut: LeftOutWithExtensions;

  constructor(
    private readonly job: LoadJob,
    private readonly facts: ManifestDatabase,
    private readonly files: DatabaseFiles,
  ) {
    this.leftOut = new LeftOutWithExtensions(facts, job.withoutExtensions);
  }

  async run(): Promise<LoadedDatabase> {
    const { job, facts, files } = this;
    const { steps, entries } = await readSteps(job, facts, files.archive);
    await this.restore(steps.schemas);
    const masters = mastersIn(facts, job.masters);
    const roles = job.roles.map((role) => serverNameIn(role, facts.encoding));
    const takeBack = await inDatabase(job, facts, async (client) => {
      const owners = [...roles, ...(await readOwnProviderRoles(client))];
      return grantTemporarySchemaRights(client, ownersInSchemas(steps.contents, await schemasOf(client), owners));
    });
    await this.loadContents(steps.contents, entries);
    const grants = await scriptOf(job, facts, files.archive, steps.grants);
    const extensionComments = await scriptOf(job, facts, files.archive, steps.extensionComments);
    await inDatabase(job, facts, async (client) => {
      await giveToTargetMaster(client, masters);
      await runEach(client, takeBack);
      const possible = await possibleHere(job, facts, client, grantsFor(grants, masters));
      await runEach(client, possible, async (message, statement) => {
        if (this.leftOut.takes(message)) return true;
        const remarks = await notGrantedRemarks(client, message, statement, facts, job.manifest.remarks);
        remarks?.forEach(job.remark);
        return remarks !== undefined;
      });
      const comments = grantsFor(extensionComments, masters);
      this.passedOver.push(...(await commentOnExtensions(client, comments, this.leftOut)));
    });
    await this.restore(steps.computed);
    const counted = await this.countAndAnalyze();
    await restoreProperties(job, facts, await scriptOf(job, facts, files.archive, steps.properties, '--create'));
    const remarksOf = (weight: RefusedObject['weight']) =>
      this.refused.filter((each) => each.weight === weight).map(({ remark }) => remark);
    return {
      ...counted,
      passedOver: [...new Set(this.passedOver)],
      remarks: [...remarksOf('remark'), ...this.leftOut.remarks],
      notEnforced: remarksOf('enforced'),
    };
  }

  /** Side by side: both of them only read the tables. */
  private async countAndAnalyze(): Promise<Pick<LoadedDatabase, 'tables' | 'rows'>> {
    const { job, facts } = this;
    const work = [
      inDatabase(job, facts, async (client) => verifyCounts(client, facts, this.leftOut)),
      analyze(job.sessions, async (some) => inDatabase(job, facts, some)),
    ] as const;
    await Promise.allSettled(work);
    const [counted] = await Promise.all(work);
    return counted;
  }

  /** Tables in one session, then rows and indexes in several, then what needs them. */
  private async loadContents(lines: readonly string[], entries: readonly ArchiveEntry[]): Promise<void> {
    const { job, files } = this;
    const largeObjects = await files.readLargeObjects(entries);
    const plan = planLoad(lines, entries, files.data, largeObjects, job.sessions);
    const progress = new LoadProgress(plan.units, job.reportWork);
    await progress.during(plan.before, async () => this.restore(plan.before));
    await runUnits(
      plan.units,
      job.sessions,
      {
        prepare: async (unit, signal) => files.prepare(unit, signal),
        run: async (unit, directory, signal) =>
          progress.during(unit.lines, async () =>
            this.restoreFed(unit.lines, directory, signal).catch(async (error) => {
              // Two entries that lock one table twice can wait for each other; nothing is left of the one that was ended.
              if (unit.files.length > 0 || !DEADLOCK.test(error.message)) throw error;
              await this.restoreFed(unit.lines, await files.prepare(unit, signal), signal);
            }),
          ),
      },
      job.signal,
    );
    await progress.during(plan.after, async () => this.restore(plan.after));
  }

  /** Restores entries while the files that they read are fetched. The first failure of either ends the other. */
  private async restoreFed(lines: readonly string[], directory: UnitDirectory, signal: AbortSignal): Promise<void> {
    const noFiles = new AbortController();
    const restored = new AbortController();
    const feeding = directory.feed(AbortSignal.any([signal, restored.signal])).catch((error) => {
      noFiles.abort(error);
      throw error;
    });
    try {
      await this.restore(lines, directory.path, AbortSignal.any([signal, noFiles.signal]));
      restored.abort(new Error('pg_restore ended before it had read its files.'));
      await feeding;
    } finally {
      restored.abort();
      await Promise.allSettled([feeding]);
      await directory.remove();
    }
  }

  private async restore(
    lines: readonly string[],
    archive = this.files.archive,
    signal = this.job.signal,
  ): Promise<void> {
    const { passedOver, refused } = await pgRestore({ ...this.job, signal }, this.facts, archive, lines, this.leftOut);
    this.passedOver.push(...passedOver);
    this.refused.push(...refused);
  }
}

async function schemasOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ nspname: string }>(
    `SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`,
  );
  return rows.map(({ nspname }) => nspname);
}

import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { restore } from './restore';
import { ActionError } from '../../contract/action-error';
import { describeLackOfDisk, drillDiskBytes } from '../../contract/drill-rules';
import { BackupEvent, MAXIMUM_REASON_CHARACTERS } from '../../contract/events';
import { Manifest } from '../../contract/manifest';
import { CheckResult, Proof, PROOF_FORMAT } from '../../contract/proof';
import { distinctRemarks, Remark } from '../../contract/remark';
import { DrillRequest, RestoreAnswer } from '../../contract/requests';
import { databaseBytes as databaseBytesOf } from '../../contract/restore-rules';
import { PastRun } from '../../contract/time-estimate';
import { functionMemoryMib, thisMachine } from '../archive/transfer-limits';
import { withinDeadline } from '../deadline';
import { runChecks } from '../drill/checks';
import { ThrowawayServer } from '../drill/throwaway-server';
import { publishEvents } from '../events';
import { BackupFolder } from '../folder/backup-folder';
import { StoredBackup } from '../folder/stored-backup';
import { emitMetrics } from '../metrics';
import { withClient } from '../postgres/connection';
import { requireTime } from '../require-time';
import { Runtime } from '../runtime';

const GIB = 1024 ** 3;

/** The name under which the restore asks for the credentials of the throwaway server. */
const SERVER_SECRET = 'throwaway-server';

/**
 * Restores a backup into a server that exists only for this, as a restore does, runs the checks, and stores what was found
 * as the backup's proof. Nothing is left behind but the proof.
 *
 * @throws VerificationFailed, with the proof as its details, where the backup was disproved; Refused where it cannot be
 * tried here; NotFound where there is no such backup, or it was deleted meanwhile; else what stopped the drill
 */
export async function drill(request: DrillRequest, runtime: Runtime): Promise<Proof> {
  const startedAt = runtime.now();
  const subject = { database: request.source.database, schedule: request.schedule };
  const send = async (event: BackupEvent) => {
    if (request.events) await publishEvents([event], runtime.region, runtime.log);
  };
  const durationMs = () => runtime.now().getTime() - startedAt.getTime();
  try {
    const proof = await withinDeadline(runtime, 'DatabaseFault', async (signal) =>
      proveAndStore(request, runtime, signal),
    );
    const metrics = { DrillFailed: 0, ProofAge: 0, DrillDuration: durationMs() / 1000 };
    emitMetrics(runtime.log, metrics, subject, runtime.now());
    const { backup, loaded, notProved } = proof;
    const numbers = { databaseBytes: loaded!.databaseBytes, durationMs: durationMs(), notProved: notProved.length };
    await send({ type: 'Backup Proved', detail: { ...subject, backup, ...numbers } });
    return proof;
  } catch (error) {
    const reason = (error as Error).message;
    if (hasNothingToDrill(request, error)) {
      // In the first hours of a deployment. Where it stays so, the age of the newest proof tells.
      runtime.log.warn('nothing-to-drill', { reason });
      throw error;
    }
    runtime.log.warn('drill-failed', { reason });
    emitMetrics(runtime.log, { DrillFailed: 1, DrillDuration: durationMs() / 1000 }, subject, runtime.now());
    const disproved = error instanceof ActionError && (error.details as Proof | undefined);
    if (disproved) {
      const detail = { ...subject, backup: disproved.backup };
      const cut = disproved.reason!.slice(0, MAXIMUM_REASON_CHARACTERS);
      await send({ type: 'Backup Disproved', detail: { ...detail, reason: cut } });
    }
    throw error;
  }
}

/** No backup was completed yet, or the newest one was deleted while it was drilled. */
function hasNothingToDrill({ source }: DrillRequest, error: unknown): boolean {
  return (
    source.backup.kind === 'latest' &&
    error instanceof ActionError &&
    (error.kind === 'NotFound' || error.kind === 'MissingOrDenied')
  );
}

async function proveAndStore(request: DrillRequest, runtime: Runtime, signal: AbortSignal): Promise<Proof> {
  const folder = await BackupFolder.open(request.source, runtime);
  const backup = await folder.selectBackup(request.source.backup);
  const { backup: id } = backup.manifest;
  await requireRoom(backup.manifest, folder, runtime);
  runtime.log.info('drill-started', { backup: id });
  // The retention may delete the backup while it is restored: that says nothing against it.
  const proof = await prove(request, backup, runtime, signal).catch(async (error: unknown) => {
    const isDeleted = error instanceof ActionError && error.kind === 'NotFound';
    throw isDeleted ? deletedMeanwhile(id) : error;
  });
  if (!(await folder.hasManifest(id))) throw deletedMeanwhile(id);
  await folder.writeProof(proof);
  if (!(await folder.hasManifest(id))) {
    await folder.deleteProof(id);
    throw deletedMeanwhile(id);
  }
  const { state, reason, loaded, durations } = proof;
  if (state === 'Proved') {
    runtime.log.info('backup-proved', { backup: id, ...loaded, ...durations });
    return proof;
  }
  runtime.log.warn('backup-disproved', { backup: id, reason });
  throw new ActionError('VerificationFailed', `The drill disproved backup ${id}: ${reason}`, proof);
}

/**
 * @throws Refused where the databases do not fit on the disk, or the last drill says that there is not enough time. Nothing
 * of the backup was read for it but its manifest.
 */
async function requireRoom(manifest: Manifest, folder: BackupFolder, runtime: Runtime): Promise<void> {
  const bytes = databaseBytesOf(manifest);
  const { bavail, bsize } = await statfs(runtime.workDirectory);
  const needed = drillDiskBytes(bytes);
  if (needed > bavail * bsize) {
    throw new ActionError('Refused', describeLackOfDisk(manifest.backup, needed, bavail * bsize));
  }
  if (functionMemoryMib() === undefined) return;
  const past = await folder.newestProof();
  if (past === undefined) return;
  const work = `The drill of backup ${manifest.backup}`;
  requireTime({ backup: manifest.backup, work, bytes, past: pastRunOf(past) }, 'Refused', runtime);
}

function pastRunOf({ loaded, durations, functionMemoryMib: memoryMib }: Proof): PastRun {
  const durationMs = durations.serverMs + durations.restoreMs + durations.checksMs;
  return { bytes: loaded?.databaseBytes ?? 0, durationMs, memoryMib };
}

async function prove(
  request: DrillRequest,
  { manifest, manifestDigest }: StoredBackup,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<Proof> {
  const startedAt = runtime.now().toISOString();
  const watch = stopwatch();
  const directory = join(runtime.workDirectory, 'server');
  const server = await ThrowawayServer.start({ directory, manifest, signal });
  const serverMs = watch();
  runtime.log.info('drill-server-started', { backup: manifest.backup, serverMs });
  const found = { restoreMs: 0, checksMs: 0, checks: [] as CheckResult[], notProved: [] as Remark[] };
  let reason: string | undefined;
  let loaded: Proof['loaded'];
  try {
    const answer = await restoreInto(server, request, manifest, runtime);
    signal.throwIfAborted();
    found.restoreMs = watch();
    found.checks = await runChecks(server.connection, request.checks ?? [], signal);
    found.notProved = distinctRemarks([...answer.remarks, ...(await unvalidated(server, answer.databases))]);
    loaded = sizesOf(answer);
    found.checksMs = watch();
    reason = checksFault(found.checks);
  } catch (error) {
    // An interrupted drill, and one that did not reach the storage, say nothing about the backup.
    if (signal.aborted || (error instanceof ActionError && !DISPROVING.includes(error.kind))) throw error;
    if (server.hasEnded || NOT_ABOUT_THE_BACKUP.test((error as Error).message)) {
      throw notFinished(manifest, error as Error);
    }
    found.restoreMs ||= watch();
    reason = (error as Error).message;
  } finally {
    await server.stop();
  }
  return {
    format: PROOF_FORMAT,
    backup: manifest.backup,
    manifestDigest,
    state: reason === undefined ? 'Proved' : 'Disproved',
    ...(reason !== undefined && { reason }),
    startedAt,
    endedAt: runtime.now().toISOString(),
    libraryVersion: runtime.libraryVersion,
    serverVersion: server.version.text,
    processors: thisMachine().processors,
    ...(functionMemoryMib() && { functionMemoryMib: functionMemoryMib() }),
    loaded,
    durations: { serverMs, restoreMs: found.restoreMs, checksMs: found.checksMs },
    notProved: found.notProved,
    checks: found.checks,
  };
}

/** Kinds of failure of a restore that say that the backup cannot be restored. */
const DISPROVING: readonly ActionError['kind'][] = ['VerificationFailed', 'DatabaseFault'];

/** What the machine lacks. */
const NOT_ABOUT_THE_BACKUP = /No space left on device|could not extend file|out of memory|Cannot allocate memory/;

function notFinished({ backup }: Manifest, { message }: Error): ActionError {
  return new ActionError(
    'DatabaseFault',
    `The drill of backup ${backup} could not be finished, which says nothing about the backup: ${message}. Give the ` +
      'function more memory or a larger disk (ephemeral storage), or run the drill with the command line on a larger machine.',
  );
}

/** The product's own restore, of exactly the backup whose manifest was read. */
async function restoreInto(
  server: ThrowawayServer,
  { source }: DrillRequest,
  { backup, plan, master }: Manifest,
  runtime: Runtime,
): Promise<RestoreAnswer> {
  const { processors, memoryBytes } = thisMachine();
  const workDirectory = join(runtime.workDirectory, 'restore');
  await mkdir(workDirectory, { mode: 0o700 });
  const read = async (arn: string) =>
    arn === SERVER_SECRET ? JSON.stringify({ username: master, password: 'unused' }) : runtime.secrets.read(arn);
  return restore(
    {
      action: 'restore',
      source: { ...source, backup: { kind: 'backup', id: backup } },
      target: {
        identifier: 'the server of the drill',
        endpoint: server.endpoint,
        credentials: { kind: 'secret', secretArn: SERVER_SECRET },
        // The settings of the load follow the memory that there is here, not that of the source.
        plan: { ...plan, vcpu: Math.ceil(processors), memoryGib: memoryBytes / GIB },
        // A socket has no TLS.
        caCertificate: 'none',
      },
    },
    { ...runtime, workDirectory, secrets: { ...runtime.secrets, read } },
    { leaveOutMissingExtensions: true },
  );
}

function sizesOf({ databases, tables, rows, databaseBytes }: RestoreAnswer) {
  return { databases, tables, rows, databaseBytes };
}

/** Constraints that the source itself has never checked (NOT VALID): the restore makes them as they are. */
async function unvalidated(server: ThrowawayServer, databases: readonly string[]): Promise<Remark[]> {
  const remarks: Remark[] = [];
  for (const database of databases) {
    await withClient(server.connection, database, async (client) => {
      const { rows } = await client.query(
        `SELECT n.nspname AS schema, c.conname AS name FROM pg_catalog.pg_constraint c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace WHERE NOT c.convalidated`,
      );
      const reason = 'It is NOT VALID in the source too: PostgreSQL has never checked it against the rows';
      remarks.push(...rows.map(({ schema, name }) => ({ database, type: 'constraint', schema, name, reason })));
    });
  }
  return remarks;
}

function checksFault(checks: readonly CheckResult[]): string | undefined {
  const failed = checks.filter(({ passed }) => !passed);
  if (failed.length === 0) return undefined;
  const texts = failed.map(
    ({ database, query, expect, value, error }) =>
      `in database ${database}, ${query} gave ${error ?? JSON.stringify(value ?? null)}, not ${JSON.stringify(expect)}`,
  );
  return `${failed.length} of ${checks.length} checks failed: ${texts.join('; ')}.`;
}

function deletedMeanwhile(id: string): ActionError {
  return new ActionError('NotFound', `Backup ${id} was deleted while the drill ran: choose a newer one.`);
}

/** Milliseconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const before = last;
    last = performance.now();
    return Math.round(last - before);
  };
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { restore } from './restore';
import { ActionError } from '../../contract/action-error';
import { Manifest } from '../../contract/manifest';
import { CheckResult, Proof, PROOF_FORMAT } from '../../contract/proof';
import { distinctRemarks, Remark } from '../../contract/remark';
import { DrillRequest, RestoreAnswer } from '../../contract/requests';
import { withinDeadline } from '../deadline';
import { runChecks } from '../drill/checks';
import { ThrowawayServer } from '../drill/throwaway-server';
import { BackupFolder } from '../folder/backup-folder';
import { StoredBackup } from '../folder/stored-backup';
import { ADMINISTRATION_DATABASE, withClient } from '../postgres/connection';
import { Runtime } from '../runtime';

/** The name under which the restore asks for the credentials of the throwaway server. */
const SERVER_SECRET = 'throwaway-server';

/**
 * Restores a backup into a server that exists only for this, as a restore does, runs the checks, and stores what was found
 * as the backup's proof. Nothing is left behind but the proof.
 *
 * @throws VerificationFailed, with the proof as its details, where the backup was disproved; Refused where it cannot be
 * tried here; NotFound where there is no such backup, or it was deleted meanwhile
 */
export async function drill(request: DrillRequest, runtime: Runtime): Promise<Proof> {
  return withinDeadline(runtime, 'DatabaseFault', async (signal) => {
    const folder = await BackupFolder.open(request.source, runtime);
    const backup = await folder.selectBackup(request.source.backup);
    const { backup: id } = backup.manifest;
    runtime.log.info('drill-started', { backup: id });
    const proof = await prove(request, backup, runtime, signal);
    // The retention may have deleted the backup while it was restored: that says nothing against it.
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
  });
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
  const found = { restoreMs: 0, checksMs: 0, checks: [] as CheckResult[], notProved: [] as Remark[] };
  let reason: string | undefined;
  let loaded: Proof['loaded'];
  try {
    const answer = await restoreInto(server, request, manifest, runtime);
    signal.throwIfAborted();
    found.restoreMs = watch();
    found.checks = await runChecks(server.connection, request.checks ?? [], signal);
    found.notProved = distinctRemarks([...answer.remarks, ...(await unvalidated(server, answer.databases))]);
    loaded = { ...sizesOf(answer), databaseBytes: await databaseBytes(server) };
    found.checksMs = watch();
    reason = checksFault(found.checks);
  } catch (error) {
    // An interrupted drill, and one that did not reach the storage, say nothing about the backup.
    if (signal.aborted || (error instanceof ActionError && !DISPROVING.includes(error.kind))) throw error;
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
    loaded,
    durations: { serverMs, restoreMs: found.restoreMs, checksMs: found.checksMs },
    notProved: found.notProved,
    checks: found.checks,
  };
}

/** Kinds of failure of a restore that say that the backup cannot be restored. */
const DISPROVING: readonly ActionError['kind'][] = ['VerificationFailed', 'DatabaseFault'];

/** The product's own restore, of exactly the backup whose manifest was read. */
async function restoreInto(
  server: ThrowawayServer,
  { source }: DrillRequest,
  { backup, plan, master }: Manifest,
  runtime: Runtime,
): Promise<RestoreAnswer> {
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
        plan,
        // A socket has no TLS.
        caCertificate: 'none',
      },
    },
    { ...runtime, workDirectory, secrets: { ...runtime.secrets, read } },
  );
}

function sizesOf({ databases, tables, rows }: RestoreAnswer) {
  return { databases, tables, rows };
}

async function databaseBytes(server: ThrowawayServer): Promise<number> {
  return withClient(server.connection, ADMINISTRATION_DATABASE, async (client) => {
    const { rows } = await client.query(
      `SELECT sum(pg_catalog.pg_database_size(oid)) AS bytes FROM pg_catalog.pg_database
       WHERE pg_catalog.has_database_privilege(oid, 'CONNECT')`,
    );
    return Number(rows[0].bytes);
  });
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

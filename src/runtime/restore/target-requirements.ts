import { Client, escapeIdentifier } from 'pg';
import { ActionError } from '../../contract/action-error';
import { Manifest } from '../../contract/manifest';
import { MasterUsers } from '../postgres/roles';

/** @throws Refused if the server is older than the source */
export function requireServerFor(manifest: Manifest, serverMajor: number): void {
  if (serverMajor < manifest.engine.serverMajor) {
    throw new ActionError(
      'Refused',
      `The server must be at least as new as the source: it has PostgreSQL ${serverMajor}, the backup is of ` +
        `${manifest.engine.serverVersion}. Restore into a newer one.`,
    );
  }
}

/** @throws Refused if the user may not create roles and databases, naming what it lacks */
export async function requireRights(admin: Client): Promise<void> {
  const { rows } = await admin.query<{ user: string; lacking: string[] }>(
    `SELECT rolname AS user, array_remove(ARRAY[CASE WHEN NOT rolcreaterole THEN 'CREATEROLE' END,
       CASE WHEN NOT rolcreatedb THEN 'CREATEDB' END], NULL) AS lacking
     FROM pg_catalog.pg_roles WHERE rolname = current_user AND NOT rolsuper`,
  );
  for (const { user, lacking } of rows.filter((row) => row.lacking.length > 0)) {
    throw new ActionError(
      'Refused',
      `A restore creates roles and databases: user ${user} of the target lacks ${lacking.join(' and ')}. Restore as the ` +
        `master user, or run ALTER ROLE ${escapeIdentifier(user)} ${lacking.join(' ')}. Nothing was changed here.`,
    );
  }
}

/** An extension of the source that a server does not offer. */
export interface MissingExtension {
  readonly name: string;
  readonly database: string;
}

export async function missingExtensions(manifest: Manifest, admin: Client): Promise<MissingExtension[]> {
  const { rows } = await admin.query<{ name: string }>('SELECT name FROM pg_catalog.pg_available_extensions');
  const available = new Set(rows.map(({ name }) => name));
  return manifest.databases.flatMap(({ name: database, extensions }) =>
    extensions.filter(({ name }) => !available.has(name)).map(({ name }) => ({ name, database })),
  );
}

/** @throws Refused naming the extensions, if there is one */
export function refuseMissing(missing: readonly MissingExtension[]): void {
  if (missing.length === 0) return;
  const names = missing.map(({ name, database }) => `${name} (of database ${database})`);
  throw new ActionError(
    'Refused',
    `The server must offer the extensions of the source; it has no ${names.join(', ')}. Choose a version of the ` +
      'engine that has them, or drop them at the source and back up again. Nothing was changed here.',
  );
}

/**
 * The target's master replaces the source's, so no other role of the source may have its name.
 *
 * @throws Refused if one has
 */
export function requireNoOtherMaster({ roles }: Manifest, { source, target }: MasterUsers): void {
  if (source !== target && roles.some(({ name }) => name === target)) {
    throw new ActionError(
      'Refused',
      `The master user of the target has the name of a role of the source: ${target}, where the source's master is ` +
        `${source}. Give the target a master user with another name, best ${source}.`,
    );
  }
}

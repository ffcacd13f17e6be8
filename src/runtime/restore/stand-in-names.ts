import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, escapeIdentifier } from 'pg';
import { renameRoles } from './table-of-contents';
import { TABLE_OF_CONTENTS } from '../archive/listing';
import { exchangesBytes } from '../postgres/encoding';
import { isValidIn } from '../postgres/server-names';

/**
 * The name of a role belongs to the whole server and has the bytes with which it was made, in UTF-8. A session in a
 * database of another encoding may be unable to write it: `à` is not valid in EUC_JP. While such a database is loaded,
 * the role has a name of ASCII letters at the target, and so it has in the dump's table of contents.
 */
export type StandInNames = ReadonlyMap<string, string>;

/** Gives stand-in names to those roles that a session in a database of this encoding cannot name. */
export async function useStandIns(admin: Client, roles: readonly string[], encoding: string): Promise<StandInNames> {
  const names = new Map<string, string>();
  if (!exchangesBytes(encoding)) return names;
  for (const role of roles) {
    if (await isValidIn(admin, Buffer.from(role), encoding)) continue;
    names.set(role, standInName(role));
    await rename(admin, role, standInName(role));
  }
  return names;
}

/** Gives roles their own names back, where they have those of a stand-in, such as after a run that died. */
export async function endStandIns(admin: Client, roles: readonly string[]): Promise<void> {
  const standIns = new Map(roles.map((role) => [standInName(role), role]));
  const { rows } = await admin.query<{ name: string }>(
    'SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolname = ANY ($1)',
    [[...standIns.keys()]],
  );
  for (const { name } of rows) await rename(admin, name, standIns.get(name)!);
}

/** Puts the stand-ins into the table of contents of an archive. */
export async function renameInArchive(archive: string, standIns: StandInNames): Promise<void> {
  if (standIns.size === 0) return;
  const file = join(archive, TABLE_OF_CONTENTS);
  await writeFile(file, renameRoles(await readFile(file), standIns));
}

/** Always the same for the same role, and no name that anybody else gives. */
function standInName(role: string): string {
  return `cdktf_managed_database_role_${createHash('sha256').update(role).digest('hex').slice(0, 16)}`;
}

async function rename(admin: Client, from: string, to: string): Promise<void> {
  await admin.query(`ALTER ROLE ${escapeIdentifier(from)} RENAME TO ${escapeIdentifier(to)}`);
}

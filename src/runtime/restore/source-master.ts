import { Client, escapeIdentifier } from 'pg';
import { ActionError } from '../../contract/action-error';
import { MasterUsers } from '../postgres/roles';

/**
 * If the masters have different names, the loaded objects first belong to a role with the source's name, as in the dump.
 * They are given to the target's master before rights are granted.
 */
export async function createSourceMasterRole(
  admin: Client,
  { source, target }: MasterUsers,
  unfinished: boolean,
): Promise<void> {
  if (source === target) return;
  const { rowCount } = await admin.query('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [source]);
  if (rowCount !== 0 && !unfinished) {
    throw new ActionError(
      'Refused',
      `The target has a role with the name of the source's master, ${source}, which is not its own master ${target}. ` +
        'Drop that role, or give the target a master user of the same name.',
    );
  }
  if (rowCount === 0) await admin.query(`CREATE ROLE ${escapeIdentifier(source)} NOLOGIN`);
}

export async function dropSourceMasterRole(admin: Client, { source, target }: MasterUsers): Promise<void> {
  if (source !== target) await admin.query(`DROP ROLE ${escapeIdentifier(source)}`);
}

import { Client, escapeIdentifier } from 'pg';
import { onCurrentDatabase } from './sql-script';
import { ServerRoles } from '../postgres/roles';

/** From this version on, whether a membership is inherited and may be taken on are options of its own. */
const FIRST_MAJOR_WITH_MEMBERSHIP_OPTIONS = 16;

/**
 * Makes the user a member of every restored role, so that objects can be handed over to their owners and still be
 * filled. Harmless when done twice.
 */
export async function grantTemporaryMemberships(
  client: Client,
  roles: readonly string[],
  serverMajor: number,
): Promise<void> {
  const options = serverMajor >= FIRST_MAJOR_WITH_MEMBERSHIP_OPTIONS ? ' WITH INHERIT TRUE, SET TRUE' : '';
  for (const role of roles) await client.query(`GRANT ${escapeIdentifier(role)} TO CURRENT_USER${options}`);
}

/** Ends these memberships; those that the source had are granted afterwards. */
export async function revokeTemporaryMemberships(client: Client, roles: readonly string[]): Promise<void> {
  for (const role of roles) await client.query(`REVOKE ${escapeIdentifier(role)} FROM CURRENT_USER`);
}

/**
 * Lets owners make objects in the schemas that hold theirs, and publications in the database: a server requires
 * it of a role that is given an object. What a role may do already is not touched.
 *
 * @returns the statements that take it back
 */
export async function grantTemporarySchemaRights(
  client: Client,
  owners: readonly { readonly schema: string; readonly role: string }[],
): Promise<string[]> {
  const revocations: string[] = [];
  for (const { schema, role } of owners) {
    for (const right of ['USAGE', 'CREATE']) {
      const { rows } = await client.query('SELECT has_schema_privilege($1, $2, $3) AS has', [role, schema, right]);
      if (rows[0].has) continue;
      await client.query(`GRANT ${right} ON SCHEMA ${escapeIdentifier(schema)} TO ${escapeIdentifier(role)}`);
      revocations.push(`REVOKE ${right} ON SCHEMA ${escapeIdentifier(schema)} FROM ${escapeIdentifier(role)}`);
    }
  }
  for (const role of new Set(owners.map((owner) => owner.role))) {
    const { rows } = await client.query(`SELECT has_database_privilege($1, current_database(), 'CREATE') AS has`, [
      role,
    ]);
    if (rows[0].has) continue;
    const name = escapeIdentifier(role);
    await client.query(onCurrentDatabase(`GRANT CREATE ON DATABASE @ TO ${name}`));
    revocations.push(onCurrentDatabase(`REVOKE CREATE ON DATABASE @ FROM ${name}`));
  }
  return revocations;
}

/** The roles that a restore makes, by their names at the target: all but the master. */
export function restoredRoles({ roles, master }: ServerRoles): string[] {
  return roles.map(({ name }) => name).filter((name) => name !== master);
}

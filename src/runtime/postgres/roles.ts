import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { Manifest, Membership, Role } from '../../contract/manifest';

/** The roles of a server as a manifest describes them. */
export type ServerRoles = Pick<Manifest, 'master' | 'roles' | 'memberships'>;

/** Who is the master user of the source and of the target: what belonged to the one belongs to the other. */
export interface MasterUsers {
  readonly source: string;
  readonly target: string;
}

/** Roles of PostgreSQL and of RDS: every server has its own, so that only memberships in them are kept. */
export const PROVIDER_ROLES = '^(pg_.*|rds_.*|rdsadmin|rdstopmgr|rdsrepladmin|rdsproxyadmin|rdswriteforwarduser)$';

/**
 * The role whose comment says what a server was filled from. A role, because it belongs to the server and to none of
 * its databases: it is in no dump, every database may be dropped and made anew beneath it, every user can read its
 * comment, and the master of RDS, no superuser, may make it and comment on it. (A setting of one's own name needs a
 * superuser; a comment on a database or a schema would be part of what is restored.)
 */
export const RESTORE_MARK_ROLE = 'cdktf_managed_database_restore';

/** Settings whose value is a list of names: each is quoted by itself, as pg_dump does it. */
const LIST_SETTINGS = [
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
];

/**
 * Reads the roles, without passwords, from catalogs that need no superuser. Where a membership was granted by several
 * roles, it appears once with the sum of its options.
 */
export async function readRoles(client: Client): Promise<ServerRoles> {
  const { rows: roles } = await client.query(
    `SELECT r.rolname AS name, r.rolconnlimit AS "connectionLimit", to_json(r.rolvaliduntil) #>> '{}' AS "validUntil",
       shobj_description(r.oid, 'pg_authid') AS comment,
       array_remove(ARRAY[
         CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
         CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
         CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN r.rolcanlogin THEN 'LOGIN' END,
         CASE WHEN NOT r.rolinherit THEN 'NOINHERIT' END], NULL) AS attributes,
       (SELECT coalesce(json_agg(json_strip_nulls(json_build_object('database', d.datname, 'setting', c.setting))
           ORDER BY d.datname NULLS FIRST, c.position), '[]')
         FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase,
           unnest(s.setconfig) WITH ORDINALITY AS c(setting, position)
         WHERE s.setrole = r.oid) AS settings
     FROM pg_roles r WHERE r.rolname !~ $1 AND r.rolname <> $2 ORDER BY r.rolname`,
    [PROVIDER_ROLES, RESTORE_MARK_ROLE],
  );
  // The options inherit and set are columns from PostgreSQL 16 on; json knows which there are.
  const { rows: memberships } = await client.query(
    `SELECT r.rolname AS role, m.rolname AS member, bool_or(a.admin_option) AS admin,
       bool_or((to_jsonb(a) ->> 'inherit_option')::boolean) AS inherit,
       bool_or((to_jsonb(a) ->> 'set_option')::boolean) AS set
     FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
     WHERE m.rolname !~ $1 AND r.rolname <> $2 GROUP BY 1, 2 ORDER BY 1, 2`,
    [PROVIDER_ROLES, RESTORE_MARK_ROLE],
  );
  const { rows: current } = await client.query('SELECT current_user AS master');
  return {
    master: current[0].master,
    roles: roles.map(withoutNulls) as unknown as Role[],
    memberships: memberships.map(withoutNulls) as unknown as Membership[],
  };
}

/**
 * Creates the roles that do not exist, without passwords. Settings and memberships are left to `finishRoles`, since they
 * would already hold for the load.
 *
 * @returns the roles made here that can log in and so need a password
 */
export async function createRoles(client: Client, source: ServerRoles, masters: MasterUsers): Promise<string[]> {
  const existing = await existingRoles(client);
  const missing = source.roles.filter(({ name }) => name !== masters.source && !existing.has(name));
  for (const role of missing) {
    for (const statement of creationOf(role)) await client.query(statement);
  }
  return missing.filter(({ attributes }) => attributes.includes('LOGIN')).map(({ name }) => name);
}

/** Gives the roles their settings and their memberships, except those that the target has already. */
export async function finishRoles(client: Client, source: ServerRoles, masters: MasterUsers): Promise<void> {
  const present = (await readRoles(client)).memberships;
  for (const statement of [
    ...source.roles.flatMap((role) => settingsOf(role, masters)),
    ...missingMemberships(source.memberships, present, masters).map(membershipGrant),
  ]) {
    await client.query(statement);
  }
}

/** The statements that create a role with its attributes and its comment. */
export function creationOf(role: Role): string[] {
  const name = escapeIdentifier(role.name);
  const words = ['CREATE ROLE', name, ...role.attributes, 'CONNECTION LIMIT', String(role.connectionLimit)];
  if (role.validUntil !== undefined) words.push('VALID UNTIL', literal(role.validUntil));
  return [
    words.join(' '),
    ...(role.comment === undefined ? [] : [`COMMENT ON ROLE ${name} IS ${literal(role.comment)}`]),
  ];
}

/** The statements that give a role its settings. */
export function settingsOf(role: Role, masters: MasterUsers): string[] {
  const name = escapeIdentifier(roleAtTarget(role.name, masters));
  return role.settings.map(({ database, setting }) => {
    const where = database === undefined ? '' : ` IN DATABASE ${escapeIdentifier(database)}`;
    return `ALTER ROLE ${name}${where} SET ${assignment(setting)}`;
  });
}

/** `name=value`, as a catalog holds it, in the words of a SET. */
export function assignment(setting: string): string {
  const equals = setting.indexOf('=');
  const name = setting.slice(0, equals);
  const value = setting.slice(equals + 1);
  const values = LIST_SETTINGS.includes(name.toLowerCase()) ? namesInList(value) : [value];
  return `${escapeIdentifier(name)} TO ${values.map(literal).join(', ')}`;
}

/** What is granted at the source and not at the target, with the names that hold at the target. */
export function missingMemberships(
  source: readonly Membership[],
  present: readonly Membership[],
  masters: MasterUsers,
): Membership[] {
  return source.flatMap((each) => {
    const wanted = { ...each, role: roleAtTarget(each.role, masters), member: roleAtTarget(each.member, masters) };
    const has = present.find(({ role, member }) => role === wanted.role && member === wanted.member);
    if (!has) return [wanted];
    // Whoever makes a role from PostgreSQL 16 on is its administrator already, and cannot grant that to himself.
    const admin = wanted.admin && !has.admin;
    return admin || lacks(wanted.inherit, has.inherit) || lacks(wanted.set, has.set) ? [{ ...wanted, admin }] : [];
  });
}

/** The statement that grants a membership. An option that is not known is left to the server's default. */
export function membershipGrant(membership: Membership): string {
  const options = [
    ...(membership.admin ? ['ADMIN OPTION'] : []),
    ...(membership.inherit === undefined ? [] : [`INHERIT ${flag(membership.inherit)}`]),
    ...(membership.set === undefined ? [] : [`SET ${flag(membership.set)}`]),
  ];
  const withOptions = options.length > 0 ? ` WITH ${options.join(', ')}` : '';
  return `GRANT ${escapeIdentifier(membership.role)} TO ${escapeIdentifier(membership.member)}${withOptions}`;
}

/** The name that a role of the source has at the target. */
export function roleAtTarget(role: string, masters: MasterUsers): string {
  return role === masters.source ? masters.target : role;
}

async function existingRoles(client: Client): Promise<Set<string>> {
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
  return new Set(rows.map(({ rolname }) => rolname));
}

/** `shop, "Odd schema"` to its names; in quotes a double one stands for one. */
function namesInList(list: string): string[] {
  return [...list.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^",]+))\s*(?:,|$)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'),
  );
}

/** Before PostgreSQL 16 a membership always had the option. */
function lacks(wanted: boolean | undefined, has: boolean | undefined): boolean {
  return wanted !== false && has === false;
}

function flag(value: boolean): string {
  return value ? 'TRUE' : 'FALSE';
}

function literal(value: string): string {
  return escapeLiteral(value).trim();
}

function withoutNulls(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

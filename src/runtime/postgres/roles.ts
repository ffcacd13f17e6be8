import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { attributeRemark, settingRemark, SUPERUSER_ATTRIBUTES } from './role-remarks';
import { Manifest, Membership, Role } from '../../contract/manifest';
import { Remark } from '../../contract/remark';

/** The roles and memberships of a server. */
export type ServerRoles = Pick<Manifest, 'master' | 'roles' | 'memberships'>;

/** The master users of source and target: the target's takes the place of the source's. */
export interface MasterUsers {
  readonly source: string;
  readonly target: string;
}

const RDS_ROLES = 'rds_.*|rdsadmin|rdstopmgr|rdsrepladmin|rdsproxyadmin|rdswriteforwarduser';

/** Roles of PostgreSQL and of RDS. They are not restored; memberships in them are. */
export const PROVIDER_ROLES = `^(pg_.*|${RDS_ROLES})$`;

/** Roles of RDS that own objects in databases of users. PostgreSQL's own do not: `pg_database_owner` is the master. */
export const PROVIDER_OWNERS = `^(${RDS_ROLES})$`;

/**
 * The role whose comment says which backup a server was filled from. A role belongs to the server and to no database,
 * so it is in no dump and survives a dropped database; the master can create it and comment on it without being a
 * superuser. (A custom setting needs a superuser; a comment on a database would be part of what is restored.)
 */
export const RESTORE_MARK_ROLE = 'cdktf_managed_database_restore';

/** Settings whose value is a list of names. Each name is quoted separately, as pg_dump does. */
const LIST_SETTINGS = [
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
];

/** The roles of the provider that the user is a member of. */
export async function readOwnProviderRoles(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ rolname: string }>(
    `SELECT rolname FROM pg_catalog.pg_roles WHERE rolname ~ $1 AND pg_catalog.pg_has_role(oid, 'MEMBER')`,
    [PROVIDER_ROLES],
  );
  return rows.map(({ rolname }) => rolname);
}

/**
 * Reads the roles, without passwords, from catalogs that every user can read. A membership that several roles granted
 * appears once, with the options of all of them.
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
  // inherit_option and set_option exist since PostgreSQL 16; JSON gives null before.
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
 * Creates the missing roles, without passwords. Settings and memberships are left to `finishRoles`: they would affect the
 * load.
 *
 * @param remark is called for each attribute that the user of the connection cannot give
 * @returns the created roles that can log in and need a password
 */
export async function createRoles(
  client: Client,
  source: ServerRoles,
  masters: MasterUsers,
  remark: (remark: Remark) => void,
): Promise<string[]> {
  const existing = await existingRoles(client);
  const missing = source.roles.filter(({ name }) => name !== masters.source && !existing.has(name));
  for (const role of missing) {
    const given = role.attributes.filter((attribute) => !SUPERUSER_ATTRIBUTES.includes(attribute));
    for (const statement of creationOf({ ...role, attributes: given })) await client.query(statement);
    for (const attribute of role.attributes.filter((each) => SUPERUSER_ATTRIBUTES.includes(each))) {
      await attempt(client, `ALTER ROLE ${escapeIdentifier(role.name)} ${attribute}`, () =>
        remark(attributeRemark(role.name, attribute)),
      );
    }
  }
  return missing.filter(({ attributes }) => attributes.includes('LOGIN')).map(({ name }) => name);
}

/**
 * Gives the roles their settings and the memberships that the target does not have yet.
 *
 * @param remark is called for each that this server does not know or that the user of the connection cannot give
 */
export async function finishRoles(
  client: Client,
  source: ServerRoles,
  masters: MasterUsers,
  remark: (remark: Remark) => void,
): Promise<void> {
  const present = (await readRoles(client)).memberships;
  for (const role of source.roles) {
    for (const [index, statement] of settingsOf(role, masters).entries()) {
      const { setting, database } = role.settings[index];
      await attempt(client, statement, ({ message }) =>
        remark(settingRemark(role.name, setting, database, `was not accepted (${message})`)),
      );
    }
  }
  for (const membership of missingMemberships(source.memberships, present, masters)) {
    const statement = membershipGrant(membership);
    await attempt(client, statement, ({ message }) =>
      remark({
        type: 'role',
        name: membership.member,
        reason: `it is not a member of ${membership.role} (${message})`,
        statement: `${statement};`,
      }),
    );
  }
}

/** SQLSTATE of what a user cannot do, and of roles, settings and their values that a server does not know. */
const NOT_POSSIBLE_HERE = ['42501', '42704', '22023', '55P02', '0LP01'];

/** Runs a statement that this server may refuse for what it is. */
async function attempt(client: Client, statement: string, refused: (error: Error) => void): Promise<void> {
  await client.query(statement).catch((error: Error & { code?: string }) => {
    if (!NOT_POSSIBLE_HERE.includes(error.code ?? '')) throw error;
    refused(error);
  });
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

/** `name=value` from the catalog as it is written after SET. */
export function assignment(setting: string): string {
  const equals = setting.indexOf('=');
  const name = setting.slice(0, equals);
  const value = setting.slice(equals + 1);
  const values = LIST_SETTINGS.includes(name.toLowerCase()) ? namesInList(value) : [value];
  return `${escapeIdentifier(name)} TO ${values.map(literal).join(', ')}`;
}

/** The memberships of the source that the target lacks, with the role names of the target. */
export function missingMemberships(
  source: readonly Membership[],
  present: readonly Membership[],
  masters: MasterUsers,
): Membership[] {
  return source.flatMap((each) => {
    const wanted = { ...each, role: roleAtTarget(each.role, masters), member: roleAtTarget(each.member, masters) };
    const has = present.find(({ role, member }) => role === wanted.role && member === wanted.member);
    if (!has) return [wanted];
    // Since PostgreSQL 16 the creator of a role has its ADMIN option and cannot grant it to itself again.
    const admin = wanted.admin && !has.admin;
    return admin || lacks(wanted.inherit, has.inherit) || lacks(wanted.set, has.set) ? [{ ...wanted, admin }] : [];
  });
}

/** The statement that grants a membership. Unknown options keep the server's default. */
export function membershipGrant(membership: Membership): string {
  const options = [
    ...(membership.admin ? ['ADMIN OPTION'] : []),
    ...(membership.inherit === undefined ? [] : [`INHERIT ${flag(membership.inherit)}`]),
    ...(membership.set === undefined ? [] : [`SET ${flag(membership.set)}`]),
  ];
  const withOptions = options.length > 0 ? ` WITH ${options.join(', ')}` : '';
  return `GRANT ${escapeIdentifier(membership.role)} TO ${escapeIdentifier(membership.member)}${withOptions}`;
}

/** The name of a source role on the target. */
export function roleAtTarget(role: string, masters: MasterUsers): string {
  return role === masters.source ? masters.target : role;
}

async function existingRoles(client: Client): Promise<Set<string>> {
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
  return new Set(rows.map(({ rolname }) => rolname));
}

/** Splits `shop, "Odd schema"` into names; a doubled quote inside quotes is one quote. */
function namesInList(list: string): string[] {
  return [...list.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^",]+))\s*(?:,|$)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'),
  );
}

/** A server older than 16 does not say: there every membership had the option. */
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

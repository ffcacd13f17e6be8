import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { CreatedByRestore } from './restore-mark';
import { grantTemporaryMemberships } from './temporary-grants';
import { ActionError } from '../../contract/action-error';
import { DatabaseLocale, ManifestDatabase } from '../../contract/manifest';
import { Log } from '../log';
import { ADMINISTRATION_DATABASE, DatabaseConnection, withClient } from '../postgres/connection';
import { readableName, serverNameIn } from '../postgres/encoding';
import { FIRST_USER_OBJECT, readServerVersion, readUserDatabases, TEMPLATE_DATABASE } from '../postgres/server';

/** A session that exchanges bytes works in a database of any encoding. */
const ANY_ENCODING = 'SQL_ASCII';

/** From this version on, `public` belongs to the owner of the database, and not everybody may create objects in it. */
const FIRST_MAJOR_WITH_OWNED_PUBLIC_SCHEMA = 15;

/** As many things as a message names. */
const NAMED_CONTENTS = 5;

/**
 * Makes sure that a server holds nothing in any of its databases.
 *
 * @throws Refused naming what it holds; all of it is in the log.
 */
export async function requireEmptyServer(connection: DatabaseConnection, admin: Client, log: Log): Promise<void> {
  // What is in template1 would be in every database that is created.
  const databases = new Map([
    [TEMPLATE_DATABASE, ANY_ENCODING],
    ...(await readUserDatabases(admin)).map(({ name, encoding }) => [name, encoding] as const),
  ]);
  for (const [name, encoding] of databases) {
    const found = await withClient(connection, name, contentsOf, encoding);
    const contents = found.map((description) => readableName(description, encoding));
    if (contents.length === 0) continue;
    for (const object of contents) log.warn('target-not-empty', { database: name, object });
    const shown = contents.slice(0, NAMED_CONTENTS).join(', ');
    throw new ActionError(
      'Refused',
      `A restore fills an empty server only: database ${name} at ${connection.host}:${connection.port} holds ` +
        `${contents.length === 1 ? shown : `${contents.length} objects: ${shown}`}` +
        `${contents.length > NAMED_CONTENTS ? ' and others, which are in the log' : ''}. ` +
        'Restore into a new database; nothing was changed here.',
    );
  }
}

/** Catalogs of objects that users make, with the columns for name, schema and owner. */
const CATALOGS: readonly (readonly [kind: string, catalog: string, name: string, schema: string, owner: string])[] = [
  ['schema', 'pg_namespace', 'nspname', '', 'nspowner'],
  ['relation', 'pg_class', 'relname', 'relnamespace', 'relowner'],
  ['function', 'pg_proc', 'proname', 'pronamespace', 'proowner'],
  ['type', 'pg_type', 'typname', 'typnamespace', 'typowner'],
  ['operator', 'pg_operator', 'oprname', 'oprnamespace', 'oprowner'],
  ['operator class', 'pg_opclass', 'opcname', 'opcnamespace', 'opcowner'],
  ['operator family', 'pg_opfamily', 'opfname', 'opfnamespace', 'opfowner'],
  ['cast', 'pg_cast', `castsource::regtype || ' AS ' || casttarget::regtype`, '', ''],
  ['collation', 'pg_collation', 'collname', 'collnamespace', 'collowner'],
  ['conversion', 'pg_conversion', 'conname', 'connamespace', 'conowner'],
  ['text search configuration', 'pg_ts_config', 'cfgname', 'cfgnamespace', 'cfgowner'],
  ['text search dictionary', 'pg_ts_dict', 'dictname', 'dictnamespace', 'dictowner'],
  ['text search parser', 'pg_ts_parser', 'prsname', 'prsnamespace', ''],
  ['text search template', 'pg_ts_template', 'tmplname', 'tmplnamespace', ''],
  ['statistics', 'pg_statistic_ext', 'stxname', 'stxnamespace', 'stxowner'],
  ['language', 'pg_language', 'lanname', '', 'lanowner'],
  ['access method', 'pg_am', 'amname', '', ''],
  ['foreign-data wrapper', 'pg_foreign_data_wrapper', 'fdwname', '', 'fdwowner'],
  ['foreign server', 'pg_foreign_server', 'srvname', '', 'srvowner'],
  ['event trigger', 'pg_event_trigger', 'evtname', '', 'evtowner'],
  ['publication', 'pg_publication', 'pubname', '', 'pubowner'],
  ['transform', 'pg_transform', 'trftype::regtype', '', ''],
  ['default privileges', 'pg_default_acl', `'of ' || pg_catalog.pg_get_userbyid(o.defaclrole)`, '', 'defaclrole'],
];

/** What users made in the database of the client; empty where it is empty. Extensions count as nothing. */
async function contentsOf(client: Client): Promise<string[]> {
  const queries = CATALOGS.map(
    ([kind, catalog, name, schema, owner]) =>
      `SELECT '${kind} ' || ${schema ? `n.nspname || '.' || ` : ''}${/^\w+$/.test(name) ? `o.${name}` : name} AS description
       FROM pg_catalog.${catalog} o ${schema ? `JOIN pg_catalog.pg_namespace n ON n.oid = o.${schema} AND n.nspname !~ '^pg_'` : ''}
       WHERE o.oid >= ${FIRST_USER_OBJECT} ${catalog === 'pg_namespace' ? `AND o.nspname !~ '^pg_'` : ''}
         ${catalog === 'pg_type' ? `AND o.typtype <> 'c' AND o.typcategory <> 'A'` : ''}
         ${owner ? `AND pg_catalog.pg_get_userbyid(o.${owner}) <> 'rdsadmin'` : ''}
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
           WHERE d.classid = 'pg_catalog.${catalog}'::regclass AND d.objid = o.oid AND d.deptype = 'e')`,
  );
  const { rows } = await client.query<{ description: string }>(
    // A large object has whatever number its maker chose. Subscriptions of all databases are in one catalog.
    `${queries.join(' UNION ALL ')}
     UNION ALL SELECT 'large object ' || oid FROM pg_catalog.pg_largeobject_metadata
     UNION ALL SELECT 'subscription ' || s.subname FROM pg_catalog.pg_subscription s
       JOIN pg_catalog.pg_database d ON d.oid = s.subdbid AND d.datname = pg_catalog.current_database()`,
  );
  return rows.map(({ description }) => description);
}

/** Before, every database had its locale from the C library, and there was no word for it. */
const FIRST_MAJOR_WITH_LOCALE_PROVIDERS = 15;

/** The statement that creates a database with the properties that cannot be changed later. */
export function creationStatement(database: ManifestDatabase, serverMajor: number, template = 'template0'): string {
  const { name, encoding, collate, ctype, localeProvider, locale, icuRules } = database;
  const provider = serverMajor >= FIRST_MAJOR_WITH_LOCALE_PROVIDERS ? ` LOCALE_PROVIDER ${localeProvider}` : '';
  const options = { ENCODING: encoding, LC_COLLATE: collate, LC_CTYPE: ctype, ICU_RULES: icuRules };
  const providerLocale = localeProvider === 'libc' ? {} : { [`${localeProvider.toUpperCase()}_LOCALE`]: locale };
  const written = Object.entries({ ...options, ...providerLocale })
    .filter(([, value]) => value !== undefined)
    .map(([option, value]) => ` ${option} ${escapeLiteral(value!).trim()}`);
  return `CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE ${template}${provider}${written.join('')}`;
}

/** The databases that hold tables of users. */
export async function databasesWithTables(
  connection: DatabaseConnection,
  databases: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (const name of databases) {
    const anyTable = async (client: Client) =>
      client.query(
        `SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' LIMIT 1`,
      );
    const { rows } = await withClient(connection, name, anyTable, ANY_ENCODING);
    if (rows.length > 0) found.push(name);
  }
  return found;
}

/**
 * Takes back what an unfinished restore made on its target. Databases that it fills and that were there, empty, are empty
 * again; others, which somebody made since then, stay as they are.
 */
export async function deleteCreatedByRestore(
  connection: DatabaseConnection,
  admin: Client,
  made: CreatedByRestore,
): Promise<void> {
  const { major } = await readServerVersion(admin);
  const roles = await existingRoles(admin, made.roles);
  await grantTemporaryMemberships(admin, roles, major);
  for (const { name, encoding } of await readUserDatabases(admin)) {
    if (made.databases.includes(name)) {
      await dropDatabase(admin, name);
      continue;
    }
    if (!made.filled.includes(name)) continue;
    await admin.query(`ALTER DATABASE ${escapeIdentifier(name)} OWNER TO CURRENT_USER`);
    const rolesHere = roles.map((role) => serverNameIn(role, encoding));
    const empty = async (client: Client) => {
      await emptyInPlace(client, rolesHere);
      // From PostgreSQL 16 on, that ends memberships as well.
      await grantTemporaryMemberships(client, rolesHere, major);
    };
    await withClient(connection, name, empty, encoding);
  }
  for (const role of roles) await admin.query(`DROP ROLE ${escapeIdentifier(role)}`);
}

/** A template cannot be dropped. */
async function dropDatabase(admin: Client, database: string): Promise<void> {
  const name = escapeIdentifier(database);
  await admin.query(`ALTER DATABASE ${name} IS_TEMPLATE false`);
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
}

async function existingRoles(admin: Client, names: readonly string[]): Promise<string[]> {
  const { rows } = await admin.query<{ rolname: string }>(
    'SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY ($1)',
    [names],
  );
  return rows.map(({ rolname }) => rolname);
}

/**
 * Makes the databases as they were at the source, and empty. On a server that is known to be empty, one that exists
 * stays if it is of the right kind; what an unfinished restore left is dropped.
 *
 * @param roles the roles that may own something that an unfinished restore left
 */
export async function prepareDatabases(
  admin: Client,
  databases: readonly ManifestDatabase[],
  unfinished: { readonly roles: readonly string[] } | undefined,
): Promise<void> {
  const { major } = await readServerVersion(admin);
  const existing = new Map((await readUserDatabases(admin)).map((each) => [each.name, each]));
  for (const facts of databases) {
    const present = existing.get(facts.name);
    const alike = present && sameKind(present, facts);
    const name = escapeIdentifier(facts.name);
    if (facts.name === ADMINISTRATION_DATABASE) {
      if (!alike) throw ofAnotherKind(facts);
      await admin.query(`ALTER DATABASE ${name} OWNER TO CURRENT_USER`);
      if (unfinished) await emptyInPlace(admin, unfinished.roles);
    } else if (!alike || unfinished) {
      if (present || facts.name === TEMPLATE_DATABASE) await dropDatabase(admin, facts.name);
      await admin.query(creationStatement(facts, major, await templateFor(facts, admin, major)));
    }
  }
}

/**
 * In older versions the schema `public` belongs to the provider in `template0` and to the master in `template1`, which is
 * known to be empty; the latter can be the template for databases of its own encoding and locale only.
 */
async function templateFor(
  { encoding, collate, ctype }: DatabaseLocale,
  admin: Client,
  major: number,
): Promise<string> {
  if (major >= FIRST_MAJOR_WITH_OWNED_PUBLIC_SCHEMA) return 'template0';
  const { rowCount } = await admin.query(
    `SELECT FROM pg_catalog.pg_database WHERE datname = 'template1' AND datcollate = $2 AND datctype = $3
       AND pg_catalog.pg_encoding_to_char(encoding) = $1`,
    [encoding, collate, ctype],
  );
  return rowCount === 0 ? 'template0' : 'template1';
}

/** The administration database cannot be dropped while it is in use: what the roles own in it is dropped instead. */
async function emptyInPlace(admin: Client, roles: readonly string[]): Promise<void> {
  // One by one: named together, an owner of default privileges and whom they favour make the server stumble. The user
  // comes last: from PostgreSQL 16 on the memberships that it granted, its own among them, end with this.
  for (const owner of [...roles.map(escapeIdentifier), 'CURRENT_USER']) {
    await admin.query(`DROP OWNED BY ${owner} CASCADE`);
  }
  // It went with its owner, if the source had given it one.
  const { rowCount } = await admin.query(`SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public'`);
  if (rowCount === 0) {
    const { major } = await readServerVersion(admin);
    const [owner, rights] =
      major >= FIRST_MAJOR_WITH_OWNED_PUBLIC_SCHEMA ? ['pg_database_owner', 'USAGE'] : ['CURRENT_USER', 'ALL'];
    await admin.query(
      `CREATE SCHEMA public AUTHORIZATION ${owner}; GRANT ${rights} ON SCHEMA public TO PUBLIC;
       COMMENT ON SCHEMA public IS 'standard public schema'`,
    );
  }
}

function sameKind(one: DatabaseLocale, other: DatabaseLocale): boolean {
  return describeKind(one) === describeKind(other);
}

function describeKind({ encoding, collate, ctype, localeProvider, locale, icuRules }: DatabaseLocale): string {
  return [encoding, collate, ctype, localeProvider, locale ?? '', icuRules ?? ''].join(' ').trim();
}

function ofAnotherKind(facts: ManifestDatabase): ActionError {
  return new ActionError(
    'Refused',
    `The database ${facts.name} of the backup has another encoding or locale than the target's, which cannot be ` +
      `created again; the backup's is ${describeKind(facts)}. Restore into a server whose ${facts.name} is alike.`,
  );
}

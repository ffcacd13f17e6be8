import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { ActionError } from '../../contract/action-error';
import { DatabaseLocale, ManifestDatabase } from '../../contract/manifest';
import { ADMINISTRATION_DATABASE, DatabaseConnection, withClient } from '../postgres/connection';
import { readServerVersion, readUserDatabases } from '../postgres/server';

/** Object numbers below belong to the server itself. */
const FIRST_OWN_OBJECT = 16_384;

/** As many things as a message names. */
const NAMED_CONTENTS = 5;

/**
 * Makes sure that a server holds nothing in any of its databases.
 *
 * @throws Refused naming what it holds.
 */
export async function requireEmptyServer(connection: DatabaseConnection, admin: Client): Promise<void> {
  for (const { name } of await readUserDatabases(admin)) {
    const contents = await withClient(connection, name, contentsOf);
    if (contents.length > 0) {
      throw new ActionError(
        'Refused',
        `A restore fills an empty server only: database ${name} at ${connection.host}:${connection.port} holds ` +
          `${contents.join(', ')}. Restore into a new database; nothing was changed here.`,
      );
    }
  }
}

/** Some of what users made in the database of the client; empty where it is empty. Extensions count as nothing. */
async function contentsOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ description: string }>(
    `SELECT o.description FROM (
       SELECT 'schema ' || nspname AS description, oid, 'pg_namespace'::regclass AS class, nspowner AS owner, nspname
         FROM pg_catalog.pg_namespace
       UNION ALL SELECT 'relation ' || c.relname, c.oid, 'pg_class'::regclass, c.relowner, n.nspname
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       UNION ALL SELECT 'function ' || p.proname, p.oid, 'pg_proc'::regclass, p.proowner, n.nspname
         FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
       UNION ALL SELECT 'type ' || t.typname, t.oid, 'pg_type'::regclass, t.typowner, n.nspname
         FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
       UNION ALL SELECT 'large object ' || oid, oid, 'pg_largeobject'::regclass, lomowner, ''
         FROM pg_catalog.pg_largeobject_metadata) AS o
     WHERE o.oid >= $1 AND o.nspname !~ '^pg_' AND pg_catalog.pg_get_userbyid(o.owner) <> 'rdsadmin'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
         WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')
     ORDER BY o.oid LIMIT $2`,
    [FIRST_OWN_OBJECT, NAMED_CONTENTS],
  );
  return rows.map(({ description }) => description);
}

/** Before, every database had its locale from the C library, and there was no word for it. */
const FIRST_MAJOR_WITH_LOCALE_PROVIDERS = 15;

/** The statement that creates a database with the properties that cannot be changed later. */
export function creationStatement(database: ManifestDatabase, serverMajor: number): string {
  const { name, encoding, collate, ctype, localeProvider, locale, icuRules } = database;
  const provider = serverMajor >= FIRST_MAJOR_WITH_LOCALE_PROVIDERS ? ` LOCALE_PROVIDER ${localeProvider}` : '';
  const options = { ENCODING: encoding, LC_COLLATE: collate, LC_CTYPE: ctype, ICU_RULES: icuRules };
  const providerLocale = localeProvider === 'libc' ? {} : { [`${localeProvider.toUpperCase()}_LOCALE`]: locale };
  const written = Object.entries({ ...options, ...providerLocale })
    .filter(([, value]) => value !== undefined)
    .map(([option, value]) => ` ${option} ${escapeLiteral(value!).trim()}`);
  return `CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE template0${provider}${written.join('')}`;
}

/**
 * Makes the databases as they were at the source, and empty. On a server that is known to be empty, one that exists
 * stays if it is of the right kind; what an unfinished restore left is dropped.
 *
 * @param roles whoever may own something of what an unfinished restore left
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
      if (present) await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.query(creationStatement(facts, major));
    }
  }
}

/** The administration database cannot be dropped by whoever needs it: what the roles own in it goes. */
async function emptyInPlace(admin: Client, roles: readonly string[]): Promise<void> {
  // One by one: named together, an owner of default privileges and whom they favour make the server stumble. The user
  // comes last: from PostgreSQL 16 on the memberships that it granted, its own among them, end with this.
  for (const owner of [...roles.map(escapeIdentifier), 'CURRENT_USER']) {
    await admin.query(`DROP OWNED BY ${owner} CASCADE`);
  }
  // It went with its owner, if the source had given it one.
  const { rowCount } = await admin.query(`SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public'`);
  if (rowCount === 0) {
    await admin.query(
      `CREATE SCHEMA public AUTHORIZATION pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC;
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
    `The database ${facts.name} of the backup has another encoding or locale than the target's, which cannot be made ` +
      `anew; the backup's is ${describeKind(facts)}. Restore into a server whose ${facts.name} is alike.`,
  );
}

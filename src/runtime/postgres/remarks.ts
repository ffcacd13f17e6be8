import { Client, escapeIdentifier } from 'pg';
import { columnOrderRemarks, InheritingTable } from './column-order';
import { readableName } from './encoding';
import { PROVIDER_DEFAULTS, PROVIDER_RIGHTS } from './provider-rights';
import { roleRemarks } from './role-remarks';
import { PROVIDER_ROLES, ServerRoles } from './roles';
import { FIRST_USER_OBJECT } from './server';
import { DatabaseIdentity } from '../../contract/manifest';
import { Remark } from '../../contract/remark';

const NEEDS_SUPERUSER = 'only a superuser can create it, which the master user of RDS is not';

/** Finds what of the server itself, outside of its databases, a master that is no superuser cannot bring back. */
export async function readServerRemarks(client: Client, { master, roles }: ServerRoles): Promise<Remark[]> {
  const { rows: tablespaces } = await client.query<{ name: string; location: string }>(
    `SELECT spcname AS name, pg_catalog.pg_tablespace_location(oid) AS location
     FROM pg_catalog.pg_tablespace WHERE spcname !~ '^pg_' ORDER BY spcname`,
  );
  // A superuser may have granted SET on a parameter (PostgreSQL 15): then others can set it, at the source.
  const { rows: parameters } = await client.query<{ name: string }>(
    `SELECT pg_catalog.lower(name) AS name FROM pg_catalog.pg_settings WHERE context IN ('superuser', 'superuser-backend')`,
  );
  const superuserSettings = new Set(parameters.map(({ name }) => name));
  const parameterRights = await readParameterRights(client);
  return [
    ...tablespaces.map(({ name, location }) => ({
      type: 'tablespace',
      name,
      reason: `its tables and indexes are restored into the default tablespace`,
      statement: `CREATE TABLESPACE ${escapeIdentifier(name)} LOCATION '${location.replaceAll("'", "''")}';`,
    })),
    ...parameterRights,
    // The target has a master of its own, with attributes of its own.
    ...roles
      .map((role) => (role.name === master ? { ...role, attributes: [] } : role))
      .flatMap((role) => roleRemarks(role, superuserSettings)),
  ];
}

/** Rights to set a parameter, which exist since PostgreSQL 15 and are in no dump of a database. */
async function readParameterRights(client: Client): Promise<Remark[]> {
  const { rows: known } = await client.query(
    `SELECT FROM pg_catalog.pg_class WHERE relnamespace = 'pg_catalog'::pg_catalog.regnamespace AND relname = 'pg_parameter_acl'`,
  );
  if (known.length === 0) return [];
  const { rows } = await client.query<Remark>(
    `SELECT 'right on parameter' AS type, p.parname AS name,
       'only a superuser gives it: ' || a.privilege_type || ' to ' || coalesce(u.rolname, 'PUBLIC') || ' is not restored' AS reason,
       pg_catalog.format('GRANT %s ON PARAMETER %s TO %s;', a.privilege_type, p.parname,
         coalesce(pg_catalog.quote_ident(u.rolname), 'PUBLIC')) AS statement
     FROM pg_catalog.pg_parameter_acl p, pg_catalog.aclexplode(p.paracl) a LEFT JOIN pg_catalog.pg_roles u ON u.oid = a.grantee
     WHERE a.grantee <> a.grantor AND coalesce(u.rolname !~ $1, true) ORDER BY 2, 3`,
    [PROVIDER_ROLES],
  );
  return rows;
}

/** Finds in the database of the client what a master that is no superuser cannot bring back. */
export async function readDatabaseRemarks(
  client: Client,
  { name: database, encoding }: DatabaseIdentity,
): Promise<Remark[]> {
  const found: Remark[] = [];
  for (const query of DATABASE_QUERIES) {
    const { rows } = await client.query(query);
    found.push(...rows);
  }
  const { rows: inheriting } = await client.query<InheritingTable>(INHERITING_TABLES);
  found.push(...columnOrderRemarks(inheriting));
  const readable = (text: string) => readableName(text, encoding);
  return found.map(({ type, schema, name, reason, statement }) => ({
    database,
    type,
    ...(schema && { schema: readable(schema) }),
    name: readable(name),
    reason: readable(reason),
    ...(statement && { statement: readable(statement) }),
  }));
}

/**
 * Objects that users made themselves: neither PostgreSQL's own, nor part of an extension or of another object, which are
 * restored as a whole. The functions that construct the values of a range type are part of the type.
 */
const ofUsers = (table: string, alias: string) => `${alias}.oid >= ${FIRST_USER_OBJECT} AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.${table}'::pg_catalog.regclass
    AND d.objid = ${alias}.oid AND d.deptype IN ('e', 'i'))`;

const SUPERUSER_OBJECTS = `
  SELECT o.type, n.nspname AS schema, o.name, o.detail || '${NEEDS_SUPERUSER}' AS reason FROM (
    SELECT CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'p' THEN 'procedure' ELSE 'function' END AS type,
        p.pronamespace AS namespace,
        p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' AS name,
        CASE WHEN l.lanname IN ('c', 'internal') THEN 'written in ' || l.lanname || ': '
             WHEN p.proleakproof THEN 'LEAKPROOF: ' ELSE 'written in the untrusted language ' || l.lanname || ': ' END AS detail
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
      WHERE (NOT l.lanpltrusted AND p.prokind <> 'a' AND l.lanname <> 'sql' OR p.proleakproof) AND ${ofUsers('pg_proc', 'p')}
    UNION ALL SELECT 'type', t.typnamespace, t.typname, 'a base type: '
      FROM pg_catalog.pg_type t
      WHERE t.typtype = 'b' AND t.typcategory <> 'A' AND ${ofUsers('pg_type', 't')}
    UNION ALL SELECT 'operator class', c.opcnamespace, c.opcname, ''
      FROM pg_catalog.pg_opclass c WHERE ${ofUsers('pg_opclass', 'c')}
    UNION ALL SELECT 'cast', NULL,
        pg_catalog.format_type(c.castsource, NULL) || ' AS ' || pg_catalog.format_type(c.casttarget, NULL), 'without a function: '
      FROM pg_catalog.pg_cast c WHERE c.castmethod = 'b' AND ${ofUsers('pg_cast', 'c')}
    UNION ALL SELECT 'text search parser', p.prsnamespace, p.prsname, ''
      FROM pg_catalog.pg_ts_parser p WHERE ${ofUsers('pg_ts_parser', 'p')}
    UNION ALL SELECT 'text search template', t.tmplnamespace, t.tmplname, ''
      FROM pg_catalog.pg_ts_template t WHERE ${ofUsers('pg_ts_template', 't')}
    UNION ALL SELECT 'language', NULL, l.lanname, ''
      FROM pg_catalog.pg_language l WHERE ${ofUsers('pg_language', 'l')}
    UNION ALL SELECT 'access method', NULL, a.amname, ''
      FROM pg_catalog.pg_am a WHERE ${ofUsers('pg_am', 'a')}
    UNION ALL SELECT 'foreign-data wrapper', NULL, w.fdwname, ''
      FROM pg_catalog.pg_foreign_data_wrapper w WHERE ${ofUsers('pg_foreign_data_wrapper', 'w')}
  ) AS o LEFT JOIN pg_catalog.pg_namespace n ON n.oid = o.namespace
  WHERE n.nspname IS NULL OR n.nspname !~ '^pg_'
  ORDER BY 1, 2, 3`;

/** pg_global holds nothing of users, and no tablespace means the default of the database. */
const OBJECTS_IN_TABLESPACES = `
  SELECT k.type, n.nspname AS schema, c.relname AS name,
    'it is restored outside of its tablespace ' || s.spcname AS reason,
    pg_catalog.format('ALTER %s %I.%I SET TABLESPACE %I;', pg_catalog.upper(k.type), n.nspname, c.relname, s.spcname) AS statement
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace,
    LATERAL (SELECT CASE WHEN c.relkind IN ('i', 'I') THEN 'index' WHEN c.relkind = 'm' THEN 'materialized view'
      ELSE 'table' END AS type) AS k
  WHERE s.spcname !~ '^pg_' AND n.nspname !~ '^pg_' ORDER BY 1, 2, 3`;

const TABLES_OF_ACCESS_METHODS = `
  SELECT CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'table' END AS type, n.nspname AS schema, c.relname AS name,
    'it is restored with the default access method, not with ' || a.amname AS reason
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_am a ON a.oid = c.relam
  WHERE c.relkind IN ('r', 'm') AND ${ofUsers('pg_am', 'a')} ORDER BY 2, 3`;

/** As the view pg_user_mappings decides it: options, the password among them, are shown to few. */
const HIDDEN_USER_MAPPINGS = `
  SELECT 'user mapping' AS type, m.usename || ' on server ' || m.srvname AS name,
    'the master user cannot read its options, such as a password' AS reason,
    pg_catalog.format('ALTER USER MAPPING FOR %s SERVER %I OPTIONS (ADD user ''...'', ADD password ''...'');',
      CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(m.usename) END, m.srvname) AS statement
  FROM pg_catalog.pg_user_mappings m JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
  WHERE m.umoptions IS NULL AND NOT CASE
      WHEN m.umuser = 0 THEN pg_catalog.pg_has_role(s.srvowner, 'USAGE')
      ELSE m.usename = current_user AND (pg_catalog.pg_has_role(s.srvowner, 'USAGE')
        OR pg_catalog.has_server_privilege(s.oid, 'USAGE')) END
    AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
  ORDER BY 2`;

/** pg_dump leaves them out unless a superuser runs it. */
const SUBSCRIPTIONS = `
  SELECT 'subscription' AS type, s.subname AS name,
    'pg_dump leaves subscriptions out unless a superuser runs it' AS reason
  FROM pg_catalog.pg_subscription s
  WHERE s.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
  ORDER BY 2`;

const DATABASE_QUERIES = [
  SUPERUSER_OBJECTS,
  OBJECTS_IN_TABLESPACES,
  TABLES_OF_ACCESS_METHODS,
  HIDDEN_USER_MAPPINGS,
  SUBSCRIPTIONS,
  PROVIDER_RIGHTS,
  PROVIDER_DEFAULTS,
];

/** Tables that inherit, and those that they inherit from. Partitions are dumped with columns of their own. */
const INHERITING_TABLES = `
  SELECT c.oid::text AS id, n.nspname AS schema, c.relname AS name,
    ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
    ARRAY(SELECT i.inhparent::text FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid ORDER BY i.inhseqno) AS parents
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'f') AND NOT c.relispartition
    AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent))
  ORDER BY 2, 3`;

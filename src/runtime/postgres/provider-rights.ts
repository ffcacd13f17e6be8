import { PROVIDER_OWNERS } from './roles';
import { FIRST_USER_OBJECT } from './server';

/** What rights can be given on: `kind` and `name` as in GRANT, `letter` as in acldefault, `column_number` as in pg_init_privs. */
const OBJECTS = `
  SELECT 'SCHEMA' AS kind, NULL::name AS schema, nspname AS name, NULL::text AS arguments, NULL::name AS column_name,
    'n'::"char" AS letter, 'pg_catalog.pg_namespace'::pg_catalog.regclass AS catalog, oid, 0 AS column_number,
    nspowner AS owner, nspacl AS acl
  FROM pg_catalog.pg_namespace
  UNION ALL SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname, NULL, NULL,
    CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", 'pg_catalog.pg_class', c.oid, 0, c.relowner, c.relacl
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  UNION ALL SELECT 'TABLE', n.nspname, c.relname, NULL, a.attname,
    'c', 'pg_catalog.pg_class', c.oid, a.attnum, c.relowner, a.attacl
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE a.attacl IS NOT NULL
  UNION ALL SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, n.nspname, p.proname,
    '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', NULL,
    'f', 'pg_catalog.pg_proc', p.oid, 0, p.proowner, p.proacl
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  UNION ALL SELECT 'TYPE', n.nspname, t.typname, NULL, NULL, 'T', 'pg_catalog.pg_type', t.oid, 0, t.typowner, t.typacl
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  UNION ALL SELECT 'LANGUAGE', NULL, lanname, NULL, NULL, 'l', 'pg_catalog.pg_language', oid, 0, lanowner, lanacl
  FROM pg_catalog.pg_language
  UNION ALL SELECT 'FOREIGN DATA WRAPPER', NULL, fdwname, NULL, NULL, 'F', 'pg_catalog.pg_foreign_data_wrapper', oid, 0,
    fdwowner, fdwacl
  FROM pg_catalog.pg_foreign_data_wrapper
  UNION ALL SELECT 'FOREIGN SERVER', NULL, srvname, NULL, NULL, 'S', 'pg_catalog.pg_foreign_server', oid, 0,
    srvowner, srvacl
  FROM pg_catalog.pg_foreign_server`;

/**
 * Whether an object is the provider's: it belongs to a role of RDS that the user is not in, or, as on a server elsewhere,
 * to a superuser and is PostgreSQL's own or an extension's.
 */
const IS_PROVIDERS = `EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = o.owner AND (
    r.rolname ~ '${PROVIDER_OWNERS}' AND NOT pg_catalog.pg_has_role(r.oid, 'USAGE')
    OR r.rolsuper AND (o.oid < ${FIRST_USER_OBJECT} OR EXISTS (SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = o.catalog AND d.objid = o.oid AND d.deptype = 'e'))))`;

/**
 * Rights that the provider gave to users on its own objects after it had made them. On what is PostgreSQL's own, those of
 * everybody are the provider's business.
 */
export const PROVIDER_RIGHTS = `
  SELECT 'right on ' || pg_catalog.lower(o.kind) AS type, o.schema, o.name || coalesce(o.arguments, '') AS name,
    'it belongs to the provider, who alone gives rights on it: ' || g.rights || ' to ' || g.grantee || ' is not restored' AS reason,
    pg_catalog.format('GRANT %s ON %s %s%s TO %s;', g.rights, o.kind,
      pg_catalog.concat_ws('.', pg_catalog.quote_ident(o.schema), pg_catalog.quote_ident(o.name)), o.arguments, g.quoted) AS statement
  FROM (${OBJECTS}) o, LATERAL (
    SELECT coalesce(u.rolname, 'PUBLIC') AS grantee, coalesce(pg_catalog.quote_ident(u.rolname), 'PUBLIC') AS quoted,
      pg_catalog.string_agg(a.privilege_type || coalesce(' (' || pg_catalog.quote_ident(o.column_name) || ')', ''), ', '
        ORDER BY a.privilege_type) AS rights
    FROM pg_catalog.aclexplode(o.acl) a LEFT JOIN pg_catalog.pg_roles u ON u.oid = a.grantee
      JOIN pg_catalog.pg_roles g ON g.oid = a.grantor
    WHERE a.grantee <> o.owner AND (g.rolsuper OR g.rolname ~ '${PROVIDER_OWNERS}')
      AND coalesce(u.rolname !~ '${PROVIDER_OWNERS}' AND u.rolname !~ '^pg_', o.oid >= ${FIRST_USER_OBJECT})
      AND NOT EXISTS (
        SELECT FROM pg_catalog.aclexplode(pg_catalog.acldefault(o.letter, o.owner)) b
        WHERE b.grantee = a.grantee AND b.privilege_type = a.privilege_type)
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_init_privs i, pg_catalog.aclexplode(i.initprivs) b
        WHERE i.classoid = o.catalog AND i.objoid = o.oid AND i.objsubid = o.column_number
          AND b.grantee = a.grantee AND b.privilege_type = a.privilege_type)
    GROUP BY u.rolname) g
  WHERE o.acl IS NOT NULL AND ${IS_PROVIDERS}
  ORDER BY 1, 2, 3, 4`;

/** Whether the objects of a kind, schema ($2, null where it has none) and name ($3) are all the provider's. */
export const ARE_PROVIDERS = `
  SELECT coalesce(pg_catalog.bool_and(${IS_PROVIDERS}), false) AS "areProviders"
  FROM (${OBJECTS}) o WHERE o.kind = $1 AND o.schema IS NOT DISTINCT FROM $2 AND o.name = $3`;

/** Default privileges of roles of RDS. */
export const PROVIDER_DEFAULTS = `
  SELECT 'default privileges' AS type, n.nspname AS schema, r.rolname AS name,
    'only the provider changes its own: those of what ' || r.rolname || ' creates are not restored' AS reason
  FROM pg_catalog.pg_default_acl d JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
  WHERE r.rolname ~ '${PROVIDER_OWNERS}' GROUP BY 2, 3 ORDER BY 2, 3`;

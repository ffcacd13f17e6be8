import { Client, escapeIdentifier } from 'pg';
import { firstOf } from './pg-dump';
import { ActionError } from '../../contract/action-error';
import { LeftOut, leftOutRemark } from '../../contract/left-out';
import { DatabaseIdentity } from '../../contract/manifest';
import { Remark } from '../../contract/remark';
import { readableName } from '../postgres/encoding';
import { qualified, TABLE, TableName } from '../postgres/tables';

/** What a dump of one database leaves out. */
export interface LeftOutObjects {
  /** The settings that name something in this database. */
  readonly found: readonly LeftOut[];
  /** Object ids of tables, views and sequences. */
  readonly oids: ReadonlySet<number>;
  /** For pg_dump: `table "s"."t"`, `schema "s"`. */
  readonly patterns: readonly string[];
  readonly remarks: readonly Remark[];
}

interface Relation extends TableName {
  readonly oid: number;
  readonly schemaOid: number;
  readonly ofExtension: boolean;
}

/** As many objects as an error names. */
const NAMED_OBJECTS = 20;

/**
 * Finds what a backup leaves out of a database: the named tables and schemas, and what belongs to them, such as
 * partitions, indexes and sequences.
 *
 * @throws BackupFailed naming what else depends on them: it could not be restored
 */
export async function findLeftOut(
  client: Client,
  wanted: readonly LeftOut[],
  { name: database, encoding }: DatabaseIdentity,
): Promise<LeftOutObjects> {
  const named = wanted.filter((each) => each.database === undefined || each.database === database);
  if (named.length === 0) return { found: [], oids: new Set(), patterns: [], remarks: [] };

  const relations = await readRelations(client);
  const schemas = await readSchemas(client);
  const is = (name: string, wantedName: string) => readableName(name, encoding) === wantedName;
  const tables: Relation[] = [];
  const wholeSchemas: { readonly oid: number; readonly name: string; readonly ofExtension: boolean }[] = [];
  const found: LeftOut[] = [];
  const remarks: Remark[] = [];
  for (const each of named) {
    const matching =
      each.table === undefined
        ? schemas.filter(({ name }) => is(name, each.schema))
        : relations.filter(({ schema, name }) => is(schema, each.schema) && is(name, each.table!));
    if (matching.length === 0) continue;
    found.push(each);
    remarks.push(leftOutRemark(each, database, matching[0].ofExtension));
    if (each.table === undefined) wholeSchemas.push(...matching);
    else tables.push(...(matching as Relation[]));
  }

  const roots = [
    ...tables.map(({ oid, ofExtension }) => ({ catalog: 'pg_class', oid, ofExtension })),
    ...wholeSchemas.map(({ oid, ofExtension }) => ({ catalog: 'pg_namespace', oid, ofExtension })),
  ].filter(({ ofExtension }) => !ofExtension);
  const { members, dependents } = await readDependencies(client, roots);
  if (dependents.length > 0) throw needed(database, dependents, encoding);
  const inSchemas = new Set(wholeSchemas.map(({ oid }) => oid));
  const out = relations.filter(
    ({ oid, schemaOid }) => members.has(oid) || inSchemas.has(schemaOid) || tables.some((table) => table.oid === oid),
  );
  return {
    found,
    oids: new Set(out.map(({ oid }) => oid)),
    patterns: [
      ...wholeSchemas.map(({ name }) => `schema ${escapeIdentifier(name)}`),
      ...out.map((relation) => `table ${qualified(relation)}`),
    ],
    remarks,
  };
}

const OF_EXTENSION = (catalog: string, oid: string) =>
  `EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass
     AND d.objid = ${oid} AND d.deptype = 'e') AS "ofExtension"`;

async function readRelations(client: Client): Promise<Relation[]> {
  const { rows } = await client.query<Relation>(
    `SELECT ${TABLE}, n.oid::int8::float8 AS "schemaOid", ${OF_EXTENSION('pg_class', 'c.oid')}
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_'`,
  );
  return rows;
}

async function readSchemas(client: Client) {
  const { rows } = await client.query<{ oid: number; name: string; ofExtension: boolean }>(
    `SELECT n.oid::int8::float8 AS oid, n.nspname AS name, ${OF_EXTENSION('pg_namespace', 'n.oid')}
     FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_'`,
  );
  return rows;
}

/**
 * What belongs to some objects and goes with them, and what else depends on those: a view or a foreign key, for example.
 * An extension stays when its schema goes.
 */
async function readDependencies(
  client: Client,
  roots: readonly { readonly catalog: string; readonly oid: number }[],
): Promise<{ readonly members: ReadonlySet<number>; readonly dependents: readonly string[] }> {
  if (roots.length === 0) return { members: new Set(), dependents: [] };
  const { rows } = await client.query<{ member: number | null; dependent: string | null }>(
    `WITH RECURSIVE roots AS (
         SELECT r.catalog::pg_catalog.regclass::oid AS classid, r.oid AS objid
         FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::oid[])) AS r(catalog, oid)),
       members AS (
         SELECT classid, objid FROM roots
         UNION
         SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN members m ON m.classid = d.refclassid AND m.objid = d.refobjid
         WHERE d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
           AND (d.deptype IN ('a', 'i', 'P', 'S') OR m.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass))
     SELECT objid::int8::float8 AS member, NULL AS dependent FROM members WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass
     UNION ALL
     SELECT DISTINCT NULL::float8, pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) || ' depends on '
         || pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
     FROM pg_catalog.pg_depend d JOIN members m ON m.classid = d.refclassid AND m.objid = d.refobjid
     WHERE NOT EXISTS (SELECT FROM members o WHERE o.classid = d.classid AND o.objid = d.objid)
     ORDER BY 2`,
    [roots.map(({ catalog }) => `pg_catalog.${catalog}`), roots.map(({ oid }) => oid)],
  );
  return {
    members: new Set(rows.flatMap(({ member }) => member ?? [])),
    dependents: rows.flatMap(({ dependent }) => dependent ?? []),
  };
}

function needed(database: string, dependents: readonly string[], encoding: string): ActionError {
  const readable = dependents.map((text) => readableName(text, encoding));
  return new ActionError(
    'BackupFailed',
    `What the settings leave out of database ${database} is needed by what they do not leave out, which could not be ` +
      `restored: ${firstOf(readable, NAMED_OBJECTS, '; ')}. Leave these out as well, or neither.`,
  );
}

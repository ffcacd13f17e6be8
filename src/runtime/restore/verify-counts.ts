import { Client } from 'pg';
import { LeftOutWithExtensions } from './left-out-with-extensions';
import { ActionError } from '../../contract/action-error';
import { ManifestDatabase } from '../../contract/manifest';
import { inManifest } from '../postgres/encoding';
import { countRows, readTables } from '../postgres/tables';

/** @throws VerificationFailed naming every table, or the large objects, whose number is not the manifest's. */
export async function verifyCounts(
  client: Client,
  facts: ManifestDatabase,
  leftOut: LeftOutWithExtensions,
): Promise<{ tables: number; rows: number }> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query('SET LOCAL row_security = off');
  const counted = await countRows(client, await readTables(client));
  const rowsOf = new Map(counted.map((table) => [tableKey(inManifest(table, facts.encoding)), table.rows]));
  const wrong: { what: string; has: number | undefined; wants: number }[] = leftOut
    .withoutThem(facts.tables)
    .map((table) => ({ what: `${table.schema}.${table.name}`, has: rowsOf.get(tableKey(table)), wants: table.rows }))
    .filter(({ has, wants }) => has !== wants);
  const { rows } = await client.query('SELECT count(*) AS n FROM pg_catalog.pg_largeobject_metadata');
  await client.query('COMMIT');
  if (Number(rows[0].n) !== facts.largeObjects) {
    wrong.push({ what: 'large objects', has: Number(rows[0].n), wants: facts.largeObjects });
  }
  if (wrong.length > 0) {
    throw new ActionError(
      'VerificationFailed',
      `Database ${facts.name} does not hold what the backup held: ` +
        `${wrong.map(({ what, has, wants }) => `${what}: ${has ?? 'missing'}, not ${wants}`).join('; ')}.`,
    );
  }
  return { tables: counted.length, rows: counted.reduce((sum, table) => sum + table.rows, 0) };
}

function tableKey({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}

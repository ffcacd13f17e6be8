import { Client } from 'pg';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';
import { connect, DatabaseConnection } from '../../src/runtime/postgres/connection';

/** The encodings that a database can have: PostgreSQL numbers them before those of clients alone. */
export async function serverEncodings(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT pg_encoding_to_char(i) AS name FROM generate_series(0, 100) AS i WHERE pg_encoding_to_char(i) <> ''`,
  );
  const names = rows.map(({ name }) => name);
  return names.slice(0, names.indexOf('SJIS'));
}

/**
 * Makes and fills a database of an encoding: every character of one and two bytes and some of three and four that the
 * server accepts, and names with such characters for schema, table, column, type value and comment.
 */
export async function createEncodedDatabase(
  connection: DatabaseConnection,
  { database, encoding, owner }: { readonly database: string; readonly encoding: string; readonly owner?: string },
): Promise<void> {
  const quoted = `"${database}"`;
  await withBytes(connection, 'postgres', 'UTF8', async (client) => {
    await client.query(
      `CREATE DATABASE ${quoted} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    if (owner) await client.query(`ALTER DATABASE ${quoted} OWNER TO "${owner}"`);
    // Asked for by nobody, and in the way of whoever does not say what it wants.
    await client.query(`ALTER DATABASE ${quoted} SET client_encoding = 'LATIN1'`);
  });
  await withBytes(connection, database, 'SQL_ASCII', async (client) => {
    await client.query('CREATE TABLE characters (bytes bytea PRIMARY KEY, value text NOT NULL)');
    await client.query(FILL);
    const { rows } = await client.query<{ sample: Buffer }>(
      `SELECT string_agg(bytes, '' ORDER BY md5(bytes)) AS sample FROM (
         SELECT bytes FROM characters WHERE octet_length(bytes) > 1 OR get_byte(bytes, 0) > 127
         ORDER BY md5(bytes) LIMIT 8) AS sampled`,
    );
    const name = `N ${(rows[0].sample ?? Buffer.from('x')).toString('latin1')}`.replaceAll('"', '');
    await client.query(`CREATE SCHEMA "S${name}"`);
    await client.query(`CREATE TYPE "S${name}"."Y${name}" AS ENUM ('V${name.replaceAll("'", '')}')`);
    await client.query(
      `CREATE TABLE "S${name}"."T${name}" ("C${name}" "S${name}"."Y${name}" DEFAULT 'V${name.replaceAll("'", '')}', n integer)`,
    );
    await client.query(`COMMENT ON TABLE "S${name}"."T${name}" IS '${name.replaceAll("'", '')}'`);
    await client.query(`INSERT INTO "S${name}"."T${name}" (n) SELECT generate_series(1, 3)`);
    await client.query(`GRANT SELECT ON "S${name}"."T${name}" TO PUBLIC`);
  });
}

/** Characters of one to four bytes; those that the server does not accept are left out. */
const FILL = `
  DO $fill$
  DECLARE
    candidate bytea;
    b bytea[] := (SELECT array_agg(set_byte('\\x00', 0, i) ORDER BY i) FROM generate_series(1, 255) AS i);
  BEGIN
    FOR candidate IN
      SELECT b[i] FROM generate_series(1, 255) AS i
      UNION ALL SELECT b[i] || b[j] FROM generate_series(128, 255) AS i, generate_series(128, 255) AS j
      UNION ALL SELECT b[i] || b[j] || b[k] FROM generate_series(129, 255, 7) AS i, generate_series(128, 255, 11) AS j,
        generate_series(129, 255, 13) AS k
      UNION ALL SELECT b[142] || b[i] || b[j] || b[k] FROM generate_series(161, 168) AS i,
        generate_series(161, 254, 5) AS j, generate_series(161, 254, 5) AS k
      UNION ALL SELECT b[143] || b[j] || b[k] FROM generate_series(161, 254) AS j, generate_series(161, 254, 3) AS k
    LOOP
      BEGIN
        INSERT INTO characters VALUES (candidate, convert_from(candidate, getdatabaseencoding())) ON CONFLICT DO NOTHING;
      EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN NULL;
      END;
    END LOOP;
  END $fill$`;

/** Works in a session of which every string stands for bytes. */
export async function withBytes<T>(
  connection: DatabaseConnection,
  database: string,
  encoding: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect(connection, database, encoding);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A digest of the characters, of the names and the comment, as the server stores them. */
export async function encodedDigest(connection: DatabaseConnection, database: string): Promise<string> {
  return withBytes(connection, database, 'SQL_ASCII', async (client) => {
    const { rows } = await client.query<{ line: string }>(`
      SELECT 'characters ' || count(*) || md5(string_agg(md5(value) || md5(bytes), '' ORDER BY bytes)) AS line FROM characters
      UNION ALL SELECT 'classes ' || string_agg(md5(relname::text) || relkind::text, ' ' ORDER BY md5(relname::text)) FROM pg_class WHERE oid > 16383 AND relkind IN ('r', 'c')  AND relnamespace > 16383
      UNION ALL SELECT 'schemas ' || string_agg(md5(nspname::text), ' ' ORDER BY md5(nspname::text)) FROM pg_namespace WHERE nspname !~ '^pg_'
      UNION ALL SELECT 'columns ' || string_agg(md5(attname::text), ' ' ORDER BY md5(attname::text)) FROM pg_attribute WHERE attrelid > 16383 AND attnum > 0
      UNION ALL SELECT 'values ' || string_agg(md5(enumlabel::text), ' ') FROM pg_enum
      UNION ALL SELECT 'comments ' || string_agg(md5(description), ' ' ORDER BY md5(description)) FROM pg_description WHERE objoid > 16383
      UNION ALL SELECT 'owner ' || md5(pg_get_userbyid(datdba)::text) || pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()`);
    return rows.map(({ line }) => line).join('\n');
  });
}

export function connectionTo({ host, port, master, caFile }: PostgreSqlServer): DatabaseConnection {
  return { host, port, ...master, certificateFile: caFile };
}

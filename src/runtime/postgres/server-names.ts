import { Client } from 'pg';
import { ADMINISTRATION_DATABASE, DatabaseConnection, withClient } from './connection';
import { PROVIDER_ROLES, RESTORE_MARK_ROLE } from './roles';
import { ActionError } from '../../contract/action-error';
import { DatabaseIdentity } from '../../contract/manifest';
import { Log } from '../log';

/**
 * A text that belongs to the whole server: the name, a setting or the comment of a role or a database. The server keeps
 * its bytes as the session wrote them, whatever the encoding of that session's database was. A session elsewhere may be
 * unable to write them: `à` from a database in UTF8 is not valid in EUC_JP, `ü` from one in LATIN1 is not valid in UTF8.
 */
interface ServerText {
  /** What the text is, as `comment on role`. */
  readonly what: string;
  /** The role or database. */
  readonly name: string;
  /** The text; each character stands for one byte. */
  readonly bytes: string;
  /** The database in which a restore writes the text, and its encoding. */
  readonly database: string;
  readonly encoding: string;
}

/** As many texts as the error names; the log has all of them. */
const NAMED_TEXTS = 20;

/** SQLSTATE character_not_in_repertoire. */
const NOT_VALID = '22021';

/** A session with this client encoding gets every text as it is stored. */
const BYTES = 'SQL_ASCII';

/**
 * Makes sure that a restore can write every text of the whole server, with the same bytes. It writes them in the
 * administration database.
 *
 * @returns the databases where roles own something, or have rights, whose names are not valid in their encoding; a restore
 * gives those roles other names meanwhile
 * @throws BackupFailed naming the texts that no restore could write
 */
export async function requireWritableTexts(
  connection: DatabaseConnection,
  databases: readonly DatabaseIdentity[],
  log: Log,
): Promise<ReadonlySet<string>> {
  const administration = databases.find(({ name }) => name === ADMINISTRATION_DATABASE)?.encoding ?? 'UTF8';
  const problems = new Set(databases.filter(({ name }) => LINE_BREAK.test(name)).map(lineBreakProblem));
  const withOtherNames = new Set<string>();
  const examine = async (client: Client) => {
    for (const text of await readServerTexts(client)) {
      if (isAscii(text.bytes) || (await isWritable(client, text, administration))) continue;
      if (canHaveOtherName(text, connection)) withOtherNames.add(readable(text.database));
      else problems.add(describe(text));
    }
  };
  await withClient(connection, ADMINISTRATION_DATABASE, examine, BYTES);
  for (const problem of problems) log.warn('not-writable', { problem });
  if (problems.size > 0) {
    throw new ActionError(
      'BackupFailed',
      `${problems.size} names or settings of the server cannot be restored: ` +
        `${[...problems].slice(0, NAMED_TEXTS).join('; ')}. Change them to text that is valid there, such as ASCII. A name ` +
        'that is not valid in UTF8 is changed from a database in the encoding with which it was written.',
    );
  }
  return withOtherNames;
}

/** pg_restore refuses to write the statements of a database whose name has one. */
const LINE_BREAK = /[\r\n]/;

function lineBreakProblem({ name }: DatabaseIdentity): string {
  return `database ${JSON.stringify(name)}, whose name has a line break, which pg_restore refuses`;
}

/** A role other than the master, who is connected, can have another name while a database is restored. */
function canHaveOtherName({ what, bytes, database }: ServerText, { username }: DatabaseConnection): boolean {
  return what === 'role' && database !== ADMINISTRATION_DATABASE && bytes !== Buffer.from(username).toString('latin1');
}

async function readServerTexts(client: Client): Promise<ServerText[]> {
  const { rows } = await client.query<ServerText>(
    `WITH roles AS (SELECT oid, rolname::text AS name FROM pg_catalog.pg_roles WHERE rolname !~ $1 AND rolname <> $2),
       databases AS (
         SELECT oid, datname::text AS name, pg_catalog.pg_encoding_to_char(encoding)::text AS encoding,
           pg_catalog.to_jsonb(d) ->> 'daticurules' AS rules
         FROM pg_catalog.pg_database d),
       written_by_administrator AS (
         SELECT 'role' AS what, name, name AS bytes FROM roles
         UNION ALL SELECT 'database', name, name FROM databases
         UNION ALL SELECT 'ICU rules of database', name, rules FROM databases WHERE rules IS NOT NULL
         UNION ALL SELECT 'comment on role', name, pg_catalog.shobj_description(oid, 'pg_authid') FROM roles
         UNION ALL SELECT 'setting of ' || CASE WHEN r.oid IS NULL THEN 'database' ELSE 'role' END,
             coalesce(r.name, d.name), c.setting
           FROM pg_catalog.pg_db_role_setting s CROSS JOIN pg_catalog.unnest(s.setconfig) AS c(setting)
             LEFT JOIN roles r ON r.oid = s.setrole LEFT JOIN databases d ON d.oid = s.setdatabase
           WHERE r.oid IS NOT NULL OR s.setrole = 0 AND d.oid IS NOT NULL)
     SELECT what, name, bytes, $3 AS database, 'UTF8' AS encoding FROM written_by_administrator WHERE bytes IS NOT NULL
     UNION ALL SELECT 'comment on database', name, pg_catalog.shobj_description(oid, 'pg_database'), name, encoding
       FROM databases WHERE pg_catalog.shobj_description(oid, 'pg_database') IS NOT NULL
     UNION ALL SELECT DISTINCT 'role', r.name, r.name, d.name, d.encoding
       FROM pg_catalog.pg_shdepend s JOIN roles r ON r.oid = s.refobjid JOIN databases d ON d.oid = s.dbid
       WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
     ORDER BY 1, 2, 4, 3`,
    [PROVIDER_ROLES, RESTORE_MARK_ROLE, ADMINISTRATION_DATABASE],
  );
  return rows;
}

async function isWritable(client: Client, { bytes, encoding, database }: ServerText, administration: string) {
  // Where its own encoding is another one, its sessions convert what is written in UTF8.
  if (database === ADMINISTRATION_DATABASE && !['UTF8', BYTES].includes(administration)) return false;
  if (encoding === 'UTF8') return isUtf8(bytes);
  return isValidIn(client, Buffer.from(bytes, 'latin1'), encoding);
}

/** Whether these bytes are a text in a database of this encoding. */
export async function isValidIn(client: Client, bytes: Buffer, encoding: string): Promise<boolean> {
  return client.query('SELECT pg_catalog.convert($1, $2, $2)', [bytes, encoding]).then(
    () => true,
    (error: Error & { code?: string }) => {
      if (error.code !== NOT_VALID) throw error;
      return false;
    },
  );
}

function describe({ what, name, bytes, database, encoding }: ServerText): string {
  const text = name === bytes ? '' : ` (${readable(bytes)})`;
  return `${what} ${readable(name)}${text} in database ${readable(database)}, encoding ${encoding}`;
}

/** In UTF-8 where it is valid there; else with its other bytes as `\xFC`. */
function readable(bytes: string): string {
  if (isUtf8(bytes)) return Buffer.from(bytes, 'latin1').toString();
  return bytes.replaceAll(/[^\0-\x7f]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

function isAscii(bytes: string): boolean {
  return !/[^\0-\x7f]/.test(bytes);
}

function isUtf8(bytes: string): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
    return true;
  } catch {
    return false;
  }
}

import { Client, escapeIdentifier } from 'pg';
import { LeftOutWithExtensions } from './left-out-with-extensions';
import { inDatabase, LoadJob, mastersIn, ADMINISTRATION } from './load-job';
import { withoutMissingProviderRoles } from './provider-grants';
import { grantsFor, onCurrentDatabase, withDatabaseName } from './sql-script';
import { ActionError } from '../../contract/action-error';
import { ManifestDatabase } from '../../contract/manifest';
import { serverNameIn, serverTextFrom } from '../postgres/encoding';
import { roleAtTarget, MasterUsers } from '../postgres/roles';

/** SQLSTATE of what one may not do. */
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Owner, rights, settings and comment of the database. The server keeps a comment in the encoding of the database in which
 * it was written, and checks a setting against the encoding of the database from which it is made.
 */
export async function restoreProperties(job: LoadJob, facts: ManifestDatabase, script: string): Promise<void> {
  const name = escapeIdentifier(serverNameIn(facts.name, facts.encoding));
  const renamed = withDatabaseName(script, name);
  const isComment = (statement: string) => statement.startsWith('COMMENT ');
  const inServer = grantsFor(serverTextFrom(renamed, facts.encoding), job.masters);
  await inDatabase(job, ADMINISTRATION, async (client) => {
    const owner = escapeIdentifier(roleAtTarget(facts.owner, job.masters));
    await runEach(client, [`ALTER DATABASE ${escapeIdentifier(facts.name)} OWNER TO ${owner}`]);
    const others = inServer.filter((statement) => !isComment(statement));
    await runEach(client, await possibleHere(job, facts, client, others));
  });
  const comments = grantsFor(renamed, mastersIn(facts, job.masters)).filter(isComment);
  await inDatabase(job, facts, async (client) => {
    const statements = comments.map((comment) => comment.replace(`DATABASE ${name} `, 'DATABASE @ '));
    await runEach(client, statements.map(onCurrentDatabase));
  });
}

/** Statements without those about roles of RDS that this server does not have, which become remarks. */
export async function possibleHere(
  job: LoadJob,
  facts: ManifestDatabase,
  client: Client,
  statements: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT rolname AS name FROM pg_catalog.pg_roles');
  const possible = withoutMissingProviderRoles(statements, new Set(rows.map(({ name }) => name)), facts.name);
  possible.remarks.forEach(job.remark);
  return possible.statements;
}

/** What the master of the source owned, and what policies said of it, where the target's has another name. */
export async function giveToTargetMaster(client: Client, { source, target }: MasterUsers): Promise<void> {
  if (source === target) return;
  await client.query(`REASSIGN OWNED BY ${escapeIdentifier(source)} TO ${escapeIdentifier(target)}`);
  await client.query(`SET search_path = ''`);
  const { rows } = await client.query<{ statement: string }>(
    `SELECT pg_catalog.format('ALTER POLICY %I ON %s TO %s', p.polname, p.polrelid::pg_catalog.regclass,
       (SELECT pg_catalog.string_agg(CASE WHEN r.oid IS NULL THEN 'PUBLIC' ELSE pg_catalog.quote_ident(
           CASE r.rolname WHEN $1 THEN $2 ELSE r.rolname END) END, ', ')
         FROM pg_catalog.unnest(p.polroles) AS u(oid) LEFT JOIN pg_catalog.pg_roles r ON r.oid = u.oid)) AS statement
     FROM pg_catalog.pg_policy p
     WHERE (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $1) = ANY (p.polroles)`,
    [source, target],
  );
  for (const { statement } of rows) await client.query(statement);
  await client.query('RESET search_path');
}

/** @returns what was not allowed: an extension that needs a superuser belongs to the one that made it for us */
export async function commentOnExtensions(
  client: Client,
  statements: readonly string[],
  leftOut: LeftOutWithExtensions,
): Promise<string[]> {
  const denied: string[] = [];
  for (const statement of statements) {
    await client.query(statement).catch((error: Error & { code?: string }) => {
      if (leftOut.takes(error.message)) return;
      if (error.code !== INSUFFICIENT_PRIVILEGE) throw error;
      denied.push(`${statement}: ${error.message}`);
    });
  }
  return denied;
}

/** Runs statements one by one. A warning is a failure: it says that a right was not granted. */
export async function runEach(
  client: Client,
  statements: readonly string[],
  isLeftOut: (message: string, statement: string) => Promise<boolean> = async () => false,
): Promise<void> {
  const warnings: string[] = [];
  const onNotice = ({ severity, message }: { severity?: string; message?: string }) => {
    if (severity === 'WARNING') warnings.push(String(message));
  };
  client.on('notice', onNotice);
  try {
    for (const statement of statements) {
      const problem = await client.query(statement).then(
        () => warnings[0],
        (error: Error) => error.message,
      );
      warnings.length = 0;
      if (problem !== undefined && !(await isLeftOut(problem, statement))) {
        throw new ActionError(
          'DatabaseFault',
          `The server did not take a statement as it was: ${problem}: ${statement}`,
        );
      }
    }
  } finally {
    client.off('notice', onNotice);
  }
}

import { Client } from 'pg';
import { ManifestDatabase } from '../../contract/manifest';
import { Remark } from '../../contract/remark';
import { readableName } from '../postgres/encoding';
import { ARE_PROVIDERS } from '../postgres/provider-rights';
import { PROVIDER_ROLES } from '../postgres/roles';

/** The role in a statement of `grantsFor`: who is given or loses a right, whose default privileges it changes, who acts. */
const ROLE =
  /(?:^SET ROLE|FOR ROLE|(?:TO|FROM)) "((?:[^"]|"")*)"(?=$| WITH GRANT OPTION$| IN SCHEMA | GRANT | REVOKE )/g;

const PROVIDER_ROLE = new RegExp(PROVIDER_ROLES);

/**
 * Leaves out the statements about roles of RDS that this server does not have, as one elsewhere than on RDS. Each is a
 * remark: nobody else loses a right.
 */
export function withoutMissingProviderRoles(
  statements: readonly string[],
  present: ReadonlySet<string>,
  database: string,
): { readonly statements: string[]; readonly remarks: Remark[] } {
  const kept: string[] = [];
  const remarks: Remark[] = [];
  let actor: string | undefined;
  for (const statement of statements) {
    const missing = [...statement.matchAll(ROLE)]
      .map(([, name]) => name)
      .find((name) => PROVIDER_ROLE.test(name) && !present.has(name));
    if (statement.startsWith('SET ROLE ')) actor = missing;
    const role = missing ?? actor;
    if (role === undefined) {
      kept.push(statement);
    } else if (statement !== 'RESET ROLE' && !statement.startsWith('SET ROLE ')) {
      remarks.push({
        database,
        type: 'role',
        name: role,
        reason: `this server does not have the role, so this was not run: ${statement}`,
      });
    }
    if (statement === 'RESET ROLE') actor = undefined;
  }
  return { statements: kept, remarks };
}

/** What the server says where the user has no right to give a right. */
const NOT_GRANTED = new RegExp(
  [
    '^(no|not all) privileges (were granted|could be revoked) for ',
    '^permission denied (for|to change default privileges)',
    '^must be (a )?member of role ',
  ].join('|'),
);

const NAME = String.raw`("(?:[^"]|"")*"|[^\s".(]+)`;

/** The object of a statement that gives or takes rights. A name in quotation marks before it may have any words. */
const OBJECT = new RegExp(
  String.raw`^(?:GRANT|REVOKE) (?:"(?:[^"]|"")*"|[^"])*? ON ` +
    String.raw`(SCHEMA|TABLE|SEQUENCE|FUNCTION|PROCEDURE|TYPE|LANGUAGE|FOREIGN DATA WRAPPER|FOREIGN SERVER) ` +
    String.raw`${NAME}(?:\.${NAME})?`,
);

const DEFAULTS = new RegExp(`^ALTER DEFAULT PRIVILEGES FOR ROLE ${NAME}(?: IN SCHEMA ${NAME})?`);

/**
 * A right on an object of the provider, such as the schema of an extension that RDS owns, is given by the provider alone:
 * a remark, unless the backup has made one already.
 *
 * @returns undefined where the object belongs to somebody else, so that the right must be restored
 */
export async function notGrantedRemarks(
  client: Client,
  message: string,
  statement: string,
  { name: database, encoding }: Pick<ManifestDatabase, 'name' | 'encoding'>,
  known: readonly Remark[],
): Promise<Remark[] | undefined> {
  if (!NOT_GRANTED.test(message)) return undefined;
  const object = await providersObject(client, statement, encoding);
  if (object === undefined) return undefined;
  const isKnown = known.some(
    (each) =>
      each.database === database &&
      each.type === object.type &&
      each.schema === object.schema &&
      // A function is named there with its arguments.
      (each.name === object.name || each.name.startsWith(`${object.name}(`)),
  );
  const notRun = readableName(statement, encoding);
  const reason = `it belongs to the provider, who alone gives rights on it, so this was not run: ${notRun}`;
  return isKnown ? [] : [{ database, ...object, reason }];
}

/** What a statement is about, as a remark names it; undefined where it does not belong to the provider. */
async function providersObject(
  client: Client,
  statement: string,
  encoding: string,
): Promise<Pick<Remark, 'type' | 'schema' | 'name'> | undefined> {
  const [, role, inSchema] = DEFAULTS.exec(statement) ?? [];
  if (role !== undefined) {
    const schema = inSchema === undefined ? {} : { schema: readableName(unquoted(inSchema), encoding) };
    return PROVIDER_ROLE.test(unquoted(role))
      ? { type: 'default privileges', ...schema, name: unquoted(role) }
      : undefined;
  }
  const [, kind, first, second] = OBJECT.exec(statement) ?? [];
  if (kind === undefined) return undefined;
  const [schema, name] = second === undefined ? [null, unquoted(first)] : [unquoted(first), unquoted(second)];
  const { rows } = await client.query<{ areProviders: boolean }>(ARE_PROVIDERS, [kind, schema, name]);
  if (!rows[0].areProviders) return undefined;
  return {
    type: `right on ${kind.toLowerCase()}`,
    ...(schema !== null && { schema: readableName(schema, encoding) }),
    name: readableName(name, encoding),
  };
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

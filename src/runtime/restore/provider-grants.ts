import { Remark } from '../../contract/remark';
import { PROVIDER_ROLES } from '../postgres/roles';

/** The role in a statement of `grantsFor`: who is given or loses a right, whose default privileges it changes, who acts. */
const ROLE = /(?:^SET ROLE|FOR ROLE|(?:TO|FROM)) "((?:[^"]|"")*)"(?=$| WITH GRANT OPTION$| IN SCHEMA )/g;

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

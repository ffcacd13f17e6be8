/** A policy as IAM keeps it. */
export interface PolicyDocument {
  readonly Statement: PolicyStatement | readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: object;
}

/**
 * Whether the policies of a role allow an action on a resource: one statement must allow it, and none deny it.
 *
 * Conditions are not looked into: a statement that has some denies always and allows never, so that nothing passes
 * here that AWS might refuse.
 *
 * @throws where a policy says more than this understands
 */
export function isAllowed(policies: readonly PolicyDocument[], action: string, resource: string): boolean {
  const about = policies
    .flatMap(({ Statement }) => listOf(Statement))
    .map(understood)
    .filter((statement) => speaksOf(statement, action, resource));
  return (
    about.some(({ Effect, Condition }) => Effect === 'Allow' && Condition === undefined) &&
    !about.some(({ Effect }) => Effect === 'Deny')
  );
}

const UNDERSTOOD = ['Sid', 'Effect', 'Action', 'Resource', 'Condition'];

function understood(statement: PolicyStatement): PolicyStatement {
  const strange = Object.keys(statement).filter((key) => !UNDERSTOOD.includes(key));
  if (strange.length > 0) {
    throw new Error(
      `The sandbox does not understand ${strange.join(', ')} in a role's policy: teach it, or do without.`,
    );
  }
  return statement;
}

/** Actions are the same in any case of letters, resources are not. */
function speaksOf({ Action, Resource }: PolicyStatement, action: string, resource: string): boolean {
  return (
    listOf(Action).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
    listOf(Resource).some((pattern) => matches(pattern, resource))
  );
}

/** `*` stands for any characters, slashes and none at all included, `?` for one. */
function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${expression}$`, 's').test(text);
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

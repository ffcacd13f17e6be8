/** The order in which the entries of an archive are restored by a master that is no superuser. */
export interface RestoreSteps {
  /** How the database is made. */
  readonly creation: readonly string[];
  /** Schemas and extensions, before anybody is let into the schemas. */
  readonly schemas: readonly string[];
  /** Everything else that has no place of its own below. */
  readonly contents: readonly string[];
  /** Rights, once those granted for the load are revoked. */
  readonly grants: readonly string[];
  /** What is computed from the contents by their owners, and needs their rights. */
  readonly computed: readonly string[];
  /** Rights, comment and settings of the database itself. */
  readonly properties: readonly string[];
  /** Comments on extensions, for those that belong to us. */
  readonly extensionComments: readonly string[];
}

type Step = keyof RestoreSteps;

const ENTRY = /^\d+; \d+ \d+ (.*)$/;

/** The first that fits decides. */
const PLACES: readonly (readonly [RegExp, Step])[] = [
  [/^DATABASE - /, 'creation'],
  [/^(DATABASE PROPERTIES - |(COMMENT|ACL|SECURITY LABEL) - DATABASE )/, 'properties'],
  [/^COMMENT - EXTENSION /, 'extensionComments'],
  [/^(SCHEMA|EXTENSION) - /, 'schemas'],
  [/^(ACL|DEFAULT ACL) /, 'grants'],
  [/^(MATERIALIZED VIEW DATA |EVENT TRIGGER - |COMMENT - EVENT TRIGGER )/, 'computed'],
  [/./, 'contents'],
];

/** Distributes the lines of `pg_restore --create --list`, each in the archive's own order. */
export function restoreSteps(listing: string): RestoreSteps {
  const steps: Record<Step, string[]> = {
    creation: [],
    schemas: [],
    contents: [],
    grants: [],
    computed: [],
    properties: [],
    extensionComments: [],
  };
  for (const line of listing.split('\n')) {
    const description = ENTRY.exec(line)?.[1];
    if (description !== undefined) steps[PLACES.find(([pattern]) => pattern.test(description))![1]].push(line);
  }
  return steps;
}

/**
 * Which roles own something in which schemas, after the listing. A line has spaces between names that may hold spaces:
 * where it can be read in several ways, all of them are given.
 */
export function ownersInSchemas(
  lines: readonly string[],
  schemas: readonly string[],
  roles: readonly string[],
): { readonly schema: string; readonly role: string }[] {
  const pairs = new Map<string, { schema: string; role: string }>();
  const inLines = (name: string) => name.replace(/[\r\n]/g, ' ');
  for (const line of lines) {
    const owners = roles.filter((role) => line.endsWith(` ${inLines(role)}`));
    const homes = owners.length === 0 ? [] : schemas.filter((schema) => line.includes(` ${inLines(schema)} `));
    for (const role of owners) for (const schema of homes) pairs.set(JSON.stringify([schema, role]), { schema, role });
  }
  return [...pairs.values()];
}

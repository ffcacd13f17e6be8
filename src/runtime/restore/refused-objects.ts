import { Refusal } from './restore-messages';
import { Remark } from '../../contract/remark';

/** What the absence of an object means for what was restored. */
type Weight =
  /** Nothing is lost or allowed that was not: a remark. */
  | 'remark'
  /** Something is no longer enforced. The restore fails, or goes on where the request says so. */
  | 'enforced'
  /** Data would be missing: the restore fails. */
  | 'data';

/** An object that the server refused. */
export interface RefusedObject {
  readonly weight: Weight;
  readonly remark: Remark;
}

/** Kinds of entries as pg_dump names them. One that is not listed could be data. */
const WEIGHTS: Readonly<Record<string, Weight>> = {
  'ACCESS METHOD': 'remark',
  AGGREGATE: 'remark',
  CAST: 'remark',
  COLLATION: 'remark',
  COMMENT: 'remark',
  CONVERSION: 'remark',
  'FOREIGN DATA WRAPPER': 'remark',
  'FOREIGN TABLE': 'remark',
  FUNCTION: 'remark',
  INDEX: 'remark',
  'INDEX ATTACH': 'remark',
  'MATERIALIZED VIEW': 'remark',
  'MATERIALIZED VIEW DATA': 'remark',
  OPERATOR: 'remark',
  'OPERATOR CLASS': 'remark',
  'OPERATOR FAMILY': 'remark',
  PROCEDURE: 'remark',
  'PROCEDURAL LANGUAGE': 'remark',
  PUBLICATION: 'remark',
  'PUBLICATION TABLE': 'remark',
  'PUBLICATION TABLES IN SCHEMA': 'remark',
  'SECURITY LABEL': 'remark',
  SERVER: 'remark',
  'SHELL TYPE': 'remark',
  STATISTICS: 'remark',
  SUBSCRIPTION: 'remark',
  'TEXT SEARCH CONFIGURATION': 'remark',
  'TEXT SEARCH DICTIONARY': 'remark',
  'TEXT SEARCH PARSER': 'remark',
  'TEXT SEARCH TEMPLATE': 'remark',
  TRANSFORM: 'remark',
  TYPE: 'remark',
  'USER MAPPING': 'remark',
  VIEW: 'remark',

  'CHECK CONSTRAINT': 'enforced',
  CONSTRAINT: 'enforced',
  DEFAULT: 'enforced',
  'EVENT TRIGGER': 'enforced',
  'FK CONSTRAINT': 'enforced',
  POLICY: 'enforced',
  'ROW SECURITY': 'enforced',
  RULE: 'enforced',
  TRIGGER: 'enforced',
};

const KINDS = Object.keys(WEIGHTS).sort((one, other) => other.length - one.length);

/**
 * The refused objects, each once. What refused an object's owner or a further part of it counts for the object.
 *
 * @param listing the lines of `pg_restore --list`
 * @param roles that may own something
 */
export function refusedObjects(
  refusals: readonly Refusal[],
  listing: readonly string[],
  database: string,
  roles: readonly string[],
): RefusedObject[] {
  const lines = new Map(listing.map((line) => [Number.parseInt(line, 10), line]));
  const objects = new Map<number, RefusedObject>();
  for (const refusal of refusals) {
    if (!objects.has(refusal.dumpId)) {
      objects.set(refusal.dumpId, refusedObject(refusal, lines.get(refusal.dumpId) ?? '', database, roles));
    }
  }
  return [...objects.values()];
}

/** A line is `<number>; <catalog> <object> <KIND> <schema or -> <name> <owner>`, and any of the names may hold spaces. */
function refusedObject(
  { message, statement, entry }: Refusal,
  line: string,
  database: string,
  roles: readonly string[],
): RefusedObject {
  const description = line.replace(/^\d+; \d+ \d+ /, '');
  const kind = KINDS.find((each) => description.startsWith(`${each} `));
  const names = description.slice((kind ?? '').length).trim();
  // The message has the same names but for the schema, which is what comes before them here.
  const withoutSchema = inOneLine(entry)
    .slice((kind ?? '').length)
    .trim();
  const schema = names.endsWith(` ${withoutSchema}`) ? names.slice(0, -withoutSchema.length - 1) : names.split(' ')[0];
  const remark: Remark = {
    database,
    type: (kind ?? 'object').toLowerCase(),
    ...(schema !== '-' && kind !== undefined && { schema }),
    name: kind === undefined ? description : withoutOwner(names.slice(schema.length + 1), roles),
    reason: `the server refused it: ${message.replace(/^ERROR: {2}/, '').replace(/\s+/g, ' ')}`,
    ...(!isUnreadable(statement) && { statement: statement.trim() }),
  };
  return { weight: weightOf(kind, statement), remark };
}

function withoutOwner(nameAndOwner: string, roles: readonly string[]): string {
  const owners = roles.map((role) => ` ${inOneLine(role)}`).filter((owner) => nameAndOwner.endsWith(owner));
  const longest = owners.reduce((one, other) => (other.length > one.length ? other : one), '');
  return longest === '' ? nameAndOwner.replace(/ \S+$/, '') : nameAndOwner.slice(0, -longest.length);
}

/** As the listing has names. */
function inOneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}

function weightOf(kind: string | undefined, statement: string): Weight {
  if (kind === undefined) return 'data';
  return kind === 'INDEX' && /^CREATE UNIQUE /.test(statement) ? 'enforced' : WEIGHTS[kind];
}

/** Statements for data are written as COPY without the data. */
function isUnreadable(statement: string): boolean {
  return statement.startsWith('COPY ');
}

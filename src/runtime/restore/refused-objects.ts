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
 */
export function refusedObjects(
  refusals: readonly Refusal[],
  listing: readonly string[],
  database: string,
): RefusedObject[] {
  const lines = new Map(listing.map((line) => [Number.parseInt(line, 10), line]));
  const objects = new Map<number, RefusedObject>();
  for (const refusal of refusals) {
    if (!objects.has(refusal.dumpId)) {
      objects.set(refusal.dumpId, refusedObject(refusal, lines.get(refusal.dumpId) ?? '', database));
    }
  }
  return [...objects.values()];
}

/** A line is `<number>; <catalog> <object> <KIND> <schema or -> <name> <owner>`. */
function refusedObject({ message, statement }: Refusal, line: string, database: string): RefusedObject {
  const description = line.replace(/^\d+; \d+ \d+ /, '');
  const kind = KINDS.find((each) => description.startsWith(`${each} `));
  const [, schema, named] = /^(\S+) (.*)$/s.exec(description.slice((kind ?? '').length).trim()) ?? [];
  const remark: Remark = {
    database,
    type: (kind ?? 'object').toLowerCase(),
    ...(schema !== undefined && schema !== '-' && kind !== undefined && { schema }),
    // The owner comes last.
    name: kind === undefined ? description : named.replace(/ \S+$/, ''),
    reason: `the server refused it: ${message.replace(/^ERROR: {2}/, '').replace(/\s+/g, ' ')}`,
    ...(!isUnreadable(statement) && { statement: statement.trim() }),
  };
  return { weight: weightOf(kind, statement), remark };
}

function weightOf(kind: string | undefined, statement: string): Weight {
  if (kind === undefined) return 'data';
  return kind === 'INDEX' && /^CREATE UNIQUE /.test(statement) ? 'enforced' : WEIGHTS[kind];
}

/** Statements for data are written as COPY without the data. */
function isUnreadable(statement: string): boolean {
  return statement.startsWith('COPY ');
}

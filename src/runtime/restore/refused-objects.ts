import { Refusal } from './restore-messages';
import { Remark } from '../../contract/remark';
import { PROVIDER_ROLES } from '../postgres/roles';

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

/** Kinds of entries as pg_dump names them. One that is not listed could be data too. */
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

  BLOB: 'data',
  BLOBS: 'data',
  'BLOB METADATA': 'data',
  DOMAIN: 'data',
  EXTENSION: 'data',
  SCHEMA: 'data',
  SEQUENCE: 'data',
  'SEQUENCE OWNED BY': 'data',
  'SEQUENCE SET': 'data',
  TABLE: 'data',
  'TABLE ATTACH': 'data',
  'TABLE DATA': 'data',
};

const TABLES_IN_SCHEMA = 'publication tables in schema';
const ADDED_TO_PUBLICATION = /^ALTER PUBLICATION ("(?:[^"]|"")+"|\S+) ADD /;

const OWNER_GIVEN = /^ALTER [^;]* OWNER TO ("(?:[^"]|"")+"|[^\s;]+);\s*$/;
const IS_PROVIDER = new RegExp(PROVIDER_ROLES);

/** From the lightest to the heaviest. */
const BY_WEIGHT: readonly Weight[] = ['remark', 'enforced', 'data'];

const KINDS = Object.keys(WEIGHTS).sort((one, other) => other.length - one.length);

/**
 * The refused objects, each once, with its heaviest refusal. What refused an object's owner or a further part of it counts
 * for the object.
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
    const object = refusedObject(refusal, lines.get(refusal.dumpId) ?? '', database, roles);
    const before = objects.get(refusal.dumpId);
    if (before === undefined || isHeavier(object, before)) objects.set(refusal.dumpId, object);
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
  const names = description.slice((kind ?? '').length).trimStart();
  // The message has the same names but for the schema, which is what comes before them here.
  const withoutSchema = inOneLine(entry)
    .slice((kind ?? '').length)
    .trim();
  const schema = names.trimEnd().endsWith(` ${withoutSchema}`)
    ? names.trimEnd().slice(0, -withoutSchema.length - 1)
    : names.split(' ')[0];
  const remark: Remark = {
    database,
    type: (kind ?? 'object').toLowerCase(),
    ...(schema !== '-' && kind !== undefined && { schema }),
    name: kind === undefined ? description : nameOf(kind, withoutOwner(names.slice(schema.length + 1), roles)),
    reason: reasonOf(message, statement),
    ...(!isUnreadable(statement) && { statement: statement.trim() }),
  };
  return { weight: weightOf(kind, statement), remark: ofPublication(remark) ?? remark };
}

/** What was to be added to a publication: its name is that of the publication and its own. */
function ofPublication({ schema, ...remark }: Remark): Remark | undefined {
  const [, written] = ADDED_TO_PUBLICATION.exec(remark.statement ?? '') ?? [];
  if (written === undefined) return undefined;
  const publication = inOneLine(unquoted(written));
  const added = remark.name.slice(publication.length + 1);
  const without = remark.type === TABLES_IN_SCHEMA ? `the tables in schema ${added}` : `table ${schema}.${added}`;
  return { ...remark, type: 'publication', name: publication, reason: `without ${without}: ${remark.reason}` };
}

function unquoted(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

function isHeavier(one: RefusedObject, other: RefusedObject): boolean {
  return BY_WEIGHT.indexOf(one.weight) > BY_WEIGHT.indexOf(other.weight);
}

function withoutOwner(nameAndOwner: string, roles: readonly string[]): string {
  // Of a cast and of a transform, which have none.
  if (nameAndOwner.endsWith(' ')) return nameAndOwner.trimEnd();
  const owners = roles.map((role) => ` ${inOneLine(role)}`).filter((owner) => nameAndOwner.endsWith(owner));
  const longest = owners.reduce((one, other) => (other.length > one.length ? other : one), '');
  return longest === '' ? nameAndOwner.replace(/ \S+$/, '') : nameAndOwner.slice(0, -longest.length);
}

/** Casts and transforms have no names: pg_dump describes them, kind and all. */
function nameOf(kind: string, written: string): string {
  if (kind === 'CAST') return written.replace(/^CAST \((.*)\)$/, '$1');
  return kind === 'TRANSFORM' ? written.replace(/^TRANSFORM /, '') : written;
}

/** As the listing has names. */
function inOneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}

function weightOf(kind: string | undefined, statement: string): Weight {
  // The object is made all the same, with the server's own default, or as the master's own.
  if (statement.startsWith('SET ') || providerGivenTo(statement) !== undefined) return 'remark';
  if (kind === undefined) return 'data';
  return kind === 'INDEX' && /^CREATE UNIQUE /.test(statement) ? 'enforced' : WEIGHTS[kind];
}

function reasonOf(message: string, statement: string): string {
  const refused = `the server refused it: ${message.replace(/^ERROR: {2}/, '').replace(/\s+/g, ' ')}`;
  const provider = providerGivenTo(statement);
  return provider === undefined ? refused : `it belongs to the master user, not to ${provider}: ${refused}`;
}

/** The role of the provider that a statement makes an owner. */
function providerGivenTo(statement: string): string | undefined {
  const [, written] = OWNER_GIVEN.exec(statement) ?? [];
  const owner = written === undefined ? '' : unquoted(written);
  return IS_PROVIDER.test(owner) ? owner : undefined;
}

/** Statements for data are written as COPY without the data. */
function isUnreadable(statement: string): boolean {
  return statement.startsWith('COPY ');
}

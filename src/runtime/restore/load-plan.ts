import { basename } from 'node:path';
import { ActionError } from '../../contract/action-error';
import { DumpFile } from '../../contract/manifest';
import { ArchiveEntry, plainName } from '../archive/listing';
import { isLarge } from '../archive/parts-reader';

/** Entries of an archive that one run of pg_restore restores, with the files that it reads for them. */
export interface LoadUnit {
  readonly lines: readonly string[];
  /** One large file, or files that share a part; none where only indexes are built. */
  readonly files: readonly DumpFile[];
  /** Units of more bytes begin first. */
  readonly bytes: number;
  /** The unit that must have ended before. */
  readonly waitsFor?: LoadUnit;
}

/** How the contents of a database are loaded. */
export interface LoadPlan {
  /** In one session: what the data needs, such as tables. */
  readonly before: readonly string[];
  /** Data and indexes, in several sessions at the same time. */
  readonly units: readonly LoadUnit[];
  /** In one session: what needs data and indexes, such as foreign keys and triggers. */
  readonly after: readonly string[];
}

/** The entry of the archive to which each large object belongs, by the plain name of the large object's file. */
export type LargeObjectEntries = ReadonlyMap<string, number>;

/** A unit that still grows. */
interface Draft extends LoadUnit {
  readonly lines: string[];
}

/** More tables than this that share a part are distributed over the sessions. */
const TABLES_PER_UNIT = 250;

/** Entries that are built from the rows of one table, and that no other session's entry of that kind depends on. */
const BUILT_FROM_ROWS = /^(INDEX(?! ATTACH)|CONSTRAINT) /;

/**
 * Plans the load of a database.
 *
 * @param lines of the listing, in its order: the entries to load
 * @param entries of the verbose listing
 * @param files of the database in the backup
 * @throws VerificationFailed where the backup lacks the rows of a table
 */
export function planLoad(
  lines: readonly string[],
  entries: readonly ArchiveEntry[],
  files: readonly DumpFile[],
  largeObjects: LargeObjectEntries,
  sessions: number,
): LoadPlan {
  const byId = new Map(entries.map((entry) => [entry.dumpId, entry]));
  const listed = lines.map((line) => ({ line, ...byId.get(Number.parseInt(line, 10))! }));
  const lastData = listed.findLastIndex(({ kind }) => kind !== 'definition');
  if (lastData < 0) return { before: lines, units: [], after: [] };

  const lineOf = new Map(listed.map(({ dumpId, line }) => [dumpId, line]));
  const data = dataUnits(lineOf, files, largeObjects, sessions);
  const units: LoadUnit[] = [...data.units];
  const unitOfTable = new Map<number, Draft>();
  for (const { kind, dumpId, description, dependsOn } of listed) {
    if (kind !== 'table data') continue;
    const unit = data.ofTableData.get(dumpId);
    if (unit === undefined) throw missingRows(description);
    for (const table of dependsOn) unitOfTable.set(table, unit);
  }

  const reaches = constraintsThatReachOthers(listed);
  const before: string[] = [];
  const after: string[] = [];
  const placed = new Map<number, LoadUnit | undefined>();
  const keysOf = new Map<Draft, Draft>();
  for (const [index, { line, dumpId, kind, description, dependsOn }] of listed.entries()) {
    if (kind !== 'definition') continue;
    const tables = new Set(dependsOn.map((id) => unitOfTable.get(id)).filter((unit) => unit !== undefined));
    const [unit] = tables;
    const isPossible = dependsOn.every(
      (id) =>
        !lineOf.has(id) ||
        unitOfTable.has(id) ||
        (placed.has(id) && [undefined, unit].includes(placed.get(id) as Draft)),
    );
    if (index > lastData && reaches(dumpId, tables.size === 0)) {
      after.push(line);
    } else if (index < lastData || (BUILT_FROM_ROWS.test(description) && isPossible && tables.size === 0)) {
      before.push(line);
      placed.set(dumpId, undefined);
    } else if (BUILT_FROM_ROWS.test(description) && isPossible && tables.size === 1) {
      placed.set(dumpId, unit);
      if (!unit.files.some(isLarge)) {
        unit.lines.push(line);
        continue;
      }
      // A key locks the table against everything else: one after another, and before the indexes.
      const built = { lines: [line], files: [], bytes: unit.bytes, waitsFor: keysOf.get(unit) ?? unit };
      if (!description.startsWith('INDEX ')) keysOf.set(unit, built);
      units.push(built);
    } else {
      after.push(line);
    }
  }
  return { before, units, after };
}

/**
 * Whether an entry could be a NOT NULL constraint that is not valid, of a table whose rows others have too: it reaches
 * those that inherit from the table, and would refuse their rows where it came before them (since PostgreSQL 18). The
 * listing does not tell it from a key; but on a key of a partitioned table depend those of its partitions.
 */
function constraintsThatReachOthers(
  listed: readonly Pick<ArchiveEntry, 'dumpId' | 'description' | 'dependsOn'>[],
): (dumpId: number, isWithoutRows: boolean) => boolean {
  const idsBehind = (kind: RegExp) =>
    new Set(listed.filter(({ description }) => kind.test(description)).flatMap(({ dependsOn }) => dependsOn));
  const keys = idsBehind(BUILT_FROM_ROWS);
  const inherited = idsBehind(/^TABLE (?!DATA |ATTACH )/);
  const constraints = new Map(
    listed
      .filter(({ dumpId, description }) => description.startsWith('CONSTRAINT ') && !keys.has(dumpId))
      .map(({ dumpId, dependsOn }) => [dumpId, dependsOn.some((id) => inherited.has(id))]),
  );
  return (dumpId, isWithoutRows) => constraints.has(dumpId) && (isWithoutRows || constraints.get(dumpId)!);
}

/** The units that load files, and the unit of each entry for the rows of a table. */
function dataUnits(
  lineOf: ReadonlyMap<number, string>,
  files: readonly DumpFile[],
  largeObjects: LargeObjectEntries,
  sessions: number,
): { readonly units: Draft[]; readonly ofTableData: ReadonlyMap<number, Draft> } {
  const units: Draft[] = [];
  const ofTableData = new Map<number, Draft>();
  for (const { isTables, together } of filesLoadedTogether(lineOf, files, largeObjects, sessions)) {
    const entries = [...new Set(together.map(({ entry }) => entry))];
    const unit = {
      lines: entries.map((entry) => lineOf.get(entry)!),
      files: together.map(({ file }) => file),
      bytes: together.reduce((sum, { file }) => sum + file.size, 0),
    };
    units.push(unit);
    if (isTables) for (const entry of entries) ofTableData.set(entry, unit);
  }
  return { units, ofTableData };
}

interface EntryFile {
  readonly entry: number;
  readonly file: DumpFile;
}

interface LoadedTogether {
  readonly isTables: boolean;
  readonly together: readonly EntryFile[];
}

function filesLoadedTogether(
  lineOf: ReadonlyMap<number, string>,
  files: readonly DumpFile[],
  largeObjects: LargeObjectEntries,
  sessions: number,
): LoadedTogether[] {
  const found: LoadedTogether[] = [];
  const small = { table: new Map<number, EntryFile[]>(), object: new Map<number, EntryFile[]>() };
  for (const file of files) {
    const name = plainName(basename(file.name));
    const table = /^(\d+)\.dat$/.exec(name)?.[1];
    const entry = table === undefined ? largeObjects.get(name) : Number(table);
    if (entry === undefined || !lineOf.has(entry)) continue;
    const isTables = table !== undefined;
    if (isLarge(file)) {
      found.push({ isTables, together: [{ entry, file }] });
    } else {
      const shared = small[isTables ? 'table' : 'object'];
      const { part } = file.segments[0];
      if (!shared.has(part)) shared.set(part, []);
      shared.get(part)!.push({ entry, file });
    }
  }
  for (const together of small.table.values()) {
    const size = Math.max(TABLES_PER_UNIT, Math.ceil(together.length / sessions));
    for (let start = 0; start < together.length; start += size) {
      found.push({ isTables: true, together: together.slice(start, start + size) });
    }
  }
  for (const together of small.object.values()) found.push({ isTables: false, together });
  return found;
}

function missingRows(description: string): ActionError {
  return new ActionError(
    'VerificationFailed',
    `The backup lacks the file with the rows of an entry of its table of contents: ${description}. Choose another backup.`,
  );
}

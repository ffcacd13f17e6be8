import { readFile } from 'node:fs/promises';
import { firstOf } from './pg-dump';
import { ActionError } from '../../contract/action-error';
import { ArchiveEntry, parseLargeObjectList, plainName, TABLE_OF_CONTENTS } from '../archive/listing';
import { DumpedFile } from '../archive/parts-writer';
import { Log } from '../log';
import { DatabaseContents, DumpedTable } from '../postgres/tables';

/** Missing things that an error names; the log has all of them. */
const NAMED_MISSING = 20;

/** @throws BackupFailed unless everything that was seen in the snapshot is in the dump. */
export async function requireComplete(
  database: string,
  /** Names of all files that are stored. */
  files: readonly string[],
  descriptions: readonly DumpedFile[],
  entries: readonly ArchiveEntry[],
  contents: DatabaseContents,
  log: Log,
): Promise<void> {
  const present = new Set(files.map((file) => plainName(file.slice(file.indexOf('/') + 1))));
  const lists = descriptions.filter((file) => /\/blobs[_0-9]*\.toc$/.test(file.name));
  const largeObjects = (await Promise.all(lists.map(async (file) => readFile(file.path, 'utf8')))).flatMap(
    parseLargeObjectList,
  );
  const missing = [
    ...missingTables(contents.tables, entries),
    ...expectedFiles(entries, largeObjects).filter((name) => !present.has(name)),
  ];
  if (largeObjects.length !== contents.largeObjects) {
    missing.push(`${contents.largeObjects - largeObjects.length} of ${contents.largeObjects} large objects`);
  }
  for (const what of missing) log.warn('missing-in-dump', { database, what });
  if (missing.length > 0) {
    throw new ActionError(
      'BackupFailed',
      `The dump of database ${database} lacks ${firstOf(missing, NAMED_MISSING)}. ` +
        'The master user must be able to read all of it.',
    );
  }
}

function missingTables(tables: readonly DumpedTable[], entries: readonly ArchiveEntry[]): string[] {
  const dumped = new Set(entries.filter((entry) => entry.kind === 'table data').map((entry) => entry.oid));
  return tables.filter((table) => !dumped.has(table.oid)).map((table) => `table ${table.schema}.${table.name}`);
}

/** The files that a table of contents names. Client 17 and newer split the list of large objects into several. */
function expectedFiles(entries: readonly ArchiveEntry[], largeObjects: readonly string[]): string[] {
  return [
    TABLE_OF_CONTENTS,
    ...entries.filter((entry) => entry.kind === 'table data').map((entry) => `${entry.dumpId}.dat`),
    ...largeObjects,
  ];
}

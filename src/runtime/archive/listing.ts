/** An entry of an archive's table of contents, as `pg_restore --list` tells it. */
export interface ArchiveEntry {
  readonly dumpId: number;
  /** Object id of what was dumped, in the source database. */
  readonly oid: number;
  /** Whether its rows are in a file of their own. */
  readonly kind: 'table data' | 'large objects' | 'definition';
}

const LINE = /^(\d+); \d+ (\d+) (.*)$/;

/** Kinds of entry whose content is in files; all others are whole in the table of contents. */
const DATA_KINDS: readonly (readonly [string, ArchiveEntry['kind']])[] = [
  ['TABLE DATA ', 'table data'],
  ['BLOBS ', 'large objects'],
];

/** Reads the listing of an archive. */
export function parseArchiveListing(listing: string): ArchiveEntry[] {
  return listing
    .split('\n')
    .map((line) => LINE.exec(line))
    .filter((match) => match !== null)
    .map(([, dumpId, oid, description]) => ({
      dumpId: Number(dumpId),
      oid: Number(oid),
      kind: DATA_KINDS.find(([start]) => description.startsWith(start))?.[1] ?? 'definition',
    }));
}

/** Files of a directory archive by their names without the suffix of the compression. */
export function plainName(file: string): string {
  return file.replace(/\.(zst|gz|lz4)$/, '');
}

/** The large objects that a file `blobs….toc` names: object id and file, one a line. */
export function parseLargeObjectList(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice(line.indexOf(' ') + 1));
}

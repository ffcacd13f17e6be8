/** An entry of an archive's table of contents, as `pg_restore --list` prints it. */
export interface ArchiveEntry {
  readonly dumpId: number;
  /** OID of the dumped object in the source database. */
  readonly oid: number;
  /** `definition` if the whole entry is in the table of contents; else its content is in a file. */
  readonly kind: 'table data' | 'large objects' | 'definition';
}

const LINE = /^(\d+); \d+ (\d+) (.*)$/;

/** How the description of an entry begins whose content is in files. */
const DATA_KINDS: readonly (readonly [string, ArchiveEntry['kind']])[] = [
  ['TABLE DATA ', 'table data'],
  ['BLOBS ', 'large objects'],
];

/** Parses the output of `pg_restore --list`. */
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

/** The name of a file of a directory archive without the suffix of the compression. */
export function plainName(file: string): string {
  return file.replace(/\.(zst|gz|lz4)$/, '');
}

/** The files of the large objects that a file `blobs….toc` lists: OID and file name in each line. */
export function parseLargeObjectList(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice(line.indexOf(' ') + 1));
}

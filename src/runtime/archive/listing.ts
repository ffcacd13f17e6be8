/** The file of a dump that lists what the dump holds. */
export const TABLE_OF_CONTENTS = 'toc.dat';

/** An entry of an archive's table of contents, as `pg_restore --list` prints it. */
export interface ArchiveEntry {
  readonly dumpId: number;
  /** OID of the dumped object in the source database. */
  readonly oid: number;
  /** `definition` if the whole entry is in the table of contents; else its content is in a file. */
  readonly kind: 'table data' | 'large objects' | 'definition';
  /** Its kind in pg_dump's words, its schema, its name and its owner. */
  readonly description: string;
  /** The entries that must be restored before this one; only a verbose listing has them. */
  readonly dependsOn: readonly number[];
}

const LINE = /^(\d+); \d+ (\d+) (.*)$/;
const DEPENDENCIES = /^;\tdepends on:(( \d+)+)$/;

/** How the description of an entry begins whose content is in files. */
const DATA_KINDS: readonly (readonly [string, ArchiveEntry['kind']])[] = [
  ['TABLE DATA ', 'table data'],
  ['BLOBS ', 'large objects'],
];

/** Parses the output of `pg_restore --list`. */
export function parseArchiveListing(listing: string): ArchiveEntry[] {
  const entries: { -readonly [field in keyof ArchiveEntry]: ArchiveEntry[field] }[] = [];
  for (const line of listing.split('\n')) {
    const [, dumpId, oid, description] = LINE.exec(line) ?? [];
    const dependencies = DEPENDENCIES.exec(line)?.[1];
    if (dependencies !== undefined) entries.at(-1)!.dependsOn = dependencies.trim().split(' ').map(Number);
    if (description === undefined) continue;
    entries.push({
      dumpId: Number(dumpId),
      oid: Number(oid),
      kind: DATA_KINDS.find(([start]) => description.startsWith(start))?.[1] ?? 'definition',
      description,
      dependsOn: [],
    });
  }
  return entries;
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

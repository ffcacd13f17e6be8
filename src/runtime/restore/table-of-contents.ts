import { ActionError } from '../../contract/action-error';

/** `PGDMP`, then the version of the format. */
const MAGIC = Buffer.from('PGDMP');
const FIRST_FORMAT = 14;
const FORMAT_WITH_COMPRESSION_BYTE = 15;
const FORMAT_WITH_RELATION_KIND = 16;
const LAST_FORMAT = 16;

/** Seconds to years, and whether it was summer time. */
const TIME_FIELDS = 7;

/**
 * The table of contents of a dump (`toc.dat`, see `pg_backup_archiver.c` of PostgreSQL), with other names for some roles:
 * as the owner of an entry, and quoted in its statements. It is for names that are not valid in the encoding of the
 * database: quoted, their bytes stand nowhere else in a valid text.
 *
 * @throws DatabaseFault for a format that is not known
 */
export function renameRoles(contents: Buffer, names: ReadonlyMap<string, string>): Buffer {
  return new Renaming(contents, names).run();
}

class Renaming {
  private readonly written: Buffer[] = [];
  private readonly owners: ReadonlyMap<string, string>;
  private readonly quoted: readonly (readonly [Buffer, Buffer])[];
  private position = 0;
  private copied = 0;
  private integerBytes = 0;

  constructor(
    private readonly contents: Buffer,
    names: ReadonlyMap<string, string>,
  ) {
    this.owners = new Map([...names].map(([name, other]) => [Buffer.from(name).toString('latin1'), other]));
    this.quoted = [...names].map(([name, other]) => [quote(name), quote(other)] as const);
  }

  run(): Buffer {
    const format = this.readHeader();
    for (let left = this.integer(); left > 0; left--) this.entry(format);
    if (this.position !== this.contents.length) throw unknownFormat('it goes on behind its last entry');
    this.written.push(this.contents.subarray(this.copied));
    return Buffer.concat(this.written);
  }

  /** @returns the minor version of the format */
  private readHeader(): number {
    const { contents } = this;
    const [major, minor] = contents.subarray(MAGIC.length);
    const isKnown = contents.subarray(0, MAGIC.length).equals(MAGIC) && major === 1;
    if (!isKnown || minor < FIRST_FORMAT || minor > LAST_FORMAT) throw unknownFormat(`version ${major}.${minor}`);
    // Behind the version: its revision, the bytes of an integer, of an offset, and the kind of archive.
    this.integerBytes = contents[MAGIC.length + 3];
    this.position = MAGIC.length + 6;
    if (minor >= FORMAT_WITH_COMPRESSION_BYTE) this.position += 1;
    else this.integer();
    for (let field = 0; field < TIME_FIELDS; field++) this.integer();
    // The database, and the versions of server and client.
    for (let text = 0; text < 3; text++) this.text();
    return minor;
  }

  private entry(format: number): void {
    // Its number, and whether it has data.
    this.integer();
    this.integer();
    // Table and number of the object, tag, kind.
    for (let text = 0; text < 4; text++) this.text();
    // Section.
    this.integer();
    // Statements that define, drop and copy.
    for (let text = 0; text < 3; text++) this.renamed((statement) => this.withQuotedNames(statement));
    // Schema, tablespace, access method.
    for (let text = 0; text < 3; text++) this.text();
    if (format >= FORMAT_WITH_RELATION_KIND) this.integer();
    this.renamed((owner) => this.otherOwner(owner));
    // A word of former times; what it depends on, up to no text; its file.
    this.text();
    while (this.text() !== undefined);
    this.text();
  }

  private otherOwner(owner: Buffer): Buffer {
    const other = this.owners.get(owner.toString('latin1'));
    return other === undefined ? owner : Buffer.from(other);
  }

  private withQuotedNames(statement: Buffer): Buffer {
    let text = statement.toString('latin1');
    for (const [name, other] of this.quoted) {
      text = text.replaceAll(name.toString('latin1'), () => other.toString('latin1'));
    }
    return Buffer.from(text, 'latin1');
  }

  /** A text, which is replaced where it is another one then. */
  private renamed(change: (text: Buffer) => Buffer): void {
    const start = this.position;
    const text = this.text();
    const changed = text && change(text);
    if (changed === undefined || changed.equals(text!)) return;
    const length = Buffer.alloc(1 + this.integerBytes);
    length.writeUIntLE(changed.length, 1, this.integerBytes);
    this.written.push(this.contents.subarray(this.copied, start), length, changed);
    this.copied = this.position;
  }

  /** A sign, then the bytes of the number, the lowest first. */
  private integer(): number {
    const end = this.position + 1 + this.integerBytes;
    if (end > this.contents.length) throw unknownFormat('it ends within an entry');
    const value = this.contents.readUIntLE(this.position + 1, this.integerBytes);
    const isNegative = this.contents[this.position] !== 0;
    this.position = end;
    return isNegative ? -value : value;
  }

  /** Its length, then its bytes; no text has the length -1. */
  private text(): Buffer | undefined {
    const length = this.integer();
    if (length < 0) return undefined;
    const start = this.position;
    this.position += length;
    return this.contents.subarray(start, this.position);
  }
}

function quote(name: string): Buffer {
  return Buffer.from(`"${name.replaceAll('"', '""')}"`);
}

function unknownFormat(reason: string): ActionError {
  return new ActionError(
    'DatabaseFault',
    `The backup's table of contents has a format that this version does not know (${reason}). Use a newer version.`,
  );
}

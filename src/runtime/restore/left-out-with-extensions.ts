import { RefusedObject } from './refused-objects';
import { ManifestDatabase } from '../../contract/manifest';
import { Remark } from '../../contract/remark';

/** What a server says of an extension that it lacks, and of what depends on one. */
const MISSING = /does not exist|is not available/;

/** Kinds of entries that say that rows were not restored. */
const TABLE_KINDS = ['table', 'table data'];

type Table = ManifestDatabase['tables'][number];

/**
 * What cannot be restored into a database because the server lacks extensions that it has. Only a restore drill goes on
 * without them, and each object is named. Nothing is left out of a database whose extensions are all there.
 */
export class LeftOutWithExtensions {
  private readonly extensions: readonly string[];
  private readonly objects: Remark[] = [];

  constructor(
    private readonly database: Pick<ManifestDatabase, 'name' | 'extensions' | 'tables'>,
    missing: ReadonlySet<string>,
  ) {
    this.extensions = database.extensions.map(({ name }) => name).filter((name) => missing.has(name));
  }

  /** Whether a message of the server comes from an extension that is left out. */
  takes(message: string): boolean {
    return this.extensions.length > 0 && MISSING.test(message);
  }

  /** Takes the objects that depend on the extensions, and returns the others. */
  takeFrom(refused: readonly RefusedObject[]): RefusedObject[] {
    const isTaken = ({ remark }: RefusedObject) => this.takes(remark.reason);
    this.objects.push(...refused.filter(isTaken).map(({ remark }) => remark));
    return refused.filter((each) => !isTaken(each));
  }

  /** Tables without those that were left out, or whose rows were. */
  withoutThem(tables: readonly Table[]): Table[] {
    return tables.filter((table) => !this.hasTable(table));
  }

  /** One for each extension with the number of what is missing with it, then one for each object. */
  get remarks(): Remark[] {
    if (this.extensions.length === 0) return [];
    const isTable = ({ schema, name }: Remark) =>
      this.objects.some((each) => each.type === 'table' && each.schema === schema && each.name === name);
    // The rows of a table that was left out are not named again.
    const objects = this.objects
      .filter(({ type }) => type !== 'extension')
      .filter((object) => object.type !== 'table data' || !isTable(object));
    const tables = this.database.tables.filter((table) => this.hasTable(table));
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const reason =
      'the server of the drill does not have it. Left out with the missing extensions of this database: ' +
      `${objects.length} objects, ${tables.length} of them tables, with ${rows} rows`;
    return [
      ...this.extensions.map((name) => ({ database: this.database.name, type: 'extension', name, reason })),
      ...objects,
    ];
  }

  private hasTable({ schema, name }: Table): boolean {
    return this.objects.some(
      (object) => TABLE_KINDS.includes(object.type) && object.schema === schema && object.name === name,
    );
  }
}

import { Runtime } from '../runtime';

/** How far the dumps of a backup are, for the progress of its run. */
export class DumpProgress {
  /** Tables whose rows are not stored yet, of each database whose dump has begun. */
  private readonly left = new Map<string, number>();

  constructor(
    private readonly report: Runtime['reportWork'],
    /** Bytes of parts that the backup will have, as far as the last one tells. */
    private readonly expectedBytes?: number,
  ) {}

  /** A dump begins, or begins again. */
  begin(database: string, tables: number): void {
    this.set(database, tables);
  }

  /** The rows of one more table are stored. */
  storedTable(database: string): void {
    this.set(database, Math.max(0, (this.left.get(database) ?? 0) - 1));
  }

  end(database: string): void {
    this.set(database, 0);
  }

  private set(database: string, tables: number): void {
    this.left.set(database, tables);
    const tablesLeft = [...this.left.values()].reduce((sum, each) => sum + each, 0);
    this.report?.({ tablesLeft, expectedBytes: this.expectedBytes });
  }
}

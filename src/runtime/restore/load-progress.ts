import { LoadUnit } from './load-plan';
import { Runtime } from '../runtime';

/** Between two reports, in milliseconds: while an index is built nothing else would report. */
const INTERVAL_MS = 200;

const TABLE_DATA = /^\d+; \d+ \d+ TABLE DATA /;

/** What the sessions of a load are doing, for the progress of its run. */
export class LoadProgress {
  private readonly current = new Set<readonly string[]>();
  private tablesLeft: number;

  constructor(units: readonly LoadUnit[], report: Runtime['reportWork']) {
    this.tablesLeft = units.reduce((sum, { lines }) => sum + tablesIn(lines), 0);
    this.report = () => report?.({ tablesLeft: this.tablesLeft, current: [...this.current].map(describe) });
  }

  private readonly report: () => void;

  /** Reports the entries as what is being done, until the work has ended. */
  async during(lines: readonly string[], work: () => Promise<void>): Promise<void> {
    if (lines.length === 0) return work();
    this.current.add(lines);
    const timer = setInterval(this.report, INTERVAL_MS);
    try {
      await work();
      this.tablesLeft -= tablesIn(lines);
    } finally {
      clearInterval(timer);
      this.current.delete(lines);
      this.report();
    }
  }
}

function tablesIn(lines: readonly string[]): number {
  return lines.filter((line) => TABLE_DATA.test(line)).length;
}

/** `INDEX public orders_by_day`, and how many more there are. The last word of a line is its owner. */
function describe(lines: readonly string[]): string {
  const first = lines[0].replace(/^\d+; \d+ \d+ /, '').replace(/ \S+$/, '');
  return lines.length === 1 ? first : `${first} and ${lines.length - 1} more`;
}

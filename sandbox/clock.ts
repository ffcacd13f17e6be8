/** The sandbox's clock: that of the machine, set ahead by hand. The functions and the schedules go by it. */
export class Clock {
  private offset = 0;

  /** Milliseconds that it is ahead of the machine's. */
  get offsetMs(): number {
    return this.offset;
  }

  now(): Date {
    return new Date(Date.now() + this.offset);
  }

  /** @param change milliseconds that it is to be ahead of the machine, or a span to add, such as `+30d` */
  set(change: number | string): void {
    this.offset = typeof change === 'number' ? change : this.offset + parseSpan(change);
  }
}

/** The milliseconds of a span such as `+30d`, `+12h`, `+90m` or `+1w`. @throws where the text is none */
export function parseSpan(text: string): number {
  const match = /^([+-])(\d+)(s|m|h|d|w)$/.exec(text.trim());
  if (!match) {
    throw new Error(`The clock is set by a span such as +30d, +12h, +90m, +45s or +1w; got ${JSON.stringify(text)}.`);
  }
  const [, sign, count, unit] = match;
  return (sign === '-' ? -1 : 1) * Number(count) * UNITS[unit];
}

const SECOND = 1000;
const UNITS: Record<string, number> = {
  s: SECOND,
  m: 60 * SECOND,
  h: 3600 * SECOND,
  d: 86_400 * SECOND,
  w: 7 * 86_400 * SECOND,
};

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAY = 24 * 60;
const WEEK = 7 * DAY;

/** A span of time that comes back: its beginning and its length, in minutes. */
interface Window {
  readonly start: number;
  readonly length: number;
}

/** Reads a daily window, `02:00-02:30`; undefined where the text is none. */
export function dailyWindow(text: string): Window | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return match ? window(minutes(match[1], match[2]), minutes(match[3], match[4]), DAY) : undefined;
}

/** Reads a weekly window, `sun:05:00-sun:06:00`; undefined where the text is none. */
export function weeklyWindow(text: string): Window | undefined {
  const moment = `(${DAYS.join('|')}):([01]\\d|2[0-3]):([0-5]\\d)`;
  const match = new RegExp(`^${moment}-${moment}$`, 'i').exec(text);
  if (!match) return undefined;
  const at = (day: string, hour: string, minute: string) =>
    DAYS.indexOf(day.toLowerCase()) * DAY + minutes(hour, minute);
  return window(at(match[1], match[2], match[3]), at(match[4], match[5], match[6]), WEEK);
}

/** Whether a weekly window and one that comes back every day have a minute in common. */
export function overlap(weekly: Window, daily: Window): boolean {
  return Array.from({ length: 9 }, (_, index) => (index - 1) * DAY + daily.start).some(
    (start) =>
      meet(weekly.start, weekly.length, start, daily.length) ||
      meet(weekly.start - WEEK, weekly.length, start, daily.length),
  );
}

function meet(start: number, length: number, otherStart: number, otherLength: number): boolean {
  return start < otherStart + otherLength && otherStart < start + length;
}

function window(start: number, end: number, period: number): Window {
  return { start, length: (end - start + period) % period };
}

function minutes(hour: string, minute: string): number {
  return Number(hour) * 60 + Number(minute);
}

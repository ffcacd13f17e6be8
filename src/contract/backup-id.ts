/**
 * A backup's name: the UTC second at which it was due, in ISO 8601's basic form, `20261122T030000Z`.
 * It has no colon, so that it is a folder name everywhere, and its order as text is its order in time.
 */
export type BackupId = string;

const FORM = /^(\d{4})-?(\d{2})-?(\d{2})T(\d{2}):?(\d{2}):?(\d{2})(?:\.\d+)?Z$/;

/** The backup id of a moment; fractions of a second are cut off. */
export function backupIdOf(time: Date): BackupId {
  return `${time.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/**
 * Reads a backup id in the basic or the extended form (`2026-11-22T03:00:00Z`).
 *
 * @throws where the text is neither, or no date of the calendar.
 */
export function parseBackupId(text: string): BackupId {
  const match = FORM.exec(text);
  const [, year, month, day, hour, minute, second] = match ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  const time = new Date(iso);
  if (!match || Number.isNaN(time.getTime()) || time.toISOString().slice(0, 19) !== iso.slice(0, 19)) {
    throw new Error(
      `A backup id is a UTC second such as 20261122T030000Z or 2026-11-22T03:00:00Z; got ${JSON.stringify(text)}.`,
    );
  }
  return backupIdOf(time);
}

/** The moment that a backup id names. */
export function timeOfBackupId(id: BackupId): Date {
  const [, year, month, day, hour, minute, second] = FORM.exec(id)!;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

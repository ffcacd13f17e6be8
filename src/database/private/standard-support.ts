/**
 * The last day of RDS's standard support for each major version
 * (https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html). Extended Support
 * is billed by the vCPU and hour from the next day on
 * (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support-charges.html).
 */
const LAST_DAY_OF_STANDARD_SUPPORT: Readonly<Record<number, string>> = {
  13: '2026-02-28',
  14: '2027-02-28',
  15: '2028-02-29',
  16: '2029-02-28',
  17: '2030-02-28',
  18: '2031-02-28',
};

/** The day on which the standard support of a major version has ended, if it has. */
export function endedStandardSupport(majorVersion: number, now: Date): string | undefined {
  const lastDay = LAST_DAY_OF_STANDARD_SUPPORT[majorVersion];
  return lastDay !== undefined && now.toISOString().slice(0, 10) > lastDay ? lastDay : undefined;
}

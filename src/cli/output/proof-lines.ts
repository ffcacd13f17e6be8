import { durationText, sizeText, timeText } from './format';
import { remarkLines } from './remark-lines';
import { fieldLines } from './table';
import { Proof } from '../../contract/proof';
import { ProofSummary } from '../../contract/requests';

/** What a drill found, in one line. */
export function proofText({ state, endedAt, reason, durations }: ProofSummary): string {
  return state === 'Proved'
    ? `proved ${timeText(endedAt)}, restored in ${durationText(durations.restoreMs)}`
    : `DISPROVED ${timeText(endedAt)}: ${reason}`;
}

/** What a drill found, one fact a line. */
export function proofLines({ backup, serverVersion, loaded, durations, checks, notProved }: Proof): string[] {
  const { serverMs, restoreMs, checksMs } = durations;
  return [
    `Backup ${backup} is proved: it was restored whole into a server of PostgreSQL ${serverVersion}, which is gone again.`,
    ...fieldLines([
      ['databases', loaded?.databases.join(', ')],
      ['tables', loaded && String(loaded.tables)],
      ['rows', loaded && String(loaded.rows)],
      ['size', loaded && sizeText(loaded.databaseBytes)],
      ['server', `made in ${durationText(serverMs)}`],
      ['restore', `took ${durationText(restoreMs)} on this machine`],
      ['checks', checks.length === 0 ? 'none' : `${checks.length} passed in ${durationText(checksMs)}`],
    ]),
    ...remarkLines(notProved, 'not proved'),
  ];
}

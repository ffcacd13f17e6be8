import { durationText, sizeText, timeText } from './format';
import { remarkLines } from './remark-lines';
import { fieldLines } from './table';
import { Proof } from '../../contract/proof';
import { ProofSummary } from '../../contract/requests';
import { RestoreEstimate } from '../../contract/restore-estimate';

/** What a drill found, in one line. */
export function proofText({ state, endedAt, reason, durations }: ProofSummary): string {
  return state === 'Proved'
    ? `proved ${timeText(endedAt)}, restored in ${durationText(durations.restoreMs)}`
    : `DISPROVED ${timeText(endedAt)}: ${reason}`;
}

/** How long a restore will take, and why that is thought. */
export function estimateText({ milliseconds, processors, drill }: RestoreEstimate): string {
  return (
    `about ${durationText(milliseconds)} on a server with ${processors} vCPU: the drill of ${drill.backup} restored ` +
    `${sizeText(drill.databaseBytes)} in ${durationText(drill.restoreMs)} on ${processorsText(drill.processors)}, ` +
    'scaled by size and processors'
  );
}

function processorsText(processors: number): string {
  const count = Math.round(processors * 10) / 10;
  return `${count} ${count === 1 ? 'processor' : 'processors'}`;
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

import {
  CloudWatchLogsClient,
  FilteredLogEvent,
  FilterLogEventsCommandInput,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { callAws, clientOptions } from './aws';
import { BackupId, timeOfBackupId } from '../../contract/backup-id';

/** A line of the log of the function. */
export interface LoggedEvent {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly level: 'info' | 'warn';
  /** `platform` for a line of Lambda itself. */
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Lambda's longest time limit and a minute: all lines of a run are this near to one another, in milliseconds. */
const LONGEST_RUN_MS = 16 * 60_000;

/** A failed run is started again for at most this long, in milliseconds. */
const LATEST_RETRY_MS = 8 * 3_600_000;

/** Every line of the runs of the function that made this backup, or tried to, in their order. */
export async function readRunLog(functionArn: string, backup: BackupId): Promise<LoggedEvent[]> {
  const [, , , region, , , name] = functionArn.split(':');
  const logGroupName = `/aws/lambda/${name}`;
  const client = new CloudWatchLogsClient({ ...clientOptions(), region });
  const due = timeOfBackupId(backup).getTime();
  const mentions = await readLines(client, {
    logGroupName,
    filterPattern: `{ $.backup = "${backup}" }`,
    startTime: due - 60_000,
    endTime: due + LATEST_RETRY_MS,
  });
  const events: LoggedEvent[] = [];
  for (const stream of new Set(mentions.map(({ logStreamName }) => logStreamName!))) {
    const times = mentions.filter(({ logStreamName }) => logStreamName === stream).map(({ timestamp }) => timestamp!);
    const around = await readLines(client, {
      logGroupName,
      logStreamNames: [stream],
      startTime: Math.min(...times) - LONGEST_RUN_MS,
      endTime: Math.max(...times) + LONGEST_RUN_MS,
    });
    events.push(...eventsOfRuns(around, backup));
  }
  return events.sort((one, other) => one.time.localeCompare(other.time));
}

async function readLines(
  client: CloudWatchLogsClient,
  input: FilterLogEventsCommandInput,
): Promise<FilteredLogEvent[]> {
  return callAws(`read log group ${input.logGroupName}`, async () => {
    const lines: FilteredLogEvent[] = [];
    for await (const page of paginateFilterLogEvents({ client }, input)) {
      lines.push(...(page.events ?? []));
    }
    return lines;
  });
}

/** A stream holds one run after the other; each begins with `START RequestId`. Only runs with the backup count. */
export function eventsOfRuns(lines: readonly FilteredLogEvent[], backup: BackupId): LoggedEvent[] {
  const runs: LoggedEvent[][] = [];
  for (const { message = '', timestamp = 0 } of lines) {
    if (/^START RequestId/.test(message) || runs.length === 0) runs.push([]);
    if (!/^(START|END) RequestId/.test(message)) {
      runs.at(-1)!.push(eventOf(message.trim(), new Date(timestamp).toISOString()));
    }
  }
  return runs.filter((run) => run.some((event) => event.backup === backup)).flat();
}

function eventOf(message: string, time: string): LoggedEvent {
  try {
    const { level, event, ...fields } = Object(JSON.parse(message));
    if (typeof event === 'string') return { time, level, event, ...fields };
  } catch {
    // A line of Lambda itself, such as the one on a time-out.
  }
  return { time, level: 'info', event: 'platform', message };
}

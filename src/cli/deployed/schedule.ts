import { GetScheduleCommand, GetScheduleCommandOutput, SchedulerClient } from '@aws-sdk/client-scheduler';
import { ask, quickClient } from './aws';
import { ActionError } from '../../contract/action-error';
import { backupScheduleName, BACKUP_SUFFIX, watchScheduleName } from '../../contract/deployed-names';
import { BackUpRequest, Request, WatchRequest } from '../../contract/requests';

/** The schedules that a deployment made for one ScheduledBackup. */
export class DeployedSchedule {
  /** @throws NotFound where there is no such schedule, or it is none of backups */
  static async find(name: string, scheduler = new SchedulerClient(quickClient())): Promise<DeployedSchedule> {
    const first = await get(scheduler, name);
    if (first === undefined) {
      throw new ActionError(
        'NotFound',
        `There is no schedule ${name} in this account and region. Check the name (it is the database's identifier ` +
          `followed by ${BACKUP_SUFFIX}, unless the program names it), the AWS credentials and AWS_REGION.`,
      );
    }
    const schedules = [first];
    // A cron expression that takes more than one schedule has the further ones numbered, with the very same input.
    for (let number = 2; ; number++) {
      const further = await get(scheduler, backupScheduleName(name, number));
      if (further?.Target?.Input !== first.Target?.Input) break;
      schedules.push(further!);
    }
    const watch = await get(scheduler, watchScheduleName(name));
    return new DeployedSchedule(name, schedules, watch, requestOf(name, first, 'back-up') as BackUpRequest);
  }

  private constructor(
    readonly name: string,
    /** Those that make backups. */
    readonly schedules: readonly GetScheduleCommandOutput[],
    /** The one that tells their age. */
    private readonly watch: GetScheduleCommandOutput | undefined,
    /** What the deployed function is asked for when a backup is due. */
    readonly request: BackUpRequest,
  ) {}

  /** @throws NotFound where the name is not the one that the other schedules are named after */
  get watchSchedule(): GetScheduleCommandOutput {
    if (this.watch === undefined) {
      throw new ActionError(
        'NotFound',
        `There is no schedule ${watchScheduleName(this.name)} beside ${this.name}. Name the first schedule of the backup.`,
      );
    }
    return this.watch;
  }

  get watchRequest(): WatchRequest {
    return requestOf(watchScheduleName(this.name), this.watchSchedule, 'watch') as WatchRequest;
  }

  /** The version of the function that the schedule starts. */
  get functionArn(): string {
    return this.schedules[0].Target!.Arn!;
  }

  /** The account and the region that the function writes for. */
  get place(): { readonly account: string; readonly region: string } {
    // arn:aws:lambda:region:account:function:name:version
    const [, , , region, account] = this.functionArn.split(':');
    return { account, region };
  }
}

async function get(scheduler: SchedulerClient, name: string): Promise<GetScheduleCommandOutput | undefined> {
  return ask(`read schedule ${name}`, async () => scheduler.send(new GetScheduleCommand({ Name: name }))).catch(
    (error) => {
      if (error instanceof ActionError && error.kind === 'NotFound') return undefined;
      throw error;
    },
  );
}

function requestOf(name: string, schedule: GetScheduleCommandOutput, action: Request['action']): Request {
  const request = parsed(schedule.Target?.Input);
  if (request?.action !== action) {
    throw new ActionError(
      'NotFound',
      `Schedule ${name} does not start the action ${action}. Name a schedule that a ScheduledBackup has made.`,
    );
  }
  return request as Request;
}

function parsed(input: string | undefined): Partial<Request> | undefined {
  try {
    return Object(JSON.parse(input ?? ''));
  } catch {
    return undefined;
  }
}

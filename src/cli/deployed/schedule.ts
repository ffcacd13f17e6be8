import {
  GetScheduleCommand,
  GetScheduleCommandOutput,
  paginateListSchedules,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { callAws, clientOptions } from './aws';
import { ActionError } from '../../contract/action-error';
import {
  backupScheduleName,
  BACKUP_SUFFIX,
  drillScheduleName,
  watchScheduleName,
  saysPausedByProgram,
} from '../../contract/deployed-names';
import { BackUpRequest, Request, WatchRequest } from '../../contract/requests';

/** The schedules that a deployment made for one ScheduledBackup. */
export class DeployedSchedule {
  /** @throws NotFound if there is no such schedule, or it makes no backups */
  static async find(name: string, scheduler = new SchedulerClient(clientOptions())): Promise<DeployedSchedule> {
    const first = await get(scheduler, name);
    if (first === undefined) {
      throw new ActionError(
        'NotFound',
        `There is no schedule ${name} in this account and region. Check the name (it is the database's identifier ` +
          `followed by ${BACKUP_SUFFIX}, unless the program names it), the AWS credentials and AWS_REGION.`,
      );
    }
    const schedules = [first];
    // A cron expression may need several schedules: the further ones are numbered and have the same input.
    for (let number = 2; ; number++) {
      const further = await get(scheduler, backupScheduleName(name, number));
      if (further?.Target?.Input !== first.Target?.Input) break;
      schedules.push(further!);
    }
    const watch = await get(scheduler, watchScheduleName(name));
    const drill = await get(scheduler, drillScheduleName(name));
    return new DeployedSchedule(name, schedules, watch, drill, requestOf(name, first, 'back-up') as BackUpRequest);
  }

  /** Every schedule of this account and region that makes backups. */
  static async findAll(scheduler = new SchedulerClient(clientOptions())): Promise<DeployedSchedule[]> {
    const names = new Set(
      await callAws('list the schedules', async () => {
        const found: string[] = [];
        for await (const page of paginateListSchedules({ client: scheduler }, {})) {
          found.push(...(page.Schedules ?? []).map(({ Name }) => Name!));
        }
        return found;
      }),
    );
    const firstNames = [...names].filter((name) => names.has(watchScheduleName(name))).sort();
    const schedules: DeployedSchedule[] = [];
    for (const name of firstNames) {
      schedules.push(await DeployedSchedule.find(name, scheduler));
    }
    return schedules;
  }

  private constructor(
    readonly name: string,
    /** The schedules that start backups. */
    readonly schedules: readonly GetScheduleCommandOutput[],
    /** The schedule that measures the age of the newest backup. */
    private readonly watch: GetScheduleCommandOutput | undefined,
    /** The schedule that starts drills, where there are some. */
    readonly drill: GetScheduleCommandOutput | undefined,
    /** The request that the schedules send to the function. */
    readonly request: BackUpRequest,
  ) {}

  /** @throws NotFound if this is not the first schedule of its backup */
  get watchSchedule(): GetScheduleCommandOutput {
    if (this.watch === undefined) {
      throw new ActionError(
        'NotFound',
        `There is no schedule ${watchScheduleName(this.name)}, which belongs to ${this.name}. Name the first schedule of the backup.`,
      );
    }
    return this.watch;
  }

  get watchRequest(): WatchRequest {
    return requestOf(watchScheduleName(this.name), this.watchSchedule, 'watch') as WatchRequest;
  }

  /** Paused while no schedule starts a backup. */
  get state(): 'Active' | 'Paused' {
    return this.schedules.some(({ State }) => State === 'ENABLED') ? 'Active' : 'Paused';
  }

  /** Who paused it; undefined while it is active. */
  get pausedBy(): 'program' | 'command line' | undefined {
    if (this.state === 'Active') return undefined;
    return saysPausedByProgram(this.schedules[0].Description) ? 'program' : 'command line';
  }

  /** The expressions of EventBridge Scheduler. */
  get expressions(): string[] {
    return this.schedules.map(({ ScheduleExpression }) => ScheduleExpression!);
  }

  /** The version of the function that the schedule starts. */
  get functionArn(): string {
    return this.schedules[0].Target!.Arn!;
  }

  /** The account and the region that the function records as owner. */
  get owner(): { readonly account: string; readonly region: string } {
    // arn:aws:lambda:region:account:function:name:version
    const [, , , region, account] = this.functionArn.split(':');
    return { account, region };
  }
}

async function get(scheduler: SchedulerClient, name: string): Promise<GetScheduleCommandOutput | undefined> {
  return callAws(`read schedule ${name}`, async () => scheduler.send(new GetScheduleCommand({ Name: name }))).catch(
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

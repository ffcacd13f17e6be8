import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveredEvent, LambdaService, parseFunctionReference } from './lambda';
import { AwsRequest, AwsResponse, jsonRefusal } from './message';
import { RolePermissions } from './permissions';
import { EmulatedService, Upstream } from './upstream';

export interface FireOptions {
  /** Fire although the schedule is switched off. @default false */
  readonly force?: boolean;
  /** When the run was due: one that was fired before is delivered once more. @default - now, by the sandbox's clock */
  readonly due?: Date;
  /** Deliver the event twice at the same time: Scheduler promises at least once. @default false */
  readonly twice?: boolean;
}

export interface FiredSchedule extends DeliveredEvent {
  /** Group and name. */
  readonly schedule: string;
  /** ISO 8601 with seconds, UTC. */
  readonly scheduledTime: string;
  readonly functionArn: string;
  /** What the function was given. */
  readonly input: string;
}

/** A schedule, in a list. */
export interface ListedSchedule {
  readonly group: string;
  readonly name: string;
  readonly state: string;
  readonly target: string;
}

/** EventBridge Scheduler with a check of the roles that schedules name: moto takes any. */
export class SchedulerService implements EmulatedService {
  readonly name = 'scheduler';

  constructor(
    private readonly upstream: Upstream,
    private readonly permissions: RolePermissions,
  ) {}

  /** @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role */
  async answer(request: AwsRequest): Promise<AwsResponse> {
    const isSchedule = ['POST', 'PUT'].includes(request.method) && request.url.startsWith('/schedules/');
    if (isSchedule) {
      const { RoleArn } = JSON.parse(request.body.toString()).Target;
      if (!(await this.permissions.roleTrusts(RoleArn, 'scheduler.amazonaws.com'))) {
        const text = 'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.';
        return jsonRefusal(400, 'ValidationException', text);
      }
    }
    return this.upstream.forward(request);
  }
}

/** Fires schedules of EventBridge Scheduler on demand: moto never fires one. */
export class ScheduleTrigger {
  private readonly dueSeconds = new Set<number>();

  constructor(
    private readonly upstream: Upstream,
    private readonly lambda: LambdaService,
    private readonly now: () => Date,
  ) {}

  async list(): Promise<ListedSchedule[]> {
    const { Schedules } = JSON.parse((await this.upstream.call('scheduler', 'GET', '/schedules')).toString());
    return Schedules.map((schedule: { GroupName: string; Name: string; State: string; Target: { Arn: string } }) => ({
      group: schedule.GroupName,
      name: schedule.Name,
      state: schedule.State,
      target: schedule.Target.Arn,
    }));
  }

  /**
   * Gives a schedule's target its event as Scheduler does when it is due, asynchronously: a run that fails is repeated by
   * Lambda. Waits until Lambda is done with the event.
   *
   * @param schedule its name, or `group/name`
   * @throws if there is no such schedule, more than one, or it is switched off
   */
  async fire(schedule: string, options: FireOptions = {}): Promise<FiredSchedule> {
    const { group, name } = await this.find(schedule);
    const path = `/schedules/${encodeURIComponent(name)}?groupName=${encodeURIComponent(group)}`;
    const { Arn, State, Target } = JSON.parse((await this.upstream.call('scheduler', 'GET', path)).toString());
    if (State === 'DISABLED' && !options.force) {
      throw new Error(
        `The schedule ${group}/${name} is switched off (DISABLED) and does not fire: enable it, or force it.`,
      );
    }
    const reference = parseFunctionReference(Target.Arn);
    const scheduledTime = scheduledTimeOf(options.due ?? (await this.nextDue()));
    const input = withContextAttributes(Target.Input ?? '{}', {
      'schedule-arn': Arn,
      'scheduled-time': scheduledTime,
      'execution-id': randomUUID(),
      'attempt-number': '1',
    });
    const deliveries = Array.from({ length: options.twice ? 2 : 1 }, () => this.lambda.deliver(reference, input));
    const [answer] = await Promise.all(deliveries);
    return { ...answer, schedule: `${group}/${name}`, scheduledTime, functionArn: Target.Arn, input };
  }

  private async find(schedule: string): Promise<ListedSchedule> {
    const all = await this.list();
    const found = all.filter(({ group, name }) => schedule === name || schedule === `${group}/${name}`);
    if (found.length === 1) return found[0];
    const names = all.map(({ group, name }) => `${group}/${name}`).join(', ') || 'none';
    throw new Error(
      `${found.length === 0 ? 'No schedule has' : 'More than one schedule has'} the name ${schedule}. There are: ${names}.`,
    );
  }

  /** Two runs are never due in the same second, and none in the future of the function's own clock. */
  private async nextDue(): Promise<Date> {
    while (this.dueSeconds.has(wholeSecond(this.now()))) await sleep(50);
    const due = wholeSecond(this.now());
    this.dueSeconds.add(due);
    return new Date(due);
  }
}

/** Replaces the keywords of the form `<aws.scheduler.…>` that Scheduler knows; others stay as they are. */
export function withContextAttributes(input: string, attributes: Record<string, string>): string {
  return input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (keyword, name: string) => attributes[name] ?? keyword);
}

/** The form in which Scheduler gives a time. */
export function scheduledTimeOf(due: Date): string {
  return `${due.toISOString().slice(0, 19)}Z`;
}

function wholeSecond(time: Date): number {
  return Math.floor(time.getTime() / 1000) * 1000;
}

import { CloudWatchClient, DisableAlarmActionsCommand, EnableAlarmActionsCommand } from '@aws-sdk/client-cloudwatch';
import {
  GetScheduleCommandOutput,
  ScheduleState,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { ask, quickClient } from './aws';
import { DeployedSchedule } from './schedule';
import { ageAlarmName } from '../../contract/deployed-names';

/** How the schedules of a backup stand after they were switched. */
export interface SwitchedSchedule {
  readonly schedule: string;
  readonly state: 'Paused' | 'Running';
  /** Every schedule that was switched. */
  readonly schedules: readonly string[];
  /** The alarm on backups that do not happen. */
  readonly alarm: string;
}

/** Stops the backups of a schedule, and then the alarm on their absence: what goes on is never unwatched. */
export async function pause(schedule: DeployedSchedule): Promise<SwitchedSchedule> {
  const schedules = await switchTo('DISABLED', schedule);
  const alarm = ageAlarmName(schedule.name);
  await ask(`switch off the actions of alarm ${alarm}`, async () =>
    new CloudWatchClient(quickClient()).send(new DisableAlarmActionsCommand({ AlarmNames: [alarm] })),
  );
  return { schedule: schedule.name, state: 'Paused', schedules, alarm };
}

/** Starts the alarm again, then the backups. */
export async function resume(schedule: DeployedSchedule): Promise<SwitchedSchedule> {
  const alarm = ageAlarmName(schedule.name);
  await ask(`switch on the actions of alarm ${alarm}`, async () =>
    new CloudWatchClient(quickClient()).send(new EnableAlarmActionsCommand({ AlarmNames: [alarm] })),
  );
  const schedules = await switchTo('ENABLED', schedule);
  return { schedule: schedule.name, state: 'Running', schedules, alarm };
}

async function switchTo(state: ScheduleState, deployed: DeployedSchedule): Promise<string[]> {
  const scheduler = new SchedulerClient(quickClient());
  const all = [...deployed.schedules, deployed.watchSchedule];
  for (const schedule of all) {
    await ask(`switch schedule ${schedule.Name} to ${state}`, async () =>
      scheduler.send(new UpdateScheduleCommand({ ...definitionOf(schedule), State: state })),
    );
  }
  return all.map(({ Name }) => Name!);
}

/** An update replaces everything: what is left out falls back to a default. */
function definitionOf(schedule: GetScheduleCommandOutput) {
  const { $metadata, Arn, CreationDate, LastModificationDate, ...definition } = schedule;
  const { Name, ScheduleExpression, Target, FlexibleTimeWindow, ...rest } = definition;
  return {
    ...rest,
    Name: Name!,
    ScheduleExpression: ScheduleExpression!,
    Target: Target!,
    FlexibleTimeWindow: FlexibleTimeWindow!,
  };
}

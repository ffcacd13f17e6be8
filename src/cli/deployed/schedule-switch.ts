import { CloudWatchClient, DisableAlarmActionsCommand, EnableAlarmActionsCommand } from '@aws-sdk/client-cloudwatch';
import {
  GetScheduleCommandOutput,
  ScheduleState,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { callAws, clientOptions } from './aws';
import { DeployedSchedule } from './schedule';
import { ageAlarmName, drillScheduleName } from '../../contract/deployed-names';

/** The state of a scheduled backup after a pause or a resume. */
export interface SwitchedSchedule {
  readonly schedule: string;
  readonly state: 'Paused' | 'Running';
  /** Every schedule whose state was set. */
  readonly schedules: readonly string[];
  /** The alarms on missing backups and missing proofs. */
  readonly alarms: readonly string[];
}

/** Disables the schedules, then the alarms on what is missing: no backup ever runs without its alarm. */
export async function pause(schedule: DeployedSchedule): Promise<SwitchedSchedule> {
  const schedules = await setState('DISABLED', schedule);
  const alarms = ageAlarmsOf(schedule);
  await callAws(`disable the actions of ${alarms.join(' and ')}`, async () =>
    new CloudWatchClient(clientOptions()).send(new DisableAlarmActionsCommand({ AlarmNames: alarms })),
  );
  return { schedule: schedule.name, state: 'Paused', schedules, alarms };
}

/** Enables the alarms, then the schedules. */
export async function resume(schedule: DeployedSchedule): Promise<SwitchedSchedule> {
  const alarms = ageAlarmsOf(schedule);
  await callAws(`enable the actions of ${alarms.join(' and ')}`, async () =>
    new CloudWatchClient(clientOptions()).send(new EnableAlarmActionsCommand({ AlarmNames: alarms })),
  );
  const schedules = await setState('ENABLED', schedule);
  return { schedule: schedule.name, state: 'Running', schedules, alarms };
}

function ageAlarmsOf({ name, drill }: DeployedSchedule): string[] {
  return [name, ...(drill ? [drillScheduleName(name)] : [])].map(ageAlarmName);
}

async function setState(state: ScheduleState, deployed: DeployedSchedule): Promise<string[]> {
  const scheduler = new SchedulerClient(clientOptions());
  const all = [...deployed.schedules, deployed.watchSchedule, ...(deployed.drill ? [deployed.drill] : [])];
  for (const schedule of all) {
    await callAws(`set the state of schedule ${schedule.Name} to ${state}`, async () =>
      scheduler.send(new UpdateScheduleCommand({ ...definitionOf(schedule), State: state })),
    );
  }
  return all.map(({ Name }) => Name!);
}

/** An update replaces the whole schedule: a field that is left out gets its default. */
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

import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { callAws, clientOptions } from './aws';

/** An alarm of a scheduled backup. */
export interface AlarmState {
  readonly name: string;
  /** `missing`: there is no alarm of this name. */
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA' | 'missing';
  /** Whether it notifies anyone: a pause disables that. */
  readonly actionsEnabled: boolean;
}

/** The states of alarms, in the order of their names. */
export async function readAlarms(names: readonly string[]): Promise<AlarmState[]> {
  const found = await callAws(`read the alarms ${names.join(', ')}`, async () =>
    new CloudWatchClient(clientOptions()).send(new DescribeAlarmsCommand({ AlarmNames: [...names] })),
  );
  return names.map((name) => {
    const alarm = found.MetricAlarms?.find(({ AlarmName }) => AlarmName === name);
    return { name, state: alarm?.StateValue ?? 'missing', actionsEnabled: alarm?.ActionsEnabled ?? false };
  });
}

/** CloudWatch's word for an alarm without values says little. */
export function alarmStateText(state: AlarmState['state']): string {
  return state === 'INSUFFICIENT_DATA' ? 'no data' : state;
}

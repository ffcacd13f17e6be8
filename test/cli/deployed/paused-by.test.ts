import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { DeployedSchedule } from '../../../src/cli/deployed/schedule';
import { newDatabase, newScheduledBackup, newStack } from '../../support/synth';

/** The schedule of a program, as Terraform would create it: description and state. */
function createdWith(paused: boolean | undefined): { description: string; state: string } {
  const stack = newStack();
  newScheduledBackup(stack, newDatabase(stack), { paused });
  const schedules = Object.values<{ name: string; description: string; state: string }>(
    stack.toTerraform().resource.aws_scheduler_schedule,
  );
  return schedules.find(({ name }) => name === 'orders-backup')!;
}

async function pausedBy({ description, state }: { description: string; state: string }) {
  const schedule = { Description: description, State: state, Target: { Input: '{"action":"back-up"}' } };
  const scheduler = {
    send: async ({ input }: { input: { Name: string } }) =>
      /-\d$/.test(input.Name) ? { Target: { Input: '' } } : schedule,
  };
  return (await DeployedSchedule.find('orders-backup', scheduler as unknown as SchedulerClient)).pausedBy;
}

test.each([
  ['a program that pauses it', createdWith(true), 'program'],
  [
    'a program that does not say, and the command line',
    { ...createdWith(undefined), state: 'DISABLED' },
    'command line',
  ],
  [
    'a program that resumes it, and the command line since',
    { ...createdWith(false), state: 'DISABLED' },
    'command line',
  ],
  ['nobody', createdWith(undefined), undefined],
])('a schedule was paused by %s', async (_name, schedule, expected) => {
  expect(await pausedBy(schedule)).toBe(expected);
});

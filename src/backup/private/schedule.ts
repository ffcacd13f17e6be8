import { SchedulerSchedule } from '@cdktf/provider-aws/lib/scheduler-schedule';
import { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { scheduleDescription } from '../../contract/deployed-names';
import { Request } from '../../contract/requests';
import { ProgramFunction } from '../../function/program-function';
import { dependOn } from '../../private/depend-on';
import { terraformJson } from '../../private/terraform-json';

interface ScheduleProps {
  readonly name: string;
  /** Identifier of the database. */
  readonly database: string;
  /** An expression of EventBridge Scheduler, in UTC. */
  readonly expression: string;
  readonly program: ProgramFunction;
  readonly request: Request;
  readonly after: readonly ITerraformDependable[];
  /** Absent: a pause from the command line outlasts the next deployment. */
  readonly paused?: boolean;
}

/** A schedule that sends a request to the version of the function that has passed its test. */
export function createSchedule(scope: Construct, id: string, props: ScheduleProps): SchedulerSchedule {
  const { name, database, expression, program, request, after, paused } = props;
  const schedule = new SchedulerSchedule(scope, id, {
    name,
    description: scheduleDescription(database, request.action, paused === true),
    scheduleExpression: expression,
    scheduleExpressionTimezone: 'UTC',
    state: paused ? 'DISABLED' : 'ENABLED',
    flexibleTimeWindow: { mode: 'OFF' },
    target: {
      arn: program.versionArn,
      roleArn: program.schedulerRoleArn,
      input: terraformJson(request),
      // Of the delivery; the run itself is repeated by Lambda.
      retryPolicy: { maximumRetryAttempts: 1, maximumEventAgeInSeconds: 3600 },
    },
    lifecycle: paused === undefined ? { ignoreChanges: ['state'] } : undefined,
  });
  dependOn(schedule, ...after);
  return schedule;
}

import { Construct } from 'constructs';

/** What an alarm of a scheduled backup reports. */
export enum BackupAlarmKind {
  /** No backup was completed for too long, or the age of the newest one is unknown. */
  AGE = 'age',
  /** The last backup failed. */
  FAILURE = 'failure',
  /** No backup was proved by a drill for too long, or the age of the newest proof is unknown. */
  PROOF_AGE = 'proof-age',
  /** The last drill disproved a backup, or could not be run. */
  DRILL_FAILURE = 'drill-failure',
}

/** An alarm that an action is added to. */
export interface BackupAlarm {
  /** Name of the alarm in CloudWatch. */
  readonly alarmName: string;
  /** What the alarm reports. */
  readonly kind: BackupAlarmKind;
  /** Identifier of the database. */
  readonly databaseIdentifier: string;
}

/** ARNs that CloudWatch invokes when an alarm changes its state. */
export interface AlarmActionArns {
  /**
   * Invoked when the alarm is raised.
   *
   * @default - none
   */
  readonly onAlarm?: string[];
  /**
   * Invoked when the alarm is over.
   *
   * @default - none
   */
  readonly onOk?: string[];
  /**
   * Invoked when there is no data for the alarm.
   *
   * @default - none
   */
  readonly onInsufficientData?: string[];
}

/**
 * Something that happens when an alarm of a scheduled backup changes its state, such as an OpsItem or the call of a Lambda
 * function. SNS topics have a prop of their own.
 */
export interface IAlarmAction {
  /**
   * Called once for each alarm.
   *
   * @param scope a construct of the alarm's own, for resources that the action needs.
   * @param alarm the alarm.
   */
  bind(scope: Construct, alarm: BackupAlarm): AlarmActionArns;
}

import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { SqsQueue } from '@cdktf/provider-aws/lib/sqs-queue';
import { App, TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import {
  BackupRetention,
  BackupSchedule,
  BackupStorage,
  DatabaseEngine,
  DatabaseNetwork,
  DatabasePlan,
  ManagedDatabase,
  RestoreDrill,
  ScheduledBackup,
  StorageCredentials,
} from 'cdktf-managed-database';

/** Backups that send events, the rule of the page on events, and one that takes every event. */
class Events extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'aws');
    const variable = (name: string, options = {}) => new TerraformVariable(this, name, { type: 'string', ...options });
    const vpcId = variable('vpc_id').stringValue;
    const database = ManagedDatabase.fromManagedDatabaseAttributes(this, 'Orders', {
      identifier: 'orders',
      engine: DatabaseEngine.postgres('17'),
      plan: DatabasePlan.SMALL,
      network: DatabaseNetwork.of({ vpcId, subnetIds: variable('subnet_ids', { type: 'list(string)' }).listValue }),
      securityGroupId: new SecurityGroup(this, 'Existing', { vpcId }).id,
      masterSecretArn: variable('master_secret_arn').stringValue,
      address: 'localhost',
      port: variable('port', { type: 'number' }).numberValue,
    });
    new ScheduledBackup(this, 'Backup', {
      database,
      storage: BackupStorage.s3Compatible({
        endpoint: variable('storage_endpoint').stringValue,
        caCertificate: variable('storage_ca_certificate').stringValue,
        bucket: 'company-backups',
        path: '/backups',
        credentials: StorageCredentials.fromSecret(variable('storage_secret_arn').stringValue),
      }),
      schedule: BackupSchedule.daily(),
      retention: BackupRetention.days(30),
      drill: RestoreDrill.weekly(),
      publishEvents: true,
    });

    const queue = new SqsQueue(this, 'Failed', { name: 'failed-backups' });
    const rule = new CloudwatchEventRule(this, 'FailedBackups', {
      eventPattern: JSON.stringify({ source: ['cdktf-managed-database'], 'detail-type': ['Backup Failed'] }),
    });
    new CloudwatchEventTarget(this, 'OnCall', { rule: rule.name, arn: queue.arn });

    const every = new CloudwatchEventRule(this, 'EveryEvent', {
      eventPattern: JSON.stringify({ source: ['cdktf-managed-database'] }),
    });
    const all = new SqsQueue(this, 'All', { name: 'all-events' });
    new CloudwatchEventTarget(this, 'Record', { rule: every.name, arn: all.arn });
  }
}

const app = new App();
new Events(app, 'events');
app.synth();

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformStack } from 'cdktf';
import {
  BackupRetention,
  BackupSchedule,
  BackupStorage,
  DatabaseEngine,
  DatabaseNetwork,
  DatabasePlan,
  ManagedDatabase,
  ScheduledBackup,
  StorageCredentials,
} from '../../src';

/** 100 databases with backups, each at a time of its own. */
const app = new App();
const stack = new TerraformStack(app, 'many');
new AwsProvider(stack, 'aws', { region: 'eu-central-1' });
const storage = BackupStorage.s3Compatible({
  endpoint: 'https://s3.example.com',
  bucket: 'company-backups',
  path: '/production',
  credentials: StorageCredentials.fromSecret('arn:aws:secretsmanager:eu-central-1:123456789012:secret:backups-AbCdEf'),
});
const network = DatabaseNetwork.of({ vpcId: 'vpc-0123abcd', subnetIds: ['subnet-0123abcd', 'subnet-4567cdef'] });
for (let number = 0; number < 100; number++) {
  const database = new ManagedDatabase(stack, `Database${number}`, {
    identifier: `database-${number}`,
    engine: DatabaseEngine.postgres('17'),
    plan: DatabasePlan.SMALL,
    network,
  });
  new ScheduledBackup(stack, `Backup${number}`, {
    database,
    storage,
    schedule: BackupSchedule.cron(`0 ${number % 60} ${number % 24} * * *`),
    retention: BackupRetention.days(30),
  });
}
app.synth();

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
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

class Quickstart extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'aws');
    const variable = (name: string, options = {}) => new TerraformVariable(this, name, { type: 'string', ...options });

    const database = new ManagedDatabase(this, 'Orders', {
      identifier: 'orders',
      databaseName: 'orders',
      engine: DatabaseEngine.postgres('17'),
      plan: DatabasePlan.SMALL,
      network: DatabaseNetwork.of({
        vpcId: variable('vpc_id').stringValue,
        subnetIds: variable('subnet_ids', { type: 'list(string)' }).listValue,
      }),
      // So that trying leaves nothing behind. Leave both out for a database that matters.
      deletionProtection: false,
      finalSnapshot: false,
    });

    const backup = new ScheduledBackup(this, 'Backup', {
      database,
      storage: BackupStorage.s3Compatible({
        endpoint: variable('storage_endpoint').stringValue,
        caCertificate: variable('storage_ca_certificate').stringValue,
        bucket: variable('storage_bucket').stringValue,
        path: '/backups',
        credentials: StorageCredentials.fromKeys({
          accessKeyId: variable('storage_access_key_id', { sensitive: true }).stringValue,
          secretAccessKey: variable('storage_secret_access_key', { sensitive: true }).stringValue,
        }),
      }),
      schedule: BackupSchedule.daily(),
      retention: BackupRetention.days(30),
      drill: RestoreDrill.weekly(),
    });

    new TerraformOutput(this, 'connection_test', { value: backup.connectionTest.state });
    new TerraformOutput(this, 'endpoint', { value: database.endpoint });
  }
}

const app = new App();
new Quickstart(app, 'quickstart');
app.synth();

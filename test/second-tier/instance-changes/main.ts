import { DbInstance } from '@cdktf/provider-aws/lib/db-instance';
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
  ScheduledBackup,
  StorageCredentials,
} from 'cdktf-managed-database';

/** A database with backups, whose identifier, plan and protection the environment names. */
class Changes extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'aws');
    const variable = (name: string, options = {}) => new TerraformVariable(this, name, { type: 'string', ...options });
    const database = new ManagedDatabase(this, 'Orders', {
      identifier: process.env.IDENTIFIER ?? 'changes',
      engine: DatabaseEngine.postgres('17'),
      plan: process.env.SMALLER ? DatabasePlan.SMALL : DatabasePlan.MEDIUM,
      network: DatabaseNetwork.of({
        vpcId: variable('vpc_id').stringValue,
        subnetIds: variable('subnet_ids', { type: 'list(string)' }).listValue,
      }),
      deletionProtection: !process.env.UNPROTECTED,
    });
    new ScheduledBackup(this, 'Backup', {
      database,
      storage: BackupStorage.s3Compatible({
        endpoint: variable('storage_endpoint').stringValue,
        caCertificate: variable('storage_ca_certificate').stringValue,
        bucket: 'changes-backups',
        path: 'changes',
        credentials: StorageCredentials.fromKeys({
          accessKeyId: variable('storage_access_key_id', { sensitive: true }).stringValue,
          secretAccessKey: variable('storage_secret_access_key', { sensitive: true }).stringValue,
        }),
      }),
      schedule: BackupSchedule.daily(),
      retention: BackupRetention.days(30),
    });
    new TerraformOutput(this, 'final_snapshot', {
      value: (database.node.defaultChild as DbInstance).finalSnapshotIdentifier,
    });
  }
}

const app = new App();
new Changes(app, 'changes');
app.synth();

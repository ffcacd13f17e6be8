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

const PLANS: Record<string, DatabasePlan> = {
  small: DatabasePlan.SMALL,
  medium: DatabasePlan.MEDIUM,
  // Across 400 GiB, from which on gp3 storage has other rates.
  large: DatabasePlan.of({ name: 'large', instanceClass: 'db.m7g.large', vcpu: 2, memoryGib: 8, storageGib: 400 }),
};

/** A database with backups, whose identifier, plan and protection the environment names, unless it is removed; and another. */
class Changes extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'aws');
    const variable = (name: string, options = {}) => new TerraformVariable(this, name, { type: 'string', ...options });
    const network = DatabaseNetwork.of({
      vpcId: variable('vpc_id').stringValue,
      subnetIds: variable('subnet_ids', { type: 'list(string)' }).listValue,
    });
    new ManagedDatabase(this, 'Exact', {
      identifier: 'exact',
      engine: DatabaseEngine.postgres(process.env.EXACT_ENGINE ?? '17.5'),
      allowMajorVersionUpgrade: process.env.UPGRADE === '1',
      plan: DatabasePlan.SMALL,
      network,
      deletionProtection: false,
    });
    if (process.env.REMOVED) return;
    const database = new ManagedDatabase(this, 'Orders', {
      identifier: process.env.IDENTIFIER ?? 'changes',
      engine: DatabaseEngine.postgres('17'),
      plan: PLANS[process.env.PLAN ?? 'medium'],
      storageIops: process.env.RATES ? 16_000 : undefined,
      storageThroughputMib: process.env.RATES ? 1000 : undefined,
      network,
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

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import {
  BackupStorage,
  DatabaseEngine,
  DatabaseNetwork,
  DatabasePlan,
  RestoredDatabase,
  StorageCredentials,
  StoredBackups,
} from 'cdktf-managed-database';

/** A program of its own, as it would be written when only the bucket is left. */
class Restore extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'aws');
    const variable = (name: string, options = {}) => new TerraformVariable(this, name, { type: 'string', ...options });

    const storage = BackupStorage.s3Compatible({
      endpoint: variable('storage_endpoint').stringValue,
      caCertificate: variable('storage_ca_certificate').stringValue,
      bucket: variable('storage_bucket').stringValue,
      path: '/backups',
      credentials: StorageCredentials.fromKeys({
        accessKeyId: variable('storage_access_key_id', { sensitive: true }).stringValue,
        secretAccessKey: variable('storage_secret_access_key', { sensitive: true }).stringValue,
      }),
    });

    const backups = StoredBackups.fromStorage(storage, 'orders');

    const database = new RestoredDatabase(this, 'Orders', {
      identifier: 'orders-restored',
      databaseName: 'orders',
      engine: DatabaseEngine.postgres('17'),
      plan: DatabasePlan.SMALL,
      network: DatabaseNetwork.of({
        vpcId: variable('vpc_id').stringValue,
        subnetIds: variable('subnet_ids', { type: 'list(string)' }).listValue,
      }),
      // The latest backup, or the one that BACKUP_ID names, such as 20261122T030000Z.
      source: process.env.BACKUP_ID ? backups.byId(process.env.BACKUP_ID) : backups.latest(),
      // So that trying leaves nothing behind. Leave both out for a database that matters.
      deletionProtection: false,
      finalSnapshot: false,
    });

    new TerraformOutput(this, 'restored_backup', { value: database.restoredBackup });
    new TerraformOutput(this, 'remarks', { value: database.restoreRemarks });
    new TerraformOutput(this, 'endpoint', { value: database.endpoint });
  }
}

const app = new App();
new Restore(app, 'restore');
app.synth();

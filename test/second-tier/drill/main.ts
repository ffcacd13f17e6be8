import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
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

/** A database that was brought in, whose drills have credentials of their own. */
class Drilled extends TerraformStack {
  constructor(app: App) {
    super(app, 'drilled');
    new AwsProvider(this, 'aws');
    const variable = (name: string, options = {}) => new TerraformVariable(this, name, { type: 'string', ...options });
    const secret = (name: string) => variable(name, { sensitive: true }).stringValue;
    const vpcId = variable('vpc_id').stringValue;
    const securityGroup = new SecurityGroup(this, 'Existing', { vpcId });
    const database = ManagedDatabase.fromManagedDatabaseAttributes(this, 'Orders', {
      identifier: 'orders',
      engine: DatabaseEngine.postgres('17'),
      plan: DatabasePlan.SMALL,
      network: DatabaseNetwork.of({ vpcId, subnetIds: variable('subnet_ids', { type: 'list(string)' }).listValue }),
      securityGroupId: securityGroup.id,
      masterSecretArn: variable('master_secret_arn').stringValue,
      address: 'localhost',
    });
    const { drill } = new ScheduledBackup(this, 'Backup', {
      database,
      storage: BackupStorage.s3Compatible({
        endpoint: variable('storage_endpoint').stringValue,
        caCertificate: variable('storage_ca_certificate').stringValue,
        bucket: 'company-backups',
        path: '/backups',
        credentials: StorageCredentials.fromKeys({
          accessKeyId: secret('storage_access_key_id'),
          secretAccessKey: secret('storage_secret_access_key'),
        }),
      }),
      schedule: BackupSchedule.daily(),
      retention: BackupRetention.days(30),
      drill: RestoreDrill.daily({
        credentials: StorageCredentials.fromKeys({
          accessKeyId: secret('drill_access_key_id'),
          secretAccessKey: secret('drill_secret_access_key'),
        }),
      }),
    });
    new TerraformOutput(this, 'drill_function', { value: drill!.functionArn });
    new TerraformOutput(this, 'database_group', { value: securityGroup.id });
  }
}

const app = new App();
new Drilled(app);
app.synth();

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LambdaFunction } from '@cdktf/provider-aws/lib/lambda-function';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { App, TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import {
  BackupDashboard,
  BackupRetention,
  BackupSchedule,
  BackupStorage,
  DatabaseEngine,
  DatabaseNetwork,
  DatabasePlan,
  IManagedDatabase,
  ManagedDatabase,
  ScheduledBackup,
  StorageCredentials,
} from 'cdktf-managed-database';

/** Four databases, each with backups under credentials of another kind; the environment says what is broken. */
class Stories extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'aws');
    const variable = (name: string, options = {}) => new TerraformVariable(this, name, { type: 'string', ...options });
    const place = { bucket: 'company-backups', path: '/backups' };
    const elsewhere = process.env.STORIES_BROKEN === 'storage' ? BROKEN_PLACES : undefined;

    const vpcId = variable('vpc_id').stringValue;
    const common = {
      engine: DatabaseEngine.postgres('17'),
      plan: DatabasePlan.SMALL,
      network: DatabaseNetwork.of({
        vpcId,
        subnetIds: variable('subnet_ids', { type: 'list(string)' }).listValue,
      }),
    };
    const existing = {
      ...common,
      securityGroupId: new SecurityGroup(this, 'Existing', { vpcId }).id,
      masterSecretArn: variable('master_secret_arn').stringValue,
      address: 'localhost',
    };
    const bringIn = (name: string, kind: string) =>
      ManagedDatabase.fromManagedDatabaseAttributes(this, name, {
        ...existing,
        identifier: `orders-${kind}`,
        port: variable(`port_${kind}`, { type: 'number' }).numberValue,
      });

    const keys = StorageCredentials.fromKeys({
      accessKeyId: variable('storage_access_key_id', { sensitive: true }).stringValue,
      secretAccessKey: variable('storage_secret_access_key', { sensitive: true }).stringValue,
    });
    const store = {
      endpoint: variable('storage_endpoint').stringValue,
      caCertificate: variable('storage_ca_certificate').stringValue,
    };
    const backUp = (database: IManagedDatabase, storage: BackupStorage) =>
      new ScheduledBackup(database, 'Backup', {
        database,
        storage,
        schedule: BackupSchedule.daily(),
        retention: BackupRetention.days(30),
      });

    const declared = new ManagedDatabase(this, 'Declared', {
      ...common,
      identifier: 'orders-declared',
      deletionProtection: false,
      finalSnapshot: false,
    });
    const backup = backUp(
      declared,
      BackupStorage.s3Compatible({ ...store, ...place, ...elsewhere?.declared, credentials: keys }),
    );
    new BackupDashboard(this, 'Dashboard', { backups: [backup], dashboardName: 'backups' });
    backUp(
      bringIn('Keys', 'keys'),
      BackupStorage.s3Compatible({ ...store, ...place, ...elsewhere?.keys, credentials: keys }),
    );
    backUp(
      bringIn('Secret', 'secret'),
      BackupStorage.s3Compatible({
        ...store,
        ...place,
        ...elsewhere?.secret,
        credentials: StorageCredentials.fromSecret(variable('storage_secret_arn').stringValue),
      }),
    );
    backUp(
      bringIn('Role', 'role'),
      BackupStorage.amazonS3({
        region: 'us-east-1',
        ...place,
        ...elsewhere?.role,
        credentials: StorageCredentials.fromRole(),
      }),
    );

    if (process.env.STORIES_PROGRAM !== undefined) {
      this.replaceProgram(process.env.STORIES_PROGRAM);
    }
  }

  /** The library takes no other program than its own. */
  private replaceProgram(zip: string): void {
    const hash = createHash('sha256').update(readFileSync(zip)).digest('base64');
    for (const node of this.node.findAll()) {
      if (node instanceof LambdaFunction) {
        node.addOverride('filename', zip);
        node.addOverride('source_code_hash', hash);
      }
    }
  }
}

/** Where nobody may write, or nothing is. */
const BROKEN_PLACES = {
  declared: { path: '/elsewhere' },
  keys: { bucket: 'no-such-bucket' },
  secret: { path: '/elsewhere' },
  role: { bucket: 'no-such-bucket' },
};

const app = new App();
new Stories(app, 'stories');
app.synth();

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import {
  BackupRetention,
  BackupSchedule,
  BackupSource,
  BackupStorage,
  DatabaseEngine,
  DatabaseNetwork,
  DatabasePlan,
  ManagedDatabase,
  RestoredDatabase,
  ScheduledBackup,
  StorageCredentials,
} from 'cdktf-managed-database';

/** A database with backups, and those databases that the environment asks for beside it. */
class Restores extends TerraformStack {
  constructor(app: App) {
    super(app, 'restores');
    new AwsProvider(this, 'aws');
    const variable = (name: string, options = {}) => new TerraformVariable(this, name, { type: 'string', ...options });
    const common = {
      engine: DatabaseEngine.postgres('17'),
      plan: DatabasePlan.SMALL,
      network: DatabaseNetwork.of({
        vpcId: variable('vpc_id').stringValue,
        subnetIds: variable('subnet_ids', { type: 'list(string)' }).listValue,
      }),
      deletionProtection: false,
      finalSnapshot: false,
    };
    const storage = BackupStorage.s3Compatible({
      endpoint: variable('storage_endpoint').stringValue,
      caCertificate: variable('storage_ca_certificate').stringValue,
      bucket: 'company-backups',
      path: '/backups',
      credentials: StorageCredentials.fromKeys({
        accessKeyId: variable('storage_access_key_id', { sensitive: true }).stringValue,
        secretAccessKey: variable('storage_secret_access_key', { sensitive: true }).stringValue,
      }),
    });

    const orders = { ...common, identifier: 'orders', parameters: { work_mem: '8192' } };
    const often = { storage, schedule: BackupSchedule.daily(), retention: BackupRetention.days(30) };
    const { backups } = new ScheduledBackup(this, 'Backup', {
      ...often,
      database: new ManagedDatabase(this, 'Orders', orders),
    });
    if (process.env.EMPTY) new ManagedDatabase(this, 'Empty', { ...common, identifier: 'orders-by-hand' });

    const restore = (name: string, source: BackupSource | undefined) => {
      if (source === undefined) return undefined;
      // The source's own declaration with another class, id and identifier, and the source.
      const restored = new RestoredDatabase(this, name, { ...orders, identifier: `orders-${name}`, source });
      new TerraformOutput(this, `restored_${name}`, { value: restored.restoredBackup });
      return restored;
    };
    const { LATEST, BY_ID, BEFORE, MISSING, CHANGED_CLASS } = process.env;
    const latest = restore('latest', LATEST ? backups.latest() : undefined);
    if (latest) new ScheduledBackup(this, 'BackupOfLatest', { ...often, database: latest });
    restore('id', BY_ID ? backups.byId(BY_ID) : undefined);
    restore('before', BEFORE ? backups.before(BEFORE) : undefined);
    restore('missing', MISSING ? backups.byId(MISSING) : undefined);
    // The class of the second database changes under its own id, and a source is added.
    if (CHANGED_CLASS) {
      new RestoredDatabase(this, 'Empty', { ...common, identifier: CHANGED_CLASS, source: backups.latest() });
    }
  }
}

const app = new App();
new Restores(app);
app.synth();

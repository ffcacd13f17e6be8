import { Fn, ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { StorageSettings } from '../contract/storage-settings';
import { IManagedDatabase, ManagedDatabase } from '../database/managed-database';
import { BackupFunction } from '../function/backup-function';
import { Invocation } from '../function/invocation';
import { StorageAccess } from '../function/storage-access';
import { BackupStorage } from '../storage/backup-storage';

/** Props of a connection test. */
export interface ConnectionTestProps {
  /** The database whose backups will use the storage: the test runs in its backup function, in its subnets. */
  readonly database: IManagedDatabase;
  readonly storage: BackupStorage;
  /**
   * Whether every deployment runs the test, for those whose secrets change outside of Terraform. No plan is then ever
   * without a change.
   *
   * @default - false: it runs when the storage, its credentials, or the function's program or network change
   */
  readonly retestOnEveryDeploy?: boolean;
}

/**
 * The preflight: PUTs, GETs, compares and DELETEs a temporary object, from where the backups will run. It passes, or
 * the deployment stops before the database, the schedule or any change to them.
 */
export class ConnectionTest extends Construct {
  /** `Passed`, known once the test has run; a test that fails stops the deployment with its verdict. */
  readonly state: string;
  /** When the test passed; ISO 8601, UTC. */
  readonly testedAt: string;

  /** @internal */
  readonly _settings: StorageSettings;
  /**
   * What whoever uses the storage must wait for.
   *
   * @internal
   */
  readonly _passed: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ConnectionTestProps) {
    super(scope, id);
    const { database, storage } = props;
    const backupFunction = BackupFunction.of(database);
    const access = new StorageAccess(this, 'Storage', { database, storage });
    const { settings } = access;
    const invocation = new Invocation(this, 'Invocation', {
      backupFunction,
      request: { action: 'test-connection', storage: settings, database: database.identifier },
      triggers: {
        endpoint: settings.endpoint ?? '',
        bucket: settings.bucket,
        path: settings.path,
        region: settings.region,
        ...(settings.credentials.kind === 'secret'
          ? { secret_arn: settings.credentials.secretArn, secret_version: settings.credentials.versionId! }
          : {}),
        function_version: backupFunction.version,
        ...(props.retestOnEveryDeploy ? { deployment: Fn.timestamp() } : {}),
      },
      after: access.grants,
      // The test that passed stays in the state until another has passed: who goes back to the settings that it passed
      // with has nothing to plan.
      lifecycle: { createBeforeDestroy: true },
    });
    this.state = invocation.answer('state');
    this.testedAt = invocation.answer('testedAt');
    this._settings = settings;
    this._passed = [...access.grants, invocation.resource];
    if (database instanceof ManagedDatabase) {
      database._waitFor(invocation.resource);
    }
  }
}

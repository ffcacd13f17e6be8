import { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { BACKUP_RIGHTS } from '../contract/minimum-policy';
import { IManagedDatabase } from '../database/database';
import { BackupFunction } from '../function/backup-function';
import { StorageAccess } from '../function/storage-access';
import { StorageTest } from '../function/storage-test';
import { validateUse } from '../function/validate-use';
import { given } from '../private/given';
import { shareProviderAndTags } from '../private/provider-and-tags';
import { BackupStorage } from '../storage/backup-storage';

/** Props of a connection test. Wrong values are refused with the rule, the value and the path of the construct. */
export interface ConnectionTestProps {
  /**
   * The database whose backups will use the storage: the test runs in its backup function, in its subnets. It is declared
   * in the same stack.
   */
  readonly database: IManagedDatabase;
  /** The storage to test. */
  readonly storage: BackupStorage;
  /**
   * Whether every deployment runs the test, for secrets that change outside of Terraform. Every plan then shows a change.
   *
   * @default - false: it runs when the storage, its credentials, or the function's program or network change
   */
  readonly retestOnEveryDeploy?: boolean;
}

/**
 * Tests a storage while Terraform applies: PUTs, GETs, compares and DELETEs a temporary object, from where the backups
 * will run. If it fails, the deployment stops before the database, the schedule or any change to them.
 */
export class ConnectionTest extends Construct {
  /** `Passed`, known once the test has run. A test that fails stops the deployment with the reason and the remedy. */
  readonly state: string;
  /** When the test passed: ISO 8601, UTC. */
  readonly testedAt: string;
  /** The backup function that ran the test. */
  readonly backupFunction: BackupFunction;

  /** @internal */
  readonly _access: StorageAccess;
  /**
   * What everything that uses the storage depends on.
   *
   * @internal
   */
  readonly _passed: ITerraformDependable[];

  /**
   * Declares a test of a storage.
   *
   * @param scope the stack, or a construct in it, that the test belongs to.
   * @param id id of the construct, unique in its scope. Another id is another resource for Terraform, so do not change it.
   * @param props database, storage and options.
   */
  constructor(scope: Construct, id: string, props: ConnectionTestProps) {
    super(scope, id);
    const { database, storage, retestOnEveryDeploy } = given(props);
    validateUse(this, database, storage);
    shareProviderAndTags(this, database);
    this.backupFunction = BackupFunction.of(database);
    this.backupFunction._keepWithDatabase(this);
    const program = this.backupFunction._program;
    const access = new StorageAccess(this, 'Storage', { program, database, storage, rights: BACKUP_RIGHTS });
    const test = new StorageTest(this, 'Invocation', {
      program,
      access,
      request: { action: 'test-connection', storage: access.settings, database: database.identifier },
      retestOnEveryDeploy,
    });
    this.node.defaultChild = test.resource;
    this.state = test.answer('state');
    this.testedAt = test.answer('testedAt');
    this._access = access;
    this._passed = test.passed;
    database.createAfter(test.resource);
  }
}

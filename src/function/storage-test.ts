import { Fn, ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { Invocation } from './invocation';
import { ProgramFunction } from './program-function';
import { StorageAccess } from './storage-access';
import { Request } from '../contract/requests';

interface StorageTestProps {
  readonly program: ProgramFunction;
  readonly access: StorageAccess;
  readonly request: Request & { readonly action: 'test-connection' | 'test-drill' };
  /** Whether every deployment runs the test. */
  readonly retestOnEveryDeploy?: boolean;
}

/** A test of a storage while Terraform applies, in the function that will use it. One that fails stops the deployment. */
export class StorageTest extends Invocation {
  /** What everything that uses the storage depends on. */
  readonly passed: ITerraformDependable[];

  constructor(scope: Construct, id: string, { program, access, request, retestOnEveryDeploy }: StorageTestProps) {
    const { endpoint, bucket, path, region, credentials } = access.settings;
    super(scope, id, {
      program,
      request,
      triggers: {
        endpoint: endpoint ?? '',
        bucket,
        path,
        region,
        ...(credentials.kind === 'secret'
          ? { secret_arn: credentials.secretArn, secret_version: credentials.versionId! }
          : {}),
        function_version: program.version,
        ...(retestOnEveryDeploy ? { deployment: Fn.timestamp() } : {}),
      },
      after: access.grants,
      // The test that passed stays in the state until another has passed: going back to its settings plans no change.
      lifecycle: { createBeforeDestroy: true },
    });
    this.passed = [...access.grants, this.resource];
  }
}

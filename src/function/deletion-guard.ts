import { LambdaInvocation } from '@cdktf/provider-aws/lib/lambda-invocation';
import { Lazy, TerraformResource } from 'cdktf';
import { Construct } from 'constructs';
import { RefuseDeletionRequest } from '../contract/requests';
import { terraformJson } from '../private/terraform-json';

interface DeletionGuardProps {
  readonly functionName: string;
  readonly database: string;
  readonly isProtected: boolean;
}

/**
 * Keeps the backups, alarms and permissions of a protected database that is removed from the program.
 *
 * Terraform destroys them before the instance, since they depend on it, and RDS refuses the deletion only then;
 * `prevent_destroy` is forgotten together with the block. The guard depends on all of them, so that Terraform destroys it
 * first, and destroying it invokes the function, which fails: nothing else is destroyed. It invokes the unpublished
 * version, since another qualifier would replace it.
 */
export class DeletionGuard extends Construct {
  private readonly kept: Construct[] = [];

  constructor(scope: Construct, id: string, { functionName, database, isProtected }: DeletionGuardProps) {
    super(scope, id);
    const request: RefuseDeletionRequest = { action: 'refuse-deletion', database };
    const invocation = new LambdaInvocation(this, 'Resource', {
      functionName,
      input: terraformJson(request),
      // Without protection, Terraform does not invoke the function when it destroys the guard.
      lifecycleScope: isProtected ? 'CRUD' : 'CREATE_ONLY',
    });
    invocation.dependsOn = Lazy.listValue({ produce: () => this.resources(invocation) });
  }

  /** Keeps every resource of a construct, those that it gets later too. */
  keep(construct: Construct): void {
    this.kept.push(construct);
  }

  private resources(invocation: LambdaInvocation): string[] {
    return (
      this.kept
        .flatMap((construct) => construct.node.findAll())
        .filter((node): node is TerraformResource => TerraformResource.isTerraformResource(node) && node !== invocation)
        // All are in this stack. As texts: tokens, of which CDKTF asks for this list twice, would cost much of a synthesis.
        .map(({ terraformResourceType, friendlyUniqueId }) => `${terraformResourceType}.${friendlyUniqueId}`)
    );
  }
}

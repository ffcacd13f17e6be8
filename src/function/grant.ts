import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { Fn, ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { terraformJson } from '../private/terraform-json';

/** One statement of a grant. */
export interface GrantStatement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

interface GrantProps {
  readonly roleName: string;
  readonly name: string;
  readonly statements: readonly GrantStatement[];
  /** Whether a replaced grant is destroyed before its successor is created, instead of after. @default - false */
  readonly destroyBeforeReplace?: boolean;
}

/**
 * A permission of a role, as a policy of its own.
 *
 * A changed grant is a new policy next to the old one, which Terraform destroys only when everything that depends on the
 * new one has succeeded: a change that fails its connection test takes no permission away. The name has a generated part
 * and is never a digest alone: a name that comes back would be deleted together with the old policy of that name.
 */
export class Grant extends Construct implements ITerraformDependable {
  readonly fqn: string;

  constructor(scope: Construct, id: string, props: GrantProps) {
    super(scope, id);
    const policy = {
      Version: '2012-10-17',
      Statement: props.statements.map(({ actions, resources }) => ({
        Effect: 'Allow',
        Action: actions,
        Resource: resources,
      })),
    };
    const digest = Fn.substr(Fn.sha256(Fn.jsonencode(policy)), 0, 8);
    const resource = new IamRolePolicy(this, 'Resource', {
      namePrefix: `${props.name}-${digest}-`,
      role: props.roleName,
      policy: terraformJson(policy),
      lifecycle: props.destroyBeforeReplace ? undefined : { createBeforeDestroy: true },
    });
    this.fqn = resource.fqn;
  }
}

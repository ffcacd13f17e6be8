import { LambdaInvocation } from '@cdktf/provider-aws/lib/lambda-invocation';
import { Fn, IResolvable, ITerraformDependable, propertyAccess, TerraformResourceLifecycle, Token } from 'cdktf';
import { Construct } from 'constructs';
import { ProgramFunction } from './program-function';
import { Request } from '../contract/requests';
import { dependOn } from '../private/depend-on';
import { terraformJson } from '../private/terraform-json';

interface InvocationProps {
  readonly program: ProgramFunction;
  readonly request: Request;
  readonly triggers?: { [name: string]: string };
  readonly after: readonly ITerraformDependable[];
  readonly lifecycle: TerraformResourceLifecycle;
}

/**
 * One run of the function while Terraform applies. `CREATE_ONLY` is the one form in which a failure leaves nothing in
 * the state, so that the next apply runs it again (hashicorp/terraform-provider-aws#43447).
 */
export class Invocation extends Construct {
  readonly resource: LambdaInvocation;

  constructor(scope: Construct, id: string, props: InvocationProps) {
    super(scope, id);
    this.resource = new LambdaInvocation(this, 'Resource', {
      functionName: props.program.functionName,
      qualifier: props.program.version,
      input: terraformJson(props.request),
      lifecycleScope: 'CREATE_ONLY',
      triggers: props.triggers,
      lifecycle: props.lifecycle,
    });
    dependOn(this.resource, ...props.after);
  }

  /** A field of the answer, which Terraform knows once the function has run. */
  answer(field: string): string {
    return Token.asString(this.answerValue(field));
  }

  /** The same, of any type. */
  answerValue(field: string): IResolvable {
    return propertyAccess(Fn.jsondecode(this.resource.result), [field]);
  }
}

import { TerraformResource, TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';

export interface TerraformDataProps {
  /** What is stored in the state. */
  readonly input: { readonly [name: string]: string | boolean };
  readonly lifecycle?: TerraformResourceLifecycle;
}

/**
 * A value in Terraform's state. It is CDKTF's own `DataResource`, which starts `terraform version` at every synthesis, once
 * for each of them; the library needs a newer Terraform than that check asks for.
 */
export class TerraformData extends TerraformResource {
  private readonly input: TerraformDataProps['input'];

  constructor(scope: Construct, id: string, { input, lifecycle }: TerraformDataProps) {
    super(scope, id, {
      terraformResourceType: 'terraform_data',
      terraformGeneratorMetadata: { providerName: 'terraform' },
      lifecycle,
    });
    this.input = input;
  }

  protected synthesizeAttributes(): { [name: string]: unknown } {
    return { input: this.input };
  }
}

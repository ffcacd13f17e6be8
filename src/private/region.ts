import { TerraformProvider, TerraformStack, Token } from 'cdktf';
import { IConstruct } from 'constructs';

/** The region that the resources of a construct are created in, where the program says it. */
export function knownRegion(scope: IConstruct, provider?: TerraformProvider): string | undefined {
  const used = provider ?? defaultProvider(scope);
  const region: unknown = (used as unknown as { region?: unknown } | undefined)?.region;
  return typeof region === 'string' && !Token.isUnresolved(region) ? region : undefined;
}

/** The AWS provider of the stack that has no alias. */
function defaultProvider(scope: IConstruct): TerraformProvider | undefined {
  return TerraformStack.of(scope)
    .node.findAll()
    .find(
      (node): node is TerraformProvider =>
        TerraformProvider.isTerraformProvider(node) && node.terraformResourceType === 'aws' && node.alias === undefined,
    );
}

/** Tells providers of one stack apart. */
export function providerKey(scope: IConstruct, provider?: TerraformProvider): readonly string[] {
  return [TerraformStack.of(scope).node.path, provider?.alias ?? ''];
}

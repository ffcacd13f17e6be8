import { Aspects, TerraformDataSource, TerraformElement, TerraformProvider, TerraformResource } from 'cdktf';
import { IConstruct } from 'constructs';

/** What every resource and data source of a construct has in common. */
interface Shared {
  readonly provider?: TerraformProvider;
  readonly tags?: { [name: string]: string };
}

/**
 * Gives the provider to every resource and data source of AWS below a construct, unless it has its own, and the tags to
 * every resource. The tags of a data source are a filter: it would no longer find what has other tags.
 */
export function shareProviderAndTags(scope: IConstruct, { provider, tags }: Shared): void {
  if (provider === undefined && tags === undefined) return;
  Aspects.of(scope).add({
    visit(node: IConstruct) {
      if (!isOfAws(node)) return;
      node.provider ??= provider;
      if (tags !== undefined && TerraformResource.isTerraformResource(node) && 'tagsInput' in node) {
        const tagged = node as TerraformResource & { tags?: object; readonly tagsInput?: object };
        tagged.tags = { ...tags, ...tagged.tagsInput };
      }
    },
  });
}

function isOfAws(node: IConstruct): node is TerraformResource | TerraformDataSource {
  return (
    TerraformElement.isTerraformElement(node) &&
    (TerraformResource.isTerraformResource(node) || TerraformDataSource.isTerraformDataSource(node)) &&
    (node as TerraformResource).terraformResourceType.startsWith('aws_')
  );
}

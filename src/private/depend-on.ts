import { dependable, ITerraformDependable, TerraformResource } from 'cdktf';

/** Adds dependencies to a resource. */
export function dependOn(resource: TerraformResource, ...others: readonly ITerraformDependable[]): void {
  resource.dependsOn = [...new Set([...(resource.dependsOn ?? []), ...others.map(dependable)])];
}

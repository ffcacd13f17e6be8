import { dependable, ITerraformDependable, TerraformResource } from 'cdktf';

/** Makes a resource wait for others, beside what it waits for already. */
export function dependOn(resource: TerraformResource, ...others: readonly ITerraformDependable[]): void {
  resource.dependsOn = [...new Set([...(resource.dependsOn ?? []), ...others.map(dependable)])];
}

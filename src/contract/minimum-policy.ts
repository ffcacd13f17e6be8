import { normalizePath } from './object-keys';

/** All that the credentials of a storage ever need. */
export const MINIMUM_ACTIONS = ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'] as const;

/** Actions on the objects under the path of a storage whose keys match a pattern; `*` stands for any characters. */
export interface ObjectRights {
  readonly actions: readonly string[];
  readonly keys: string;
}

/** What connection tests, backups, retention and restores need. */
export const BACKUP_RIGHTS: readonly ObjectRights[] = [{ actions: MINIMUM_ACTIONS, keys: '*' }];

/** What the drills of one database need: read its folder, and write proofs. */
export function drillRights(database: string): readonly ObjectRights[] {
  return [
    { actions: ['s3:GetObject'], keys: `${database}/*` },
    { actions: ['s3:PutObject', 's3:DeleteObject'], keys: `${database}/*/proof.json` },
  ];
}

/** A policy document that allows {@link MINIMUM_ACTIONS} under one path, and not one permission more. */
export interface MinimumPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly [
    { readonly Effect: 'Allow'; readonly Action: typeof MINIMUM_ACTIONS; readonly Resource: string },
  ];
}

/** The minimum policy for a bucket and a path. `partition` is `aws` unless said. */
export function minimumPolicy(
  storage: { readonly bucket: string; readonly path: string },
  partition: string = 'aws',
): MinimumPolicy {
  const Resource = `arn:${partition}:s3:::${storage.bucket}/${normalizePath(storage.path)}/*`;
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: MINIMUM_ACTIONS, Resource }] };
}

/** The same in one sentence without quotation marks, for where a line is all there is. */
export function minimumPolicySentence(storage: { readonly bucket: string; readonly path: string }): string {
  const [statement] = minimumPolicy(storage).Statement;
  return `${statement.Effect} ${statement.Action.join(', ')} on ${statement.Resource}.`;
}
